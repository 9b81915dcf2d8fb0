"""Laws of ingest: twice is once, pieces in any order are the whole, every row is accounted for."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds import MAPPING, RECEIVED, SLMPD_HEADER, slmpd_row, take_csv, write

from peelian.events import EVENT_SCHEMA
from peelian.events.fingerprint import fingerprint
from peelian.jobs.ingest import ingest
from peelian.sources.report import IngestReport
from peelian.sources.slmpd import Slmpd
from peelian.store.events import EventStore

CUTOFFS = [datetime(2019, month, day, tzinfo=UTC) for month in range(1, 13) for day in (1, 2, 15)] + [RECEIVED]

#: A record of one of few numbers, codes and months, so that identities meet; what a number says never changes.
RECORDS = st.tuples(st.integers(0, 5), st.sampled_from([51312, 67701, 182400]), st.integers(1, 9), st.booleans())


def row_of(record: tuple[int, int, int, bool]) -> str:
    """A crime of number n happened on day n + 1 of its month; a retraction is coded in the month it names."""
    number, crime, month, is_taken_back = record
    return slmpd_row(
        f"19-{number}",
        f"2019-{month:02d}",
        f"{(month if not is_taken_back else 1):02d}/{number + 1:02d}/2019 13:30",
        count=-1 if is_taken_back else 1,
        crime=crime,
        x=894_355.0 + 100 * number,
    )


def take(home: Path, folder: Path, pieces: list[list[str]]) -> list[IngestReport]:
    files = [write(folder / f"{home.name}-{i}.csv", SLMPD_HEADER, *rows) for i, rows in enumerate(pieces)]
    return [ingest(home, Slmpd(), [file], RECEIVED) for file in files]


def seen(home: Path) -> list[pl.DataFrame]:
    store = EventStore(home)
    if not store.forces():
        return []
    log = store.log("st-louis")
    return [log.as_known_at(cutoff).table for cutoff in CUTOFFS]


def in_a_folder(law: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        law(Path(folder))


def kept_of(records: list[tuple[int, int, int, bool]]) -> bool:
    """Whether the first of the pieces can be ingested at all: a file of refusals alone is an error."""
    return any(crime != 182400 and not back for _, crime, _, back in records)


@settings(max_examples=25)
@given(st.lists(RECORDS, min_size=1, max_size=14).filter(kept_of))
def test_an_ingest_twice_is_once(records: list[tuple[int, int, int, bool]]) -> None:
    def law(folder: Path) -> None:
        rows = [row_of(record) for record in records]
        home = folder / "home"
        take(home, folder, [rows])
        once = seen(home)
        (again,) = take(home, folder, [list(reversed(rows))])
        assert again.number is None
        assert again.duplicate + again.n_refused == again.rows_read == len(rows)
        assert all(a.equals(b) for a, b in zip(once, seen(home), strict=True))

    in_a_folder(law)


@settings(max_examples=25)
@given(st.lists(RECORDS, min_size=1, max_size=14).filter(kept_of), st.randoms(use_true_random=False))
def test_pieces_of_a_feed_in_any_order_give_what_the_whole_gives(
    records: list[tuple[int, int, int, bool]], random: Random
) -> None:
    def law(folder: Path) -> None:
        take(folder / "whole", folder, [[row_of(r) for r in records]])
        # The rows of one record stay in one file, as a feed publishes them.
        by_identity: dict[tuple[int, int, int, bool], list[str]] = {}
        for record in records:
            by_identity.setdefault(record, []).append(row_of(record))
        groups = list(by_identity.values())
        random.shuffle(groups)
        n_pieces = random.randint(1, min(4, len(groups)))
        pieces = [[row for group in groups[i::n_pieces] for row in group] for i in range(n_pieces)]
        # A piece of which nothing is fit is an error by itself; one sound record more is in every piece.
        filler = slmpd_row("19-999", "2019-01", "01/01/2019 00:10")
        take(folder / "whole", folder, [[filler]])
        take(folder / "pieces", folder, [[*piece, filler] for piece in pieces])
        for whole, parts in zip(seen(folder / "whole"), seen(folder / "pieces"), strict=True):
            assert whole.equals(parts)

    in_a_folder(law)


#: (id, day of recording) -> what the feed says then: a type, or that it was no crime.
VERSIONS = st.dictionaries(
    st.tuples(st.integers(0, 2), st.integers(3, 12)),
    st.sampled_from(["Burglary", "Robbery", "No crime"]),
    min_size=1,
    max_size=9,
).filter(lambda said: "Burglary" in said.values())
TIMED = (
    MAPPING.replace('occurred_from = "From"', 'occurred_from = "From"\nrecorded_at = "Recorded"\nstatus = "Status"')
    + '[status]\nretracted = ["No crime"]\n'
)


@settings(max_examples=30)
@given(VERSIONS, st.randoms(use_true_random=False))
def test_versions_and_retractions_of_a_feed_with_times_come_right_in_any_order(
    said: dict[tuple[int, int], str], random: Random
) -> None:
    def row(number: int, day: int, what: str) -> str:
        offence, status = ("Burglary", what) if what == "No crime" else (what, "Open")
        return f"A{number},{offence},530000,180000,01/05/2019 13:30,{day:02d}/05/2019 09:00,{status}"

    def law(folder: Path) -> None:
        rows = [row(number, day, what) for (number, day), what in said.items()]
        random.shuffle(rows)
        filler = row(9, 3, "Burglary")
        cuts = sorted(random.randint(0, len(rows)) for _ in range(2))
        for i, piece in enumerate((rows[: cuts[0]], rows[cuts[0] : cuts[1]], rows[cuts[1] :])):
            header = "Ref,Offence,X,Y,From,Recorded,Status"
            take_csv(folder / "home", write(folder / f"{i}.csv", header, *piece, filler), mapping=TIMED)
        log = EventStore(folder / "home").log("anytown")
        for day in range(2, 14):
            cutoff = datetime(2019, 5, day, 20, tzinfo=UTC)
            expected = {}
            for (number, at), what in sorted(said.items(), key=lambda item: item[0][1]):
                if at <= day:
                    expected[f"A{number}"] = what.lower()
            known = log.as_known_at(cutoff).table.filter(pl.col("event_id") != "A9")
            standing = {event_id: what for event_id, what in expected.items() if what != "no crime"}
            assert dict(known.select("event_id", "crime_type").iter_rows()) == standing

    in_a_folder(law)


@settings(max_examples=25)
@given(st.lists(RECORDS, min_size=1, max_size=14).filter(kept_of))
def test_every_row_is_kept_corrected_duplicate_retracted_or_refused(records: list[tuple[int, int, int, bool]]) -> None:
    def law(folder: Path) -> None:
        (report,) = take(folder / "home", folder, [[row_of(r) for r in records]])
        total = report.kept + report.corrected + report.duplicate + report.retracted + report.n_refused
        assert total == report.rows_read == len(records)
        events = EventStore(folder / "home").known_at("st-louis", RECEIVED)
        assert len(events) == report.kept - report.retracted
        assert set(events.table.columns) == set(EVENT_SCHEMA)

    in_a_folder(law)


@settings(max_examples=15)
@given(st.lists(RECORDS, min_size=1, max_size=10).filter(kept_of), st.sampled_from(CUTOFFS[:-1]))
def test_what_is_recorded_after_a_cutoff_changes_nothing_known_at_it(
    records: list[tuple[int, int, int, bool]], cutoff: datetime
) -> None:
    def law(folder: Path) -> None:
        home = folder / "home"
        rows = [row_of(r) for r in records]
        take(home, folder, [rows])
        before = EventStore(home).known_at("st-louis", cutoff)
        late = (cutoff + timedelta(days=40)).strftime("%Y-%m")
        more = [slmpd_row(f"20-{i}", late, f"{late[5:]}/02/{late[:4]} 10:00") for i in range(3)]
        taken_back = [slmpd_row(f"19-{n}", late, count=-1) for n in range(6)]
        ingest(home, Slmpd(), [write(folder / "late.csv", SLMPD_HEADER, *more, *taken_back)], RECEIVED)
        after = EventStore(home).known_at("st-louis", cutoff)
        assert fingerprint(after) == fingerprint(before)
        assert after.table.equals(before.table)

    in_a_folder(law)
