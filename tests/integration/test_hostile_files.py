"""Every damaged file gets one clear error that names row, value and mend, or a counted refusal; never half of it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.feeds import (
    CSV_HEADER,
    MAPPING,
    SLMPD_HEADER,
    STREET_HEADER,
    csv_row,
    refused,
    slmpd_row,
    street_row,
    take_csv,
    take_slmpd,
    take_street,
    write,
)

from peelian.errors import PeelianError, RefusedSourceError, SourceError
from peelian.sources.refusals import Reason
from peelian.store.events import EventStore

GOOD = [csv_row(f"A{i}", x=str(530_000 + i)) for i in range(20)]
STREETS = [street_row(f"{i:064x}") for i in range(20)]


def lines(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


#: name, bytes of the file, what the one error must say
BROKEN: list[tuple[str, bytes, str]] = [
    ("empty", b"", "file is empty"),
    ("header-only", lines(CSV_HEADER), "no row below it"),
    ("blank-lines-only", b"\n\n\n", "no column|file is empty|no row"),
    (
        "gzip-broken",
        b"\x1f\x8b\x08\x00garbage that is no deflate stream",
        "gzip archive is broken.*Fetch the file again",
    ),
    ("gzip-cut-off", gzip.compress(lines(CSV_HEADER, *GOOD))[:-20], "gzip archive is broken"),
    ("binary", bytes(range(256)) * 20, "line 1|no column|line"),
    ("utf-16", lines(CSV_HEADER, *GOOD).decode().encode("utf-16"), "UTF-16.*--encoding|UTF-16"),
    ("wrong-delimiter", lines(CSV_HEADER, *GOOD).replace(b",", b";"), "delimited by ';'.*mapping"),
    ("duplicate-header", lines("Ref,Offence,X,X,From", *GOOD), "line 1: column 'X' stands twice; rename"),
    ("renamed-column", lines("Ref,Ofence,X,Y,From", *GOOD), "no column 'Offence'; did you mean 'Ofence'"),
    (
        "all-degrees",
        lines(CSV_HEADER, *(csv_row(f"A{i}", x="-0.12", y="51.5") for i in range(9))),
        "line 2: x = -0.12.*look like degrees.*EPSG:4326",
    ),
    (
        "all-refused",
        lines(CSV_HEADER, *(csv_row(f"A{i}", offence="Drugs") for i in range(9))),
        "all 9 rows are refused, 9 of them as police-found.*line 2: 'Drugs'.*Mend",
    ),
    (
        "open-quote",
        lines(CSV_HEADER, *GOOD[:3], 'A99,"Burglary,1,2,3', *(csv_row(f"B{i}") for i in range(900))),
        "line 5: a quotation mark opened here is not closed",
    ),
    ("endless-cell", lines(CSV_HEADER, "A1," + "x" * 200_000), "line 2: field larger"),
    (
        "future",
        lines(CSV_HEADER, *(csv_row(f"A{i}", at="02/05/2031 13:30") for i in range(9))),
        "all 9 rows are refused, 9 of them as from the future .*line 2",
    ),
    ("not-parquet", b"PAR1 but nothing else", "Parquet file is broken"),
]


@pytest.mark.parametrize(("content", "words"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_file_that_cannot_be_read_is_one_clear_error_and_leaves_nothing(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "feed.csv"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=f"(?s){words}") as caught:
        take_csv(tmp_path / "home", file)
    assert "\n" not in str(caught.value)
    assert EventStore(tmp_path / "home").forces() == ()
    assert [p for p in (tmp_path / "home").rglob("*") if p.suffix in (".parquet", ".json", ".csv", ".tmp")] == []


@pytest.mark.parametrize("content", [b[1] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_broken_file_among_sound_ones_leaves_the_state_before(tmp_path: Path, content: bytes) -> None:
    home = tmp_path / "home"
    take_csv(home, write(tmp_path / "first.csv", CSV_HEADER, *GOOD))
    before = EventStore(home).log("anytown").table
    sound = write(tmp_path / "a.csv", CSV_HEADER, *(csv_row(f"N{i}") for i in range(5)))
    broken = tmp_path / "z.csv"
    broken.write_bytes(content)
    try:
        take_csv(home, sound, broken)
    except PeelianError:
        assert EventStore(home).log("anytown").table.equals(before)
        assert len(EventStore(home).manifests("anytown")) == 1
    else:
        # What is only refused row by row, or has no row, does not hold back a sound file beside it.
        assert len(EventStore(home).log("anytown")) == 25
    named = {p.path for m in EventStore(home).manifests("anytown") for p in m.parts}
    found = {str(p.relative_to(home / "events/force=anytown")) for p in (home / "events").rglob("part-*")}
    assert found == named


#: name, the damaged row, reason
DAMAGED: list[tuple[str, bytes, Reason]] = [
    ("ragged-short", b"A99,Burglary,530000", Reason.RAGGED),
    ("ragged-long", b"A99,Burglary,530000,180000,02/05/2019 13:30,more,and more", Reason.RAGGED),
    ("cp1252", "A99,Burglary,530000,180000,02/05/2019 13:30 caf\xe9".encode("cp1252"), Reason.MISENCODED),
    ("nul", b"A99,Burgl\x00ary,530000,180000,02/05/2019 13:30", Reason.NUL),
    ("no-date", b"A99,Burglary,530000,180000,", Reason.UNREADABLE_DATE),
    ("31-february", b"A99,Burglary,530000,180000,31/02/2019 10:00", Reason.UNREADABLE_DATE),
    ("us-date", b"A99,Burglary,530000,180000,05/22/2019 10:00", Reason.UNREADABLE_DATE),
    ("year-1900", b"A99,Burglary,530000,180000,01/01/1900 00:00", Reason.LONG_BEFORE),
    ("future", b"A99,Burglary,530000,180000,02/05/2031 13:30", Reason.FUTURE),
    ("zero-zero", b"A99,Burglary,0,0,02/05/2019 13:30", Reason.NOT_GEOCODED),
    ("blank-point", b"A99,Burglary,,,02/05/2019 13:30", Reason.NOT_GEOCODED),
    ("words-as-point", b"A99,Burglary,here,there,02/05/2019 13:30", Reason.UNREADABLE_NUMBER),
    ("infinite-point", b"A99,Burglary,inf,180000,02/05/2019 13:30", Reason.UNREADABLE_NUMBER),
    ("nan-point", b"A99,Burglary,nan,180000,02/05/2019 13:30", Reason.UNREADABLE_NUMBER),
    ("degrees", b"A99,Burglary,-0.12,51.5,02/05/2019 13:30", Reason.DEGREES),
    ("swapped", b"A99,Burglary,180000,530000,02/05/2019 13:30", Reason.SWAPPED),
    ("million-cells-away", b"A99,Burglary,530000,980000,02/05/2019 13:30", Reason.STRAY),
    ("astronomical", b"A99,Burglary,1e300,1e300,02/05/2019 13:30", Reason.STRAY),
    ("no-id", b",Burglary,530000,180000,02/05/2019 13:30", Reason.NO_ID),
    ("unknown-type", b"A99,Sheep rustling,530000,180000,02/05/2019 13:30", Reason.UNKNOWN_TYPE),
    ("drugs", b"A99,DRUGS - POSSESSION,530000,180000,02/05/2019 13:30", Reason.POLICE_FOUND),
]


@pytest.mark.parametrize(("row", "reason"), [d[1:] for d in DAMAGED], ids=[d[0] for d in DAMAGED])
def test_a_damaged_row_is_refused_counted_and_told_by_its_line(tmp_path: Path, row: bytes, reason: Reason) -> None:
    file = tmp_path / "feed.csv"
    file.write_bytes(lines(CSV_HEADER, *GOOD) + row + b"\n" + lines(*(csv_row(f"B{i}") for i in range(3))))
    report = take_csv(tmp_path / "home", file)
    assert refused(report) == {str(reason): 1}
    assert report.refused[0].examples[0].line == 22
    assert report.refused[0].mend
    assert (report.kept, report.rows_read) == (23, 24)
    assert report.refused_file is not None
    kept = Path(report.refused_file).read_text(encoding="utf-8")
    assert f"{file},22,{reason}" in kept


#: what is odd but sound, and must lose nothing
SOUND: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("bom", lambda b: b"\xef\xbb\xbf" + b),
    ("crlf", lambda b: b.replace(b"\n", b"\r\n")),
    ("no-last-newline", lambda b: b.rstrip(b"\n")),
    ("blank-lines", lambda b: b.replace(b"\n", b"\n\n")),
    ("quoted", lambda b: b.replace(b"Burglary", b'"Burglary"')),
    ("quoted-newline", lambda b: b.replace(b"A3,", b'"A\n3",')),
    ("blanks-around", lambda b: b.replace(b",Burglary,", b", Burglary ,")),
    ("trailing-delimiter", lambda b: b.replace(b"13:30\n", b"13:30,\n")),
    ("gzip", gzip.compress),
    ("gzip-members", lambda b: gzip.compress(b[:200]) + gzip.compress(b[200:])),
]


@pytest.mark.parametrize("change", [s[1] for s in SOUND], ids=[s[0] for s in SOUND])
def test_what_is_odd_but_sound_loses_no_row(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "feed.csv"
    file.write_bytes(change(lines(CSV_HEADER, *GOOD)))
    report = take_csv(tmp_path / "home", file)
    assert (report.kept, report.n_refused) == (20, 0)


def test_a_cp1252_feed_is_read_whole_when_its_encoding_is_named(tmp_path: Path) -> None:
    rows = [csv_row(f"Caf\xe9{i}") for i in range(5)]
    file = write(tmp_path / "feed.csv", CSV_HEADER, *rows, encoding="cp1252")
    mapping = MAPPING.replace("[place]", '[file]\nencoding = "cp1252"\n[place]')
    assert take_csv(tmp_path / "home", file, mapping=mapping).kept == 5


def test_the_value_of_a_column_that_is_not_read_is_never_shown_or_kept(tmp_path: Path) -> None:
    header = "Victim," + CSV_HEADER
    bad = b"Ren\xe9e Surname," + csv_row("A99").encode()
    file = tmp_path / "feed.csv"
    file.write_bytes(lines(header, *(f"Jane Surname,{row}" for row in GOOD)) + bad + b"\n" + b"Jack Surname,A98\n")
    report = take_csv(tmp_path / "home", file)
    assert refused(report) == {Reason.MISENCODED: 1, Reason.RAGGED: 1}
    for path in (tmp_path / "home").rglob("*"):
        if path.is_file():
            assert b"Surname" not in path.read_bytes()
    assert "Surname" not in str(report.to_json())


def test_a_truncated_street_file_counts_its_cut_row(tmp_path: Path) -> None:
    file = tmp_path / "2019-05-anytown-street.csv"
    file.write_bytes(lines(STREET_HEADER, *STREETS)[:-60])
    report = take_street(tmp_path / "home", file)
    assert refused(report) == {Reason.RAGGED: 1}
    assert report.refused[0].examples[0].line == 21


def test_swapped_axes_of_a_whole_street_file_are_one_error(tmp_path: Path) -> None:
    rows = [street_row(f"{i:064x}", longitude="51.5142", latitude="-0.0915") for i in range(9)]
    file = write(tmp_path / "2019-05-anytown-street.csv", STREET_HEADER, *rows)
    with pytest.raises(SourceError, match=r"line 2: x = 51.5142, y = -0.0915: the axes look swapped"):
        take_street(tmp_path / "home", file)


def test_outcomes_and_stops_alone_are_refused_with_the_reason(tmp_path: Path) -> None:
    stops = write(
        tmp_path / "2019-05-anytown-stop-and-search.csv",
        "Type,Date,Latitude,Longitude,Gender,Self-defined ethnicity,Legislation,Object of search,Outcome",
        *("Person search,2019-05-01T10:00:00+00:00,51.5,-0.1,,,,Stolen goods,Nothing found" for _ in range(3)),
    )
    with pytest.raises(RefusedSourceError, match="stop and search: police activity, not crime"):
        take_street(tmp_path / "home", stops)
    outcomes = write(
        tmp_path / "2019-05-anytown-outcomes.csv",
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Outcome type",
        "1,2019-05,City,City,-0.1,51.5,On or near X,,,Suspect charged",
    )
    with pytest.raises(RefusedSourceError, match="outcomes of cases, not crimes"):
        take_street(tmp_path / "home", outcomes)
    streets = write(tmp_path / "2019-05-anytown-street.csv", STREET_HEADER, *STREETS)
    report = take_street(tmp_path / "home", tmp_path)
    assert report.kept == 20
    assert sorted(Path(s.file).name for s in report.skipped) == sorted([stops.name, outcomes.name])
    assert report.files == (str(streets),)


def test_swapped_metres_are_one_error_once_the_ground_is_known(tmp_path: Path) -> None:
    home = tmp_path / "home"
    take_csv(home, write(tmp_path / "first.csv", CSV_HEADER, *GOOD))
    swapped = write(tmp_path / "next.csv", CSV_HEADER, *(csv_row(f"B{i}", x="180000", y="530000") for i in range(9)))
    with pytest.raises(SourceError, match="line 2: x = 180000, y = 530000: the axes look swapped"):
        take_csv(home, swapped)
    assert len(EventStore(home).log("anytown")) == 20


@pytest.mark.parametrize(
    ("zone", "x", "y"),
    [("America/Chicago", "41.85", "-87.65"), ("Europe/London", "51.5", "-0.12"), ("Asia/Tokyo", "35.6", "139.7")],
)
def test_swapped_degrees_of_a_first_file_lie_far_from_its_time_zone(tmp_path: Path, zone: str, x: str, y: str) -> None:
    mapping = MAPPING.replace("EPSG:27700", "EPSG:4326").replace("Europe/London", zone)
    feed = write(tmp_path / "feed.csv", CSV_HEADER, *(csv_row(f"A{i}", x=x, y=y) for i in range(9)))
    with pytest.raises(SourceError, match=f"line 2: x = {x}, y = {y}.*(axes look swapped|outside EPSG:4326)"):
        take_csv(tmp_path / "home", feed, mapping=mapping)
    straight = write(tmp_path / "good.csv", CSV_HEADER, *(csv_row(f"A{i}", x=y, y=x) for i in range(9)))
    assert take_csv(tmp_path / "home", straight, mapping=mapping).kept == 9


def test_degrees_of_the_other_side_of_the_world_are_a_wrong_crs_or_zone(tmp_path: Path) -> None:
    mapping = MAPPING.replace("EPSG:27700", "EPSG:4326").replace("Europe/London", "Australia/Sydney")
    feed = write(tmp_path / "feed.csv", CSV_HEADER, csv_row("A1", x="-0.12", y="51.5"))
    with pytest.raises(SourceError, match=r"16,994 km from Australia/Sydney\. The CRS or the time zone is another"):
        take_csv(tmp_path / "home", feed, mapping=mapping)


def test_degrees_in_a_feed_of_feet_are_one_error(tmp_path: Path) -> None:
    header = "Complaint,CodedMonth,DateOccur,Count,Crime,XCoord,YCoord"
    rows = [f"19-{i},2019-05,05/02/2019 13:30,1,51312,-90.2,38.6" for i in range(9)]
    with pytest.raises(SourceError, match="look like degrees"):
        take_slmpd(tmp_path / "home", write(tmp_path / "may.csv", header, *rows))


def test_a_file_of_another_feed_names_what_is_missing_and_the_way_in(tmp_path: Path) -> None:
    file = write(tmp_path / "feed.csv", CSV_HEADER, *GOOD)
    for take in (take_slmpd, take_street):
        with pytest.raises(SourceError, match="ingest csv FILE --suggest"):
            take(tmp_path / "home", file)


def test_a_path_that_is_not_there_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere.csv: there is no such file"):
        take_slmpd(tmp_path / "home", tmp_path / "nowhere.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceError, match="no file in this folder"):
        take_slmpd(tmp_path / "home", tmp_path / "folder")


def test_slmpd_row_of_the_fixture_is_sound(tmp_path: Path) -> None:
    report = take_slmpd(tmp_path / "home", write(tmp_path / "may.csv", SLMPD_HEADER, slmpd_row()))
    assert (report.kept, report.rows_read) == (1, 1)
