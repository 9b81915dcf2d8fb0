"""The report of an ingest: every row read is kept, corrected, duplicate, retracted or refused with a reason."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from peelian.sources.refusals import MENDS, Reason

MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One refused row: where it stands and what was wrong with it; never the row itself."""

    file: str
    line: int
    value: str


@dataclass(frozen=True, slots=True)
class Refused:
    """How many rows were refused for one reason, the first of them, and what would mend it."""

    reason: str
    count: int
    mend: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of every row. ``number`` is the ingest's, None when nothing was new.

    ``skipped`` are whole files that are no forecast input; their rows were not read.
    ``retracted_late`` counts retractions of earlier ingests whose record came only now.
    """

    force_id: str
    source: str
    number: int | None
    received_at: datetime
    files: tuple[str, ...]
    rows_read: int
    kept: int
    corrected: int
    duplicate: int
    retracted: int
    refused: tuple[Refused, ...]
    skipped: tuple[Example, ...]
    retracted_late: int
    delay_note: str
    crs: str
    refused_file: str | None = None

    @property
    def n_refused(self) -> int:
        """Rows refused, for any reason."""
        return sum(refused.count for refused in self.refused)

    def to_json(self) -> dict[str, Any]:
        """Return the report in plain values."""
        return {**asdict(self), "received_at": self.received_at.isoformat(), "n_refused": self.n_refused}

    def table_rows(self) -> Iterator[tuple[str, int, str]]:
        """Yield (what, rows, words) for a table for people."""
        yield "read", self.rows_read, f"in {len(self.files)} file{'s' if len(self.files) != 1 else ''}"
        yield "kept", self.kept, "new events"
        yield "corrected", self.corrected, "later versions of events held before"
        yield "duplicate", self.duplicate, "held already"
        yield "retracted", self.retracted, "events taken back"
        for refused in self.refused:
            # Some have no mend, and the reason why not stands in its place.
            without = refused.mend.removeprefix("none: ").removeprefix("none needed: ")
            words = without if without != refused.mend else f"mend: {refused.mend}"
            yield f"refused: {refused.reason}", refused.count, words

    def example_lines(self) -> Iterator[str]:
        """Yield one line for each example of a refused row."""
        for refused in self.refused:
            for example in refused.examples:
                yield f"{refused.reason}: {example.file}, line {example.line}: {example.value}"


class Tally:
    """The counts of an ingest under way."""

    def __init__(self) -> None:
        self.rows_read = self.kept = self.corrected = self.duplicate = self.retracted = 0
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[Example]] = {}

    def refuse(self, refused: pl.DataFrame) -> None:
        """Count refused rows by reason and keep the first of each."""
        for reason, count in refused.group_by("reason", maintain_order=True).len().iter_rows():
            self._counts[reason] = self._counts.get(reason, 0) + count
            examples = self._examples.setdefault(reason, [])
            if len(examples) < MOST_EXAMPLES:
                rows = refused.filter(pl.col("reason") == reason).head(MOST_EXAMPLES - len(examples))
                examples.extend(Example(r["file"], r["line"], r["value"] or "") for r in rows.iter_rows(named=True))

    @property
    def refused(self) -> tuple[Refused, ...]:
        """The refusals, the most frequent first."""
        order = sorted(self._counts, key=lambda reason: (-self._counts[reason], reason))
        return tuple(
            Refused(reason, self._counts[reason], MENDS[Reason(reason)], tuple(self._examples[reason]))
            for reason in order
        )
