"""The map's page in Chromium: how long until it can be read, until its map can be used, and how much script that takes.

St. Louis from ``peelian demo``, served by two processes on this machine; each view by a browser with an empty cache.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.site_home import PASSWORD, served

VIEWS = 5
CLOCK = "2018-12-21T19:00:00-06:00"
MAP = "/tonight/st-louis/2018-12-21/district/3/burglary/"
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # fmt: skip
#: First paint and the map's own mark, in ms after the address was asked for; "usable" is drawn and idle.
TIMES = """() => ({
    first: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    usable: performance.getEntriesByName('map-usable')[0].startTime,
    answered: performance.getEntriesByType('navigation')[0].responseEnd })"""


def run() -> list[dict[str, object]]:
    """Return rows of name, measured, target and unit; medians of five views."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        program = [sys.executable, "-m", "peelian"]
        subprocess.run([*program, "demo", "--home", str(home)], check=True, capture_output=True)
        words = [*program, "user", "add", "ann", "--role", "analyst", "--password-stdin", "--home", str(home)]
        subprocess.run(words, check=True, capture_output=True, text=True, input=f"{PASSWORD}\n")
        with served(home, "--clock", CLOCK) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            key = _key(browser, address)
            views = [_view(browser, key, address) for _ in range(VIEWS)]
            browser.close()
    middle = {name: statistics.median(view[name] for view in views) for name in views[0]}
    return [
        {"name": "map page, answered whole", "measured": middle["answered"] / 1000, "unit": "s"},
        {"name": "map page, first view", "measured": middle["first"] / 1000, "target": 1.5, "unit": "s"},
        {"name": "map page, map usable", "measured": middle["usable"] / 1000, "target": 3.0, "unit": "s"},
        {"name": "map page, script as it travels", "measured": middle["script"] / 1000, "target": 500.0, "unit": "kB"},
        {"name": "map page, everything as it travels", "measured": middle["all"] / 1000, "unit": "kB"},
    ]


def _key(browser: Any, address: str) -> Any:  # noqa: ANN401 - of Playwright, which only benchmarks and tests have
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/sign-in/")
    page.fill("input[name=username]", "ann")
    page.fill("input[name=password]", PASSWORD)
    page.click("button.main")
    page.locator("table.boxes").wait_for()
    key = context.storage_state()
    context.close()
    return key


def _view(browser: Any, key: Any, address: str) -> dict[str, float]:  # noqa: ANN401 - as above
    context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=key)
    page = context.new_page()
    sizes: list[tuple[str, int]] = []
    page.on("requestfinished", lambda r: sizes.append((r.url, r.sizes()["responseBodySize"])))
    page.goto(address + MAP)
    page.locator("figure[data-map=usable]").wait_for(timeout=60_000)
    page.wait_for_timeout(300)
    times: dict[str, float] = page.evaluate(TIMES)
    # The worker's own file is asked for by the browser, not by the page: it is counted as it lies packed.
    script = sum(size for url, size in sizes if url.endswith(".js"))
    return {**times, "script": script + _worker_bytes(), "all": sum(size for _, size in sizes) + _worker_bytes()}


def _worker_bytes() -> int:
    from peelian.site.assets import BUILT

    return sum(path.stat().st_size for path in (BUILT / "assets").glob("maplibre-gl-worker-*.mjs.br"))
