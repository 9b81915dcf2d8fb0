"""The site's template environment: our templates, and the few names that every page uses."""

from typing import Any

from django.forms import BoundField
from django.urls import reverse
from django.utils import translation
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined

from peelian.delivery import words
from peelian.site.assets import asset, asset_styles, style_address


def environment(**options: Any) -> Environment:  # noqa: ANN401 - Django hands on what its settings say
    """Return the environment; Django calls this once a process."""
    options |= {
        "loader": ChoiceLoader(
            [
                PackageLoader("peelian.site", "templates"),
                PrefixLoader({"delivery": PackageLoader("peelian.delivery", "templates")}),
            ]
        ),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "extensions": ["jinja2.ext.i18n"],
    }
    made = Environment(**options)  # noqa: S701 - Django's engine asks for autoescape
    made.install_gettext_translations(translation, newstyle=True)  # type: ignore[attr-defined] # of the i18n extension
    made.globals |= {
        "url": address,
        "asset": asset,
        "asset_styles": asset_styles,
        "style_address": style_address,
        "words": words,
        "described": described,
    }
    return made


def described(bound: BoundField) -> dict[str, str]:
    """Return the attributes that tie a control to its hint and its error, for who hears the page."""
    ids = [f"{bound.auto_id}-hint"] if bound.help_text else []
    ids += [f"{bound.auto_id}-error"] if bound.errors else []
    return ({"aria-describedby": " ".join(ids)} if ids else {}) | ({"aria-invalid": "true"} if bound.errors else {})


def address(name: str, /, **parts: Any) -> str:  # noqa: ANN401 - the parts of an address, by name
    """Return the address of a page by its name and parts."""
    return reverse(name, kwargs=parts)
