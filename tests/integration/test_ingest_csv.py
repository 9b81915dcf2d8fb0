"""Any feed by a mapping: spans, clocks, corrections, retractions, origins; and mappings drafted from files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.feeds import CSV_HEADER, LATER, MAPPING, RECEIVED, csv_row, refused, take_csv, write

from peelian.errors import RefusedSourceError, SourceError
from peelian.jobs.ingest import ingest
from peelian.sources.mapped import Mapped
from peelian.sources.mapping import parse_mapping, read_mapping
from peelian.sources.refusals import Reason
from peelian.sources.suggest import suggest_mapping
from peelian.store.events import EventStore

ANYTOWN = Path(__file__).parents[2] / "examples" / "anytown"
FULL = (
    MAPPING.replace(
        'occurred_from = "From"',
        'occurred_from = ["From", "FromTime"]\noccurred_to = ["To", "ToTime"]\n'
        'recorded_at = "Recorded"\nstatus = "Status"\norigin = "Origin"',
    )
    + '[status]\nretracted = ["No crime"]\n[refuse]\norigins = ["Officer initiated"]\ncrime_types = ["Arson"]\n'
)
FULL_HEADER = "Ref,Offence,X,Y,From,FromTime,To,ToTime,Recorded,Status,Origin"


def full_row(
    ref: str = "A1",
    offence: str = "Burglary",
    begins: str = "02/05/2019,13:30",
    ends: str = ",",
    recorded: str = "03/05/2019 09:00",
    status: str = "Open",
    origin: str = "Public",
) -> str:
    return f"{ref},{offence},530000,180000,{begins},{ends},{recorded},{status},{origin}"


def log(home: Path) -> pl.DataFrame:
    return EventStore(home).log("anytown").table


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        # British summer time is an hour ahead of UTC.
        ("02/05/2019,13:30", ",", ("2019-05-02T12:30", "2019-05-02T12:30")),
        ("02/05/2019,13:30", "02/05/2019,18:00", ("2019-05-02T12:30", "2019-05-02T17:00")),
        ("02/05/2019,", ",", ("2019-05-01T23:00", "2019-05-02T23:00")),
        ("02/05/2019,", "04/05/2019,", ("2019-05-01T23:00", "2019-05-04T23:00")),
        ("02/05/2019,22:00", "03/05/2019,", ("2019-05-02T21:00", "2019-05-03T23:00")),
        ("27/10/2019,", ",", ("2019-10-26T23:00", "2019-10-28T00:00")),
    ],
)
def test_a_date_without_an_hour_is_the_whole_local_day(
    tmp_path: Path, begins: str, ends: str, expected: tuple[str, str]
) -> None:
    row = full_row(begins=begins, ends=ends, recorded="01/12/2019 09:00")
    take_csv(tmp_path, write(tmp_path / "a.csv", FULL_HEADER, row), mapping=FULL)
    found = log(tmp_path).row(0, named=True)
    spans = tuple(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in expected)
    assert (found["occurred_from"], found["occurred_to"]) == spans


def test_the_feed_s_own_time_of_recording_stands_and_a_blank_one_is_assumed(tmp_path: Path) -> None:
    rows = [full_row("A1"), full_row("A2", recorded="")]
    report = take_csv(tmp_path, write(tmp_path / "a.csv", FULL_HEADER, *rows), mapping=FULL)
    recorded = log(tmp_path).sort("event_id").get_column("recorded_at").to_list()
    assert recorded == [datetime(2019, 5, 3, 8, tzinfo=UTC), datetime(2019, 5, 3, 0, 30, tzinfo=UTC)]
    assert (
        report.delay_note
        == "The feed gives the time of recording; where it is blank, 12 hours after the crime are assumed."
    )


def test_officer_initiated_and_unwanted_rows_are_refused_by_origin(tmp_path: Path) -> None:
    rows = [full_row("A1"), full_row("A2", origin="OFFICER INITIATED"), full_row("A3", offence="Arson")]
    report = take_csv(tmp_path, write(tmp_path / "a.csv", FULL_HEADER, *rows), mapping=FULL)
    assert refused(report) == {Reason.POLICE_FOUND: 1, Reason.UNWANTED: 1}


def test_stop_and_search_is_refused_whatever_the_mapping_calls_it(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", f"{CSV_HEADER},Object of search", csv_row() + ",Stolen goods")
    for ask in (lambda: take_csv(tmp_path / "home", file), lambda: suggest_mapping(file)):
        with pytest.raises(RefusedSourceError, match="police activity, not crime"):
            ask()


def test_no_mapping_can_bring_police_found_crime_in_under_another_name(tmp_path: Path) -> None:
    sly = MAPPING + '"X1" = "drugs"\n"Possession of cannabis" = "burglary"\n"*" = "other"\n'
    rows = [
        csv_row("1", "X1"),
        csv_row("2", "Possession of cannabis"),
        csv_row("3", "Weapons: carrying"),
        csv_row("4", "Y"),
    ]
    report = take_csv(tmp_path, write(tmp_path / "a.csv", CSV_HEADER, *rows), mapping=sly)
    assert refused(report) == {Reason.POLICE_FOUND: 3}
    assert log(tmp_path).get_column("crime_type").to_list() == ["other"]


def test_versions_of_a_record_stand_each_from_its_own_recording(tmp_path: Path) -> None:
    versions = [
        full_row(recorded="03/05/2019 09:00"),
        full_row(recorded="05/05/2019 09:00", offence="Robbery"),
        full_row(recorded="07/05/2019 09:00"),
    ]
    expected = ["burglary", "robbery", "burglary"]
    for n, order in enumerate(([0, 1, 2], [2, 1, 0], [1, 2, 0])):
        home = tmp_path / f"home{n}"
        for k in order:
            take_csv(home, write(tmp_path / f"{n}{k}.csv", FULL_HEADER, versions[k]), mapping=FULL)
        seen = [
            EventStore(home).known_at("anytown", datetime(2019, 5, day, 12, tzinfo=UTC)).table.item(0, "crime_type")
            for day in (3, 5, 7)
        ]
        assert seen == expected
    together = take_csv(tmp_path / "all", write(tmp_path / "all.csv", FULL_HEADER, *versions), mapping=FULL)
    assert (together.kept, together.corrected) == (1, 2)


def test_a_retraction_stands_from_when_it_was_said_and_needs_no_place(tmp_path: Path) -> None:
    take_csv(tmp_path, write(tmp_path / "a.csv", FULL_HEADER, full_row(), full_row("A2")), mapping=FULL)
    gone = "A1,,,,,,,,10/05/2019 09:00,No crime,Public"
    report = take_csv(tmp_path, write(tmp_path / "b.csv", FULL_HEADER, gone), mapping=FULL, received_at=LATER)
    assert (report.retracted, report.n_refused) == (1, 0)
    said = datetime(2019, 5, 10, 8, tzinfo=UTC)
    store = EventStore(tmp_path)
    assert len(store.known_at("anytown", said - timedelta(seconds=1))) == 2
    assert store.known_at("anytown", said).table.get_column("event_id").to_list() == ["A2"]


def test_a_retraction_without_a_time_of_its_own_counts_from_when_it_reached_us(tmp_path: Path) -> None:
    take_csv(tmp_path, write(tmp_path / "a.csv", FULL_HEADER, full_row()), mapping=FULL)
    take_csv(
        tmp_path, write(tmp_path / "b.csv", FULL_HEADER, full_row(status="No crime")), mapping=FULL, received_at=LATER
    )
    store = EventStore(tmp_path)
    assert len(store.known_at("anytown", LATER - timedelta(seconds=1))) == 1
    assert len(store.known_at("anytown", LATER)) == 0


def test_ids_that_end_in_a_number_sign_are_not_taken_for_one_another(tmp_path: Path) -> None:
    rows = [full_row("Case #1"), full_row("Case #2"), full_row("Case #2")]
    assert take_csv(tmp_path, write(tmp_path / "a.csv", FULL_HEADER, *rows), mapping=FULL).kept == 3
    gone = full_row("Case #1", status="No crime", recorded="10/05/2019 09:00")
    assert take_csv(tmp_path, write(tmp_path / "b.csv", FULL_HEADER, gone), mapping=FULL).retracted == 1
    known = EventStore(tmp_path).known_at("anytown", RECEIVED).table.get_column("event_id")
    assert sorted(known) == ["Case %232", "Case %232#2"]


def test_an_id_of_two_columns_tells_the_offences_of_one_report_apart(tmp_path: Path) -> None:
    mapping = FULL.replace('id = "Ref"', 'id = ["Ref", "Offence"]')
    take_csv(tmp_path, write(tmp_path / "a.csv", FULL_HEADER, full_row(), full_row(offence="Robbery")), mapping=mapping)
    gone = full_row(offence="Robbery", status="No crime", recorded="10/05/2019 09:00")
    assert take_csv(tmp_path, write(tmp_path / "b.csv", FULL_HEADER, gone), mapping=mapping).retracted == 1
    known = EventStore(tmp_path).known_at("anytown", RECEIVED).table.get_column("event_id").to_list()
    assert known == ["A1/Burglary"]


def test_retractions_alone_are_an_error_at_first_and_kept_for_later_beside_a_record(tmp_path: Path) -> None:
    gone = full_row("A9", status="No crime")
    alone = write(tmp_path / "a.csv", FULL_HEADER, gone)
    with pytest.raises(SourceError, match="all 1 rows are refused, 1 of them as takes back a record that is not held"):
        take_csv(tmp_path / "home", alone, mapping=FULL)
    record = write(tmp_path / "b.csv", FULL_HEADER, full_row("A1"))
    report = take_csv(tmp_path / "home", alone, record, mapping=FULL)
    assert (report.kept, refused(report)) == (1, {Reason.UNMATCHED: 1})
    late = write(tmp_path / "c.csv", FULL_HEADER, full_row("A9"), full_row("A9"))
    report = take_csv(tmp_path / "home", late, mapping=FULL, received_at=LATER)
    assert (report.kept, report.retracted, report.retracted_late) == (2, 0, 1)
    assert len(EventStore(tmp_path / "home").known_at("anytown", LATER)) == 1


def test_a_record_taken_back_and_opened_again_stands_again(tmp_path: Path) -> None:
    rows = [
        full_row(recorded="03/05/2019 09:00"),
        full_row(recorded="05/05/2019 09:00", status="No crime"),
        full_row(recorded="07/05/2019 09:00"),
    ]
    take_csv(tmp_path, write(tmp_path / "a.csv", FULL_HEADER, *rows), mapping=FULL)
    store = EventStore(tmp_path)
    counts = [len(store.known_at("anytown", datetime(2019, 5, day, 12, tzinfo=UTC))) for day in (3, 5, 7)]
    assert counts == [1, 0, 1]
    again = take_csv(tmp_path, tmp_path / "a.csv", mapping=FULL, received_at=LATER)
    assert (again.number, again.duplicate) == (None, 3)


def test_a_feed_without_ids_knows_a_row_by_what_it_says(tmp_path: Path) -> None:
    mapping = MAPPING.replace('id = "Ref"\n', "")
    file = write(tmp_path / "a.csv", CSV_HEADER, csv_row("1"), csv_row("2"), csv_row("3", x="530500"))
    assert take_csv(tmp_path, file, mapping=mapping).kept == 3
    assert take_csv(tmp_path, file, mapping=mapping, received_at=LATER).duplicate == 3


def test_a_second_feed_may_not_come_in_under_the_same_force(tmp_path: Path) -> None:
    take_csv(tmp_path, write(tmp_path / "a.csv", CSV_HEADER, csv_row()))
    other = MAPPING.replace('time_zone = "Europe/London"', 'time_zone = "Europe/Dublin"')
    with pytest.raises(SourceError, match=r"another time_zone\. One force has one feed"):
        take_csv(tmp_path, write(tmp_path / "b.csv", CSV_HEADER, csv_row("B1")), mapping=other)


def test_the_worked_example_in_the_guide_is_read_as_it_says(tmp_path: Path) -> None:
    report = ingest(tmp_path, Mapped(read_mapping(ANYTOWN / "mapping.toml")), [ANYTOWN / "incidents.csv"], RECEIVED)
    assert report.rows_read == 362
    assert refused(report) == {
        Reason.POLICE_FOUND: 54,
        Reason.UNMATCHED: 4,
        Reason.STRAY: 1,
        Reason.SWAPPED: 1,
        Reason.UNREADABLE_DATE: 1,
    }


def test_a_drafted_mapping_reads_the_file_that_it_was_drafted_from(tmp_path: Path) -> None:
    drafted = parse_mapping(suggest_mapping(ANYTOWN / "incidents.csv"))
    columns = drafted.columns
    assert (columns.id, columns.crime_type, columns.x, columns.y) == (
        ("Crime Ref",),
        "Offence Class",
        "Easting",
        "Northing",
    )
    assert columns.occurred_from == ("From Date", "From Time")
    assert columns.occurred_to == ("To Date", "To Time")
    assert columns.recorded_at == ("Recorded",)
    assert (columns.street, columns.district) == ("Street", "Beat")
    report = ingest(tmp_path, Mapped(drafted), [ANYTOWN / "incidents.csv"], RECEIVED)
    assert report.kept > 300
    assert "drugs" not in "".join(drafted.crime_types).lower()


def test_a_draft_says_degrees_names_the_nearest_zone_and_asks_about_the_order_of_day_and_month(tmp_path: Path) -> None:
    rows = [f"{i},THEFT,-87.6{i % 9},41.8{i % 9},0{1 + i % 9}/0{1 + i % 7}/2019 10:00" for i in range(40)]
    draft = suggest_mapping(
        write(tmp_path / "a.csv", "Case Number;Primary Type;Longitude;Latitude;Date".replace(";", ","), *rows)
    )
    mapping = parse_mapping(draft)
    assert mapping.place.crs == "EPSG:4326"
    assert mapping.force.time_zone == "America/Chicago"
    assert "day or month first?" in draft


def test_a_draft_takes_degrees_where_a_feed_gives_feet_too(tmp_path: Path) -> None:
    header = "ID,Date,Block,Primary Type,Beat,District,X Coordinate,Y Coordinate,Latitude,Longitude"
    rows = [
        f"{i},0{1 + i % 9}/22/2019 10:00:00 PM,0{i % 9}1XX N STATE ST,THEFT,{i % 9}11,{i % 3},"
        f"1176000,1900000,41.8{i % 9},-87.6"
        for i in range(40)
    ]
    mapping = parse_mapping(suggest_mapping(write(tmp_path / "a.csv", header, *rows)))
    assert (mapping.columns.x, mapping.columns.y, mapping.place.crs) == ("Longitude", "Latitude", "EPSG:4326")
    assert mapping.columns.district == "District"
    assert ingest(tmp_path / "home", Mapped(mapping), [tmp_path / "a.csv"], RECEIVED).kept == 40
    streets = EventStore(tmp_path / "home").log("my-force").table.get_column("street")
    assert set(streets) == {"N State St"}


def test_a_draft_never_takes_a_date_of_birth_for_the_date_of_a_crime(tmp_path: Path) -> None:
    rows = [f"{i},1980-01-{1 + i % 28:02d},2019-02-{1 + i % 28:02d},Theft,-0.1{i % 9},51.5{i % 9}" for i in range(30)]
    file = write(tmp_path / "a.csv", "Ref,Victim Date of Birth,Reported,Offence,Lon,Lat", *rows)
    draft = suggest_mapping(file)
    assert "Birth" not in draft
    assert parse_mapping(draft).columns.occurred_from == ("Reported",)


def test_metres_of_no_known_grid_are_one_error_that_asks_for_the_crs(tmp_path: Path) -> None:
    mapping = MAPPING.replace("Europe/London", "UTC")
    feed = write(tmp_path / "a.csv", CSV_HEADER, *(csv_row(f"A{i}", x="1176000", y="1900000") for i in range(5)))
    with pytest.raises(SourceError, match=r"line 2: x = 1176000, y = 1900000.*[Nn]ame the feed's (own )?CRS"):
        take_csv(tmp_path / "home", feed, mapping=mapping)


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "cp1252"), ("\t", "utf-8"), ("|", "utf-8")])
def test_a_draft_finds_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [
        csv_row(f"A{i}", x=str(530_000 + i)).replace(",", delimiter) + f"{delimiter}Caf\xe9 Row {i % 3}"
        for i in range(30)
    ]
    header = f"{CSV_HEADER},Street".replace(",", delimiter)
    mapping = parse_mapping(suggest_mapping(write(tmp_path / "a.csv", header, *rows, encoding=encoding)))
    assert mapping.file.delimiter == delimiter
    assert mapping.file.encoding == encoding
    assert ingest(tmp_path / "home", Mapped(mapping), [tmp_path / "a.csv"], RECEIVED).kept == 30


def test_a_draft_reads_dates_that_several_hands_wrote(tmp_path: Path) -> None:
    days = [
        ("{d:02d}/06/2018 10:00", "2018-06-{d:02d} 10:00", "{d:02d} Jun 2018")[i % 3].format(d=13 + i % 15)
        for i in range(60)
    ]
    rows = [f"A{i},{day},28/06/2018 09:00,burglary,{530_000 + i},{180_000 + i}" for i, day in enumerate(days)]
    file = write(tmp_path / "a.csv", "Ref. No.,Date/Time From,When Logged,Offence  Type,X (OSGB),Y (OSGB)", *rows)
    mapping = parse_mapping(suggest_mapping(file))
    assert set(mapping.time.formats) == {"%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M", "%d %b %Y"}
    assert mapping.columns.occurred_from == ("Date/Time From",)
    assert mapping.columns.recorded_at == ("When Logged",)
    assert (mapping.columns.x, mapping.columns.y) == ("X (OSGB)", "Y (OSGB)")
    assert ingest(tmp_path / "home", Mapped(mapping), [file], RECEIVED).kept == 60


def test_a_file_with_utf_8_s_own_mark_is_utf_8_though_one_row_is_not(tmp_path: Path) -> None:
    text = "\n".join([CSV_HEADER, *(csv_row(f"\xdc{i}", x=str(530_000 + i)) for i in range(30))]) + "\n"
    damaged = text.encode("utf-8-sig").replace("\xdc3,".encode(), "\xdc3,".encode("latin-1"))
    (tmp_path / "a.csv").write_bytes(damaged)
    mapping = parse_mapping(suggest_mapping(tmp_path / "a.csv"))
    assert mapping.file.encoding == "utf-8"
    assert mapping.columns.id is None or "\xef" not in mapping.columns.id[0]
    report = ingest(tmp_path / "home", Mapped(mapping), [tmp_path / "a.csv"], RECEIVED)
    assert (report.kept, report.rows_read) == (29, 30)
    assert refused(report) == {"not in the file's encoding": 1}
