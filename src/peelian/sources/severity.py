"""Severity tables as files: those that ship beside this one, and any in the same form."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from peelian.errors import SourceError
from peelian.events.severity import SeverityRow, SeverityTable

_TEXTS = ("title", "unit", "published", "reference", "read_from", "standing", "law")


def severity_names() -> tuple[str, ...]:
    """Return the names of the tables that ship with Peelian."""
    shipped = files("peelian.sources").joinpath("severity_tables").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in shipped if f.name.endswith(".toml")))


def severity_table(name: str) -> SeverityTable:
    """Return the shipped table of that name, or that of a TOML file in the same form.

    Raises
    ------
    SourceError
        When there is no such table, or the file does not say what each number is and where it comes from.
    EventsError
        When a weight is not positive, or a crime type stands twice.
    """
    known = severity_names()
    if name in known:
        text = files("peelian.sources").joinpath("severity_tables", f"{name}.toml").read_text(encoding="utf-8")
    else:
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                f"no severity table {name!r}: known are {', '.join(known)}; or name a TOML file in their form."
            ) from error
    try:
        written = tomllib.loads(text)
        rows = tuple(SeverityRow(row["crime_type"], _weight(row), row["of"]) for row in written["row"])
        return SeverityTable(rows=rows, **{key: str(written[key]) for key in _TEXTS})
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise SourceError(
            f"severity table {name}: {type(error).__name__} {error}. It wants {', '.join(_TEXTS)} as text, and [[row]] "
            "tables with crime_type, of, and days (a number) or mix (pairs of days and offences)."
        ) from error


def _weight(row: dict[str, Any]) -> float:
    """Return the row's days, or the mean of its mix by the number of offences."""
    if "days" in row:
        return float(row["days"])
    offences = sum(float(n) for _, n in row["mix"])
    return round(sum(float(days) * float(n) for days, n in row["mix"]) / offences, 2)
