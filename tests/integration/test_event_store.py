"""The event log on the disk: what a reader sees, windows, locks, and what a damaged folder says."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.feeds import CSV_HEADER, RECEIVED, csv_row, take_csv, write

from peelian.errors import LockedError, StoreError
from peelian.events import LOG_SCHEMA, EventLog
from peelian.places import DatePrecision, Force, LocationPrecision
from peelian.store.events import EventStore
from peelian.store.locks import lock

FORCE = Force("t", "T", "EPSG:27700", "Europe/London", LocationPrecision.EXACT, DatePrecision.MINUTE)
T0 = datetime(2019, 1, 10, tzinfo=UTC)


def rows(*specs: tuple[str, float, float, bool]) -> EventLog:
    """(id, day it occurred, day it was recorded, is it a retraction)."""
    table = pl.DataFrame(
        {
            "event_id": [s[0] for s in specs],
            "crime_type": "burglary",
            "x": 530_000.0,
            "y": 180_000.0,
            "occurred_from": [T0 + timedelta(days=s[1]) for s in specs],
            "occurred_to": [T0 + timedelta(days=s[1]) for s in specs],
            "recorded_at": [T0 + timedelta(days=s[2]) for s in specs],
            "district": None,
            "street": None,
            "is_retraction": [s[3] for s in specs],
            "ingest": 0,
        },
        schema=LOG_SCHEMA,
    )
    return EventLog(table, "EPSG:27700")


def test_a_home_without_events_says_so_and_how_to_bring_them_in(tmp_path: Path) -> None:
    store = EventStore(tmp_path)
    assert store.forces() == ()
    for ask in (store.force, store.log):
        with pytest.raises(StoreError, match=r"no events of force 'x'.*peelian ingest"):
            ask("x")


def test_an_unknown_force_names_the_known_ones(tmp_path: Path) -> None:
    take_csv(tmp_path, write(tmp_path / "a.csv", CSV_HEADER, csv_row()))
    with pytest.raises(StoreError, match="known are anytown"):
        EventStore(tmp_path).force("anytwon")
    with pytest.raises(StoreError, match="cannot name a folder"):
        EventStore(tmp_path).log("../events/force=anytown")


def test_the_force_comes_back_as_it_went_in(tmp_path: Path) -> None:
    EventStore(tmp_path).append(FORCE, "made", RECEIVED, rows(("a", 0, 1, False)))
    assert EventStore(tmp_path).force("t") == FORCE
    assert EventStore(tmp_path).forces() == (FORCE,)


def test_events_stand_in_the_folder_of_their_year_and_a_retraction_with_its_event(tmp_path: Path) -> None:
    EventStore(tmp_path).append(FORCE, "made", RECEIVED, rows(("a", -300, 1, False), ("b", 0, 1, False)))
    EventStore(tmp_path).append(FORCE, "made", RECEIVED, rows(("a", -300, 9, True)))
    folder = tmp_path / "events" / "force=t"
    found = sorted(str(p.relative_to(folder)).rsplit("-", 2)[0] for p in folder.glob("year=*/*"))
    assert found == ["year=2018/change", "year=2018/part", "year=2019/part"]


def test_a_window_keeps_what_became_of_its_events_later_wherever_that_stands(tmp_path: Path) -> None:
    store = EventStore(tmp_path)
    store.append(FORCE, "made", RECEIVED, rows(("kept", 5, 6, False), ("moved", 5, 6, False), ("old", -400, 6, False)))
    # One is taken back, one is found to have happened two years before, one old is found to be recent.
    later = rows(("kept", 5, 20, True), ("moved", -700, 21, False), ("old", 6, 22, False), ("moved", 4, 30, False))
    store.append(FORCE, "made", RECEIVED, later)
    for day in (10, 20, 21, 22, 30):
        cutoff = T0 + timedelta(days=day)
        whole = store.known_at("t", cutoff).since(T0)
        window = store.known_at("t", cutoff, since=date(2019, 1, 10)).since(T0)
        assert window.table.equals(whole.table), day
    assert len(store.log("t", since=date(2019, 1, 10))) < len(store.log("t")) == 7


def test_a_window_begins_at_local_midnight_and_holds_spans_that_reach_into_it(tmp_path: Path) -> None:
    log = rows(("a", 0, 1, False), ("b", 0, 1, False))
    spans = pl.Series([datetime(2019, 6, 9, 22, 59, tzinfo=UTC), datetime(2019, 6, 9, 23, tzinfo=UTC)])
    table = log.table.with_columns(spans.cast(LOG_SCHEMA["occurred_to"]).alias("occurred_to"))
    store = EventStore(tmp_path)
    store.append(FORCE, "made", RECEIVED, EventLog(table, "EPSG:27700"))
    # The tenth of June begins in London at 23:00 UTC.
    assert store.log("t", since=date(2019, 6, 10)).table.get_column("event_id").to_list() == ["b"]


def test_two_ingests_of_one_force_do_not_run_at_once(tmp_path: Path) -> None:
    with lock(tmp_path, "ingest-anytown"), pytest.raises(LockedError, match="ingest-anytown"):
        take_csv(tmp_path, write(tmp_path / "a.csv", CSV_HEADER, csv_row()))
    assert take_csv(tmp_path, tmp_path / "a.csv").kept == 1


def test_what_a_killed_ingest_left_behind_is_not_read_and_goes_at_the_next(tmp_path: Path) -> None:
    take_csv(tmp_path, write(tmp_path / "a.csv", CSV_HEADER, csv_row()))
    folder = tmp_path / "events" / "force=anytown"
    orphan = folder / "year=2019" / "part-000002-0000.parquet"
    orphan.write_bytes(b"half a file")
    half_manifest = folder / "ingests" / ".000002.json.77.tmp"
    half_manifest.write_bytes(b"{")
    assert len(EventStore(tmp_path).log("anytown")) == 1
    take_csv(tmp_path, write(tmp_path / "b.csv", CSV_HEADER, csv_row("B1")))
    assert len(EventStore(tmp_path).log("anytown")) == 2
    assert not half_manifest.exists()
    assert {p.name for p in folder.glob("year=*/*")} == {"part-000001-0000.parquet", "part-000002-0000.parquet"}
    assert orphan.read_bytes()[:4] == b"PAR1"


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    take_csv(tmp_path, write(tmp_path / "a.csv", CSV_HEADER, csv_row()))
    path = tmp_path / "events" / "force=anytown" / "ingests" / "000001.json"
    sound = path.read_text()
    for text in ("", "{}", sound[:-40], sound.replace('"format": 1', '"format": 2')):
        path.write_text(text)
        with pytest.raises(StoreError, match=r"000001\.json"):
            EventStore(tmp_path).log("anytown")


def test_a_missing_or_damaged_part_is_named_with_the_way_back(tmp_path: Path) -> None:
    take_csv(tmp_path, write(tmp_path / "a.csv", CSV_HEADER, csv_row()))
    (part,) = (tmp_path / "events" / "force=anytown").glob("year=*/*")
    part.write_bytes(b"PAR1 but no more")
    for since in (None, date(2019, 1, 1)):
        with pytest.raises(StoreError, match=r"missing or damaged.*ingest the feed's files again"):
            EventStore(tmp_path).log("anytown", since)
    part.unlink()
    with pytest.raises(StoreError, match="missing or damaged"):
        EventStore(tmp_path).log("anytown")


def test_an_ingest_that_fails_after_its_rename_keeps_its_parts(tmp_path: Path) -> None:
    store = EventStore(tmp_path)
    log = rows(("a", 0, 1, False))

    def interrupted(*, after_commit: bool) -> None:
        with store.ingest("t") as staging:
            staging.write(log.table, is_change=False)
            if after_commit:
                staging.commit(FORCE, "made", RECEIVED)
            raise RuntimeError("interrupted")

    for after_commit in (True, False):
        with pytest.raises(RuntimeError, match="interrupted"):
            interrupted(after_commit=after_commit)
    assert len(store.log("t")) == 1
    assert len(list((tmp_path / "events" / "force=t").glob("year=*/*"))) == 1


def test_the_report_is_kept_in_the_manifest_as_it_was_given(tmp_path: Path) -> None:
    report = take_csv(tmp_path, write(tmp_path / "a.csv", CSV_HEADER, csv_row(), csv_row("B", offence="Drugs")))
    manifest = EventStore(tmp_path).manifests("anytown")[0]
    assert manifest.report == json.loads(json.dumps(report.to_json()))
    assert manifest.received_at == RECEIVED


def test_refused_rows_are_kept_by_ingest_with_quotes_and_newlines_whole(tmp_path: Path) -> None:
    odd = '"Sheep, ""rustling"" at\nnight"'
    take_csv(
        tmp_path, write(tmp_path / "a.csv", CSV_HEADER, csv_row(), csv_row("B", offence=odd), csv_row("C", at="never"))
    )
    take_csv(tmp_path, write(tmp_path / "b.csv", CSV_HEADER, csv_row("D")))
    store = EventStore(tmp_path)
    table = store.refused("anytown", 1)
    assert table.select("line", "reason", "value").sort("line").rows() == [
        (3, "unknown crime type", 'Sheep, "rustling" at\nnight'),
        (5, "unreadable date", "occurred_from: never"),
    ]
    assert store.refused("anytown", 2).height == 0
    with pytest.raises(StoreError, match="has no ingest 3"):
        store.refused("anytown", 3)


def test_a_log_in_another_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="project it first"):
        EventStore(tmp_path).append(FORCE, "made", RECEIVED, EventLog(rows(("a", 0, 1, False)).table, "EPSG:32615"))
