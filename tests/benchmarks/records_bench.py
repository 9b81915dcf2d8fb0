"""Figures of the common store: import, search by twenty users, a record as of a day, a chart; on both databases.

``./run bench records``, or ``python tests/benchmarks/records_bench.py [--records 500000] [--seconds 20] [--home DIR]
[--url URL] [--plans]``; a home that is named is kept and used again. Without the Manchester set that part is left out.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
USERS, PROCESSES = 20, 4
#: A user thinks before the next search: about two searches a second and user would be a machine's.
THINKS_SECONDS = 1.0


@dataclass(frozen=True)
class SocietyFeed:
    """A made-up society as a feed of records."""

    society: Any
    catalogue: Any
    source: str = "society"

    def fingerprint(self) -> str:
        """What tells it from another."""
        return str(self.society)

    def parts(self) -> tuple[str, ...]:
        """Records, then links."""
        return ("records", "links")

    def batches(self, part: str, after: int, size: int) -> Iterator[Any]:
        """So many at a time."""
        from peelian.sources.pole.feed import Batch

        made = self.society.records() if part == "records" else self.society.links()
        numbered = itertools.islice(enumerate(made, 1), after, None)
        while told := list(itertools.islice(numbered, size)):
            checked = [(n, draft.checked(self.catalogue)) for n, draft in told]
            records, links = (checked, []) if part == "records" else ([], checked)
            yield Batch(records, links, [], len(told), told[-1][0])


def run(data: Path) -> list[dict[str, Any]]:
    """Return the rows of the table: name, measured, target, unit."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        rows += measure(Path(folder), "", data, 500_000, 20.0)
    from tests.postgresql_server import postgresql

    # With the memory that a manual would give it.
    memory = "-c shared_buffers=1GB -c work_mem=32MB"
    with tempfile.TemporaryDirectory() as folder, postgresql(memory) as server:
        rows += measure(Path(folder), server.make("bench"), data, 500_000, 20.0)
    return rows


def measure(home: Path, url: str, data: Path, n_records: int, seconds: float) -> list[dict[str, Any]]:
    """Fill a store, unless it is full already, and measure it."""
    name = "PostgreSQL" if url else "SQLite"
    _open(home, url)
    from peelian.store.records.imports import past

    rows: list[dict[str, Any]] = []
    manchester = data / "pole-manchester"
    done = {i.source for i in past() if i.status == "done"}
    if manchester.exists() and "pole-manchester" not in done:
        rows.append(
            {
                "name": f"import of Manchester, {name}",
                "measured": _import(home, manchester),
                "target": 60.0,
                "unit": "s",
            }
        )
    if "society" not in done:
        took = _import(home, None, n_records)
        rows.append(
            {"name": f"import of {n_records:,} made-up records with links, {name}", "measured": took, "unit": "s"}
        )
    for kind, times in searches(home, url, seconds).items():
        p95 = float(np.percentile(times, 95)) * 1000
        what = f"search p95, {USERS} users, {kind} (n = {len(times)}), {name}"
        rows.append({"name": what, "measured": p95, "target": 100.0, "unit": "ms"})
    rows.append({"name": f"record as of a day, 5 years, 2,000 statements, {name}", **_as_of()})
    rows.append({"name": f"page of 50 of 100,000 links, {name}", **_hub()})
    rows.append({"name": f"chart of 200 records, the query, {name}", **_chart()})
    rows += _million(home, name)
    return rows


def searches(home: Path, url: str, seconds: float, users: int = USERS) -> dict[str, list[float]]:
    """Return the seconds that each search took, by kind, of users in some processes as a server would run them."""
    words = [sys.executable, __file__, "--user-process", str(home), url or "-", str(seconds), str(users // PROCESSES)]
    started = [subprocess.Popen([*words, str(n)], stdout=subprocess.PIPE, text=True) for n in range(PROCESSES)]
    found: dict[str, list[float]] = {}
    for process in started:
        told, _ = process.communicate()
        assert process.returncode == 0, "a process of users failed"
        for kind, times in json.loads(told.splitlines()[-1]).items():
            found.setdefault(kind, []).extend(times)
    return dict(sorted(found.items()))


def queries(seed: int, society_words: Any) -> Iterator[tuple[str, str, Any]]:  # noqa: ANN401 - a value from behind Django
    """Yield (kind, query, filters) without end, of what is in the store and of what is nearly so."""
    from peelian.records.queries import Filters, Near

    given, surnames, streets, words = society_words
    rng = np.random.default_rng([1829, 7, seed])
    letters = "ABCDEFGHJKLMNOPRSTUVWXY"
    while True:
        (first,), (last,), (street,) = given.draw(rng, 1), surnames.draw(rng, 1), streets.draw(rng, 1)
        at = int(rng.integers(0, max(len(last) - 1, 1)))
        slip = last[:at] + last[at + 1 : at + 2] + last[at : at + 1] + last[at + 2 :]
        plate = "".join(letters[i] for i in rng.integers(0, len(letters), 2))
        number = int(rng.integers(0, 99_999))
        none = Filters()
        yield "names", f"{first} {last}", none
        yield "names misspelt and turned about", f"{slip} {first}", none
        yield "surname alone", last, none
        yield "plates in part", f"{plate}{int(rng.integers(10, 75))}", none
        yield "phones in part", f"{int(rng.integers(100_000, 999_999))}", none
        yield "crime numbers", f"06/{number:06d}", none
        yield "words", " ".join(words.draw(rng, 2)), none
        yield "words, common", " ".join(words.words[i] for i in rng.integers(0, 40, 1)), none
        yield "addresses", f"{int(rng.integers(1, 250))} {street} street", none
        near = Near("EPSG:27700", float(rng.normal(385_000, 5_000)), float(rng.normal(398_000, 5_000)), 500.0)
        yield "near a point", "", Filters(types=("crime",), near=near, crime_types=("Burglary",))
        yield "words with filters", words.draw(rng, 1)[0], Filters(types=("crime",), near=near)


def _user_process(home: str, url: str, seconds: str, users: str, number: str) -> None:
    _open(Path(home), "" if url == "-" else url)
    from peelian.records.access import Actor, Role
    from peelian.records.purpose import Purpose
    from peelian.store.records.search import search
    from peelian.towns.society import Society

    found: dict[str, list[float]] = {}
    lock = threading.Lock()
    known = Society().words()
    ends = time.monotonic() + float(seconds)

    def user(seed: int) -> None:
        actor = Actor(seed, f"user {seed}", Role.OFFICER, ("*",))
        rng = np.random.default_rng(seed)
        for kind, query, filters in queries(seed, known):
            time.sleep(float(rng.exponential(THINKS_SECONDS)))
            if time.monotonic() > ends:
                return
            began = time.perf_counter()
            search(query, filters, actor, Purpose("to measure how long it takes"))
            with lock:
                found.setdefault(kind, []).append(time.perf_counter() - began)

    threads = [threading.Thread(target=user, args=(int(number) * 100 + n,)) for n in range(int(users))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(found))


def _open(home: Path, url: str) -> None:
    from peelian.store.database import open_database

    open_database(home, url)


def _import(home: Path, manchester: Path | None, n_records: int = 0) -> float:
    from peelian.jobs.importing import import_records
    from peelian.records.access import program
    from peelian.records.catalogue import shipped
    from peelian.sources.pole.csv_files import open_feed
    from peelian.sources.pole.mapping import read_shipped
    from peelian.store.records.rules import read_rules
    from peelian.towns.society import Society

    feed: Any = SocietyFeed(Society(n_records), shipped())
    if manchester is not None:
        feed = open_feed(read_shipped("manchester"), shipped(), manchester)
    began = time.perf_counter()
    report = import_records(home, feed, read_rules(home), program("bench"), datetime.now(UTC))
    assert not report.tally.refused, report.tally.refused
    return time.perf_counter() - began


def _reader() -> tuple[Any, Any]:
    from peelian.records.access import Actor, Role
    from peelian.records.purpose import Purpose

    return Actor(1, "bench", Role.ANALYST, ("*",)), Purpose("to measure how long it takes")


def _as_of() -> dict[str, Any]:
    """A record that learnt something on most days of five years, read as of forty of them."""
    from peelian.records.catalogue import shipped
    from peelian.records.drafts import RecordDraft
    from peelian.records.retention import shipped_policy
    from peelian.store.records.reading import show
    from peelian.store.records.tables import StatementRow
    from peelian.store.records.writing import By, open_record

    actor, why = _reader()
    began = datetime(2021, 1, 1, tzinfo=UTC)
    draft = RecordDraft("person", "of five years", MappingProxyType({"surname": ("Long",)}))
    record = open_record(shipped(), shipped_policy(), draft, By(actor, began))
    if StatementRow.objects.filter(record=record).count() < 2_000:
        StatementRow.objects.bulk_create(
            StatementRow(
                record_id=record,
                property="alias",
                stance="says",
                value=f"Name {n}",
                source="bench",
                recorded_at=began + timedelta(days=n * 5 * 365 / 2_000),
                recorder="bench",
                reliability="stated",
            )
            for n in range(2_000)
        )
    days = [began + timedelta(days=float(d)) for d in np.linspace(1, 5 * 365, 40)]
    return {
        "measured": _p95(lambda day: show(shipped(), record, actor, why, as_of=day), days),
        "target": 50.0,
        "unit": "ms",
    }


def _hub() -> dict[str, Any]:
    """A place where a hundred thousand crimes happened, read a page at a time."""
    from django.db import transaction

    from peelian.records.catalogue import shipped
    from peelian.records.drafts import LinkDraft, RecordDraft
    from peelian.records.retention import shipped_policy
    from peelian.store.records import intake
    from peelian.store.records.reading import neighbours
    from peelian.store.records.tables import LinkRow, Record

    actor, why = _reader()
    hub = Record.objects.filter(source="society", key="hub").first()
    if hub is None:
        origin = intake.Origin(shipped(), shipped_policy(), "society", "bench", datetime.now(UTC))
        keys = list(Record.objects.filter(source="society", type="crime").values_list("key", flat=True)[:100_000])
        with transaction.atomic():
            intake.take_records(origin, [RecordDraft("place", "hub", MappingProxyType({"name": ("Hub",)}))])
            links = [LinkDraft("occurred-at", key, "hub", "hub").checked(shipped()) for key in keys]
            for at in range(0, len(links), 4_000):
                intake.take_links(origin, links[at : at + 4_000])
        hub = Record.objects.get(source="society", key="hub")
    pk = int(hub.pk)
    firsts = list(LinkRow.objects.filter(end=pk).order_by("id").values_list("pk", flat=True)[::5_000])
    return {"measured": _p95(lambda after: neighbours(shipped(), pk, actor, why, after=after), firsts), "unit": "ms"}


def _chart() -> dict[str, Any]:
    from peelian.jobs.charting import open_chart
    from peelian.linkage import Opening
    from peelian.store.records.tables import Record

    actor, why = _reader()
    people = list(Record.objects.filter(type="address").order_by("id").values_list("pk", flat=True)[:4_000:200])
    return {
        "measured": _p95(lambda pk: open_chart(pk, actor, why, Opening(steps=5)), people),
        "target": 1000.0,
        "unit": "ms",
    }


def _million(home: Path, name: str) -> list[dict[str, Any]]:
    """A record with a million links: each thing done with it once. Before it nothing, after it a disposal."""
    from tests.benchmarks.million_links import MILLION, measure

    from peelian.store.records.writing import By

    actor, why = _reader()
    told = measure(home, By(actor, datetime.now(UTC)), why)
    return [
        {"name": f"a record with {MILLION:,} links: {what}, {name}", "measured": took * 1000, "unit": "ms"}
        for what, took in told
    ]


def _p95(act: Any, over: list[Any]) -> float:  # noqa: ANN401 - a value from behind Django
    times = []
    for each in over:
        began = time.perf_counter()
        act(each)
        times.append(time.perf_counter() - began)
    return float(np.percentile(times, 95)) * 1000


def _plans(home: Path, url: str) -> None:
    """Print, for one query of each kind, what it takes and how the database goes about its SQL."""
    _open(home, url)
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    from peelian.store.records.search import search
    from peelian.towns.society import Society

    actor, why = _reader()
    for kind, query, filters in itertools.islice(queries(3, Society().words()), 11):
        with CaptureQueriesContext(connection) as captured:
            began = time.process_time()
            page = search(query, filters, actor, why)
            took = (time.process_time() - began) * 1000
        print(f"\n== {kind}: {query!r}: {took:.1f} ms of processor, {page.found} found, {len(captured)} queries")
        for one in captured.captured_queries:
            if float(one["time"]) >= 0.004:
                print(f"  {float(one['time']) * 1000:.0f} ms {one['sql'][:400]}")
                if one["sql"].startswith("SELECT"):
                    word = "EXPLAIN (ANALYZE, BUFFERS)" if url else "EXPLAIN QUERY PLAN"
                    with connection.cursor() as cursor:
                        cursor.execute(f"{word} {one['sql']}".replace("%", "%%") if not url else f"{word} {one['sql']}")
                        for row in cursor.fetchall():
                            print("     ", row[-1])
    reset_queries()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--user-process"]:
        _user_process(*sys.argv[2:7])
        sys.exit(0)
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--url", default="")
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data")
    parser.add_argument("--plans", action="store_true")
    said = parser.parse_args()
    with nullcontext(said.home) if said.home else tempfile.TemporaryDirectory() as place:
        if said.plans:
            _plans(Path(place), said.url)
            sys.exit(0)
        for row in measure(Path(place), said.url, said.data, said.records, said.seconds):
            target = f"(target {row['target']:g})" if "target" in row else ""
            print(f"{row['name']:<80} {row['measured']:>9.1f} {row['unit']:<3} {target}")
