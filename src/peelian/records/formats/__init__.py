"""How other formats name our types, properties and links: tables as data, read by the reader and the writer alike."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class SdmNames:
    """SDM's names for ours and back; what the table leaves out is our own name in camel case."""

    types: Mapping[str, str]
    properties: Mapping[str, str]
    known: Mapping[str, str]
    links: Mapping[str, str]

    def theirs(self, table: str, ours: str) -> str:
        """Return SDM's word for our type, property or link."""
        words: Mapping[str, str] = getattr(self, table)
        return words.get(ours) or camel(ours)

    def ours(self, table: str, theirs: str) -> str:
        """Return our word for SDM's type, property or link."""
        words: Mapping[str, str] = getattr(self, table)
        return next((own for own, word in words.items() if word == theirs), kebab(theirs))


@lru_cache(maxsize=1)
def sdm_names() -> SdmNames:
    """Return the table of the Standard Data Model."""
    told = read_table("sdm")
    return SdmNames(*(MappingProxyType(told[name]) for name in ("types", "properties", "known", "links")))


@lru_cache(maxsize=4)
def read_table(name: str) -> Mapping[str, Any]:
    """Return a format's table as it stands in its file."""
    return tomllib.loads(files("peelian.records.formats").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def camel(name: str) -> str:
    """Return 'date-of-birth' as 'dateOfBirth'."""
    first, *rest = name.split("-")
    return first + "".join(part.capitalize() for part in rest)


def kebab(name: str) -> str:
    """Return 'dateOfBirth' as 'date-of-birth'."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
