"""The St. Louis feed: clocks, retractions, refusals, and the real sample in examples/."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.feeds import LATER, RECEIVED, SLMPD_HEADER, refused, slmpd_row, take_slmpd, write

from peelian.events import EVENT_SCHEMA
from peelian.jobs.ingest import ingest
from peelian.sources.records import Delay
from peelian.sources.refusals import Reason
from peelian.sources.slmpd import Slmpd
from peelian.store.events import EventStore

EXAMPLES = Path(__file__).parents[2] / "examples" / "st-louis"
MAY_HEADER = "Complaint,Coded Month,Date Occur,Count,Crime,ILeads Add,District,ILEADS-Street,X-Coord,Y-Coord"


def log(home: Path) -> pl.DataFrame:
    return EventStore(home).log("st-louis").table


def test_local_minutes_become_instants_and_places_metres(tmp_path: Path) -> None:
    take_slmpd(tmp_path, write(tmp_path / "may.csv", SLMPD_HEADER, slmpd_row()))
    row = log(tmp_path).row(0, named=True)
    # 13:30 in St. Louis in May is 18:30 UTC; four hours are assumed until it is recorded.
    assert row["occurred_from"] == row["occurred_to"] == datetime(2019, 5, 2, 18, 30, tzinfo=UTC)
    assert row["recorded_at"] == datetime(2019, 5, 2, 22, 30, tzinfo=UTC)
    assert (row["crime_type"], row["district"], row["street"]) == ("burglary", "4", "Linton Ave")
    # ESRI:102696 (894355, 1018702) feet by cs2cs (PROJ 9): 38.630 N, 90.235 W; in UTM 15 north.
    assert EventStore(tmp_path).force("st-louis").crs == "EPSG:32615"
    assert row["x"] == pytest.approx(740_750, abs=700)
    assert row["y"] == pytest.approx(4_279_700, abs=2_500)


def test_an_hour_that_the_clock_never_showed_is_moved_on_and_one_shown_twice_is_the_first(tmp_path: Path) -> None:
    rows = [
        slmpd_row("19-1", "2019-03", "03/10/2019 02:30"),
        slmpd_row("19-2", "2019-11", "11/03/2019 01:30"),
    ]
    take_slmpd(tmp_path, write(tmp_path / "a.csv", SLMPD_HEADER, *rows))
    began = log(tmp_path).sort("event_id").get_column("occurred_from").to_list()
    assert began == [datetime(2019, 3, 10, 8, 30, tzinfo=UTC), datetime(2019, 11, 3, 6, 30, tzinfo=UTC)]


def test_a_crime_coded_in_a_later_month_is_not_known_before_that_month(tmp_path: Path) -> None:
    take_slmpd(tmp_path, write(tmp_path / "a.csv", SLMPD_HEADER, slmpd_row(month="2019-07")))
    # July begins at midnight in St. Louis, 05:00 UTC.
    assert log(tmp_path).item(0, "recorded_at") == datetime(2019, 7, 1, 5, tzinfo=UTC)


def test_the_assumed_delay_can_be_set_and_is_told(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", SLMPD_HEADER, slmpd_row())
    report = ingest(tmp_path, Slmpd(Delay(72.0)), [file], RECEIVED)
    assert log(tmp_path).item(0, "recorded_at") == datetime(2019, 5, 5, 18, 30, tzinfo=UTC)
    assert "3 days after it happened" in report.delay_note
    assert EventStore(tmp_path).force("st-louis").delay_note == report.delay_note


def test_the_month_with_entry_times_is_recorded_when_entered(tmp_path: Path) -> None:
    row = "17-1,2017-05,5/2/2017 13:30,1,51312,5/4/2017 9:05,4,LINTON AVE,894355,1018702"
    take_slmpd(tmp_path, write(tmp_path / "may.csv", MAY_HEADER, row))
    assert log(tmp_path).item(0, "recorded_at") == datetime(2017, 5, 4, 14, 5, tzinfo=UTC)


def test_a_retraction_takes_back_the_latest_standing_record_at_the_end_of_its_month(tmp_path: Path) -> None:
    take_slmpd(
        tmp_path,
        write(tmp_path / "a.csv", SLMPD_HEADER, slmpd_row(), slmpd_row()),
        write(tmp_path / "b.csv", SLMPD_HEADER, slmpd_row(month="2019-06", count=-1, x=0, y=0)),
    )
    store = EventStore(tmp_path)
    june_end = datetime(2019, 7, 1, 5, tzinfo=UTC)
    assert len(store.known_at("st-louis", june_end.replace(hour=4))) == 2
    assert store.known_at("st-louis", june_end).table.get_column("event_id").to_list() == ["19-000001/051312/2019-05"]


def test_a_retraction_of_another_code_is_counted_and_takes_nothing_back(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", SLMPD_HEADER, slmpd_row(), slmpd_row(crime=67701, count=-1, month="2019-06"))
    report = take_slmpd(tmp_path, file)
    assert refused(report) == {Reason.UNMATCHED: 1}
    assert len(EventStore(tmp_path).known_at("st-louis", RECEIVED)) == 1


def test_a_retraction_finds_its_record_when_that_comes_in_a_later_file(tmp_path: Path) -> None:
    taken_back = write(tmp_path / "b.csv", SLMPD_HEADER, slmpd_row("19-2"), slmpd_row(count=-1, month="2019-06"))
    assert refused(take_slmpd(tmp_path, taken_back)) == {Reason.UNMATCHED: 1}
    report = take_slmpd(tmp_path, write(tmp_path / "a.csv", SLMPD_HEADER, slmpd_row()), received_at=LATER)
    assert (report.kept, report.retracted_late) == (1, 1)
    known = EventStore(tmp_path).known_at("st-louis", datetime(2019, 7, 1, 5, tzinfo=UTC))
    assert known.table.get_column("event_id").to_list() == ["19-2/051312/2019-05"]


def test_a_record_of_the_month_s_last_hour_can_be_taken_back_in_the_same_month(tmp_path: Path) -> None:
    rows = [slmpd_row(occurred="05/31/2019 23:50"), slmpd_row(occurred="05/31/2019 23:50", count=-1)]
    take_slmpd(tmp_path, write(tmp_path / "a.csv", SLMPD_HEADER, *rows))
    assert len(EventStore(tmp_path).known_at("st-louis", RECEIVED)) == 0


def test_police_found_codes_are_refused_and_reported_ones_kept(tmp_path: Path) -> None:
    found = [182_400, 151_110, 163_000, 191_100, 211_000, 229_999, 250_000, 130_000, 263_299, 41_201, 91_303, 266_999]
    reported = [10_000, 31_111, 41_011, 51_312, 64_701, 71_013, 81_000, 91_113, 142_320, 265_321, 266_510]
    rows = [slmpd_row(f"19-{code}", crime=code) for code in [*found, *reported]]
    report = take_slmpd(tmp_path, write(tmp_path / "a.csv", SLMPD_HEADER, *rows))
    assert refused(report) == {Reason.POLICE_FOUND: len(found)}
    types = set(log(tmp_path).get_column("crime_type"))
    assert types >= {"homicide", "robbery", "burglary", "larceny", "vehicle-theft", "leaving-scene", "trespass"}


def test_the_real_sample_gives_the_counts_that_its_provenance_states(tmp_path: Path) -> None:
    years = [EXAMPLES / f"crimes_{year}.parquet" for year in range(2015, 2019)]
    report = ingest(tmp_path, Slmpd(), years, datetime(2026, 1, 1, tzinfo=UTC))
    # 197,390 rows: 194,825 of +1 and 2,565 of -1 (PROVENANCE.md, counted by hand in its publisher's files).
    assert report.rows_read == 197_390
    assert report.kept + report.duplicate + report.retracted + report.n_refused == report.rows_read
    table = log(tmp_path)
    # 13,673 geocoded burglaries of 2015-2018 (the same page) less those long before, and 2014's coded later.
    burglaries = table.filter((pl.col("crime_type") == "burglary") & ~pl.col("is_retraction"))
    began = pl.col("occurred_from").dt.convert_time_zone("America/Chicago").dt.year()
    assert burglaries.filter(began >= 2015).height == 13_673
    assert set(table.get_column("district").drop_nulls()) == {"1", "2", "3", "4", "5", "6"}
    assert refused(report)[Reason.LONG_BEFORE] == 584
    again = ingest(tmp_path, Slmpd(), years, datetime(2026, 2, 1, tzinfo=UTC))
    assert (again.number, again.kept, again.corrected, again.retracted) == (None, 0, 0, 0)
    assert len(EventStore(tmp_path).manifests("st-louis")) == 1


def test_nothing_of_an_address_or_a_person_is_kept(tmp_path: Path) -> None:
    take_slmpd(tmp_path, write(tmp_path / "a.csv", SLMPD_HEADER, slmpd_row(), slmpd_row(crime=182_400)))
    for path in (tmp_path / "events").rglob("*"):
        if path.suffix == ".parquet" and "claims" not in path.name:
            columns = pl.read_parquet_schema(path)
            assert set(columns) == {*EVENT_SCHEMA, "is_retraction", "ingest"}
        if path.is_file():
            content = path.read_bytes()
            assert b"4316" not in content
            assert b"SOMEONE" not in content
