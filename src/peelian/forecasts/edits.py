"""What an analyst added to a night's boxes or took out of them: kept apart from the forecast, and judged apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import numpy as np

from peelian.errors import ForecastError
from peelian.places.periods import Period
from peelian.places.squares import Squares

#: A box of which another holds this much is that box over again.
HALF = 0.5


class EditKind(StrEnum):
    """Which way an edit goes."""

    ADD = "add"
    SUPPRESS = "suppress"


@dataclass(frozen=True, slots=True)
class BoxEdit:
    """One box that an analyst added to a map, or one of the forecast's that was suppressed, with the reason.

    The square is in metres of the force's CRS. An edit is never changed: ``withdrawn_at`` is when it ended, None while
    it stands. ``rank`` is the suppressed box's own; None for one that was added, which goes by a ``letter`` instead.
    """

    id: int
    force: str
    night: date
    level: str
    area_id: str
    crime_type: str
    kind: EditKind
    x_min: float
    y_min: float
    size_m: float
    place: str
    rank: int | None
    reason: str
    by: str
    at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_reason: str = ""
    letter: str = ""

    def __post_init__(self) -> None:
        """Refuse an edit without a reason: nobody could answer for it."""
        if not self.reason.strip() or not self.by.strip():
            raise ForecastError(f"an edit of {self.night} in {self.area_id!r}: give a reason and a name.")

    @property
    def stands(self) -> bool:
        """Whether it was not withdrawn."""
        return self.withdrawn_at is None

    @property
    def square(self) -> Squares:
        """The box as a square."""
        return Squares(np.array([self.x_min]), np.array([self.y_min]), self.size_m)

    def within(self, period: Period) -> Period | None:
        """Return the part of the period in which the edit stood, or None where it did not stand in it at all.

        An edit speaks from when it was made: what happened before it was no merit of it.
        """
        start, end = max(period.start, self.at), min(period.end, self.withdrawn_at or period.end)
        return Period(start, end) if start < end else None

    def covers(self, x_min: float, y_min: float, size_m: float) -> float:
        """Return the share of that square which lies in this one, 0..1."""
        return shared((self.x_min, self.y_min), (x_min, y_min), self.size_m, size_m)


def shared(corner: tuple[float, float], other: tuple[float, float], size_m: float, other_m: float) -> float:
    """Return the share of the other square which lies in the first, 0..1; both by their south-west corners."""
    sides = [min(a + size_m, b + other_m) - max(a, b) for a, b in zip(corner, other, strict=True)]
    return max(sides[0], 0.0) * max(sides[1], 0.0) / other_m**2


def struck(boxes: Iterable[Mapping[str, Any]], size_m: float, edits: Iterable[BoxEdit]) -> dict[int, BoxEdit]:
    """Return, by rank, the edit that suppresses each of these boxes (rows with rank, x_min, y_min); standing ones only.

    The square decides and not the rank: a longer list of the same night may number the same place otherwise.
    """
    gone = [e for e in edits if e.kind is EditKind.SUPPRESS and e.stands]
    return {
        box["rank"]: edit for box in boxes for edit in gone if edit.covers(box["x_min"], box["y_min"], size_m) > HALF
    }


@dataclass(frozen=True, slots=True)
class EditLine:
    """How the edits of one kind did over some periods: ``hits`` of ``events`` in so many boxes.

    Only crimes count that fell while the edit stood. ``at_random`` is what equally many boxes drawn at random from the
    area would have caught in the same time; ``hit_rate_low``..``high`` is the 95 % interval, NaN rates where no event.
    """

    n_boxes: int
    n_periods: int
    hits: float
    events: float
    at_random: float
    hit_rate: float
    hit_rate_low: float
    hit_rate_high: float


@dataclass(frozen=True, slots=True)
class EditScore:
    """The analyst's own score: the last period, and all periods of the record that had an edit. Never the model's.

    Crime in a suppressed box is no success: those who were kept from it would have been there.
    """

    added: EditLine
    suppressed: EditLine
    added_pooled: EditLine
    suppressed_pooled: EditLine
