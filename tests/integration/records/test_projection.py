"""Crimes become events, and nothing about a person can go along."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.records.conftest import ANN, NOON, Store

from peelian.errors import SourceError
from peelian.records.catalogue import Kind
from peelian.records.marking import Marking, Sensitivity
from peelian.sources.pole.crime_types import read_crime_types

MARK = "xqzmark"


def _project(store: Store, hours: float = 48.0, delay: float | None = None, zone: str = "Europe/London") -> Any:  # noqa: ANN401 - a value from behind Django
    from peelian.jobs.projection import Target, project

    target = Target("gmp", "Greater Manchester", zone, delay_hours=delay)
    at = NOON + timedelta(hours=hours)
    return project(
        store.home, store.rules.catalogue, read_crime_types(store.home / "crime-types.toml"), target, ANN, at
    )


def _events(store: Store, hours: float = 1_000.0) -> Any:  # noqa: ANN401 - a value from behind Django
    from peelian.store.events import EventStore

    return EventStore(store.home).known_at("gmp", NOON + timedelta(hours=hours)).table


def _crime(store: Store, **values: Any) -> int:  # noqa: ANN401 - a value from behind Django
    home = store.add("address", address="1 High Street", point="EPSG:27700 384000.0 398000.0 exact")
    crime = store.add("crime", **({"crime_type": "Burglary", "happened": "2026-02-01"} | values))
    store.tie("occurred-at", crime, home)
    return crime


def test_crime_becomes_an_event_at_its_place_on_its_own_day(store: Store) -> None:
    one = _crime(store, happened="2026-02-01", reported="2026-02-02T09:00+00:00")
    two = _crime(store, happened="2026-02-01T10:15+00:00", crime_type="Robbery")
    report = _project(store)
    assert (report.read, report.new, dict(report.refused)) == (2, 2, {})
    first, second = _events(store).to_dicts()
    assert first["event_id"] == f"crime-{one}"
    assert (first["x"], first["y"], first["crime_type"]) == (384000.0, 398000.0, "burglary")
    assert (first["occurred_from"], first["occurred_to"]) == (
        datetime(2026, 2, 1, tzinfo=UTC),
        datetime(2026, 2, 2, tzinfo=UTC),
    )
    assert first["recorded_at"] == datetime(2026, 2, 2, 9, tzinfo=UTC)
    assert (second["event_id"], second["occurred_from"]) == (f"crime-{two}", datetime(2026, 2, 1, 10, 15, tzinfo=UTC))
    assert second["recorded_at"] == NOON
    assert _project(store).number is None


def test_day_that_no_clock_east_of_greenwich_can_tell_costs_that_crime_alone(sqlite_store: Store) -> None:
    _crime(sqlite_store)
    _crime(sqlite_store, happened="0001-01-01")
    report = _project(sqlite_store, zone="Asia/Tokyo")
    assert (report.new, dict(report.refused)) == (1, {"unreadable place or date": 1})


def test_assumed_delay_stands_in_where_no_report_is_told(store: Store) -> None:
    _crime(store, happened="2026-02-01")
    _project(store, delay=12)
    assert _events(store).row(0, named=True)["recorded_at"] == datetime(2026, 2, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"crime_type": "Drugs"}, "police-found"),
        ({"crime_type": "Possession of weapons"}, "police-found"),
        ({"origin": "found"}, "police-found"),
        ({"crime_type": "John Smith did it"}, "crime type not listed"),
        ({"happened": "2026-02"}, "known to the month or year only"),
        ({"happened": "2026-01-01/2026-02"}, "known to the month or year only"),
        ({"happened": "2027-02-01"}, "from the future"),
        ({"happened": "0001-01-01"}, "before 1970"),
        ({"marking": Marking(Sensitivity.SEALED, "", "DI Rees", frozenset())}, "sealed"),
        ({"point": "EPSG:32630 1000.0 1000.0 exact"}, "place in another CRS"),
    ],
)
def test_what_may_be_no_event_is_refused_and_counted(sqlite_store: Store, values: Any, reason: str) -> None:  # noqa: ANN401 - a value from behind Django
    from peelian.records.access import Actor, Role

    store = sqlite_store
    _crime(store)
    if "marking" in values:
        from peelian.store.records.writing import mark

        mark(
            store.rules.catalogue,
            _crime(store),
            values["marking"],
            "a witness",
            store.by(Actor(7, "Ann", Role.ANALYST, ("*",))),
        )
    else:
        _crime(store, **values)
    report = _project(store)
    assert (report.new, dict(report.refused)) == (1, {reason: 1})


def test_crime_without_place_or_date_is_refused(sqlite_store: Store) -> None:
    _crime(sqlite_store)
    sqlite_store.add("crime", crime_type="Burglary", happened="2026-02-01")
    sqlite_store.add("crime", crime_type="Burglary", point="EPSG:27700 1.0 1.0 exact")
    assert dict(_project(sqlite_store).refused) == {"no date": 1, "no place": 1}


def test_nothing_fit_is_an_error_with_the_reasons(sqlite_store: Store) -> None:
    sqlite_store.add("crime", crime_type="Drugs")
    with pytest.raises(SourceError, match="1 police-found"):
        _project(sqlite_store)


def test_correction_is_a_later_version_and_a_seal_takes_back(store: Store) -> None:
    from peelian.store.records.writing import Told, mark, state

    crime, other = _crime(store), _crime(store)
    _project(store, 48)
    said = next(s for s in store.show(crime).statements if s.property == "crime-type")
    state(store.rules.catalogue, crime, "crime-type", "Robbery", Told("CPS"), store.by(ANN, 60), corrects=said.id)
    sealed = Marking(Sensitivity.SEALED, "", "DI Rees", frozenset({7}))
    mark(store.rules.catalogue, other, sealed, "a witness", store.by(ANN, 61))
    report = _project(store, 72)
    assert (report.new, report.corrected, report.retracted, report.unchanged) == (0, 1, 1, 0)
    assert sorted(_events(store, 71).get_column("crime_type")) == ["burglary", "burglary"]
    assert _events(store, 73).get_column("crime_type").to_list() == ["robbery"]
    mark(store.rules.catalogue, other, Marking(), "the trial is over", store.by(ANN, 90))
    assert _project(store, 96).new + _project(store, 97).unchanged == 2
    assert len(_events(store, 100)) == 2


def test_two_records_of_one_crime_are_one_event(store: Store) -> None:
    from peelian.store.records import merges

    one, two = _crime(store), _crime(store)
    link = merges.merge(store.rules.catalogue, one, two, None, ["same report"], store.by())
    report = _project(store)
    assert (report.read, report.new) == (1, 1)
    merges.undo(link.id, "two burglaries", store.by(ANN, 1))
    assert _project(store, 72).new == 1


def test_force_of_another_feed_is_not_mixed(sqlite_store: Store) -> None:
    from tests.homes import TOWN, town_log

    from peelian.jobs.projection import Target, project
    from peelian.store.events import EventStore

    EventStore(sqlite_store.home).append(TOWN, "made up", NOON, town_log(50))
    _crime(sqlite_store)
    with pytest.raises(SourceError, match="one force has one feed"):
        project(
            sqlite_store.home,
            sqlite_store.rules.catalogue,
            read_crime_types(None),
            Target("town", "T", "UTC"),
            ANN,
            NOON,
        )


TEXTS = st.text("abcdefghijklmnop ", min_size=1, max_size=20).map(lambda t: f"{MARK} {t}".strip())
_TOLD = (Kind.TEXT, Kind.NAME, Kind.ADDRESS, Kind.REFERENCE, Kind.PLATE, Kind.PHONE, Kind.CODE)


def _marked(store: Store, kind: str, data: st.DataObject) -> dict[str, Any]:
    """A value with the mark for every property of a type in which a person may write one."""
    properties = store.rules.catalogue.types[kind].properties
    told = {n: p.codes[0] if p.codes else data.draw(TEXTS) for n, p in properties.items() if p.kind in _TOLD}
    return told | ({"origin": "reported"} if kind == "crime" else {})


@given(
    data=st.data(),
    crime_type=st.sampled_from(["Burglary", "Robbery", MARK, f"Burglary by {MARK}"]),
    named=st.booleans(),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_of_any_record_reaches_the_events(
    sqlite_store: Store, data: st.DataObject, crime_type: str, *, named: bool
) -> None:
    store = sqlite_store
    told = _marked(store, "crime", data) | {"crime-type": crime_type, "happened": "2026-02-01"}
    crime = store.add("crime", key=f"{MARK} {data.draw(st.integers(0, 10**9))}", marking=Marking(area=MARK), **told)
    home = store.add("address", point="EPSG:27700 384000.0 398000.0 exact", **_marked(store, "address", data))
    person, van = (store.add(kind, **_marked(store, kind, data)) for kind in ("person", "vehicle"))
    store.tie("occurred-at", crime, home)
    if named:
        store.tie("party-to", person, crime)
        store.tie("involved-in", van, crime)
    try:
        _project(store)
    except SourceError:
        return
    written = [path for path in (store.home / "events").rglob("*") if path.is_file()]
    assert [path for path in written if MARK.encode() in path.read_bytes()] == []
    assert MARK not in str(_events(store).to_dicts())
    assert set(_events(store).get_column("crime_type").unique()) <= {"burglary", "robbery"}
