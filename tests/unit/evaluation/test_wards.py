"""Sums by ward: every box, visit and crime in the ward of its own place, and nothing counted twice."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
from tests.conftest import make_events

from peelian.evaluation.wards import Doings, GivenNight, tallies
from peelian.events import Bundle
from peelian.places import AreaLayer, Grid, Period, StudyArea

GRID = Grid("EPSG:32615", 250.0, 0, 0, 4, 2)
#: Two wards side by side, two columns of cells each.
LAYER = AreaLayer(
    "ward", GRID, (StudyArea("w", "West", np.array([0, 1, 4, 5])), StudyArea("e", "East", np.array([2, 3, 6, 7])))
)
NIGHT = Period(datetime(2018, 5, 1, tzinfo=UTC), datetime(2018, 5, 2, tzinfo=UTC))
MONTHS = [
    (date(2018, 3, 1), Period(datetime(2018, 3, 1, tzinfo=UTC), datetime(2018, 4, 1, tzinfo=UTC))),
    (date(2018, 4, 1), Period(datetime(2018, 4, 1, tzinfo=UTC), datetime(2018, 5, 1, tzinfo=UTC))),
]
NOTHING = Doings(np.array([], dtype=np.str_), np.empty(0), np.empty(0), np.empty(0))


def night(*corners: tuple[float, float]) -> GivenNight:
    rows = [("burglary", x, y, 250.0) for x, y in corners]
    schema = {"bundle": pl.String, "x_min": pl.Float64, "y_min": pl.Float64, "size_m": pl.Float64}
    return GivenNight(date(2018, 5, 1), NIGHT, pl.DataFrame(rows, schema=schema, orient="row"))


def test_a_box_belongs_to_the_ward_in_which_its_centre_lies() -> None:
    events = make_events([10.0], [10.0], [1.0])
    east, west = tallies(LAYER, [Bundle.of("burglary")], [night((0, 0), (437.5, 0))], NOTHING, events, MONTHS)
    assert (west.boxes_chosen, east.boxes_chosen) == (1, 1)
    assert (west.nights_chosen, east.nights_chosen) == (1, 1)
    assert west.n_nights == 1
    assert west.box_hours == east.box_hours == 24
    assert west.force_box_hours == 48


def test_visits_are_counted_where_they_were_and_by_their_own_crime_type() -> None:
    events = make_events([10.0], [10.0], [1.0])
    done = Doings(
        np.array(["burglary", "burglary", "robbery"]),
        np.array([125.0, 125.0, 125.0]),
        np.array([125.0, 125.0, 125.0]),
        np.array([10.0, 14.0, 99.0]),
    )
    east, west = tallies(LAYER, [Bundle.of("burglary")], [night((0, 0))], done, events, MONTHS)
    assert (west.visits, west.minutes, west.typical_minutes) == (2, 24.0, 12.0)
    assert (east.visits, east.minutes, east.typical_minutes) == (0, 0.0, None)
    assert east.force_minutes == 24.0


def test_without_a_night_nothing_was_chosen_and_the_months_still_stand() -> None:
    events = make_events([10.0, 600.0], [10.0, 10.0], [75.0, 75.0])
    east, west = tallies(LAYER, [Bundle.of("burglary")], [], NOTHING, events, MONTHS)
    assert (west.n_nights, west.boxes_chosen, west.events) == (0, 0, 0)
    assert len(west.months) == len(east.months) == 2


def test_a_month_without_any_record_is_unknown_not_quiet() -> None:
    events = make_events([10.0], [10.0], [75.0])
    tally = next(iter(tallies(LAYER, [Bundle.of("burglary")], [], NOTHING, events, MONTHS)))
    known = [m.events is not None for m in tally.months]
    assert known.count(True) == 1
    assert all((m.events is None) == (m.middle is None) for m in tally.months)


def test_wards_together_hold_every_crime_of_the_force_once() -> None:
    rng = np.random.default_rng(3)
    events = make_events(rng.uniform(0, 999, 200), rng.uniform(0, 499, 200), rng.uniform(60, 130, 200))
    told = list(tallies(LAYER, [Bundle.of("burglary")], [night((0, 0))], NOTHING, events, MONTHS))
    for index, (_, period) in enumerate(MONTHS):
        inside = events.touching(period)
        together = sum(t.months[index].events or 0 for t in told)
        assert np.isclose(together, inside.overlap(period).sum())
    assert told[0].force_events == sum(t.events for t in told)
