"""Visits: what was really done in the boxes, by place and time and never by name; the road from briefing to dosage."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from peelian.places.periods import Period


class How(StrEnum):
    """How a visit's minutes are known."""

    TIMER = "timer"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class GivenBox:
    """A box as it was given to patrol: its map, its rank there, and the square on the ground, in the force's metres.

    A box that an analyst added has no rank (0) and goes by its ``letter``.
    """

    force: str
    night: date
    level: str
    area_id: str
    crime_type: str
    rank: int
    x_min: float
    y_min: float
    size_m: float
    letter: str = ""

    @property
    def number(self) -> str:
        """What the box is called on map, list, phone and radio."""
        return self.letter or str(self.rank)

    @property
    def square(self) -> tuple[float, float, float]:
        """The ground it stands on: what the cap on presence counts, whatever the map."""
        return self.x_min, self.y_min, self.size_m


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in a box.

    ``arrived`` and ``left`` are the site's time. ``clock_offset_s`` is how far the phone's clock was behind it (None:
    the site's own clock was asked); ``is_clock_doubtful`` says that the times are therefore less sure than the minutes,
    which do not depend on it.
    """

    box: GivenBox
    day: date
    arrived: datetime
    left: datetime
    minutes: float
    how: How
    clock_offset_s: float | None
    is_clock_doubtful: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class BoxMinutes:
    """What one box of a map got on one day: officer-minutes of everyone who stood on its square, and their visits.

    The square may be a box of other maps too; its minutes are the same there. ``last_left`` is None where nobody came.
    """

    number: str
    visits: int
    minutes: float
    last_left: datetime | None

    def has_reached(self, cap_minutes: float) -> bool:
        """Tell whether the box has had what it may be given in a day."""
        return self.minutes >= cap_minutes


def patrol_day(at: datetime, valid: Period, zone: ZoneInfo) -> date:
    """Return the day on which an instant's presence counts.

    A day begins at the hour at which the boxes begin, so that a night from 18:00 to 18:00 is one day; an instant
    outside the boxes' period (a wrong clock) counts for the nearest day of it.
    """
    held = min(max(at, valid.start), valid.end - timedelta(microseconds=1)).astimezone(zone)
    begins = valid.start.astimezone(zone)
    return held.date() - timedelta(days=held.time() < begins.time())


class WrongBecause(StrEnum):
    """Why an officer says that a box is wrong: few answers, so that they can be counted."""

    ELSEWHERE = "elsewhere"
    DEALT_WITH = "dealt with"
    NO_WAY_IN = "no way in"
    WRONG_TIME = "wrong time"
    SEEN_ENOUGH = "seen enough"
    OTHER = "other"


#: How each reason ends the sentence "This box is wrong because ...".
WRONG_WORDS = {
    WrongBecause.ELSEWHERE: "the crimes behind it happened somewhere else",
    WrongBecause.DEALT_WITH: "what brought the crimes is dealt with",
    WrongBecause.NO_WAY_IN: "I cannot get in, or there is nobody to be seen by",
    WrongBecause.WRONG_TIME: "this is the wrong time of day for it",
    WrongBecause.SEEN_ENOUGH: "people here have seen enough of us",
    WrongBecause.OTHER: "of something else",
}


@dataclass(frozen=True, slots=True)
class BoxNote:
    """What an officer says is wrong with a box, and what the analyst answered (empty until then). Never by whom."""

    id: UUID
    box: GivenBox
    because: WrongBecause
    text: str
    written_at: datetime
    answer: str
    answered_at: datetime | None
