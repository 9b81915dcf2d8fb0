"""A mapping: the TOML file that says which columns of which files are which property of which record. Strict."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from peelian.errors import SourceError
from peelian.places.forces import LocationPrecision
from peelian.places.periods import zone
from peelian.places.projections import Projection, parse_crs


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns whose cells, joined by ``join``, are one value; cut at ``split``, where it is given, they are several.

    ``formats`` read a date that is not written as ours.
    """

    names: tuple[str, ...]
    join: str = " "
    formats: tuple[str, ...] = ()
    split: str = ""


@dataclass(frozen=True, slots=True)
class RecordsPart:
    """``[[records]]``: one kind of file, each row a record. ``constants`` are values that every row has."""

    file: str
    type: str
    key: tuple[str, ...]
    values: Mapping[str, Columns]
    constants: Mapping[str, str]
    area: str = ""


@dataclass(frozen=True, slots=True)
class LinksPart:
    """``[[links]]``: one kind of file, each row a link between two records that it names by their keys."""

    file: str
    type: str
    start: tuple[str, ...]
    end: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RecordMapping:
    """The whole mapping. ``unknown`` are cells that say 'nobody knows'; blank cells say nothing.

    ``first_search`` is a query to show after an import: what the store finds in these files.
    """

    source: str
    encoding: str
    delimiter: str
    crs: str
    metric_crs: str
    precision: LocationPrecision
    time_zone: str
    unknown: frozenset[str]
    records: tuple[RecordsPart, ...]
    links: tuple[LinksPart, ...]
    first_search: str = ""


_TOP = {"source", "first_search", "encoding", "delimiter", "place", "time_zone", "unknown", "records", "links"}
_PLACE = {"crs", "metric_crs", "precision"}
_RECORDS = {"file", "type", "key", "values", "constants", "area"}
_LINKS = {"file", "type", "start", "end", "detail"}
_COLUMNS = {"columns", "join", "format", "split"}


def shipped_mappings() -> tuple[str, ...]:
    """Return the names of the mappings that come with Peelian."""
    folder = files("peelian.sources.pole").joinpath("mappings")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def read_shipped(name: str) -> RecordMapping:
    """Return a mapping that comes with Peelian."""
    text = files("peelian.sources.pole").joinpath("mappings", f"{name}.toml").read_text(encoding="utf-8")
    return read_mapping(text, f"{name}.toml")


def read_mapping_file(path: Path) -> RecordMapping:
    """Return the mapping in a file.

    Raises
    ------
    SourceError
        When it cannot be read or is no mapping.
    """
    try:
        return read_mapping(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read ({error}). Check the path.") from error


def read_mapping(text: str, where: str) -> RecordMapping:
    """Return the mapping that a TOML text writes.

    Raises
    ------
    SourceError
        When it is no TOML, or a key is unknown, missing or of another kind.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{where}: {error}. Mend the file; TOML has quotes around text.") from error
    _known(where, told, _TOP)
    place = _table(where, told.get("place", {}))
    _known(f"{where} [place]", place, _PLACE)
    metric = str(place.get("metric_crs", "EPSG:27700"))
    Projection(metric)
    crs = str(place.get("crs", "EPSG:4326"))
    parse_crs(crs)
    zone_name = str(told.get("time_zone", "Europe/London"))
    zone(zone_name)
    source = _text(where, told, "source")
    return RecordMapping(
        source,
        str(told.get("encoding", "utf-8")),
        str(told.get("delimiter", ",")),
        crs,
        metric,
        _precision(where, place.get("precision", "exact")),
        zone_name,
        frozenset(_texts(where, told.get("unknown", []))),
        tuple(_records(where, body) for body in told.get("records", ())),
        tuple(_links(where, body) for body in told.get("links", ())),
        str(told.get("first_search", "")),
    )


def _records(where: str, body: Mapping[str, Any]) -> RecordsPart:
    spot = f"{where} [[records]] {body.get('file', '')}"
    _known(spot, body, _RECORDS)
    values = {name: _columns(f"{spot} {name}", told) for name, told in _table(spot, body.get("values", {})).items()}
    constants = {name: str(value) for name, value in _table(spot, body.get("constants", {})).items()}
    return RecordsPart(
        _text(spot, body, "file"),
        _text(spot, body, "type"),
        _texts(spot, body.get("key", [])) or _missing(spot, "key"),
        MappingProxyType(values),
        MappingProxyType(constants),
        str(body.get("area", "")),
    )


def _links(where: str, body: Mapping[str, Any]) -> LinksPart:
    spot = f"{where} [[links]] {body.get('file', '')}"
    _known(spot, body, _LINKS)
    return LinksPart(
        _text(spot, body, "file"),
        _text(spot, body, "type"),
        _texts(spot, body.get("start", [])) or _missing(spot, "start"),
        _texts(spot, body.get("end", [])) or _missing(spot, "end"),
        str(body.get("detail", "")),
    )


def _columns(where: str, told: object) -> Columns:
    if not isinstance(told, dict):
        return Columns(_texts(where, told))
    _known(where, told, _COLUMNS)
    return Columns(
        _texts(where, told.get("columns", [])) or _missing(where, "columns"),
        str(told.get("join", " ")),
        _texts(where, told.get("format", [])),
        str(told.get("split", "")),
    )


def _precision(where: str, told: object) -> LocationPrecision:
    try:
        return LocationPrecision(str(told))
    except ValueError as error:
        raise SourceError(
            f"{where} [place]: precision = {told!r}; known are {', '.join(LocationPrecision)}."
        ) from error


def _table(where: str, told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise SourceError(f"{where}: {told!r} is no table.")
    return told


def _text(where: str, told: Mapping[str, Any], key: str) -> str:
    if not isinstance(told.get(key), str) or not told[key].strip():
        _missing(where, key)
    return str(told[key]).strip()


def _texts(where: str, told: object) -> tuple[str, ...]:
    if isinstance(told, str):
        return (told,)
    if not isinstance(told, list) or not all(isinstance(t, str) for t in told):
        raise SourceError(f"{where}: {told!r} is neither a text nor a list of texts.")
    return tuple(told)


def _missing(where: str, key: str) -> tuple[str, ...]:
    raise SourceError(f"{where}: {key!r} is missing.")


def _known(where: str, told: Mapping[str, Any], known: set[str]) -> None:
    import difflib

    for key in told:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}."
            raise SourceError(f"{where}: unknown key {key!r}{hint}")
