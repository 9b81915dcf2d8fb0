"""Crime that is found because police looked for it: refused as forecast input, by origin. No setting turns it off.

The table ``police_found.toml`` ships beside this file. A forecast from crime that patrols find
sends patrols back to where they found it (Lum & Isaac 2016, doi 10.1111/j.1740-9713.2016.00960.x).
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class Offence:
    """One class of offences: known by a feed's ``codes`` (leading digits) or by the words of its label."""

    feed: str
    name: str
    codes: tuple[str, ...]
    begins: tuple[str, ...]
    anywhere: tuple[str, ...]
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class PoliceFile:
    """A kind of file that records what police did; one of its ``columns`` gives it away."""

    name: str
    columns: tuple[str, ...]
    reason: str
    source: str


@lru_cache(maxsize=1)
def police_files() -> tuple[PoliceFile, ...]:
    """Return the kinds of files that are refused whole, in the order of the table."""
    return tuple(PoliceFile(f["name"], tuple(f["columns"]), f["reason"], f["source"]) for f in _table()["file"])


def why_police_activity(columns: Iterable[str]) -> str | None:
    """Return why a file with these columns is police activity and no forecast input; None when it is not."""
    words = {re.sub(r"[^a-z0-9]+", " ", name.lower()).strip() for name in columns}
    return next((file.reason for file in police_files() if words.intersection(file.columns)), None)


@lru_cache(maxsize=1)
def police_found() -> tuple[Offence, ...]:
    """Return the whole table, in the order of the file."""
    return tuple(
        Offence(
            row["feed"],
            row["name"],
            tuple(row.get("codes", ())),
            tuple(row.get("begins", ())),
            tuple(row.get("anywhere", ())),
            row["reason"],
            row["source"],
        )
        for row in _table()["offence"]
    )


def is_police_found_code(feed: str, code: pl.Expr) -> pl.Expr:
    """Tell of each code (text of fixed width) whether a class of this feed's begins it."""
    prefixes = [prefix for offence in police_found() if offence.feed == feed for prefix in offence.codes]
    return pl.any_horizontal(code.str.starts_with(prefix) for prefix in prefixes)


def is_police_found_label(label: pl.Expr) -> pl.Expr:
    """Tell of each label, in any feed, whether it names an offence of the table; case and marks do not matter."""
    return bare(label).str.contains(_label_pattern())


def names_police_found(label: str) -> bool:
    """Tell of one label whether it names an offence of the table."""
    return re.search(_label_pattern(), re.sub(r"[^a-z0-9]+", " ", label.lower()).strip()) is not None


def bare(label: pl.Expr) -> pl.Expr:
    """Return the label in lower case with single spaces for all marks."""
    return label.cast(pl.String).str.to_lowercase().str.replace_all(r"[^a-z0-9]+", " ").str.strip_chars()


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads(files("peelian.sources").joinpath("police_found.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _label_pattern() -> str:
    table = police_found()
    begins = "|".join(sorted({re.escape(words) for offence in table for words in offence.begins}))
    anywhere = "|".join(sorted({re.escape(words) for offence in table for words in offence.anywhere}))
    return rf"^(?:{begins})\b|\b(?:{anywhere})\b"
