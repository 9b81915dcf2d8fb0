"""One bundle's night: forecast, choose, say why, and draw the baselines. Pure functions of what was known."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from peelian.errors import ForecastError
from peelian.evaluation.record import TRACK_SCHEMA
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.boxes import Boxes
from peelian.forecasts.forecast import Forecast
from peelian.forecasts.influence import Contributions, Influence
from peelian.jobs.terms import NightTerms
from peelian.models.catalogue import model as model_named
from peelian.models.model import FittedModel
from peelian.places.areas import AreaLayer
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares
from peelian.selection.floating import select_floating
from peelian.selection.stability import rank_ranges, with_rank_ranges
from peelian.selection.top import TopCells, select_top

OURS = "boxes"
#: Baselines that are drawn and judged every night; nothing switches them off.
BASELINES = ("recent-counts", "all-history")
#: An event that makes less than this share of a box is not told by itself.
LEAST_TOLD = 1e-4
#: Boxes compete for their rank with so many candidates of their area.
CANDIDATES = 28
#: What ``boxes`` may say.
BOX_KINDS = ("auto", "floating", "grid")
#: Floating boxes stand on lines a quarter of a cell apart (62.5 m in 250 m).
LATTICE = 4


@dataclass(frozen=True, slots=True)
class Drawing:
    """How boxes are drawn: the model, fixed on the grid or floating, how many, and the seed of the resampling."""

    model: str
    precision: DatePrecision
    is_floating: bool
    choice: TopCells
    seed: int

    @classmethod
    def of(cls, force: Force, settings: NightTerms) -> "Drawing":
        """Return the drawing that the settings ask for.

        ``boxes = "auto"`` floats where the feed tells places to the block or better. Snapped points stand
        on a few fixed spots: a box moved a little to take in one more of them would only flatter itself.
        """
        if settings.boxes not in BOX_KINDS:
            raise ForecastError(f"boxes = {settings.boxes!r}; known are {', '.join(BOX_KINDS)}.")
        exact = force.location_precision in (LocationPrecision.EXACT, LocationPrecision.BLOCK)
        floats = settings.boxes == "floating" or (settings.boxes == "auto" and exact)
        choice = TopCells(settings.count, settings.nearly)
        return cls(settings.model, force.date_precision, floats, choice, settings.seed)

    def region(self, layer: AreaLayer) -> Region:
        """Return the ground that the model works on: the layer's cells, or the lattice within them."""
        return _ground(layer, LATTICE if self.is_floating else 1)

    def fit(self, history: Events, layer: AreaLayer, bundle: Bundle) -> FittedModel:
        """Return the model fitted to what was known."""
        return model_named(self.model, self.precision).fit(history, bundle, self.region(layer))

    def choose(self, forecast: Forecast, layer: AreaLayer, choice: TopCells) -> dict[str, Boxes]:
        """Return each area's boxes."""
        return (select_floating if self.is_floating else select_top)(forecast, layer, choice)


@lru_cache(maxsize=4)
def _ground(layer: AreaLayer, factor: int) -> Region:
    """Return the layer's region, cut finer: one value for all bundles, so that what a kernel keeps is found once."""
    return layer.region.nested(factor) if factor > 1 else layer.region


@dataclass(frozen=True, slots=True, eq=False)
class AreaDrawing:
    """One area's boxes with their reasons, before they are judged and named."""

    boxes: Boxes
    contributions: Contributions
    is_exact: bool
    baseline: pl.DataFrame  # rank, x_min, y_min of the plain count's boxes


@dataclass(frozen=True, slots=True, eq=False)
class BundleDrawing:
    """One bundle's forecast by cell of the layer's grid, each area's drawing by area id, and all boxes as a track."""

    forecast: Forecast
    areas: dict[str, AreaDrawing]
    track: pl.DataFrame


def draw(history: Events, layer: AreaLayer, bundle: Bundle, period: Period, drawing: Drawing) -> BundleDrawing:
    """Return everything about one bundle's next period that follows from what was known."""
    fitted = drawing.fit(history, layer, bundle)
    forecast = fitted.forecast(period)
    choice = drawing.choice
    shown = choice.count + choice.nearly
    candidates = drawing.choose(forecast, layer, TopCells(choice.count, max(CANDIDATES, 2 * shown) - choice.count))
    influence = _influence(fitted, period, layer, candidates, drawing)
    sizes = [candidates[a.id].table.height for a in layer.areas]
    bounds = [0, *np.cumsum(sizes).tolist()]
    # One seed a bundle: the same bundle is resampled alike whatever else is drawn beside it.
    rng = np.random.default_rng([drawing.seed, *bundle.name.encode()])
    low, high = rank_ranges(influence, np.repeat(np.arange(len(sizes)), sizes), rng)
    rows = np.concatenate([np.arange(a, min(a + shown, b)) for a, b in pairwise(bounds)]).astype(np.int64)
    parts = _parts(influence, rows)
    baselines = _baselines(history, layer, bundle, period, drawing)
    plain = baselines.filter(pl.col("method") == BASELINES[0]).partition_by("area_id", as_dict=True)
    areas = {}
    for area, (start, stop) in zip(layer.areas, pairwise(bounds), strict=True):
        whole = candidates[area.id]
        boxes = replace(whole, table=whole.table.head(shown))
        own = parts.filter(pl.col("square").is_between(start, start + boxes.table.height - 1))
        areas[area.id] = AreaDrawing(
            with_rank_ranges(boxes, low[start:stop], high[start:stop]),
            own.with_columns(pl.col("square") - start),
            influence.is_exact,
            plain.get((area.id,), baselines.clear()).select("rank", "x_min", "y_min"),
        )
    ours = track_rows(OURS, {area_id: a.boxes for area_id, a in areas.items()})
    return BundleDrawing(_by_cell(forecast, layer, drawing), areas, pl.concat([ours, baselines]))


def replay(
    fitted: FittedModel, history: Events, layer: AreaLayer, bundle: Bundle, period: Period, drawing: Drawing
) -> pl.DataFrame:
    """Return the ``TRACK_SCHEMA`` rows of one past period: the boxes alone, as they would have been drawn.

    ``fitted`` stands on what was known at the cutoff; its weights may have been learned some days before.
    """
    ours = drawing.choose(fitted.forecast(period), layer, TopCells(drawing.choice.count, 0))
    return pl.concat([track_rows(OURS, ours), _baselines(history, layer, bundle, period, drawing)])


def week_of(cutoff: datetime) -> datetime:
    """Return the Monday on or before the cutoff, at the cutoff's hour: replays learn their weights once a week."""
    return cutoff - timedelta(days=cutoff.weekday())


def track_rows(method: str, areas: dict[str, Boxes]) -> pl.DataFrame:
    """Return every area's chosen boxes as ``TRACK_SCHEMA`` rows."""
    chosen = {area_id: boxes for area_id, boxes in areas.items() if len(boxes)}
    if not chosen:
        return pl.DataFrame(schema=TRACK_SCHEMA)
    any_boxes = next(iter(chosen.values()))
    tables = [boxes.chosen for boxes in chosen.values()]
    ids = np.repeat(np.array(list(chosen), dtype=np.str_), [t.height for t in tables])
    return (
        pl.concat(tables)
        .with_columns(
            pl.Series("area_id", ids),
            period_start=pl.lit(any_boxes.period.start).cast(TRACK_SCHEMA["period_start"]),
            bundle=pl.lit(any_boxes.bundle.name),
            method=pl.lit(method),
            size_m=pl.lit(any_boxes.size_m),
        )
        .select(TRACK_SCHEMA.names())
    )


def _baselines(history: Events, layer: AreaLayer, bundle: Bundle, period: Period, drawing: Drawing) -> pl.DataFrame:
    """Return the baselines' boxes as track rows: plain counts on the fixed grid, as many boxes of the same size."""
    choice = TopCells(drawing.choice.count, 0)
    forecasts = {
        name: model_named(name, drawing.precision).fit(history, bundle, _ground(layer, 1)).forecast(period)
        for name in BASELINES
    }
    return pl.concat([track_rows(name, select_top(f, layer, choice)) for name, f in forecasts.items()])


def _influence(
    fitted: FittedModel, period: Period, layer: AreaLayer, candidates: dict[str, Boxes], drawing: Drawing
) -> Influence:
    """Return the influence on the candidates of all areas, in their order: a box answers for its own side of a border.

    Asked once for all areas: reading the record and finding the events near a box cost as much for one area as for all.
    """
    owner = layer.owner
    if drawing.is_floating:
        owner = owner[layer.grid.parent_cells(LATTICE)]
    squares = [candidates[area.id].all_squares for area in layer.areas]
    together = Squares(
        np.concatenate([s.x_min for s in squares]),
        np.concatenate([s.y_min for s in squares]),
        layer.grid.cell_size_m,
        owner,
        np.repeat(np.arange(len(squares)), [len(s) for s in squares]),
    )
    return fitted.influence(period, together)


def _parts(influence: Influence, rows: NDArray[np.int64]) -> Contributions:
    """Return the contributions of the squares in ``rows`` alone, numbered as they stand in the influence.

    Events below ``LEAST_TOLD`` of a square are told together in its last row, so that the parts still add up.
    """
    matrix = csr_array(influence.matrix[rows])
    shown = Influence(influence.squares[rows], influence.events, matrix, influence.constant[rows], influence.is_exact)
    square = np.repeat(np.arange(rows.size), np.diff(matrix.indptr))
    small = matrix.data < LEAST_TOLD * shown.expected[square]
    together = shown.constant + np.bincount(square[small], matrix.data[small], minlength=rows.size)
    told = matrix.copy()
    told.data[small] = 0.0
    told.eliminate_zeros()
    parts = replace(shown, matrix=told, constant=together).contributions()
    return parts.with_columns(pl.Series("square", rows[parts["square"].to_numpy()], dtype=pl.Int64))


def _by_cell(forecast: Forecast, layer: AreaLayer, drawing: Drawing) -> Forecast:
    """Return the forecast on the layer's own cells: what version 1 shades."""
    if not drawing.is_floating:
        return forecast
    sums = np.bincount(layer.grid.parent_cells(LATTICE), forecast.expected, minlength=layer.grid.n_cells)
    return replace(forecast, grid=layer.grid, expected=sums.astype(np.float64))
