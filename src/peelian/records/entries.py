"""An entry: what of a record can be searched, worked out from what its statements say. The index only keeps it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from peelian.records.catalogue import Kind, Property, RecordType
from peelian.records.dates import read_when
from peelian.records.entities import title_of
from peelian.records.normal import (
    address_words,
    email_key,
    fold_once,
    phone_key,
    plate_key,
    reference_key,
    words_of,
)
from peelian.records.points import Point, read_point

#: The kind of a term that is a word of a name or an address; the other kinds are identifiers.
WORD = "word"
_KEY_OF: Mapping[Kind, Callable[[str], str]] = {
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
        find = _KEY_OF.get(self.kind)
        return find(self.text) if find else ""


@dataclass(frozen=True, slots=True)
class Text:
    """A longer text of a record, searched by its words."""

    label: str
    text: str

    @property
    def words(self) -> str:
        """The folded words, as the full-text index takes them."""
        return " ".join(fold_once(line) for line in self.text.splitlines()).strip()


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


_PARTS = ("given-name", "surname")


def entry_of(record_type: RecordType, texts: Mapping[str, tuple[str, ...]]) -> Entry:
    """Return the entry of a record whose standing values are these, the best of each property first.

    The first value of a date or code property marked ``filter`` is the one a search is narrowed by.
    """
    known = {name: (prop, texts[name]) for name, prop in record_type.properties.items() if texts.get(name)}
    span = next((read_when(v[0]) for p, v in known.values() if p.filter and p.kind is Kind.DATE), None)
    return Entry(
        title_of(record_type, texts),
        tuple(_lines(record_type, known)),
        tuple(Text(prop.label, v) for prop, values in known.values() if prop.kind is Kind.TEXT for v in values),
        next((v[0] for p, v in known.values() if p.filter and p.kind is Kind.CODE), ""),
        span.start if span else None,
        span.end if span else None,
        next((read_point(v[0]) for p, v in known.values() if p.kind is Kind.POINT), None),
    )


def _lines(record_type: RecordType, known: Mapping[str, tuple[Property, tuple[str, ...]]]) -> Iterator[Line]:
    """Yield the lines: given name and surname as one, so that a query with both meets one line; then every other."""
    has_parts = all(part in record_type.properties for part in _PARTS)
    first = [known[part][1][0] for part in _PARTS if part in known] if has_parts else []
    if first:
        yield Line("Name", Kind.NAME, " ".join(first))
    for name, (prop, values) in known.items():
        if prop.kind in _KEY_OF or prop.kind in (Kind.NAME, Kind.ADDRESS):
            for value in values[1:] if first and name in _PARTS else values:
                yield Line(prop.label, prop.kind, value)
