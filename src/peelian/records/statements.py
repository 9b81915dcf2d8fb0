"""Statements: what is said of a record, by whom, when, and how far it is to be believed.

Nothing is overwritten. A correction and a withdrawal are statements about an earlier one; taken back themselves, the
earlier one stands again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from peelian.errors import RecordError


class Stance(StrEnum):
    """What a statement does."""

    SAYS = "says"
    """The property has this value; ``about`` names the statement that this one corrects, if any."""
    UNKNOWN = "unknown"
    """It was asked, and nobody knows: not the same as never having been asked."""
    WITHDRAWS = "withdraws"
    """The statement ``about`` no longer holds; the value tells why."""
    DISPUTES = "disputes"
    """The person says otherwise, of the statement ``about`` or of the whole record; the value is what they say."""


class Reliability(StrEnum):
    """How far a statement is to be believed."""

    CONFIRMED = "confirmed"
    STATED = "stated"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said of one record. ``recorded_at`` is when the store learnt it; ``stated_at`` when it was said."""

    id: int
    record: int
    property: str
    stance: Stance
    value: str
    about: int | None
    source: str
    stated_at: datetime | None
    recorded_at: datetime
    recorder: str
    reliability: Reliability

    def __post_init__(self) -> None:
        """Refuse a statement that cannot be understood later."""
        if self.stance in (Stance.WITHDRAWS, Stance.DISPUTES) and not self.value:
            raise RecordError(f"statement {self.id} {self.stance} something without saying why.")
        if self.stance is Stance.WITHDRAWS and self.about is None:
            raise RecordError(f"statement {self.id} withdraws nothing; name the statement.")
        if self.about is not None and self.about >= self.id:
            raise RecordError(f"statement {self.id} is about {self.about}, which came after it.")
        if self.recorded_at.tzinfo is None:
            raise RecordError(f"statement {self.id}: recorded_at has no time zone.")


def known_at(statements: Iterable[Statement], instant: datetime | None) -> tuple[Statement, ...]:
    """Return the statements that the store held at the instant (all of them for None), oldest first."""
    kept = (s for s in statements if instant is None or s.recorded_at <= instant)
    return tuple(sorted(kept, key=lambda s: s.id))


def standing(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return the statements that hold: said or known to be unknown, and not taken back by another that stands.

    Read from the newest to the oldest, so that a correction taken back lets the first statement stand again.
    """
    ordered = sorted(statements, key=lambda s: s.id, reverse=True)
    felled: set[int] = set()
    kept: list[Statement] = []
    for statement in ordered:
        if statement.id in felled:
            continue
        if statement.about is not None and statement.stance is not Stance.DISPUTES:
            felled.add(statement.about)
        if statement.stance in (Stance.SAYS, Stance.UNKNOWN):
            kept.append(statement)
    return tuple(reversed(kept))
