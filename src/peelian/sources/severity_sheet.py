"""Weights from a published sheet of offences, such as the ONS data tool's "List of weights": CSV, XLSX or ODS.

A sheet has titles and notes above its table. The table begins where a row has a heading with "weight" in it; the
offences stand in the column headed "offence", "offence description" or the like. Nothing is guessed beyond that: which
offences make a crime type is the operator's to say.
"""

import csv
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from peelian.errors import SourceError

_OFFENCE = ("offence description", "offence", "offence name", "description", "crime type")
_MOST_ROWS = 20_000


def read_weights(file: Path, sheet: str | None = None) -> dict[str, float]:
    """Return the weight of every offence of a sheet, by its name as printed.

    Raises
    ------
    SourceError
        When the file cannot be read, or no such table is in it, or an offence has two weights.
    """
    rows = _rows(file, sheet)
    start, name_at, weight_at = _table(file, rows)
    weights: dict[str, float] = {}
    for row in rows[start + 1 :]:
        name = row[name_at].strip() if len(row) > name_at else ""
        weight = _number(row[weight_at]) if len(row) > weight_at else None
        if not name or weight is None:
            continue
        if weights.get(name, weight) != weight:
            raise SourceError(f"{file}: {name!r} weighs {weights[name]:g} and {weight:g}; leave one of them.")
        weights[name] = weight
    if not weights:
        raise SourceError(f"{file}: no offence with a weight below the headings in row {start + 1}.")
    return weights


def mixed(weights: Mapping[str, float], parts: Sequence[tuple[str, float]]) -> tuple[float, str]:
    """Return the mean weight of offences by how many of each were recorded, and of what it is in words.

    Raises
    ------
    SourceError
        When an offence has no weight in the sheet, or its number is not positive.
    """
    total = 0.0
    for offence, number in parts:
        if offence not in weights:
            near = difflib.get_close_matches(offence, weights, n=1)
            raise SourceError(
                f"no offence {offence!r} in the sheet" + (f"; did you mean {near[0]!r}?" if near else ".")
            )
        if not number > 0:
            raise SourceError(f"{offence} * {number:g}: the number of offences recorded is above 0.")
        total += number
    mean = sum(weights[offence] * number for offence, number in parts) / total
    if len(parts) == 1:
        return mean, parts[0][0]
    return mean, "mean of " + ", ".join(f"{offence} ({weights[offence]:g}; {n:g} recorded)" for offence, n in parts)


def _rows(file: Path, sheet: str | None) -> list[list[str]]:
    if file.suffix.lower() in (".xlsx", ".ods"):
        return _workbook(file, sheet)
    if file.suffix.lower() == ".xls":
        raise SourceError(f"{file}: the old Excel form cannot be read; open it and save the sheet as CSV or XLSX.")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return [row for _, row in zip(range(_MOST_ROWS), csv.reader(lines), strict=False)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{file}: cannot be read as CSV ({error}). Save the sheet as CSV (UTF-8) or XLSX.") from error


def _workbook(file: Path, sheet: str | None) -> list[list[str]]:
    """Return a sheet's cells as text; the one named, or the first with "weight" in its name, or the first."""
    import pyogrio
    import pyogrio.errors

    try:
        names = [str(name) for name, _ in pyogrio.list_layers(file)]
        named = sheet or next((n for n in names if "weight" in n.lower()), names[0] if names else "")
        if named not in names:
            raise SourceError(f"{file}: no sheet {named!r}; it has {', '.join(names) or 'none'}.")
        _, _, _, columns = pyogrio.raw.read(
            file, layer=named, read_geometry=False, HEADERS="DISABLE", FIELD_TYPES="STRING", max_features=_MOST_ROWS
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError) as error:
        raise SourceError(f"{file}: cannot be read ({error}). Save the sheet as CSV.") from error
    height = len(columns[0]) if len(columns) else 0
    return [["" if c[i] is None else str(c[i]) for c in columns] for i in range(height)]


def _table(file: Path, rows: Sequence[Sequence[str]]) -> tuple[int, int, int]:
    """Return the row of the headings, and which columns are the offences' names and their weights."""
    for index, row in enumerate(rows):
        heads = [" ".join(cell.lower().split()) for cell in row]
        weight_at = next((i for i, h in enumerate(heads) if "weight" in h), None)
        named = sorted((_OFFENCE.index(h), i) for i, h in enumerate(heads) if h in _OFFENCE)
        if weight_at is not None and named:
            return index, named[0][1], weight_at
    raise SourceError(
        f"{file}: no row of headings with a weight and an offence. Wanted are a column whose heading holds 'weight', "
        f"and one headed {', '.join(repr(h) for h in _OFFENCE)}."
    )


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "").strip())
    except ValueError:
        return None
    return value if value > 0 else None
