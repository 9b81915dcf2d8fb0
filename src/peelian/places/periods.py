"""Stretches of time: half-open, aware, cut in the study area's own time zone.

A local day may last 23 or 25 hours; instants are held in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from peelian.errors import PeriodError

#: Hours on a clock face; a local day may still last one more or one less.
HOURS = 24


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Half-open ``[start, end)``, both aware; stored in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse naive instants and empty periods; turn both ends into UTC."""
        for name in ("start", "end"):
            instant = getattr(self, name)
            if instant.tzinfo is None:
                raise PeriodError(f"{name} = {instant.isoformat()} has no time zone; give an aware instant.")
            object.__setattr__(self, name, instant.astimezone(UTC))
        if self.end <= self.start:
            raise PeriodError(f"period from {self.start.isoformat()} to {self.end.isoformat()} is empty or reversed.")

    @property
    def duration(self) -> timedelta:
        """Length of the period: its horizon when it is forecast."""
        return self.end - self.start

    @property
    def days(self) -> float:
        """Length in days of 24 hours."""
        return self.duration / timedelta(days=1)

    def holds(self, instant: datetime) -> bool:
        """Tell whether the instant lies in ``[start, end)``."""
        return self.start <= instant < self.end


def zone(name: str) -> ZoneInfo:
    """Return the time zone of that IANA name.

    Raises
    ------
    PeriodError
        When there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PeriodError(f"time zone {name!r} is not known; use an IANA name such as 'Europe/London'.") from error


def local_midnight(day: date, time_zone: str, hour: int = 0) -> datetime:
    """Return the instant at which the local day begins (or its ``hour``), in UTC."""
    return datetime.combine(day, time(hour), tzinfo=zone(time_zone)).astimezone(UTC)


def day_of(day: date, time_zone: str, start_hour: int = 0) -> Period:
    """Return the local day: 23, 24 or 25 hours from ``start_hour`` to the same hour of the next day."""
    return Period(
        local_midnight(day, time_zone, start_hour), local_midnight(day + timedelta(days=1), time_zone, start_hour)
    )


def month_of(day: date, time_zone: str) -> Period:
    """Return the local calendar month that holds ``day``."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Period(local_midnight(first, time_zone), local_midnight(following, time_zone))


def week_of(day: date, time_zone: str) -> Period:
    """Return the seven local days that begin with ``day``."""
    return Period(local_midnight(day, time_zone), local_midnight(day + timedelta(days=7), time_zone))


def shifts_of(day: date, time_zone: str, start_hours: tuple[int, ...]) -> tuple[Period, ...]:
    """Return the shifts that begin on the local ``day``; together they tile it from the first hour on.

    Raises
    ------
    PeriodError
        When the hours do not rise within 0..23.
    """
    rising = all(a < b for a, b in pairwise(start_hours))
    if not start_hours or not rising or start_hours[0] < 0 or start_hours[-1] >= HOURS:
        raise PeriodError(f"shift hours {start_hours}: give rising whole hours from 0 to 23, such as (6, 14, 22).")
    starts = [local_midnight(day, time_zone, hour) for hour in start_hours]
    starts.append(local_midnight(day + timedelta(days=1), time_zone, start_hours[0]))
    return tuple(Period(a, b) for a, b in pairwise(starts))


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from ``first`` to ``last``, both included; nothing when ``last`` comes before."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
