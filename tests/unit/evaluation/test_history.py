"""What became of a square before."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from peelian.evaluation.history import square_history
from peelian.forecasts.nights import HISTORY_SCHEMA
from peelian.places.squares import Squares
from peelian.selection.stability import times_chosen

STARTS = [datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=d) for d in range(3)]


def track(*rows: tuple[int, int, float, float]) -> pl.DataFrame:
    """Return boxes as (period, rank, x_min, y_min)."""
    return pl.DataFrame(
        {
            "period_start": pl.Series([STARTS[r[0]] for r in rows], dtype=HISTORY_SCHEMA["period_start"]),
            "rank": pl.Series([r[1] for r in rows], dtype=pl.Int32),
            "x_min": pl.Series([r[2] for r in rows], dtype=pl.Float64),
            "y_min": pl.Series([r[3] for r in rows], dtype=pl.Float64),
        }
    )


def fell(*rows: tuple[int, float, float, float]) -> pl.DataFrame:
    """Return events as (period, x, y, weight)."""
    return pl.DataFrame(
        {
            "period_start": pl.Series([STARTS[r[0]] for r in rows], dtype=HISTORY_SCHEMA["period_start"]),
            "x": pl.Series([r[1] for r in rows], dtype=pl.Float64),
            "y": pl.Series([r[2] for r in rows], dtype=pl.Float64),
            "weight": pl.Series([r[3] for r in rows], dtype=pl.Float64),
        }
    )


def squares(*corners: tuple[float, float]) -> Squares:
    return Squares(np.array([c[0] for c in corners]), np.array([c[1] for c in corners]), 250.0)


def test_a_square_was_chosen_where_half_of_it_was_covered_at_the_best_such_rank() -> None:
    boxes = track((0, 3, 0.0, 125.0), (0, 2, 0.0, 0.0), (1, 1, 0.0, 126.0), (2, 4, 10.0, 0.0))
    told = square_history(squares((0.0, 0.0)), STARTS, boxes, fell())
    assert told["rank"].to_list() == [2, None, 4]


def test_what_fell_is_what_the_square_itself_holds_in_that_period_half_open() -> None:
    events = fell((0, 0.0, 0.0, 1.0), (0, 250.0, 0.0, 1.0), (1, 10.0, 249.0, 0.5), (1, 10.0, 10.0, 0.5))
    told = square_history(squares((0.0, 0.0), (250.0, 0.0)), STARTS, track(), events)
    assert told.filter(square=0)["n_events"].to_list() == [1.0, 1.0, 0.0]
    assert told.filter(square=1)["n_events"].to_list() == [1.0, 0.0, 0.0]


def test_every_square_has_every_period_in_order_and_nothing_is_nothing() -> None:
    told = square_history(squares((0.0, 0.0), (900.0, 0.0)), STARTS, track(), fell())
    assert told.schema == HISTORY_SCHEMA
    assert told.filter(square=1)["period_start"].to_list() == STARTS
    assert told["rank"].null_count() == told.height == 6
    assert square_history(squares(), STARTS, track((0, 1, 0.0, 0.0)), fell()).height == 0
    assert square_history(squares((0.0, 0.0)), [], track(), fell()).schema == HISTORY_SCHEMA


def test_it_counts_as_often_as_the_list_says_chosen() -> None:
    rng = np.random.default_rng(3)
    rows = [
        (int(p), i + 1, float(x), float(y)) for p in range(3) for i, (x, y) in enumerate(rng.uniform(0, 900, (5, 2)))
    ]
    ours = squares(*[(float(x), float(y)) for x, y in rng.uniform(0, 900, (8, 2))])
    told = square_history(ours, STARTS, track(*rows), fell())
    counted = told.group_by("square", maintain_order=True).agg(pl.col("rank").is_not_null().sum())["rank"].to_list()
    assert tuple(counted) == times_chosen(ours, track(*rows))
    assert sum(counted) > 0
