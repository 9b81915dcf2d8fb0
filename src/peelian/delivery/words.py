"""Numbers, dates and crime types as words a sergeant would say. Nothing here knows a map or a page."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from peelian.places.forces import DatePrecision, LocationPrecision
from peelian.places.periods import Period

NO_GROUND = "This box is a reason to be seen. It gives no ground for stop and search."
NO_GROUND_ANY = "A box is a reason to be seen there. It gives no ground for stop and search."
WHITE_IS_NOT_SAFE = "White is lower, never “safe”."

#: A space at which a line does not break.
NBSP = "\u00a0"
_MONTH_DAYS = 30.44
MINUS = "\u2212"

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_SPELT = {
    "anti social behaviour": "anti-social behaviour",
    "criminal damage arson": "criminal damage or arson",
    "hit and run": "hit-and-run",
}
#: Names of crime that are no countable noun, and what one record of them is called.
_UNCOUNTABLE = {
    "shoplifting": ("case of shoplifting", "cases of shoplifting"),
    "anti-social behaviour": ("report of anti-social behaviour", "reports of anti-social behaviour"),
    "criminal damage": ("case of criminal damage", "cases of criminal damage"),
    "criminal damage or arson": ("case of criminal damage or arson", "cases of criminal damage or arson"),
    "criminal damage and arson": ("case of criminal damage or arson", "cases of criminal damage or arson"),
    "violence": ("violent crime", "violent crimes"),
    "violence and sexual offences": ("violent or sexual offence", "violent or sexual offences"),
    "violent crime": ("violent crime", "violent crimes"),
    "public order": ("public order offence", "public order offences"),
    "destruction of property": ("case of property destroyed", "cases of property destroyed"),
    "larceny": ("larceny", "larcenies"),
    "arson": ("arson", "arsons"),
    "drugs": ("drugs offence", "drugs offences"),
    "weapons": ("weapons offence", "weapons offences"),
    "harm": ("point of harm", "points of harm"),
}
#: From this expected count on we count events, below it we tell the odds.
_COUNTED_FROM = 0.95
_TENTHS_FROM = 0.35
_HALF = (0.45, 0.55)
_WHOLE_FROM = 9.5
_LEAST = 1e-5
#: Up to 1 in 100 to the one, up to 1 in 1,000 to the ten, and so on: no more exactly than it is known.
_ODDS_STEPS = ((100, 1), (1000, 10), (10_000, 100))


def crime_name(bundle: str) -> str:
    """Return the bundle's name as words: hyphens and underscores are spaces, but where English keeps one."""
    name = " ".join(bundle.replace("_", " ").replace("-", " ").split()) or "crime"
    return _SPELT.get(name.lower(), name)


def heading(bundle: str) -> str:
    """Return the bundle's name with a capital, for a heading or a label."""
    name = crime_name(bundle)
    return name[:1].upper() + name[1:]


def nouns(bundle: str) -> tuple[str, str]:
    """Return what one and what several events of the bundle are called."""
    name = crime_name(bundle)
    known = _UNCOUNTABLE.get(name.lower())
    if known:
        return known
    for joint in (" from ", " of ", " in "):
        head, found, rest = name.partition(joint)
        if found:
            return name, f"{nouns(head)[1]}{found}{rest}"
    if " and " in name or " or " in name or "," in name or name.endswith(("ing", "s")):
        return f"record of {name}", f"records of {name}"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name, f"{name[:-1]}ies"
    if name.endswith(("ch", "sh", "x", "z")):
        return name, f"{name}es"
    return name, f"{name}s"


def a_or_an(noun: str) -> str:
    """Return the noun after its article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def number(n: float) -> str:
    """Return a whole number: a word up to twelve, digits with commas after."""
    whole = round(n)
    return _SMALL[whole] if 0 <= whole < len(_SMALL) else f"{whole:,}"


def digits(n: float) -> str:
    """Return a number in digits: whole where it is whole, at most two decimals below one and one above."""
    if not np.isfinite(n):
        return "–"
    if abs(n - round(n)) < 1e-9:  # noqa: PLR2004 - whole, but for the float's last bits
        return f"{round(n):,}".replace("-", MINUS)
    return f"{n:,.{2 if abs(n) < 1 else 1}f}".replace("-", MINUS)


def counted(n: float, bundle: str) -> str:
    """Return ``no burglary``, ``one burglary``, ``three burglaries``."""
    one, many = nouns(bundle)
    return f"{number(n)} {one if round(n) in (0, 1) else many}"


def odds(expected: float) -> str:
    """Return a small expected count or a chance as odds ("1 in 50"), a larger one as a number ("1.4")."""
    if not np.isfinite(expected):
        return "unknown"
    if expected >= _COUNTED_FROM:
        return f"{round(about(expected)):,}" if expected >= _WHOLE_FROM else f"{expected:.1f}"
    if expected >= _TENTHS_FROM:
        return "1 in 2" if _HALF[0] <= expected <= _HALF[1] else f"{round(expected * 10)} in 10"
    if expected < _LEAST:
        return "under 1 in 100,000"
    n = 1 / expected
    step = next((step for limit, step in _ODDS_STEPS if n <= limit), 1000)
    return f"1 in {round(n / step) * step:,}"


def percent(share: float, decimals: int = 1) -> str:
    """Return a share as per cent with a space that does not break; "–" where there is none."""
    if not np.isfinite(share):
        return "–"
    if 0 < share < 0.0005:  # noqa: PLR2004 - would print as 0.0
        return f"under 0.1{NBSP}%"
    return f"{share * 100:.{decimals}f}{NBSP}%".replace("-", MINUS)


def percent_range(low: float, high: float) -> str:
    """Return an interval of shares as "11.7 to 19.9 %"."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return "–"
    return f"{low * 100:.1f} to {high * 100:.1f}{NBSP}%".replace("-", MINUS)


def signed(value: float) -> str:
    """Return a difference with its sign, in points: "+2.4" or "−1.9"."""
    text = f"{abs(value) * 100:.1f}"
    return ("+" if value >= 0 else MINUS) + text if float(text) else "0.0"


def about(n: float) -> float:
    """Return an expected number no more exact than it is known: from a hundred on to two figures."""
    return float(f"{n:.2g}") if n >= 99.5 else n  # noqa: PLR2004 - where words turn to three figures


def joined(parts: list[str]) -> str:
    """Return ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def ranks(numbers: list[int]) -> str:
    """Return ``1 to 6``, ``2``, or ``1, 3 and 5 to 7``: neighbours are drawn together from three on."""
    runs: list[list[int]] = []
    for n in sorted(numbers):
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    if len(runs) == 1 and len(runs[0]) == 2:  # noqa: PLR2004 - "1 and 2"
        return f"{runs[0][0]} and {runs[0][1]}"
    parts = [f"{r[0]} to {r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs]  # noqa: PLR2004
    return joined(", ".join(parts).split(", "))


def days_old(age: float, precision: DatePrecision) -> str:
    """Return how long ago an event was, as exactly as its feed can say."""
    if precision is DatePrecision.MONTH:
        months = round(age / _MONTH_DAYS)
        return "within the last month" if months < 1 else f"{months} month{'s' * (months != 1)} ago"
    whole = int(age)
    return "today" if age < 1 and precision is DatePrecision.DAY else "within a day" if age < 1 else (
        f"{whole} day{'s' * (whole != 1)} ago"
    )  # fmt: skip


def stretch(days: float, precision: DatePrecision) -> str:
    """Return a stretch of time in days, or in months where the feed knows no days: "4 days", "three months"."""
    whole = max(math.ceil(days / _MONTH_DAYS - 0.1 if precision is DatePrecision.MONTH else days), 1)
    if precision is DatePrecision.MONTH:
        return f"{number(whole)} month{'s' * (whole != 1)}"
    return f"{whole} day{'s' * (whole != 1)}"


def in_force(name: str) -> str:
    """Return where a force's crimes are: its place, or its area where the name is the office's own."""
    office = name.lower().endswith(("police", "constabulary", "service", "department"))
    return f"the area of {name}" if office else name


def instant(at: datetime, zone: ZoneInfo, *, with_year: bool = False) -> str:
    """Return ``Fri 21 Dec 18:00`` in the force's own time."""
    local = at.astimezone(zone)
    year = f" {local.year}" if with_year else ""
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1][:3]}{year} {local:%H:%M}"


def day(date_: date) -> str:
    """Return ``31 March 2019``."""
    return f"{date_.day} {_MONTHS[date_.month - 1]} {date_.year}"


def month(date_: date) -> str:
    """Return ``March 2017``."""
    return f"{_MONTHS[date_.month - 1]} {date_.year}"


def short_day(date_: date) -> str:
    """Return ``Fri 21 Dec``."""
    return f"{_DAYS[date_.weekday()]} {date_.day} {_MONTHS[date_.month - 1][:3]}"


def is_month(period: Period, zone: ZoneInfo) -> bool:
    """Tell whether the period is one local calendar month."""
    start, end = period.start.astimezone(zone), period.end.astimezone(zone)
    at_midnight = (start.hour, start.minute, end.hour, end.minute) == (0, 0, 0, 0)
    return at_midnight and start.day == end.day == 1 and (end - start) < timedelta(days=32)


def span(period: Period, zone: ZoneInfo) -> str:
    """Return the period with its end: ``Fri 21 Dec 18:00 to Sat 22 Dec 18:00, 2018``, or ``March 2017``."""
    if is_month(period, zone):
        return month(period.start.astimezone(zone).date())
    years = {at.astimezone(zone).year for at in (period.start, period.end)}
    if len(years) > 1:
        return f"{instant(period.start, zone, with_year=True)} to {instant(period.end, zone, with_year=True)}"
    return f"{instant(period.start, zone)} to {instant(period.end, zone)}, {years.pop()}"


@dataclass(frozen=True, slots=True)
class PeriodWords:
    """What one period is called: ``now`` ("tonight"), ``one`` ("night"), ``many`` ("nights")."""

    now: str
    one: str
    many: str


def period_words(period: Period, zone: ZoneInfo) -> PeriodWords:
    """Return the words for the period: a night, day, shift, week or month."""
    local = period.start.astimezone(zone)
    if is_month(period, zone):
        return PeriodWords(f"in {_MONTHS[local.month - 1]}", "month", "months")
    if period.duration > timedelta(days=2):
        week = timedelta(days=6) <= period.duration <= timedelta(days=8)
        return PeriodWords(
            "this week" if week else "in this period", *(("week", "weeks") if week else ("period", "periods"))
        )
    if period.duration <= timedelta(hours=13):
        return PeriodWords("this shift", "shift", "shifts")
    return PeriodWords("tonight", "night", "nights") if local.hour >= 15 else PeriodWords("today", "day", "days")  # noqa: PLR2004


PRECISION = {
    LocationPrecision.EXACT: "Exact locations.",
    LocationPrecision.BLOCK: "Locations to the block.",
    LocationPrecision.STREET_SNAPPED: "Locations moved to a point on or near the street.",
    LocationPrecision.AREA: "Locations to the area only.",
}


def decimal(value: float) -> str:
    """Return a number to two decimals; a dash where it does not exist."""
    return "–" if not np.isfinite(value) else f"{value:.2f}".replace("-", MINUS)
