"""Which crime type of a record is which crime type of events: a closed list, and a force's own on top."""

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from peelian.errors import SourceError


def read_crime_types(own: Path | None) -> Mapping[str, str]:
    """Return event crime types by the record's, shipped ones and those of ``own`` (a TOML file) where it exists.

    Raises
    ------
    SourceError
        When the file is no TOML, or names a type in other letters than events do.
    """
    shipped = files("peelian.sources.pole").joinpath("crime_types.toml").read_text(encoding="utf-8")
    found: dict[str, object] = dict(tomllib.loads(shipped))
    if own is not None and own.exists():
        try:
            found |= tomllib.loads(own.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SourceError(f"{own}: {error}. Mend the file; TOML has quotes around text.") from error
    for label, name in found.items():
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name):
            raise SourceError(f"{own}: {label!r} = {name!r}; an event's crime type has lower-case letters and hyphens.")
    return {label: str(name) for label, name in found.items()}
