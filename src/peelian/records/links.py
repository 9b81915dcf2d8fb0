"""Links: how records are tied. A merge is a link too (``same-as``), so that undoing it brings back exactly what was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from peelian.errors import RecordError
from peelian.records.catalogue import SAME_AS
from peelian.records.statements import Reliability


@dataclass(frozen=True, slots=True)
class Link:
    """A tie from one record to another, as somebody told it; ``withdrawn_at`` is when it was taken back."""

    id: int
    type: str
    start: int
    end: int
    detail: str
    source: str
    recorded_at: datetime
    recorder: str
    reliability: Reliability
    score: float | None = None
    reasons: tuple[str, ...] = ()
    withdrawn_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a record tied to itself: it tells nothing, and a walk along it never ends."""
        if self.start == self.end:
            raise RecordError(f"link {self.type!r} ties record {self.start} to itself.")

    def stands_at(self, instant: datetime | None) -> bool:
        """Tell whether the link held at the instant (now for None)."""
        if instant is None:
            return self.withdrawn_at is None
        return self.recorded_at <= instant and (self.withdrawn_at is None or self.withdrawn_at > instant)

    def other(self, record: int) -> int:
        """Return the end that is not this record."""
        return self.end if record == self.start else self.start


def united(links: Iterable[Link], at: datetime | None = None) -> Mapping[int, frozenset[int]]:
    """Return, for every record with a standing ``same-as`` link, all records that are one with it, itself included.

    Circles are no matter: a set is a set whichever way round it was tied.
    """
    group: dict[int, set[int]] = {}
    for link in links:
        if link.type != SAME_AS or not link.stands_at(at):
            continue
        one = group.setdefault(link.start, {link.start})
        two = group.setdefault(link.end, {link.end})
        if one is not two:
            small, large = sorted((one, two), key=len)
            large |= small
            for record in small:
                group[record] = large
    return {record: frozenset(members) for record, members in group.items()}
