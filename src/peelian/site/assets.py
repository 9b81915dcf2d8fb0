"""What pages load beside themselves: one style sheet with a name that changes with it, and the built scripts."""

import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.urls import reverse

from peelian.delivery.page import FONT_FACES

STATIC = Path(str(files("peelian.site") / "static"))
BUILT = STATIC / "built"


@lru_cache(maxsize=1)
def style_sheet() -> bytes:
    """Return the style sheet: the night page's own, so that page and site look the same, then what the site adds."""
    delivery = files("peelian.delivery")
    faces = "".join(
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};font-display:swap;'
        f"src:url(/fonts/{name}.woff2) format('woff2')}}\n"
        for family, weight, style, name in FONT_FACES
    )
    night = (delivery / "templates" / "style.css").read_text(encoding="utf-8")
    own = "\n".join(p.read_text(encoding="utf-8") for p in sorted((STATIC / "styles").glob("*.css")))
    return f"{faces}{night}\n{own}".encode()


@lru_cache(maxsize=1)
def style_address() -> str:
    """Return the style sheet's address: another for other content, so that it may be kept for ever."""
    return reverse("style", kwargs={"seal": hashlib.sha256(style_sheet()).hexdigest()[:12]})


def font(name: str) -> bytes | None:
    """Return a font file by its name, or None where we have none of that name."""
    if name not in {face[3] for face in FONT_FACES}:
        return None
    return (files("peelian.delivery") / "fonts" / f"{name}.woff2").read_bytes()


def asset(entry: str) -> str | None:
    """Return the address of a built script, such as ``map.ts``, or None where the front end was not built.

    Pages work without: they say what a script would add only where it is there.
    """
    found = _manifest().get(f"src/{entry}")
    return None if found is None else f"/static/built/{found['file']}"


def asset_styles(entry: str) -> list[str]:
    """Return the style sheets that came with a built script."""
    return [f"/static/built/{name}" for name in _manifest().get(f"src/{entry}", {}).get("css", [])]


@lru_cache(maxsize=1)
def _manifest() -> dict[str, dict[str, Any]]:
    path = BUILT / "manifest.json"
    if not path.exists():
        return {}
    read: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return read
