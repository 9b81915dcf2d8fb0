"""Import: files of records into the store, batch by batch, each whole. Killed, the same command goes on from there."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from peelian.records.access import Actor
from peelian.sources.pole.feed import Batch, Feed
from peelian.store.locks import lock
from peelian.store.records import imports
from peelian.store.records.imports import Tally
from peelian.store.records.rules import Rules

BATCH_ROWS = 4_000
#: Told the part under way and the rows read so far.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every row of an import."""

    run: int
    source: str
    resumed: bool
    tally: Tally
    seconds: float = field(compare=False, default=0.0)

    def to_json(self) -> dict[str, Any]:
        """Return the report in plain values."""
        return asdict(self)

    def table_rows(self) -> Iterator[tuple[str, int, str]]:
        """Yield (what, rows, words) for a table for people."""
        tally = self.tally
        yield "read", tally.read, ""
        yield "records kept", tally.records, "new"
        yield "records added to", tally.changed, "held before, something new said"
        yield "links kept", tally.links, "new"
        yield "duplicate", tally.same, "held already, nothing new"
        for reason, (count, where) in sorted(tally.refused.items(), key=lambda r: (-r[1][0], r[0])):
            yield "refused", count, f"{reason} ({where})"


def import_records(
    home: Path, feed: Feed, rules: Rules, actor: Actor, at: datetime, progress: Progress | None = None
) -> ImportReport:
    """Take a feed into the store, and report what became of every row.

    Each batch comes with its statements, its index and the place that the import has reached, in one transaction:
    no record is ever half there. An import of the same files that did not end is gone on with.

    Raises
    ------
    SourceError
        When a file cannot be read; the batches before it are kept, and the same command goes on from there.
    LockedError
        When another import is under way.
    StoreError
        When the disk is full.
    """
    with lock(home, "records-import"), imports.begin(feed.source, feed.fingerprint(), rules, actor, at) as run:
        for part in feed.parts():
            for batch in feed.batches(part, run.reached(part), BATCH_ROWS):
                _take(run, part, batch)
                if progress is not None:
                    progress(part, run.tally.read)
        run.end()
        return ImportReport(run.number, feed.source, run.is_resumed, run.tally, run.seconds)


def _take(run: imports.Run, part: str, batch: Batch) -> None:
    refused = [(f"{part}, line {r.line}", r.reason) for r in batch.refused]
    run.take(
        part,
        [(f"{part}, line {line}", draft) for line, draft in batch.records],
        [(f"{part}, line {line}", draft) for line, draft in batch.links],
        refused,
        n_rows=batch.n_rows,
        last=batch.last,
    )
