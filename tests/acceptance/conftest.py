"""Browsers for acceptance tests. They share two cores with other tests: what they wait for may take its time."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from tests.browsers import CHROMIUM, FLAGS
from tests.conftest import needs

expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What starts browsers: a file's own, since Django refuses to work in a thread while it stands."""
    needs("chromium", "chromium")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for the tests of a file."""
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield chromium
    chromium.close()
