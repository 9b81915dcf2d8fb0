"""Maps that move, as browser tests look at them: an analyst signs in, opens one, and counts the pixels it draws."""

import io
import re
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browsers import sign_in

#: The map is drawn in software, on cores that other tests use too.
SLOW_MS = 60_000
#: The boxes' own colour.
ACCENT = (11, 87, 99)


def signed_in(browser: Browser, address: str) -> dict[str, object]:
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, address, "ann", "/tonight/")
    page.wait_for_url(re.compile("/tonight/"))
    kept: dict[str, object] = dict(context.storage_state())
    context.close()
    return kept


def of(browser: Browser, key: dict[str, object], *, script: bool = True, width: int = 1440) -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 900},
        storage_state=key,  # type: ignore[arg-type]  # as it was kept
        java_script_enabled=script,
    )


def moving(page: Page, where: str) -> None:
    """Open a page and wait until its map moves."""
    page.goto(where)
    page.locator("figure.sight").scroll_into_view_if_needed()
    page.locator("figure[data-map=usable]").wait_for(timeout=SLOW_MS)


def picture(page: Page) -> NDArray[np.uint8]:
    """Return what the map shows beside its panel, (height, width, 3)."""
    shot = page.locator(".moving canvas").screenshot()
    free = round(page.locator(".view").evaluate("e => e.clientWidth"))
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))[:, :free]


def soon(holds: Callable[[], bool]) -> bool:
    """Return whether something comes true of a picture that is drawn when its turn comes."""
    until = time.monotonic() + SLOW_MS / 1000
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def spots(image: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.intp]:
    """Return (y, x) of the pixels of a colour."""
    return np.argwhere((np.abs(image.astype(int) - colour) <= 2).all(axis=2))
