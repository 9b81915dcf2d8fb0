"""File names and page anchors, made from ids that may hold anything."""

import re
from collections.abc import Iterable, Mapping


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
