"""The address of every state of the map: where one looks (the path) and what is shown there (the query)."""

import re
from dataclasses import dataclass, fields, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Where:
    """One map: a force's night, a level of areas, an area and a crime type, by the parts of their addresses."""

    force: str
    night: str
    level: str
    area: str
    kind: str

    @property
    def day(self) -> date:
        """The night's date; only of a night that was found."""
        return date.fromisoformat(self.night)

    def address(self, name: str = "tonight-map", **parts: object) -> str:
        """Return the address of one of the map's pages, by its name."""
        return reverse(name, kwargs={f.name: getattr(self, f.name) for f in fields(self)} | parts)


def opening(**parts: object) -> str:
    """Return the address that finds the map for what is named, and chooses the rest itself."""
    return f"{reverse('tonight')}{f'?{urlencode(parts)}' if parts else ''}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a map is shown. Anything else in a query is the plain map: an old or mistyped address still answers."""

    top: int = 0  # 0: the night's own list; else the number of boxes of its longer one
    shading: bool = True  # version 1
    boxes: bool = True  # version 2
    counts: bool = False  # the boxes of a plain count, to compare
    crimes: bool = False  # recent crimes as dots
    page: int = 1  # of a list that is longer than a page

    @classmethod
    def of(cls, query: QueryDict) -> "Shown":
        """Return what a query asks for."""
        plain = cls()

        def flag(name: str) -> bool:
            return query.get(name) == "on" or (query.get(name) != "off" and bool(getattr(plain, name)))

        def number(name: str) -> int:
            said = query.get(name, "")
            # No list is longer than five figures.
            return int(said) if re.fullmatch("[0-9]{1,5}", said) else int(getattr(plain, name))

        return cls(
            number("top"), flag("shading"), flag("boxes"), flag("counts"), flag("crimes"), max(number("page"), 1)
        )

    def parts(self) -> dict[str, str]:
        """Return the query's parts: only what differs from the plain map."""
        plain = Shown()
        return {
            f.name: ("on" if value else "off") if isinstance(value, bool) else str(value)
            for f in fields(self)
            for value in (getattr(self, f.name),)
            if value != getattr(plain, f.name)
        }

    def query(self, **changes: bool | int) -> str:
        """Return the query with these changes, with its question mark; "" for the plain map."""
        changed = replace(self, **changes) if changes else self  # type: ignore[arg-type] # the callers name fields
        parts = changed.parts()
        return f"?{urlencode(parts)}" if parts else ""
