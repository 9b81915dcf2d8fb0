"""The one way from a template of this room to HTML: everything escaped, a missing name is an error."""

from functools import lru_cache

import jinja2


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the environment that all pages and reports are made with."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("peelian.delivery", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
