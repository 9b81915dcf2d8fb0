"""An entry: what of a record can be searched, worked out from what its statements say. Pure; the index only keeps it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from peelian.records.catalogue import Kind, RecordType
from peelian.records.dates import read_when
from peelian.records.entities import title_of
from peelian.records.normal import (
    address_words,
    email_key,
    fold,
    phone_key,
    plate_key,
    reference_key,
    words_of,
)
from peelian.records.points import Point, read_point

#: The kind of a term that is a word of a name or an address; the other kinds are identifiers.
WORD = "word"
_KEY_OF = {
    Kind.PHONE: phone_key,
    Kind.PLATE: plate_key,
    Kind.EMAIL: email_key,
    Kind.POSTCODE: reference_key,
    Kind.REFERENCE: reference_key,
}
_LONGEST_TERM = 120


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a record by which it is found: the property's label, its kind and the value."""

    label: str
    kind: Kind
    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """The folded words of a name or address."""
        return address_words(self.text) if self.kind is Kind.ADDRESS else words_of(self.text)

    @property
    def key(self) -> str:
        """The identifier's key; empty for names and addresses."""
        return _KEY_OF[self.kind](self.text) if self.kind in _KEY_OF else ""


@dataclass(frozen=True, slots=True)
class Text:
    """A longer text of a record, searched by its words."""

    property: str
    text: str

    @property
    def words(self) -> str:
        """The folded words, as the full-text index takes them."""
        return fold_text(self.text)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index keeps of one record."""

    title: str
    lines: tuple[Line, ...]
    texts: tuple[Text, ...]
    crime_type: str
    happened_from: datetime | None
    happened_to: datetime | None
    point: Point | None

    def terms(self) -> Iterator[tuple[str, str]]:
        """Yield (kind, text) of every term under which the record is found, each once."""
        seen: set[tuple[str, str]] = set()
        for line in self.lines:
            told = [(line.kind.value, line.key)] if line.kind in _KEY_OF else [(WORD, w) for w in line.words]
            for kind, text in told:
                term = (kind, text[:_LONGEST_TERM])
                if text and term not in seen:
                    seen.add(term)
                    yield term

    def lines_json(self) -> str:
        """Return the lines as the index keeps them."""
        return json.dumps([[line.label, line.kind.value, line.text] for line in self.lines], ensure_ascii=False)


def lines_from_json(text: str) -> tuple[Line, ...]:
    """Return the lines that the index keeps."""
    return tuple(Line(label, Kind(kind), value) for label, kind, value in json.loads(text))


def entry_of(record_type: RecordType, texts: Mapping[str, tuple[str, ...]]) -> Entry:
    """Return the entry of a record whose standing values are these.

    The first value of a date or code property marked ``filter`` is the one a search is narrowed by.
    """
    lines: list[Line] = []
    longer: list[Text] = []
    crime_type, span, point = "", None, None
    names = _full_name(record_type, texts)
    if names:
        lines.append(Line("Name", Kind.NAME, names))
    for name, values in texts.items():
        prop = record_type.properties.get(name)
        if prop is None:
            continue
        for value in values:
            if prop.kind in _KEY_OF or prop.kind in (Kind.NAME, Kind.ADDRESS):
                if not (names and name in _PARTS):
                    lines.append(Line(prop.label, prop.kind, value))
            elif prop.kind is Kind.TEXT:
                longer.append(Text(prop.label, value))
            elif prop.kind is Kind.POINT and point is None:
                point = read_point(value)
        if prop.filter and values:
            if prop.kind is Kind.DATE:
                span = read_when(values[0])
            elif prop.kind is Kind.CODE:
                crime_type = values[0]
    # Every spelling of a part of the name beyond the first is a line of its own.
    if names:
        for name in _PARTS:
            lines += [Line(record_type.properties[name].label, Kind.NAME, v) for v in texts.get(name, ())[1:]]
    return Entry(
        title_of(record_type, texts),
        tuple(lines),
        tuple(longer),
        crime_type,
        span.start if span else None,
        span.end if span else None,
        point,
    )


_PARTS = ("given-name", "surname")


def _full_name(record_type: RecordType, texts: Mapping[str, tuple[str, ...]]) -> str:
    """Return given name and surname in one line, so that a query with both meets one line."""
    if not all(part in record_type.properties for part in _PARTS):
        return ""
    return " ".join(texts[part][0] for part in _PARTS if texts.get(part))


def fold_text(text: str) -> str:
    """Return a long text in folded words, line by line (the cache of ``fold`` is for short ones)."""
    return " ".join(fold(line) if len(line) < 80 else fold.__wrapped__(line) for line in text.splitlines()).strip()  # noqa: PLR2004 - a line of a form


def searchable(values: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Return (property, value) pairs as texts by property."""
    texts: dict[str, tuple[str, ...]] = {}
    for name, value in values:
        texts[name] = (*texts.get(name, ()), value)
    return texts
