"""A query as it is read: one box, in which a name, a plate, a phone, a reference or words may stand."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from peelian.errors import RecordError
from peelian.records.catalogue import Kind
from peelian.records.normal import (
    address_words,
    email_key,
    is_postcode,
    phone_key,
    plate_key,
    reference_key,
    words_of,
)
from peelian.records.writing import clean

_PHONE = re.compile(r"\+?[\d\s().\-/]{6,30}")
_LEAST_DIGITS, _LONGEST_PLATE, _LEAST_REFERENCE = 6, 8, 4
_LEAST_PART = 3
_LONGEST, _MOST_WORDS = 200, 12


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query may mean. ``keys`` are whole identifiers; ``part`` is a piece of one, at least three characters.

    ``names`` are its words as names and addresses write them; ``words`` as texts do.
    """

    text: str
    keys: tuple[tuple[Kind, str], ...]
    part: str
    names: tuple[str, ...]
    words: tuple[str, ...]


def read_query(text: str) -> Reading:
    """Return the reading of a query.

    Raises
    ------
    RecordError
        When it is longer than any name or has control characters.
    """
    whole = " ".join(clean(text).split())
    if len(whole) > _LONGEST:
        raise RecordError(f"the query has {len(whole)} characters; at most {_LONGEST}. Search for a few words of it.")
    code = reference_key(whole)
    has_digit = any(c.isdigit() for c in code)
    keys: list[tuple[Kind, str]] = []
    digits = sum(c.isdigit() for c in whole)
    if digits >= _LEAST_DIGITS and _PHONE.fullmatch(whole):
        keys.append((Kind.PHONE, phone_key(whole)))
    if "@" in whole:
        keys.append((Kind.EMAIL, email_key(whole)))
    if has_digit and len(code) <= _LONGEST_PLATE and any(c.isalpha() for c in code):
        keys.append((Kind.PLATE, plate_key(whole)))
    if is_postcode(whole):
        keys.append((Kind.POSTCODE, code))
    if has_digit and len(code) >= _LEAST_REFERENCE:
        keys.append((Kind.REFERENCE, code))
    elif 2 <= len(code) <= _LONGEST_PLATE and has_digit:  # noqa: PLR2004 - a postcode district such as M1
        keys.append((Kind.POSTCODE, code))
    named = whole
    tail = _tail_postcode(whole)
    if tail:
        keys.append((Kind.POSTCODE, reference_key(tail)))
        named = whole[: -len(tail)]
    is_part = len(code) >= _LEAST_PART and (has_digit or "@" in whole) and " " not in whole.strip("*?")
    return Reading(
        whole,
        tuple(keys),
        code if is_part else "",
        address_words(named)[:_MOST_WORDS],
        words_of(whole)[:_MOST_WORDS],
    )


def _tail_postcode(text: str) -> str:
    """Return the postcode at the end of a longer text, as it is written there; empty where there is none."""
    tokens = text.split(" ")
    for n in (2, 1):
        tail = " ".join(tokens[-n:])
        if len(tokens) > n and is_postcode(tail):
            return tail
    return ""


@dataclass(frozen=True, slots=True)
class Near:
    """Within ``radius_m`` of a point, in metres of ``crs``."""

    crs: str
    x: float
    y: float
    radius_m: float

    def __post_init__(self) -> None:
        """Refuse a circle that is none, or a whole country."""
        if not 0 < self.radius_m <= 50_000:  # noqa: PLR2004 - wider than a city
            raise RecordError(f"distance {self.radius_m:g} m: give more than 0 and at most 50,000.")


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search; an empty field narrows nothing. ``[since, until)`` meets the time it happened."""

    types: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    crime_types: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    near: Near | None = None
    changed_since: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse times without a zone and spans that run backwards."""
        for name in ("since", "until", "changed_since"):
            at = getattr(self, name)
            if at is not None and at.tzinfo is None:
                raise RecordError(f"{name} = {at.isoformat()} has no time zone.")
        if self.since and self.until and self.until <= self.since:
            raise RecordError(f"the time span ends at {self.until} before it begins at {self.since}.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is narrowed."""
        return self == Filters()


@dataclass(frozen=True, slots=True)
class Why:
    """Why a hit matched: in which property, what stands there, and how it met the query, in words."""

    property: str
    text: str
    how: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One record that was found."""

    record: int
    type: str
    title: str
    score: float
    why: tuple[Why, ...]
    area: str = ""
    crime_type: str = ""
    happened_from: datetime | None = None
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of hits, best first. ``found`` counts all pages; ``is_capped`` tells that more may match than were ranked.

    ``notices`` tell of records that match to the letter and that the actor may not read: whom to ask, no more.
    """

    hits: tuple[Hit, ...]
    found: int
    is_capped: bool
    number: int
    size: int
    notices: tuple[str, ...] = field(default=())
