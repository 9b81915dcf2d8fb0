"""An outside forecast as one more method of a backtest: checked, kept beside the plan, cut by area and period."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
import shapely

from peelian.errors import EvaluationError
from peelian.evaluation.ground import Ground
from peelian.evaluation.judgement import Answer
from peelian.evaluation.precision import check_unit
from peelian.events.bundles import Bundle
from peelian.jobs.plans import OUTSIDE, Method, Plan
from peelian.places.forces import LocationPrecision
from peelian.places.periods import Period
from peelian.places.squares import Squares
from peelian.store.backtests import BacktestFolder


def outside_method(file: Path) -> Method:
    """Return the method that stands for a file: its name is the label."""
    return Method(file.stem, file.name, OUTSIDE)


def snapshot_name(method: Method) -> str:
    """Return where a method's shapes are kept in the backtest's folder."""
    return f"inputs/outside-{method.label}.parquet"


def check_outside(table: pl.DataFrame, method: Method, plan: Plan, ground: Ground) -> None:
    """Refuse an outside forecast that cannot be judged fairly.

    Raises
    ------
    EvaluationError
        When shapes are finer than the feed's precision, name an unknown area, lie in none, or when no shape has one
        of the plan's periods.
    """
    shapes = shapely.from_wkb(table.get_column("wkb").to_list())
    check_precision(float(np.sqrt(np.min(shapely.area(shapes)))), plan.force.location_precision, method.label)
    named = table.get_column("area").drop_nulls().unique().sort().to_list()
    unknown = [a for a in named if a not in ground.area_ids]
    if unknown:
        raise EvaluationError(
            f"{method.model}: area {unknown[0]!r} is not of level {plan.level!r}; "
            f"known are {', '.join(ground.area_ids[:10])}."
        )
    wanted = {(p.start, p.end) for p in plan.periods()}
    given = set(table.select("period_start", "period_end").unique().iter_rows())
    if not wanted & given:
        start, end = min(given)
        first = plan.periods()[0]
        raise EvaluationError(
            f"{method.model}: none of its {len(given)} periods is one of the backtest's. Its first is {start} to "
            f"{end}; the backtest's first {plan.horizon} is {first.start} to {first.end}. Forecast the same periods."
        )


def check_precision(side_m: float, precision: LocationPrecision, label: str) -> None:
    """Refuse shapes whose equal square is finer than the feed's precision; see ``evaluation.precision``."""
    check_unit(round(side_m, 1), precision, f"the smallest shapes of {label}")


def outside_answer(
    folder: BacktestFolder, ground: Ground, bundle: Bundle, method: Method, period: Period
) -> Answer | None:
    """Return the outside boxes of a period and bundle by area; None where the file has none."""
    table = _table(str(folder.path), snapshot_name(method))
    own = table.filter(
        (pl.col("period_start") == period.start)
        & (pl.col("period_end") == period.end)
        & (pl.col("crime_type").is_null() | (pl.col("crime_type") == bundle.name))
    )
    if not own.height:
        return None
    shapes = np.asarray(shapely.from_wkb(own.get_column("wkb").to_list()))
    centres = shapely.centroid(shapes)
    area = ground.area_of(shapely.get_x(centres), shapely.get_y(centres))[1]
    for i, name in enumerate(own.get_column("area").to_list()):
        if name is not None:
            area[i] = ground.area_ids.index(name)
    sizes = own.get_column("size_m")
    is_apart = shapely.area(shapely.union_all(shapes)) > shapely.area(shapes).sum() * (1 - 1e-9)
    if sizes.null_count() == 0 and sizes.n_unique() == 1 and is_apart:
        corner = {n: own.get_column(n).to_numpy() for n in ("x_min", "y_min")}
        boxes = {}
        for index in np.unique(area[area >= 0]):
            mine = area == index
            squares = Squares(corner["x_min"][mine], corner["y_min"][mine], float(sizes[0]))
            boxes[ground.area_ids[index]] = (squares, np.full(len(squares), np.nan))
        return Answer(None, boxes, is_floating=True)
    by_area = {ground.area_ids[index]: shapes[area == index] for index in np.unique(area[area >= 0])}
    return Answer(None, {}, is_floating=True, shapes=by_area)


@lru_cache(maxsize=8)
def _table(path: str, name: str) -> pl.DataFrame:
    return BacktestFolder(Path(path)).read_result(name)
