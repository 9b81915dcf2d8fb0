"""A severity table from a published sheet: which offences make a crime type, mixed, and written with their source."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from peelian.errors import SourceError
from peelian.events.severity import SeverityRow, SeverityTable
from peelian.sources.severity_sheet import mixed, read_weights
from peelian.store.files import write_whole

_STANDING = "made by 'peelian severity add' from the sheet named; the mixing of offences is the operator's"


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """A sheet, the ``CRIME_TYPE=OFFENCE*NUMBER`` asked of it, where to write, and what the table is said to be."""

    file: Path
    crime_types: tuple[str, ...]
    to: Path
    about: Mapping[str, str]
    sheet: str | None = None


def add_severity_table(request: SheetRequest) -> tuple[SeverityRow, ...]:
    """Write the table, and return its rows.

    Raises
    ------
    SourceError
        When the sheet cannot be read, an offence is not in it, or a crime type is not asked as it should be.
    EventsError
        When the table would be none: see ``SeverityTable``.
    """
    weights = read_weights(request.file, request.sheet)
    asked: dict[str, list[tuple[str, float]]] = {}
    for text in request.crime_types:
        crime_type, offence, number = _part(text)
        asked.setdefault(crime_type, []).append((offence, number))
    rows = []
    for crime_type, parts in asked.items():
        weight, of = mixed(weights, parts)
        rows.append(SeverityRow(crime_type, round(weight, 4), of))
    digest = hashlib.sha256(request.file.read_bytes()).hexdigest()[:16]
    about = {**request.about, "read_from": f"{request.file.name}, SHA-256 {digest}", "standing": _STANDING}
    table = SeverityTable(rows=tuple(rows), **about)
    write_whole(request.to, _toml(table).encode())
    return table.rows


def _part(text: str) -> tuple[str, str, float]:
    """Return (crime type, offence, number recorded) of ``CRIME_TYPE=OFFENCE`` or ``CRIME_TYPE=OFFENCE*NUMBER``."""
    crime_type, equals, rest = text.partition("=")
    offence, star, number = rest.rpartition("*")
    if not star:
        offence, number = rest, "1"
    try:
        recorded = float(number.replace(",", ""))
    except ValueError:
        recorded = float("nan")
    if not equals or not crime_type.strip() or not offence.strip() or not recorded > 0:
        raise SourceError(
            f"--crime-type {text!r}: write CRIME_TYPE=OFFENCE as the sheet prints it, or CRIME_TYPE=OFFENCE*NUMBER of "
            "offences recorded where several make a type."
        )
    return crime_type.strip(), offence.strip(), recorded


def _toml(table: SeverityTable) -> str:
    """Return the table in the form that ``severity_table`` reads; JSON's texts are TOML's."""
    keys = ("title", "unit", "published", "reference", "read_from", "standing", "law")
    lines = [f"{key} = {json.dumps(getattr(table, key), ensure_ascii=False)}" for key in keys]
    for row in table.rows:
        lines += [
            "",
            "[[row]]",
            f"crime_type = {json.dumps(row.crime_type, ensure_ascii=False)}",
            f"days = {row.weight!r}",
            f"of = {json.dumps(row.of, ensure_ascii=False)}",
        ]
    return "\n".join(lines) + "\n"
