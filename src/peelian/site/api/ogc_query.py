"""What may be asked of a layer, and how it is read: bbox, datetime, limit, and a few properties."""

import math
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from peelian.errors import SourceError
from peelian.site.api.shelf import Wanted
from peelian.store.night_boxes import Bounds

TOKEN = "token"  # noqa: S105 - the name of a parameter
ITEMS = ("bbox", "datetime", "limit", "offset", "force", "area_id", "crime_type")
DEFAULT, MOST = 1000, 10_000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class ItemsAsked:
    """Which boxes, and which part of them."""

    wanted: Wanted
    limit: int
    offset: int


def need_known(request: HttpRequest, *known: str) -> None:
    """Refuse a parameter that the interface does not name, as the standard wants.

    Raises
    ------
    SourceError
        With the ones that are known.
    """
    allowed = {*known, TOKEN, "f"}
    for name in sorted(request.GET):
        if name not in allowed:
            raise SourceError(f"unknown parameter {name!r}; known are {', '.join(sorted(allowed))}.")
    if request.GET.get("f", "json") != "json":
        raise SourceError(f"f = {request.GET['f']!r}; this interface speaks json only.")


def items_asked(request: HttpRequest, level: str) -> ItemsAsked:
    """Return what a query asks of a layer.

    Raises
    ------
    SourceError
        When a value cannot be read, with what was wanted.
    """
    query = request.GET
    begins, ends = _times(query["datetime"]) if "datetime" in query else (None, None)
    wanted = Wanted(
        force=_text(request, "force"),
        level=level,
        area=_text(request, "area_id"),
        crime_type=_text(request, "crime_type"),
        bounds=_bounds(query["bbox"]) if "bbox" in query else None,
        begins=begins,
        ends=ends,
    )
    limit = _whole("limit", query.get("limit", str(DEFAULT)), 1)
    return ItemsAsked(wanted, min(limit, MOST), _whole("offset", query.get("offset", "0"), 0))


def _text(request: HttpRequest, name: str) -> str | None:
    text = request.GET.get(name)
    if text is not None and not (0 < len(text) <= _LONGEST and text.isprintable()):
        raise SourceError(f"{name} = {text!r}; wanted is one line of 1 to {_LONGEST} characters.")
    return text


def _whole(name: str, text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= least):  # noqa: PLR2004 - a thousand million
        raise SourceError(f"{name} = {text!r}; wanted is a whole number from {least}.")
    return int(text)


def _bounds(text: str) -> Bounds:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # noqa: PLR2004 - with heights, which boxes do not have
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)) or numbers[1] > numbers[3]:  # noqa: PLR2004
        raise SourceError(f"bbox = {text!r}; wanted are west,south,east,north in degrees, south below north.")
    return (numbers[0], numbers[1], numbers[2], numbers[3])


def _times(text: str) -> tuple[datetime | None, datetime | None]:
    """Return the two ends of an interval, or an instant twice; an open end is None."""
    parts = text.split("/")
    if len(parts) > 2 or (len(parts) == 1 and not parts[0]):  # noqa: PLR2004 - one instant or two ends
        raise SourceError(f"datetime = {text!r}; wanted is an instant, or two with a slash between.")
    ends = [_instant(part, text) for part in parts]
    begins, until = ends[0], ends[-1]
    if len(parts) == 1 and begins is None:
        raise SourceError(f"datetime = {text!r}; an open end needs the other end: {text}/2018-12-21T18:00:00Z.")
    if begins is not None and until is not None and begins > until:
        raise SourceError(f"datetime = {text!r}; the interval ends before it begins.")
    return begins, until


def _instant(text: str, whole: str) -> datetime | None:
    if text in ("", ".."):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or "T" not in text.upper():
        raise SourceError(f"datetime = {whole!r}; write an instant with its offset: 2018-12-21T18:00:00Z.")
    return instant
