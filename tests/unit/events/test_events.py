from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.errors import EventsError
from peelian.events import EVENT_SCHEMA, LOG_SCHEMA, Bundle, EventLog, Events, count
from peelian.events.events import MOST_KEPT
from peelian.places import Grid, Period

T0 = datetime(2018, 1, 1, tzinfo=UTC)


def row(
    event_id: str, recorded_days: float, *, x: float = 0.0, retraction: bool = False, ingest: int = 1
) -> dict[str, object]:
    return {
        "event_id": event_id,
        "crime_type": "burglary",
        "x": x,
        "y": 0.0,
        "occurred_from": T0,
        "occurred_to": T0,
        "recorded_at": T0 + timedelta(days=recorded_days),
        "district": None,
        "street": None,
        "is_retraction": retraction,
        "ingest": ingest,
    }


def log(*rows: dict[str, object]) -> EventLog:
    return EventLog(pl.DataFrame(list(rows), schema=LOG_SCHEMA, orient="row"), "EPSG:27700")


def known(events: EventLog, days: float) -> list[tuple[str, float]]:
    table = events.as_known_at(T0 + timedelta(days=days)).table
    return list(zip(table["event_id"], table["x"], strict=True))


def test_event_is_not_known_before_it_is_recorded() -> None:
    events = log(row("a", 3))
    assert known(events, 2.99) == []
    assert known(events, 3) == [("a", 0.0)]


def test_correction_supersedes_without_erasing_what_was_known_before() -> None:
    events = log(row("a", 1, x=1.0), row("a", 5, x=2.0, ingest=2))
    assert known(events, 4) == [("a", 1.0)]
    assert known(events, 5) == [("a", 2.0)]


def test_retracted_event_was_known_until_its_retraction() -> None:
    events = log(row("a", 1), row("a", 5, retraction=True))
    assert known(events, 4.9) == [("a", 0.0)]
    assert known(events, 5) == []


def test_event_recorded_again_after_its_retraction_stands_again() -> None:
    assert known(log(row("a", 1), row("a", 2, retraction=True), row("a", 3, x=7.0)), 4) == [("a", 7.0)]


def test_of_two_versions_recorded_at_one_instant_the_later_ingest_stands() -> None:
    assert known(log(row("a", 1, x=2.0, ingest=2), row("a", 1, x=1.0)), 2) == [("a", 2.0)]


def test_retraction_stands_over_a_version_of_the_same_instant() -> None:
    assert known(log(row("a", 1, retraction=True), row("a", 1)), 2) == []


def test_event_that_begins_after_the_cutoff_is_not_known_though_recorded() -> None:
    assert known(log(row("a", -5)), -1) == []


def test_cutoff_without_a_time_zone_is_refused() -> None:
    with pytest.raises(EventsError, match="time zone"):
        log(row("a", 1)).as_known_at(datetime(2018, 1, 1))  # noqa: DTZ001 - the fault under test


def test_column_about_a_person_is_refused() -> None:
    table = pl.DataFrame(schema=EVENT_SCHEMA).with_columns(pl.lit("x").alias("suspect"))
    with pytest.raises(EventsError, match="'suspect' is not a column of events"):
        Events(table, "EPSG:27700", T0)


@pytest.mark.parametrize("column", EVENT_SCHEMA.names())
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(EventsError, match=f"'{column}' is missing"):
        Events(pl.DataFrame(schema=EVENT_SCHEMA).drop(column), "EPSG:27700", T0)


def test_event_later_than_its_instant_is_refused() -> None:
    table = make_events([0.0], [0.0], [1.0]).table
    with pytest.raises(EventsError, match="as_known_at"):
        Events(table, "EPSG:32615", CUTOFF - timedelta(days=2))


@pytest.mark.parametrize("x", [float("nan"), float("inf")])
def test_coordinate_that_is_not_finite_is_refused(x: float) -> None:
    with pytest.raises(EventsError, match="finite metres"):
        make_events([x], [0.0], [1.0])


def test_span_that_runs_backwards_is_refused() -> None:
    with pytest.raises(EventsError, match="backwards"):
        make_events([0.0], [0.0], [1.0], span_hours=-1)


def test_event_of_unknown_hour_is_spread_over_its_span() -> None:
    events = make_events([0.0], [0.0], [1.0], span_hours=12)
    began = CUTOFF - timedelta(days=1)
    thirds = [Period(began + timedelta(hours=h), began + timedelta(hours=h + 4)) for h in (0, 4, 8)]
    assert [events.overlap(p)[0] for p in thirds] == pytest.approx([1 / 3] * 3)


def test_exact_instant_on_the_edge_counts_in_the_later_period_alone() -> None:
    events = make_events([0.0], [0.0], [1.0])
    edge = CUTOFF - timedelta(days=1)
    day = timedelta(days=1)
    assert events.overlap(Period(edge - day, edge)).tolist() == [0.0]
    assert events.overlap(Period(edge, edge + day)).tolist() == [1.0]
    assert len(events.touching(Period(edge - day, edge))) == 0
    assert len(events.touching(Period(edge, edge + day))) == 1


def test_no_events_are_an_answer() -> None:
    empty = Events.empty("EPSG:27700", T0)
    grid = Grid("EPSG:27700", 250.0, 0, 0, 2, 2)
    assert count(empty, grid, Period(T0 - timedelta(days=1), T0)).total == 0.0


def test_counting_on_a_grid_of_another_crs_is_refused() -> None:
    with pytest.raises(EventsError, match="project one"):
        count(make_events([0.0], [0.0], [1.0]), Grid("EPSG:27700", 250.0, 0, 0, 1, 1), Period(T0, CUTOFF))


def test_bundle_weighs_each_crime_type() -> None:
    events = make_events([0.0] * 3, [0.0] * 3, [1, 2, 3], crime_type=["arson", "burglary", "robbery"])
    bundle = Bundle.from_mapping("harm", {"robbery": 3.0, "burglary": 2.0})
    assert sorted(bundle.weights_of(events)) == [0.0, 2.0, 3.0]
    assert len(bundle.select(events)) == 2


@pytest.mark.parametrize("weights", [{}, {"burglary": 0.0}, {"burglary": -1.0}, {"burglary": float("nan")}], ids=str)
def test_bundle_without_types_or_with_a_weight_that_is_not_positive_is_refused(weights: dict[str, float]) -> None:
    with pytest.raises(EventsError):
        Bundle.from_mapping("b", weights)


def test_age_is_taken_from_the_middle_of_the_span() -> None:
    assert make_events([0.0], [0.0], [2.0], span_hours=24).age_days(CUTOFF) == pytest.approx(np.array([1.5]))


def mixed_events() -> Events:
    return make_events([0.0, 300.0, 600.0], [0.0] * 3, [3.0, 2.0, 1.0], crime_type=["b", "a", "b"])


def test_types_are_numbered_with_their_names_and_chosen_by_them() -> None:
    events = mixed_events()
    codes, names = events.type_codes
    assert [names[c] for c in codes] == events.table["crime_type"].to_list()
    chosen = events.of_types(["b"])
    assert chosen.table.equals(events.table.filter(pl.col("crime_type") == "b"))
    assert chosen.x.tolist() == chosen.table["x"].to_list()
    assert [chosen.type_codes[1][c] for c in chosen.type_codes[0]] == ["b", "b"]
    assert len(events.of_types(["nothing"])) == len(Events.empty("EPSG:32615", CUTOFF).of_types(["b"])) == 0


def test_what_is_held_of_all_events_is_held_of_the_chosen_ones() -> None:
    events = mixed_events()
    grid = Grid("EPSG:32615", 250.0, 0, 0, 4, 4)
    assert events.cells(grid).tolist() == [0, 1, 2]
    chosen = events.of_types(["b"])
    assert chosen.cells(grid).tolist() == [0, 2]
    assert chosen.age_days(CUTOFF).tolist() == pytest.approx([3.0, 1.0])
    assert Bundle.from_mapping("harm", {"a": 7.0}).weights_of(events).tolist() == [0.0, 7.0, 0.0]


def test_what_follows_from_events_is_made_once_and_the_latest_are_kept() -> None:
    events, made = make_events([1.0], [1.0], [1.0]), list[int]()

    def ask(number: int) -> int:
        def make() -> int:
            made.append(number)
            return -number

        return events.once(number, make)

    assert [ask(1), ask(1), ask(2)] == [-1, -1, -2]
    assert made == [1, 2]
    for number in range(3, 3 + MOST_KEPT):
        ask(number)
    assert ask(2 + MOST_KEPT) == -2 - MOST_KEPT
    assert ask(1) == -1
    assert made == [*range(1, 3 + MOST_KEPT), 1]
