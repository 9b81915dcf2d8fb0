"""The link chart in Chromium: 200 records around one, from asking for the page and from starting the script to drawn.

A made-up store, served by this machine; each view by a browser with an empty cache.
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
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
#: A person with 20 phones, each used by 9 others: 201 records within two steps, of which 200 are drawn.
_MAKE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from peelian.store.database import open_database
home = Path(sys.argv[1])
open_database(home)
from peelian.records.access import program
from peelian.records.drafts import RecordDraft
from peelian.store.records.rules import read_rules
from peelian.store.records.writing import By, Told, open_record, tie
rules, by = read_rules(home), By(program("bench"), datetime.now(UTC))
def add(kind, **values):
    told = {name: (value,) for name, value in values.items()}
    return open_record(rules.catalogue, rules.policy, RecordDraft(kind, "", MappingProxyType(told)), by)
centre = add("person", surname="Centre")
for i in range(20):
    phone = add("phone", number=f"07700 9{i:05d}")
    tie(rules.catalogue, "has-phone", centre, phone, Told("bench"), by)
    for j in range(9):
        other = add("person", surname=f"Person {i} {j}")
        tie(rules.catalogue, "has-phone", other, phone, Told("bench"), by)
print(centre)
"""
TIMES = """() => ({
    drawn: performance.getEntriesByName('chart-drawn')[0].startTime,
    script: Number(document.querySelector('figure.chart').dataset.drawnMs),
    answered: performance.getEntriesByType('navigation')[0].responseEnd,
    nodes: document.querySelector('#canvas')._cyreg.cy.nodes().length })"""


def run() -> list[dict[str, object]]:
    """Return rows of name, measured, target and unit; medians of five views."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        made = subprocess.run([sys.executable, "-c", _MAKE, str(home)], check=True, capture_output=True, text=True)
        words = [sys.executable, "-m", "peelian", "user", "add", "ann", "--role", "analyst", "--password-stdin"]
        subprocess.run([*words, "--home", str(home)], check=True, capture_output=True, text=True, input=f"{PASSWORD}\n")
        with served(home) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            key = _key(browser, address)
            page = f"{address}/records/{made.stdout.strip()}/chart/?steps=2"
            views = [_view(browser, key, page) for _ in range(VIEWS)]
            browser.close()
    middle = {name: statistics.median(view[name] for view in views) for name in views[0]}
    return [
        {"name": "link chart, records drawn", "measured": middle["nodes"], "target": 200, "unit": ""},
        {"name": "link chart, page answered", "measured": middle["answered"] / 1000, "unit": "s"},
        {"name": "link chart, from script to drawn", "measured": middle["script"] / 1000, "target": 1.0, "unit": "s"},
        {"name": "link chart, from asking to drawn", "measured": middle["drawn"] / 1000, "unit": "s"},
    ]


def _key(browser: Any, address: str) -> Any:  # noqa: ANN401 - of Playwright, which only benchmarks and tests have
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/sign-in/?next=/records/")
    page.fill("input[name=username]", "ann")
    page.fill("input[name=password]", PASSWORD)
    page.click("button.main")
    page.fill("input[name=purpose]", "measure the chart")
    page.click("button.main")
    page.wait_for_selector("input[name=q]")
    state = context.storage_state()
    context.close()
    return state


def _view(browser: Any, key: Any, address: str) -> dict[str, float]:  # noqa: ANN401 - as above
    context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=key)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("figure.chart[data-drawn-ms]")
    found: dict[str, float] = page.evaluate(TIMES)
    context.close()
    return found
