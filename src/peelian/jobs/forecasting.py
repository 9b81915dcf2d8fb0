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
from peelian.places.squares import Squares
from peelian.selection.stability import rank_ranges, with_rank_ranges
from peelian.selection.top import TopCells, boxes_of_cells, rank_cells, select_top

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
    baseline: Boxes


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
            baselines[BASELINES[0]][area.id],
        )
        start = stop
    ours = {area_id: area.boxes for area_id, area in areas.items()}
    return BundleDrawing(forecast, areas, track_rows({OURS: ours, **baselines}))


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
    ours = select_top(fitted.forecast(period), layer, TopCells(drawing.choice.count, 0))
    return track_rows({OURS: ours, **_baselines(history, layer, bundle, period, drawing)})


def track_rows(by_method: dict[str, dict[str, Boxes]]) -> pl.DataFrame:
    """Return chosen boxes as rows of the track."""
    frames = [
        boxes.chosen.select(
            pl.lit(boxes.period.start).cast(pl.Datetime("us", "UTC")).alias("period_start"),
            pl.lit(area_id).alias("area_id"),
            pl.lit(boxes.bundle.name).alias("bundle"),
            pl.lit(method).alias("method"),
            "rank",
            "x_min",
            "y_min",
            pl.lit(boxes.size_m).alias("size_m"),
            "expected_count",
        )
        for method, areas in by_method.items()
        for area_id, boxes in areas.items()
        if len(boxes)
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema=TRACK_SCHEMA)


def _baselines(
    history: Events, layer: AreaLayer, bundle: Bundle, period: Period, drawing: Drawing
) -> dict[str, dict[str, Boxes]]:
    """Return each baseline's boxes by method and area, chosen by the same rule."""
    choice = TopCells(drawing.choice.count, 0)
    return {
        name: select_top(
            model_named(name, drawing.precision).fit(history, bundle, layer.region).forecast(period), layer, choice
        )
        for name in BASELINES
    }


def squares_of(track: pl.DataFrame) -> Squares:
    """Return the rows of a track as squares; all rows are of one size."""
    size = float(track["size_m"][0]) if track.height else 1.0
    return Squares(track["x_min"].to_numpy(), track["y_min"].to_numpy(), size)
