"""The site's clock: the store's, or for a demonstration one that starts at a given instant and then runs."""

import time
from datetime import datetime, timedelta
from functools import lru_cache

from peelian.errors import SettingsError
from peelian.site.configuration import site_settings
from peelian.store.nights import utc_now


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    start = _demonstration(site_settings().site.clock)
    if start is None:
        return utc_now()
    began, at = start
    return at + timedelta(seconds=time.time() - began)


def is_demonstration() -> bool:
    """Tell whether the clock is a made-up one: every page then says so."""
    return bool(site_settings().site.clock)


@lru_cache(maxsize=8)
def _demonstration(clock: str) -> tuple[float, datetime] | None:
    if not clock:
        return None
    try:
        at = datetime.fromisoformat(clock)
    except ValueError as error:
        raise SettingsError(f"[site] clock = {clock!r}; write it as 2018-12-21T19:00:00-06:00.") from error
    if at.tzinfo is None:
        raise SettingsError(f"[site] clock = {clock!r} has no offset; write it as 2018-12-21T19:00:00-06:00.")
    return time.time(), at.astimezone(utc_now().tzinfo)
