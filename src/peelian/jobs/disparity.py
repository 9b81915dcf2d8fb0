"""The disparity of a finished backtest: on whom each model's boxes fall, beside whom crime falls on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from peelian.errors import EvaluationError
from peelian.evaluation.disparity import Residents, burden, by_group
from peelian.jobs.plans import Plan
from peelian.places.squares import Squares
from peelian.sources.residents import read_neighbourhoods
from peelian.store.backtests import BacktestFolder


@dataclass(frozen=True, slots=True)
class ResidentsFile:
    """Where residents are counted: a polygon file, the column of names, of all residents, and of groups of them."""

    file: Path
    name_column: str
    residents_column: str
    group_columns: tuple[str, ...] = ()


def residents_in(file: Path, columns: str) -> ResidentsFile:
    """Return where residents are counted, its columns written as ``NAME,RESIDENTS[,GROUP...]``.

    Raises
    ------
    EvaluationError
        When there are fewer than two columns.
    """
    names = [c.strip() for c in columns.split(",") if c.strip()]
    if len(names) < 2:  # noqa: PLR2004 - a name and a count
        raise EvaluationError(f"--residents-columns {columns!r}: name the columns of names and of residents at least.")
    return ResidentsFile(file, names[0], names[1], tuple(names[2:]))


def weigh_burden(folder: BacktestFolder, plan: Plan, given: ResidentsFile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the burden by crime type, model and neighbourhood, and by group; both are kept with the backtest.

    Raises
    ------
    EvaluationError
        When the backtest has no boxes.
    SourceError
        When the residents cannot be read.
    """
    columns = (given.residents_column, *given.group_columns)
    read = read_neighbourhoods(given.file, plan.force.crs, given.name_column, columns)
    groups = {c: read.counts[c] for c in given.group_columns}
    where = Residents(read.names, read.polygons, read.counts[given.residents_column], groups)
    boxes = folder.read_result("boxes.parquet")
    if not boxes.height:
        raise EvaluationError(f"backtest {folder.path.name!r} has no boxes to lay on anybody.")
    events = folder.read_parts(plan.keys(), "events")
    by_place, by_people = [], []
    for (crime_type, model), own in boxes.partition_by(["crime_type", "model"], as_dict=True).items():
        stood = own.group_by("x_min", "y_min", "size_m", maintain_order=True).agg(
            hours=((pl.col("period_end") - pl.col("period_start")).dt.total_seconds() / 3600).sum()
        )
        fell = events.filter((pl.col("crime_type") == crime_type) & (pl.col("method") == model))
        x, y, weight = (fell.get_column(n).to_numpy() for n in ("x", "y", "weight"))
        squares = Squares(stood["x_min"].to_numpy(), stood["y_min"].to_numpy(), float(np.asarray(stood["size_m"])[0]))
        table = burden(where, squares, stood["hours"].to_numpy(), x, y, weight)
        labels = [pl.lit(crime_type).alias("crime_type"), pl.lit(model).alias("model")]
        by_place.append(table.select(*labels, pl.all()))
        by_people.append(by_group(where, table).select(*labels, pl.all()))
    places, people = (pl.concat(t).sort("crime_type", "model", maintain_order=True) for t in (by_place, by_people))
    folder.write_result("burden.parquet", places)
    folder.write_result("burden-by-group.parquet", people)
    return places, people
