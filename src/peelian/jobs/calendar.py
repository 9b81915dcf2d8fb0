"""Which period a night is for, when its records are cut off, and which nights come before it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from peelian.jobs.terms import NightTerms
from peelian.places.forces import DatePrecision, Force
from peelian.places.periods import Period, day_of, days_between, month_of, zone


def night_of(force: Force, day: date) -> date:
    """Return the date by which the night is called: the day, or the first of the month for a month-dated feed."""
    return day.replace(day=1) if force.date_precision is DatePrecision.MONTH else day


def period_of(force: Force, night: date, settings: NightTerms) -> Period:
    """Return what a night's boxes are valid for: a day from the setting's hour, or a calendar month."""
    if force.date_precision is DatePrecision.MONTH:
        return month_of(night, force.time_zone)
    return day_of(night, force.time_zone, settings.start_hour)


def night_holding(force: Force, at: datetime, settings: NightTerms) -> date:
    """Return the date of the night whose period holds an instant."""
    local = at.astimezone(zone(force.time_zone))
    is_monthly = force.date_precision is DatePrecision.MONTH
    return night_of(force, (local if is_monthly else local - timedelta(hours=settings.start_hour)).date())


def cutoff_of(period: Period, settings: NightTerms) -> datetime:
    """Return the last instant whose records the night may use."""
    return period.start - timedelta(hours=settings.lead_hours)


def nights_before(force: Force, night: date, count: int) -> tuple[date, ...]:
    """Return the ``count`` nights before this one, in order of time."""
    nights = []
    for _ in range(count):
        night = night_of(force, night - timedelta(days=1))
        nights.append(night)
    return tuple(reversed(nights))


def nights_between(force: Force, first: date, last: date) -> Iterator[date]:
    """Yield each night from ``first`` to ``last``, both included."""
    seen: date | None = None
    for day in days_between(night_of(force, first), night_of(force, last)):
        night = night_of(force, day)
        if night != seen:
            seen = night
            yield night
