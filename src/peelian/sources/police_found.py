"""Crime that is found because police looked for it: refused as forecast input, by origin. No setting turns it off.

The table ``police_found.toml`` ships beside this file. A forecast from crime that patrols find
sends patrols back to where they found it (Lum & Isaac 2016, doi 10.1111/j.1740-9713.2016.00960.x).
"""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

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


@lru_cache(maxsize=1)
def police_found() -> tuple[Offence, ...]:
    """Return the whole table, in the order of the file."""
    text = files("peelian.sources").joinpath("police_found.toml").read_text(encoding="utf-8")
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
        for row in tomllib.loads(text)["offence"]
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
def _label_pattern() -> str:
    table = police_found()
    begins = "|".join(sorted({re.escape(words) for offence in table for words in offence.begins}))
    anywhere = "|".join(sorted({re.escape(words) for offence in table for words in offence.anywhere}))
    return rf"^(?:{begins})\b|\b(?:{anywhere})\b"
