"""A feed of records: parts that are read one after another, each in batches, from any row on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from peelian.records.drafts import LinkDraft, RecordDraft


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is no draft: its line, why, and what stood there (never a whole row)."""

    line: int
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a part. ``last`` counts the part's rows up to and with this batch."""

    records: Sequence[tuple[int, RecordDraft]]
    links: Sequence[tuple[int, LinkDraft]]
    refused: Sequence[Refusal]
    n_rows: int
    last: int


class Feed(Protocol):
    """What an import reads. Records come in earlier parts than the links that tie them."""

    @property
    def source(self) -> str:
        """Whose records these are: keys are unique within it."""

    def fingerprint(self) -> str:
        """What tells these very files from others: an import is only resumed with the same."""

    def parts(self) -> Sequence[str]:
        """The parts in the order in which they must be read."""

    def batches(self, part: str, after: int, size: int) -> Iterator[Batch]:
        """The part's rows after the first ``after``, about ``size`` rows at a time."""
