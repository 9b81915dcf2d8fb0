"""A mapping: a small TOML file that says how to read any incident file. Strict: an unknown key is refused."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from peelian.errors import PeelianError, SourceError
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.places.projections import parse_crs

_T = TypeVar("_T")
#: The label that stands for all that are not listed under [crime_types].
ANY = "*"


@dataclass(frozen=True, slots=True)
class ForcePart:
    """``[force]``: whose events these are."""

    id: str
    name: str
    time_zone: str
    location_precision: str = "exact"
    date_precision: str = "minute"


@dataclass(frozen=True, slots=True)
class FilePart:
    """``[file]``: how the text is written."""

    encoding: str = "utf-8"
    delimiter: str = ","


@dataclass(frozen=True, slots=True)
class PlacePart:
    """``[place]``: the CRS of x and y as the file gives them, and the metric one to keep (chosen when left out)."""

    crs: str
    metric_crs: str = ""


@dataclass(frozen=True, slots=True)
class TimePart:
    """``[time]``: how dates are written, tried in this order, and what is assumed of recording."""

    formats: tuple[str, ...]
    assumed_delay_hours: float = 24.0
    most_years_before: float = 2.0


@dataclass(frozen=True, slots=True)
class ColumnsPart:
    """``[columns]``: the file's own names. Dates may be two columns (day, hour), joined by a blank.

    ``id`` may be several columns too (report number, offence), joined by a slash.
    A column that is not named here is never read.
    """

    crime_type: str
    x: str
    y: str
    occurred_from: tuple[str, ...]
    occurred_to: tuple[str, ...] = ()
    recorded_at: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    street: str = ""
    district: str = ""
    status: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class RefusePart:
    """``[refuse]``: labels that are not wanted, and values of the origin column that mean "police found it"."""

    crime_types: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusPart:
    """``[status]``: values that take an event back; all others leave it standing."""

    retracted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AreasPart:
    """``[areas]``: a polygon layer that comes with the feed; ``file`` stands beside the mapping."""

    level: str
    file: str
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class FeedMapping:
    """A whole mapping file. ``crime_types`` turns the feed's labels into ours; ``"*"`` stands for the rest."""

    force: ForcePart
    place: PlacePart
    time: TimePart
    columns: ColumnsPart
    crime_types: Mapping[str, str]
    file: FilePart = FilePart()
    refuse: RefusePart = RefusePart()
    status: StatusPart = StatusPart()
    areas: AreasPart | None = None


_PARTS = {
    "force": ForcePart,
    "file": FilePart,
    "place": PlacePart,
    "time": TimePart,
    "columns": ColumnsPart,
    "refuse": RefusePart,
    "status": StatusPart,
    "areas": AreasPart,
}
_NEEDED = ("force", "place", "time", "columns", "crime_types")


def read_mapping(path: Path) -> FeedMapping:
    """Return the mapping of that file.

    Raises
    ------
    SourceError
        When the file cannot be read, a key is unknown or missing, or a value cannot be right.
    """
    try:
        return parse_mapping(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: the mapping cannot be read ({error}). Draft one with --suggest.") from error


def parse_mapping(text: str, where: str = "mapping") -> FeedMapping:
    """Return the mapping that a TOML text says; ``where`` names it in errors."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{where}: {error}. TOML has quotes around text, and = between key and value.") from error
    _check_keys(where, "", written, [*_PARTS, "crime_types"])
    for name in _NEEDED:
        if name not in written:
            raise SourceError(f"{where}: [{name}] is missing; a mapping needs {', '.join(f'[{n}]' for n in _NEEDED)}.")
    parts: dict[str, Any] = {
        name: _part(where, name, kind, written[name]) for name, kind in _PARTS.items() if name in written
    }
    types = written["crime_types"]
    if not isinstance(types, dict) or not types or not all(isinstance(v, str) and v for v in types.values()):
        raise SourceError(
            f'{where} [crime_types]: give the feed\'s label and our name, such as "Burglary" = "burglary".'
        )
    mapping = FeedMapping(**parts, crime_types=MappingProxyType({k.strip(): v for k, v in types.items()}))
    _check_sense(where, mapping)
    return mapping


def _part(where: str, name: str, kind: type[_T], written: Any) -> _T:  # noqa: ANN401 - whatever the file holds
    if not isinstance(written, dict):
        raise SourceError(f"{where}: {name} = {written!r}; write it as a table, [{name}].")
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]  # every kind in _PARTS is a dataclass
    _check_keys(where, name, written, list(known))
    values = {key: _value(f"{where} [{name}] {key}", known[key].type, value) for key, value in written.items()}
    try:
        return kind(**values)
    except TypeError as error:
        missing = next(n for n in known if n not in values and f"'{n}'" in str(error))
        raise SourceError(f"{where} [{name}]: {missing} is missing.") from error


def _value(where: str, kind: Any, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return the value in the kind its field wants; one text stands for a list of one."""
    if kind == tuple[str, ...]:
        values = [value] if isinstance(value, str) else value
        if isinstance(values, list) and all(isinstance(v, str) for v in values):
            return tuple(values)
        raise SourceError(f"{where} = {value!r}; write a text or a list of texts.")
    if kind is float:
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
        raise SourceError(f"{where} = {value!r}; write a number that is not negative.")
    if not isinstance(value, str):
        raise SourceError(f"{where} = {value!r}; write a text in quotes.")
    return value


def _check_keys(where: str, part: str, written: Mapping[str, Any], known: list[str]) -> None:
    for key in written:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
            raise SourceError(f"{where}{f' [{part}]' if part else ''}: unknown key {key!r}; {hint}")


def _check_sense(where: str, mapping: FeedMapping) -> None:
    """Hold the values against what they must name: CRS, time zone, precisions, one delimiter."""
    force, time = mapping.force, mapping.time
    _check_columns(where, mapping)
    for key, value, kind in (
        ("location_precision", force.location_precision, LocationPrecision),
        ("date_precision", force.date_precision, DatePrecision),
    ):
        if value not in list(kind):
            raise SourceError(f"{where} [force] {key} = {value!r}; write one of {', '.join(kind)}.")
    try:
        parse_crs(mapping.place.crs)
        Force(
            force.id,
            force.name,
            mapping.place.metric_crs or mapping.place.crs,
            force.time_zone,
            LocationPrecision(force.location_precision),
            DatePrecision(force.date_precision),
        )
    except PeelianError as error:
        raise SourceError(f"{where}: {error}") from error
    if len(mapping.file.delimiter) != 1:
        raise SourceError(f"{where} [file] delimiter = {mapping.file.delimiter!r}; it is one character.")
    if not time.formats or any("%" not in f for f in time.formats):
        raise SourceError(f'{where} [time] formats = {list(time.formats)}; write such as "%d/%m/%Y %H:%M".')
    months_only = [f for f in time.formats if not any(mark in f for mark in ("%d", "%j", "%e", "%F", "%D"))]
    if months_only and force.date_precision != DatePrecision.MONTH:
        raise SourceError(
            f'{where} [time] formats: {months_only[0]!r} names no day; [force] date_precision is "month" then.'
        )


def _check_columns(where: str, mapping: FeedMapping) -> None:
    """Hold the columns against what an event needs and what the other parts speak of."""
    columns = mapping.columns
    for key in ("crime_type", "x", "y", "occurred_from"):
        if not all(getattr(columns, key) or ("",)):
            raise SourceError(f"{where} [columns]: {key} is blank; name the file's column.")
    if columns.status and not mapping.status.retracted:
        raise SourceError(
            f"{where}: a status column and no [status] retracted; name the values that take an event back."
        )
    if mapping.refuse.origins and not columns.origin:
        raise SourceError(f"{where} [refuse] origins: name the column in [columns] origin.")
