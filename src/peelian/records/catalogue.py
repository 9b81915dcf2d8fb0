"""Types of records as data: which properties a record may have, and which links may tie which records.

The shipped types stand in ``types/*.toml``; a force adds its own with a file under ``HOME/record-types/``. A new type
is a file, not a migration.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from peelian.errors import RecordError

#: The type of the link by which two records are one thing.
SAME_AS = "same-as"


class Kind(StrEnum):
    """What a property's values are."""

    TEXT = "text"
    NAME = "name"
    DATE = "date"
    NUMBER = "number"
    PHONE = "phone"
    PLATE = "plate"
    EMAIL = "e-mail"
    POINT = "point"
    CODE = "code"
    REFERENCE = "reference"
    POSTCODE = "postcode"
    ADDRESS = "address"


class Family(StrEnum):
    """The four kinds of thing that a police force keeps records of."""

    PEOPLE = "people"
    OBJECTS = "objects"
    LOCATIONS = "locations"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a type. ``single``: a later value of the same source corrects the earlier.

    ``filter`` marks the property by whose values a search is narrowed (a date, or the type of crime);
    ``codes`` closes the list of values; ``personal`` tells of a person.
    """

    name: str
    kind: Kind
    label: str
    single: bool = False
    personal: bool = False
    filter: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordType:
    """One type of record. ``title`` lists sets of properties; the first set that has a value names the record."""

    name: str
    family: Family
    label: str
    title: tuple[tuple[str, ...], ...]
    properties: Mapping[str, Property]

    def property(self, name: str) -> Property:
        """Return the property of that name.

        Raises
        ------
        RecordError
            When the type has no such property, with the nearest that it has.
        """
        found = self.properties.get(name)
        if found is None:
            raise RecordError(f"a {self.name} has no property {name!r}{_nearest(name, self.properties)}")
        return found


@dataclass(frozen=True, slots=True)
class LinkType:
    """One type of link. ``start`` and ``end`` list the types of record it may tie; ``same`` ties two of one type."""

    name: str
    label: str
    back: str
    start: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    same: bool = False
    place: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every type of record and of link that a store knows."""

    types: Mapping[str, RecordType]
    links: Mapping[str, LinkType]

    def type(self, name: str) -> RecordType:
        """Return the record type of that name.

        Raises
        ------
        RecordError
            When there is no such type, with the nearest that there is.
        """
        found = self.types.get(name)
        if found is None:
            raise RecordError(
                f"record type {name!r} is not known{_nearest(name, self.types)} "
                "A force adds a type with a file in HOME/record-types."
            )
        return found

    def link(self, name: str) -> LinkType:
        """Return the link type of that name.

        Raises
        ------
        RecordError
            When there is no such link, with the nearest that there is.
        """
        found = self.links.get(name)
        if found is None:
            raise RecordError(f"link type {name!r} is not known{_nearest(name, self.links)}")
        return found

    def check_link(self, name: str, start: str, end: str) -> LinkType:
        """Return the link type when it may tie records of these two types, in this order.

        Raises
        ------
        RecordError
            When it may not, with what it ties.
        """
        link = self.link(name)
        if link.same:
            if start != end:
                raise RecordError(f"link {name!r} ties two records of one type, not a {start} and a {end}.")
        elif start not in link.start or end not in link.end:
            raise RecordError(
                f"link {name!r} leads from {' or '.join(link.start)} to {' or '.join(link.end)}, "
                f"not from {start} to {end}."
            )
        return link


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """Return the types that come with Peelian."""
    folder = files("peelian.records").joinpath("types")
    return read_catalogue((f.name, f.read_text(encoding="utf-8")) for f in folder.iterdir() if f.name.endswith(".toml"))


def read_catalogue(texts: Iterable[tuple[str, str]], base: Catalogue | None = None) -> Catalogue:
    """Return the catalogue written in these (file name, TOML text) pairs, on top of ``base``.

    A file holds one record type, or ``[links.NAME]`` tables, or both. A type of a known name replaces it.

    Raises
    ------
    RecordError
        When a file is no TOML, holds an unknown key or kind, or a link names an unknown type.
    """
    types: dict[str, RecordType] = dict(base.types) if base else {}
    links: dict[str, LinkType] = dict(base.links) if base else {}
    for name, text in sorted(texts):
        try:
            written = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RecordError(f"{name}: {error}. Mend the file; TOML has quotes around text.") from error
        for link_name, body in written.pop("links", {}).items():
            links[link_name] = _link(name, link_name, body)
        if written:
            made = _type(name, written)
            types[made.name] = made
    for link in links.values():
        for end in (*link.start, *link.end):
            if end not in types:
                raise RecordError(f"link {link.name!r} names the record type {end!r}, which no file describes.")
    return Catalogue(MappingProxyType(dict(sorted(types.items()))), MappingProxyType(dict(sorted(links.items()))))


def _type(file: str, written: Mapping[str, Any]) -> RecordType:
    _check_keys(file, written, {f.name for f in fields(RecordType)})
    _check_needed(file, written, ("name", "family", "label", "title", "properties"))
    properties = {key: _property(file, key, body) for key, body in written["properties"].items()}
    title = tuple(tuple(names) for names in written["title"])
    for name in (n for names in title for n in names):
        if name not in properties:
            raise RecordError(f"{file}: title names {name!r}, which is no property of {written['name']!r}.")
    return RecordType(
        _name(file, written["name"]),
        _one_of(file, "family", Family, written["family"]),
        str(written["label"]),
        title,
        MappingProxyType(properties),
    )


def _property(file: str, name: str, body: Mapping[str, Any]) -> Property:
    known = {f.name for f in fields(Property)} - {"name"}
    _check_keys(f"{file} [properties.{name}]", body, known)
    _check_needed(f"{file} [properties.{name}]", body, ("kind", "label"))
    given = {**body, "kind": _one_of(file, name, Kind, body["kind"]), "codes": tuple(body.get("codes", ()))}
    return Property(_name(file, name), **given)


def _link(file: str, name: str, body: Mapping[str, Any]) -> LinkType:
    known = {f.name for f in fields(LinkType)} - {"name"}
    _check_keys(f"{file} [links.{name}]", body, known)
    _check_needed(f"{file} [links.{name}]", body, ("label", "back"))
    given = {**body, "start": tuple(body.get("start", ())), "end": tuple(body.get("end", ()))}
    return LinkType(_name(file, name), **given)


def _name(file: str, name: str) -> str:
    if not name or len(name) > 63 or not all(c.isascii() and (c.islower() or c.isdigit() or c == "-") for c in name):  # noqa: PLR2004 - the column's width
        raise RecordError(f"{file}: {name!r} cannot name a type or property: use lower-case letters, digits, hyphens.")
    return name


def _one_of(file: str, key: str, choices: Any, value: object) -> Any:  # noqa: ANN401 - a member of the enum given
    try:
        return choices(value)
    except ValueError as error:
        raise RecordError(f"{file}: {key} = {value!r}; known are {', '.join(choices)}.") from error


def _check_keys(where: str, written: Mapping[str, Any], known: Iterable[str]) -> None:
    for key in written:
        if key not in known:
            raise RecordError(f"{where}: unknown key {key!r}{_nearest(key, known)}")


def _check_needed(where: str, written: Mapping[str, Any], needed: Iterable[str]) -> None:
    for key in needed:
        if key not in written:
            raise RecordError(f"{where}: {key!r} is missing.")


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}."
