from datetime import timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import CUTOFF, make_events

from peelian.events import LOG_SCHEMA, Bundle, EventLog, count
from peelian.models.catalogue import NAMES, model
from peelian.places import DatePrecision, Grid, Period, Region

GRID = Grid("EPSG:32615", 250.0, 0, 0, 8, 8)
REGION = Region(GRID, np.ones(GRID.n_cells, dtype=bool))
places = st.floats(-600, 2600)
ages = st.floats(0.0, 60.0)
rows = st.lists(st.tuples(places, places, ages, st.sampled_from([0.0, 5.0, 30.0])), max_size=25)


@given(rows)
def test_counts_conserve_events(drawn: list[tuple[float, float, float, float]]) -> None:
    events = make_events(*_columns(drawn), span_hours=7.0)
    whole = Period(CUTOFF - timedelta(days=62), CUTOFF + timedelta(days=1))
    counts = count(events, GRID, whole)
    assert counts.total == pytest.approx(len(events))


@given(rows, st.integers(1, 9))
def test_counts_over_periods_that_tile_add_up(drawn: list[tuple[float, float, float, float]], pieces: int) -> None:
    events = make_events(*_columns(drawn), span_hours=30.0)
    whole = Period(CUTOFF - timedelta(days=63), CUTOFF + timedelta(days=3))
    edges = [whole.start + whole.duration * k / pieces for k in range(pieces + 1)]
    parts = [count(events, GRID, Period(a, b)).values for a, b in pairwise(edges)]
    assert np.sum(parts, axis=0) == pytest.approx(count(events, GRID, whole).values)


@given(rows, rows)
@pytest.mark.parametrize("name", NAMES)
def test_no_event_after_the_cutoff_by_either_clock_can_change_a_forecast(
    name: str, early: list[tuple[float, float, float, float]], late: list[tuple[float, float, float, float]]
) -> None:
    period = Period(CUTOFF, CUTOFF + timedelta(days=1))
    late_rows = _log_rows(late, "late").with_columns(
        recorded_at=pl.lit(CUTOFF + timedelta(seconds=1)).cast(pl.Datetime("us", "UTC"))
    )
    future_rows = _log_rows(late, "future").with_columns(
        (pl.col("occurred_from", "occurred_to") + timedelta(days=61)).name.keep()
    )
    early_rows = _log_rows(early, "early")
    forecasts = []
    for table in (early_rows, pl.concat([early_rows, late_rows, future_rows])):
        history = EventLog(table, GRID.crs).as_known_at(CUTOFF)
        fitted = model(name, DatePrecision.MINUTE).fit(history, Bundle.of("burglary"), REGION)
        forecasts.append(fitted.forecast(period).expected)
    assert np.array_equal(*forecasts)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_log_changes_nothing(drawn: list[tuple[float, float, float, float]], random: object) -> None:
    table = _log_rows(drawn, "e")
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=random.randint(0, 2**31))  # type: ignore[attr-defined] # hypothesis gives a Random
    one, other = (EventLog(t, GRID.crs).as_known_at(CUTOFF).table for t in (table, shuffled))
    assert one.equals(other)


@given(st.lists(st.tuples(places, places), min_size=1, max_size=20), st.integers(-40, 40), st.integers(-40, 40))
def test_moving_everything_by_whole_cells_moves_the_counts_with_it(
    points: list[tuple[float, float]], columns: int, rows_up: int
) -> None:
    x, y = np.floor(np.array(points)).T
    whole = Period(CUTOFF - timedelta(days=2), CUTOFF)
    here = count(make_events(x, y, np.ones(len(x))), GRID, whole).values
    moved = Grid(GRID.crs, 250.0, columns, rows_up, 8, 8)
    there = count(make_events(x + 250 * columns, y + 250 * rows_up, np.ones(len(x))), moved, whole).values
    assert np.array_equal(here, there)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_every_point_lies_in_exactly_the_cell_whose_square_holds_it(x: float, y: float) -> None:
    grid = Grid.covering("EPSG:27700", 250.0, (x, y, x, y))
    point = np.array([x]), np.array([y])
    assert grid.cell_of(*point).tolist() == [0]


def _columns(drawn: list[tuple[float, float, float, float]]) -> tuple[list[float], list[float], list[float]]:
    return [r[0] for r in drawn], [r[1] for r in drawn], [r[2] for r in drawn]


def _log_rows(drawn: list[tuple[float, float, float, float]], prefix: str) -> pl.DataFrame:
    events = make_events(*_columns(drawn))
    return events.table.with_columns(
        (pl.lit(prefix) + pl.col("event_id")).alias("event_id"),
        is_retraction=pl.lit(value=False),
        ingest=pl.lit(1, dtype=pl.Int32),
    ).select(LOG_SCHEMA.names())
