"""One bundle's night: forecast, choose, say why, and draw the baselines. Pure functions of what was known."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from peelian.forecasts.choices import ChosenModel
from peelian.forecasts.forecast import Forecast
from peelian.forecasts.influence import Contributions, Influence
from peelian.jobs.methods import model_of
from peelian.jobs.plans import FIXED, FLOATING, Method
from peelian.jobs.terms import CHOSEN, FALLBACK, NightTerms
from peelian.models.catalogue import model as model_named
from peelian.models.model import FittedModel
from peelian.places.areas import AreaLayer
from peelian.places.covariates import PlaceLayers
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.places.grid import Grid
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares
from peelian.selection.floating import select_floating
from peelian.selection.hysteresis import Incumbents
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


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is drawn: one bundle over one layer from what was known, with what the places are like."""

    history: Events
    layer: AreaLayer
    bundle: Bundle
    places: PlaceLayers | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """How boxes are drawn: by which method (model, fixed or floating, kept or not), how many, the resampling's seed."""

    method: Method
    precision: DatePrecision
    choice: TopCells
    seed: int

    @classmethod
    def of(cls, force: Force, settings: NightTerms, chosen: ChosenModel | None = None) -> "Drawing":
        """Return the drawing that the settings ask for; ``chosen`` stands in for their model where given.

        ``boxes = "auto"`` floats where the feed tells places to the block or better, or as the chosen method does.
        Snapped points stand on a few fixed spots: a box moved a little to take in one more of them would only
        flatter itself.
        """
        if settings.boxes not in BOX_KINDS:
            raise ForecastError(f"boxes = {settings.boxes!r}; known are {', '.join(BOX_KINDS)}.")
        exact = force.location_precision in (LocationPrecision.EXACT, LocationPrecision.BLOCK)
        as_asked = FLOATING if exact and (chosen is None or chosen.boxes == FLOATING) else FIXED
        boxes = {"auto": as_asked, "floating": FLOATING, "grid": FIXED}[settings.boxes]
        name = chosen.model if chosen else FALLBACK if settings.model == CHOSEN else settings.model
        parameters = chosen.parameters if chosen else ()
        keep = chosen.keep if chosen and chosen.keep else settings.keep
        if not keep >= 0:
            raise ForecastError(f"keep = {keep!r}: a share from 0 up, such as 0.25.")
        method = Method(f"{name}@{boxes}" if boxes == FLOATING else name, name, boxes, parameters, keep)
        return cls(method, force.date_precision, TopCells(settings.count, settings.nearly), settings.seed)

    @property
    def is_floating(self) -> bool:
        """Whether boxes float off the grid."""
        return self.method.boxes == FLOATING

    def region(self, layer: AreaLayer) -> Region:
        """Return the ground that the model works on: the layer's cells, or the lattice within them."""
        return _ground(layer, LATTICE if self.is_floating else 1)

    def fit(self, subject: Subject) -> FittedModel:
        """Return the model fitted to what was known."""
        region = self.region(subject.layer)
        model = model_of(self.method, self.precision, subject.places, region.grid)
        return model.fit(subject.history, subject.bundle, region)

    def choose(self, forecast: Forecast, layer: AreaLayer, choice: TopCells, stood: Squares | None) -> dict[str, Boxes]:
        """Return each area's boxes; those that ``stood`` keep their places as far as the method keeps them."""
        held = Incumbents(stood, self.method.keep) if stood is not None and self.method.keep else None
        return (select_floating if self.is_floating else select_top)(forecast, layer, choice, held)


@dataclass(frozen=True, slots=True)
class AreaModels:
    """Which areas of a layer are drawn how, and why each: ``why`` is by area id, empty where the settings say so."""

    groups: tuple[tuple[Drawing, tuple[str, ...]], ...]
    why: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=4)
def _ground(layer: AreaLayer, factor: int) -> Region:
    """Return the layer's region, cut finer: one value for all bundles, so that what a kernel keeps is found once."""
    return layer.region.nested(factor) if factor > 1 else layer.region


@lru_cache(maxsize=2)
def _parents(grid: Grid) -> NDArray[np.int64]:
    """Return which cell of the grid each cell of its lattice lies in: one value for all bundles."""
    return grid.parent_cells(LATTICE)


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """A model that has learned, and its forecast of one period."""

    fitted: FittedModel
    forecast: Forecast


@dataclass(frozen=True, slots=True, eq=False)
class AreaDrawing:
    """One area's boxes with their reasons, before they are judged and named."""

    boxes: Boxes
    contributions: Contributions
    is_exact: bool
    baseline: pl.DataFrame  # rank, x_min, y_min of the plain count's boxes
    method: Method


@dataclass(frozen=True, slots=True, eq=False)
class BundleDrawing:
    """One bundle's forecast by cell of the layer's grid, each area's drawing by area id, and all boxes as a track."""

    forecast: Forecast
    areas: dict[str, AreaDrawing]
    track: pl.DataFrame


def draw(
    subject: Subject,
    period: Period,
    models: AreaModels,
    stood: Squares | None = None,
    foretold: dict[Method, Foretold] | None = None,
) -> BundleDrawing:
    """Return everything about one bundle's next period that follows from what was known.

    Every model works on the whole layer, and draws the areas that it was chosen for. ``stood`` are the boxes of the
    period before, which keep their places where a method keeps them. ``foretold`` keeps models and forecasts for
    another list of boxes of the same subject and period.
    """
    known = {} if foretold is None else foretold
    layer = subject.layer
    first = models.groups[0][0]
    baselines = draw_baselines(subject, period, first)
    areas: dict[str, AreaDrawing] = {}
    expected = np.zeros(layer.grid.n_cells)
    for drawing, ids in models.groups:
        if drawing.method not in known:
            fitted = drawing.fit(subject)
            known[drawing.method] = Foretold(fitted, fitted.forecast(period))
        shown = layer.only(set(ids))
        forecast, drawn = _draw(subject, known[drawing.method], drawing, shown, stood, baselines)
        areas |= drawn
        expected[shown.is_inside] = forecast.expected[shown.is_inside]
    if len(models.groups) > 1:
        forecast = replace(forecast, expected=expected, model=CHOSEN, parameters={})
    ours = track_rows(OURS, {area.id: areas[area.id].boxes for area in layer.areas})
    return BundleDrawing(forecast, areas, pl.concat([ours, baselines]))


def _draw(
    subject: Subject,
    foretold: Foretold,
    drawing: Drawing,
    shown_areas: AreaLayer,
    stood: Squares | None,
    baselines: pl.DataFrame,
) -> tuple[Forecast, dict[str, AreaDrawing]]:
    """Return one model's forecast of the whole layer by cell, and its drawings of the areas shown."""
    forecast, choice = foretold.forecast, drawing.choice
    shown = choice.count + choice.nearly
    wide = TopCells(choice.count, max(CANDIDATES, 2 * shown) - choice.count)
    candidates = drawing.choose(forecast, shown_areas, wide, stood)
    influence = _influence(foretold, shown_areas, candidates, drawing)
    sizes = [candidates[a.id].table.height for a in shown_areas.areas]
    bounds = [0, *np.cumsum(sizes).tolist()]
    # One seed a bundle: the same bundle is resampled alike whatever else is drawn beside it.
    rng = np.random.default_rng([drawing.seed, *subject.bundle.name.encode()])
    low, high = rank_ranges(influence, np.repeat(np.arange(len(sizes)), sizes), rng)
    rows = np.concatenate([np.arange(a, min(a + shown, b)) for a, b in pairwise(bounds)]).astype(np.int64)
    parts = _parts(influence, rows)
    plain = baselines.filter(pl.col("method") == BASELINES[0]).partition_by("area_id", as_dict=True)
    areas = {}
    for area, (start, stop) in zip(shown_areas.areas, pairwise(bounds), strict=True):
        whole = candidates[area.id]
        boxes = replace(whole, table=whole.table.head(shown))
        own = parts.filter(pl.col("square").is_between(start, start + boxes.table.height - 1))
        areas[area.id] = AreaDrawing(
            with_rank_ranges(boxes, low[start:stop], high[start:stop]),
            own.with_columns(pl.col("square") - start),
            influence.is_exact,
            plain.get((area.id,), baselines.clear()).select("rank", "x_min", "y_min"),
            drawing.method,
        )
    return _by_cell(forecast, subject.layer, drawing), areas


def replay(forecast: Forecast, layer: AreaLayer, drawing: Drawing, stood: Squares | None) -> dict[str, Boxes]:
    """Return the boxes alone of one past period, as they would have been drawn for these areas.

    ``forecast`` stands on what was known at the cutoff; its weights may have been learned some days before.
    """
    return drawing.choose(forecast, layer, TopCells(drawing.choice.count, 0), stood)


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


def draw_baselines(subject: Subject, period: Period, drawing: Drawing) -> pl.DataFrame:
    """Return the baselines' boxes as track rows: plain counts on the fixed grid, as many boxes of the same size."""
    choice = TopCells(drawing.choice.count, 0)
    history, layer, bundle = subject.history, subject.layer, subject.bundle
    forecasts = {
        name: model_named(name, drawing.precision).fit(history, bundle, _ground(layer, 1)).forecast(period)
        for name in BASELINES
    }
    return pl.concat([track_rows(name, select_top(f, layer, choice)) for name, f in forecasts.items()])


def boxes_of(track: pl.DataFrame, period_start: datetime) -> Squares | None:
    """Return our own boxes of one period of a track, all areas together; None where there are none."""
    rows = track.filter((pl.col("method") == OURS) & (pl.col("period_start") == period_start))
    if not rows.height:
        return None
    return Squares(rows["x_min"].to_numpy(), rows["y_min"].to_numpy(), float(rows["size_m"][0]))


def _influence(foretold: Foretold, layer: AreaLayer, candidates: dict[str, Boxes], drawing: Drawing) -> Influence:
    """Return the influence on the candidates of all areas, in their order: a box answers for its own side of a border.

    Asked once for all areas: reading the record and finding the events near a box cost as much for one area as for all.
    """
    owner = layer.owner
    if drawing.is_floating:
        owner = owner[_parents(layer.grid)]
    squares = [candidates[area.id].all_squares for area in layer.areas]
    together = Squares(
        np.concatenate([s.x_min for s in squares]),
        np.concatenate([s.y_min for s in squares]),
        layer.grid.cell_size_m,
        owner,
        np.repeat(np.arange(len(squares)), [len(s) for s in squares]),
    )
    return foretold.fitted.influence(foretold.forecast.period, together)


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
    sums = np.bincount(_parents(layer.grid), forecast.expected, minlength=layer.grid.n_cells)
    return replace(forecast, grid=layer.grid, expected=sums.astype(np.float64))
