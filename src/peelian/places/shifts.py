"""A shift: when a patrol works, by the clock on the wall, on some days of the week."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from peelian.errors import PeriodError
from peelian.places.periods import Period, zone

#: The longest shift: a day and a night.
MOST_MINUTES = 24 * 60
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Shift:
    """A name, the local time at which it starts, its length by the clock, and the weekdays (0 is Monday) it starts on.

    Over a change of the clocks it lasts an hour more or less: it ends when the clock says so.
    """

    name: str
    start: time
    minutes: int
    weekdays: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse a shift without a name, of no length or over a day, or on no day of the week."""
        if not self.name.strip():
            raise PeriodError("a shift without a name; call it 'Early' or 'Night'.")
        if not 0 < self.minutes <= MOST_MINUTES:
            raise PeriodError(f"shift {self.name!r} lasts {self.minutes} minutes; wanted 1 to {MOST_MINUTES}.")
        if self.start.tzinfo is not None:
            raise PeriodError(f"shift {self.name!r} starts at {self.start}; give the local time, without a zone.")
        known = set(range(len(WEEKDAYS)))
        if not self.weekdays or not set(self.weekdays) <= known or len(set(self.weekdays)) < len(self.weekdays):
            raise PeriodError(f"shift {self.name!r} is on weekdays {self.weekdays}; wanted some of 0 (Monday) to 6.")
        object.__setattr__(self, "weekdays", tuple(sorted(self.weekdays)))

    def period_on(self, day: date, time_zone: str) -> Period | None:
        """Return the shift that starts on the local day, or None where none does."""
        if day.weekday() not in self.weekdays:
            return None
        began = datetime.combine(day, self.start)
        ended = began + timedelta(minutes=self.minutes)
        start, end = (at.replace(tzinfo=zone(time_zone)).astimezone(UTC) for at in (began, ended))
        # A short shift inside the hour that the clocks skip is over as it begins.
        return Period(start, end) if start < end else None

    @property
    def ends(self) -> time:
        """The local time at which it ends by the clock."""
        return (datetime.combine(date.min, self.start) + timedelta(minutes=self.minutes)).time()


def shifts_within(shifts: Iterable[Shift], period: Period, time_zone: str) -> tuple[tuple[Shift, Period], ...]:
    """Return the shifts that work in some part of a period, in the order in which they start.

    Over a stretch longer than two days only those of its first: a month's paper lists no ninety shifts.
    """
    first = period.start.astimezone(zone(time_zone)).date()
    days = [first + timedelta(days=n) for n in (-1, 0, 1)]
    worked = [(shift, shift.period_on(day, time_zone)) for day in days for shift in shifts]
    met = [(s, p) for s, p in worked if p is not None and p.start < period.end and p.end > period.start]
    return tuple(sorted(met, key=lambda item: (item[1].start, item[0].name)))
