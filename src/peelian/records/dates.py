"""Dates as they are known: to the minute, the day, the month or the year, or as a span. Nothing invents an hour."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from peelian.errors import RecordError

_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_LENGTHS = {1: "year", 2: "month", 3: "day"}


@dataclass(frozen=True, slots=True)
class When:
    """A span ``[start, end)`` in UTC as a record tells it; ``start == end`` for an instant.

    ``text`` is the record's own writing: ``2017``, ``2017-08``, ``2017-08-24``, ``2017-08-24T13:05+01:00`` or two of
    these with a stroke between.
    """

    text: str
    start: datetime
    end: datetime
    precision: str


def read_when(text: str) -> When:
    """Return the date that a text writes. A day, month or year without a zone is counted in UTC.

    Raises
    ------
    RecordError
        When the text is no date, or the span runs backwards.
    """
    whole = text.strip()
    first, stroke, last = whole.partition("/")
    begin = _one(first)
    if not stroke:
        return begin
    end = _one(last)
    if end.end < begin.start:
        raise RecordError(f"date {whole!r} runs backwards; write the earlier one first.")
    return When(f"{begin.text}/{end.text}", begin.start, end.end, "span")


def _one(text: str) -> When:
    text = text.strip()
    try:
        if day := _DAY.fullmatch(text):
            parts = [int(p) for p in day.groups() if p]
            year, month, date = (*parts, 1, 1)[:3]
            start = datetime(year, month, date, tzinfo=UTC)
            days = {1: 366 if monthrange(year, 2)[1] == 29 else 365, 2: monthrange(year, month)[1], 3: 1}  # noqa: PLR2004 - leap
            return When(text, start, start + timedelta(days=days[len(parts)]), _LENGTHS[len(parts)])
        at = datetime.fromisoformat(text)
        instant = at if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RecordError(
            f"date {text!r} cannot be read; write 2017, 2017-08, 2017-08-24 or 2017-08-24T13:05+01:00."
        ) from error
    if at.tzinfo is None:
        raise RecordError(f"time {text!r} has no zone; write it as {text}+00:00, or the day alone.")
    return When(at.isoformat(timespec="seconds" if at.second else "minutes"), instant, instant, "minute")
