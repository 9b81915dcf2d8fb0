"""Imports under way: each batch, the log's line and the place reached are one transaction."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError, transaction

from peelian.errors import PeelianError, StoreError
from peelian.records.access import Act, Actor
from peelian.records.drafts import LinkDraft, RecordDraft
from peelian.store import audit
from peelian.store.records import index, intake
from peelian.store.records.rules import Rules
from peelian.store.records.tables import ImportRun

#: A report names so many reasons; a file of another kind would bring one for each row.
_MOST_REASONS = 40
_OTHER = "other reasons"


@dataclass(slots=True)
class Tally:
    """Rows so far. ``refused`` holds for each reason how many, and where the first stands."""

    read: int = 0
    records: int = 0
    changed: int = 0
    links: int = 0
    same: int = 0
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)

    def refuse(self, reason: str, where: str) -> None:
        """Count a refused row."""
        if reason not in self.refused and len(self.refused) >= _MOST_REASONS:
            reason = _OTHER
        count, first = self.refused.get(reason, (0, where))
        self.refused[reason] = (count + 1, first)

    @property
    def n_refused(self) -> int:
        """Rows refused, for any reason."""
        return sum(count for count, _ in self.refused.values())


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import as the list shows it."""

    number: int
    source: str
    status: str
    tally: Mapping[str, Any]
    started_at: datetime
    ended_at: datetime | None
    error: str


class Run:
    """An import under way."""

    def __init__(self, row: ImportRun, origin: intake.Origin, actor: Actor, *, is_resumed: bool) -> None:
        self._row = row
        self._origin = origin
        self._actor = actor
        self._terms = index.Terms()
        self._began = time.monotonic()
        self.is_resumed = is_resumed
        told = dict(row.tally)
        refused = {reason: (count, where) for reason, (count, where) in told.pop("refused", {}).items()}
        self.tally = Tally(**told, refused=refused)

    @property
    def number(self) -> int:
        """The import's number."""
        return int(self._row.pk)

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self._began

    def reached(self, part: str) -> int:
        """Return how many rows of a part are in already."""
        return int(self._row.cursor.get(part, 0))

    def take(
        self,
        part: str,
        records: Sequence[tuple[str, RecordDraft]],
        links: Sequence[tuple[str, LinkDraft]],
        refused: Sequence[tuple[str, str]],
        *,
        n_rows: int,
        last: int,
    ) -> None:
        """Take one batch: all of it or nothing."""
        tally = self.tally
        with transaction.atomic():
            taken = intake.take_records(self._origin, [d for _, d in records], self._terms)
            tied = intake.take_links(self._origin, [d for _, d in links])
            tally.read += n_rows
            tally.records += len(taken.new)
            tally.changed += len(taken.changed)
            tally.links += len(tied.new)
            tally.same += taken.same + tied.same
            told = [*refused, *((records[i][0], why) for i, why in taken.refused)]
            for where, reason in [*told, *((links[i][0], why) for i, why in tied.refused)]:
                tally.refuse(reason, where)
            if taken.new or taken.changed or tied.new:
                audit.record(
                    self._actor,
                    Act.COLLECTED,
                    f"imported from {self._origin.source}",
                    details={
                        "import": self.number,
                        "part": part,
                        "rows": [last - n_rows + 1, last],
                        "records": _span(taken.new),
                        "changed": _span(taken.changed),
                        "links": _span(tied.new),
                    },
                    at=self._origin.at,
                )
            self._row.cursor = {**self._row.cursor, part: last}
            self._row.tally = asdict(tally)
            self._row.save(update_fields=["cursor", "tally"])

    def end(self) -> None:
        """Mark the import as done, and let the database count what came."""
        self._row.status, self._row.ended_at = ImportRun.DONE, datetime.now(UTC)
        self._row.save(update_fields=["status", "ended_at"])
        if self.tally.records or self.tally.links:
            index.settle()


@contextmanager
def begin(source: str, fingerprint: str, rules: Rules, actor: Actor, at: datetime) -> Iterator[Run]:
    """Begin an import, or go on with one of the same files that did not end.

    Raises
    ------
    StoreError
        When the database refuses; the batches taken before stay, and the same command goes on from there.
    """
    try:
        row = ImportRun.objects.filter(source=source).order_by("-id").first()
        is_resumed = row is not None and row.fingerprint == fingerprint and row.status != ImportRun.DONE
        if row is None or not is_resumed:
            row = ImportRun.objects.create(
                source=source, fingerprint=fingerprint, status=ImportRun.RUNNING, started_at=at
            )
        else:
            row.status, row.error = ImportRun.RUNNING, ""
            row.save(update_fields=["status", "error"])
    except DatabaseError as error:
        raise StoreError(f"the database refused the import: {error}. Is the disk full?") from error
    origin = intake.Origin(rules.catalogue, rules.policy, source, actor.name, at)
    try:
        yield Run(row, origin, actor, is_resumed=is_resumed)
    except (PeelianError, DatabaseError) as error:
        ImportRun.objects.filter(pk=row.pk).update(status=ImportRun.FAILED, error=str(error)[:2000])
        if isinstance(error, DatabaseError):
            raise StoreError(
                f"the import stopped: {error}. What was taken stands whole; mend the cause and run the same command."
            ) from error
        raise


def past() -> tuple[PastImport, ...]:
    """Return every import, newest first."""
    return tuple(
        PastImport(r.pk, r.source, r.status, r.tally, r.started_at, r.ended_at, r.error)
        for r in ImportRun.objects.order_by("-id")
    )


def unfinished() -> tuple[PastImport, ...]:
    """Return each source's last import where it did not end, newest first: whoever runs it again resumes it."""
    last: dict[str, PastImport] = {}
    for one in past():
        last.setdefault(one.source, one)
    return tuple(one for one in last.values() if one.status != ImportRun.DONE)


def _span(ids: Sequence[int]) -> str:
    return f"{len(ids)}: {min(ids)}-{max(ids)}" if ids else "0"
