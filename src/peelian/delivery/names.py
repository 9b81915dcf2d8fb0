"""File names and page anchors, made from ids that may hold anything."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

#: How the name of a map's longer list ends.
_LONGER = re.compile(r"-top-\d+$")


def slug(text: str) -> str:
    """Return the text as a file name or anchor: ASCII letters, digits and hyphens; may be empty."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60]


def slugs(ids: Iterable[str], stem: str = "area") -> Mapping[str, str]:
    """Return a slug for every id, all different on any file system; one that has no letter of ours is numbered."""
    given: dict[str, str] = {}
    taken: set[str] = set()
    for number, text in enumerate(ids, start=1):
        base = slug(text) or f"{stem}-{number}"
        name, again = base, 2
        while name.lower() in taken:
            name, again = f"{base}-{again}", again + 1
        taken.add(name.lower())
        given[text] = name
    return given


def told_apart(areas: Mapping[str, str], kinds: Mapping[str, str]) -> Mapping[str, str]:
    """Return the kinds' slugs, or numbers for them where two maps would have one name.

    A map's file is called ``AREA-KIND``: North's "west burglary" would be North-West's burglary. A kind without a
    hyphen leaves no doubt where the area ends.
    """
    if _are_apart(tuple(areas.values()), tuple(kinds.values())):
        return kinds
    return {name: f"type{number}" for number, name in enumerate(kinds, start=1)}


@lru_cache(maxsize=16)
def _are_apart(areas: tuple[str, ...], kinds: tuple[str, ...]) -> bool:
    called = {f"{area}-{kind}".lower() for area in areas for kind in kinds}
    return len(called) == len(areas) * len(kinds) and not any(_LONGER.search(kind) for kind in kinds)
