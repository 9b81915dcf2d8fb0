"""One bundle's night: forecast, choose, say why, and draw the baselines. A pure function of what was known."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from peelian.evaluation.record import TRACK_SCHEMA
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.boxes import Boxes
from peelian.forecasts.forecast import Forecast
from peelian.forecasts.influence import Contributions, Influence
from peelian.models.catalogue import model as model_named
from peelian.places.areas import AreaLayer
from peelian.places.forces import DatePrecision
from peelian.places.periods import Period
from peelian.selection.stability import rank_ranges, with_rank_ranges
from peelian.selection.top import TopCells, boxes_of_cells, rank_cells, top_cells

OURS = "boxes"
#: Baselines that are drawn and judged every night; nothing switches them off.
BASELINES = ("recent-counts", "all-history")
#: Boxes compete for their rank with this many candidates of their area.
CANDIDATES = 60


@dataclass(frozen=True, slots=True)
class Drawing:
    """How boxes are drawn: the model, how many, and the seed of the resampling."""

    model: str
    precision: DatePrecision
    choice: TopCells
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class AreaDrawing:
    """One area's boxes with their reasons, before they are judged and named."""

    boxes: Boxes
    contributions: Contributions
    is_exact: bool
    baseline: pl.DataFrame  # rank, x_min, y_min of the plain count's boxes


@dataclass(frozen=True, slots=True, eq=False)
class BundleDrawing:
    """One bundle's forecast over the force, and each area's drawing by area id."""

    forecast: Forecast
    areas: dict[str, AreaDrawing]
    track: pl.DataFrame


def draw(history: Events, layer: AreaLayer, bundle: Bundle, period: Period, drawing: Drawing) -> BundleDrawing:
    """Return everything about one bundle's next period that follows from what was known."""
    fitted = model_named(drawing.model, drawing.precision).fit(history, bundle, layer.region)
    forecast = fitted.forecast(period)
    baselines = _baselines(history, layer, bundle, period, drawing)
    plain = baselines.filter(pl.col("method") == BASELINES[0]).partition_by("area_id", as_dict=True)
    candidates = [
        rank_cells(forecast.expected, a.cells, max(CANDIDATES, 4 * drawing.choice.count)) for a in layer.areas
    ]
    cells = np.concatenate(candidates)
    groups = np.repeat(np.arange(len(layer.areas)), [c.size for c in candidates])
    influence = fitted.influence(period, forecast.grid.squares(cells))
    # One seed a bundle: the same bundle is resampled alike whatever else is drawn beside it.
    rng = np.random.default_rng([drawing.seed, *bundle.name.encode()])
    low, high = rank_ranges(influence, groups, rng)
    areas = {}
    start = 0
    shown = drawing.choice.count + drawing.choice.nearly
    kept = np.concatenate([[0], np.cumsum([c.size for c in candidates])])
    parts = _parts(influence, np.concatenate([np.arange(a, min(a + shown, b)) for a, b in pairwise(kept.tolist())]))
    for area, own in zip(layer.areas, candidates, strict=True):
        stop = start + own.size
        boxes = boxes_of_cells(forecast, area.id, own[:shown], drawing.choice.count)
        rows = parts.filter(pl.col("square").is_between(start, start + len(boxes.table) - 1))
        areas[area.id] = AreaDrawing(
            with_rank_ranges(boxes, low[start:stop], high[start:stop]),
            rows.with_columns(pl.col("square") - start),
            influence.is_exact,
            plain.get((area.id,), baselines.clear()).select("rank", "x_min", "y_min"),
        )
        start = stop
    ours = track_rows(OURS, forecast, layer, drawing.choice.count)
    return BundleDrawing(forecast, areas, pl.concat([ours, baselines]))


def _parts(influence: Influence, rows: NDArray[np.int64]) -> Contributions:
    """Return the contributions of the squares in ``rows`` alone, numbered as they stand in the influence."""
    shown = Influence(
        influence.squares[rows], influence.events, csr_array(influence.matrix[rows]), influence.constant[rows]
    )
    parts = shown.contributions()
    return parts.with_columns(pl.Series("square", rows[parts["square"].to_numpy()], dtype=pl.Int64))


def replay(history: Events, layer: AreaLayer, bundle: Bundle, period: Period, drawing: Drawing) -> pl.DataFrame:
    """Return the ``TRACK_SCHEMA`` rows of one past period: the boxes alone, as they would have been drawn."""
    fitted = model_named(drawing.model, drawing.precision).fit(history, bundle, layer.region)
    ours = track_rows(OURS, fitted.forecast(period), layer, drawing.choice.count)
    return pl.concat([ours, _baselines(history, layer, bundle, period, drawing)])


def track_rows(method: str, forecast: Forecast, layer: AreaLayer, count: int) -> pl.DataFrame:
    """Return every area's chosen boxes as ``TRACK_SCHEMA`` rows."""
    area, rank, cells = top_cells(forecast, layer, count)
    squares = forecast.grid.squares(cells)
    ids = np.array([a.id for a in layer.areas], dtype=np.str_)
    return pl.DataFrame(
        {
            "period_start": pl.repeat(forecast.period.start, cells.size, dtype=pl.Datetime("us", "UTC"), eager=True),
            "area_id": ids[area] if cells.size else np.empty(0, dtype=np.str_),
            "bundle": pl.repeat(forecast.bundle.name, cells.size, dtype=pl.String, eager=True),
            "method": pl.repeat(method, cells.size, dtype=pl.String, eager=True),
            "rank": rank.astype(np.int32),
            "x_min": squares.x_min,
            "y_min": squares.y_min,
            "size_m": np.full(cells.size, squares.size_m),
            "expected_count": forecast.expected[cells],
        },
        schema=TRACK_SCHEMA,
    )


def _baselines(history: Events, layer: AreaLayer, bundle: Bundle, period: Period, drawing: Drawing) -> pl.DataFrame:
    """Return the baselines' boxes as track rows, chosen by the same rule."""
    return pl.concat(
        [
            track_rows(
                name,
                model_named(name, drawing.precision).fit(history, bundle, layer.region).forecast(period),
                layer,
                drawing.choice.count,
            )
            for name in BASELINES
        ]
    )
