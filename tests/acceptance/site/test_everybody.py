"""The morning after, the public's pages, and a program's, in a browser: axe, narrow, by keyboard, without script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browsers import add_user, barriers, sign_in, unfold
from tests.homes import peelian
from tests.site_home import CLOCK, NIGHTS, copy_of, served

MORNING = f"/morning/town/{NIGHTS[1]}/district/North/burglary/"
FOR_STAFF = (MORNING, "/morning/models/", "/account/tokens/", "/api/")
FOR_ALL = ("/public/town/", "/public/town/North/", "/explainer/", "/sign-in/", "/nowhere/")


@pytest.fixture(scope="module")
def address(published_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The town's site, served; its public pages tell of the night before."""
    home = copy_of(published_town, tmp_path_factory.mktemp("everybody") / "home")
    settings = Path(home / "peelian.toml")
    settings.write_text(settings.read_text(encoding="utf-8") + "[public]\ndelay_days = 1\n", encoding="utf-8")
    done = peelian("night", "--on", NIGHTS[1], "--again", home=home)
    assert done.returncode == 0, done.stderr
    add_user(home, "evaluator", "evaluator")
    with served(home, "--clock", CLOCK) as found:
        yield found


def signed_in(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    sign_in(page, address, "evaluator")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    return page


def problems(page: Page, path: str, width: int) -> list[tuple[str, str, str]]:
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    return barriers(page)


@pytest.mark.parametrize("width", [1440, 320])
def test_axe_finds_nothing_to_mend_for_who_has_signed_in(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = signed_in(context, address)
    found = []
    for path in FOR_STAFF:
        page.goto(address + path)
        found += problems(page, path, width)
    assert found == []
    context.close()


@pytest.mark.parametrize("width", [1440, 320])
def test_axe_finds_nothing_to_mend_for_everybody(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    found = []
    for path in FOR_ALL:
        page.goto(address + path)
        found += problems(page, path, width)
    assert found == []
    context.close()


def test_an_evaluator_reads_the_morning_after_without_script(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = signed_in(context, address)
    page.get_by_role("link", name="Morning after").click()
    expect(page.locator("h1")).to_contain_text("recorded")
    page.get_by_label("Area").select_option("North")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("/North/"))
    expect(page.get_by_role("heading", name="Was anyone there?")).to_be_visible()
    page.get_by_role("link", name="Models compared").click()
    expect(page.locator("h1")).to_have_text("Models compared")
    context.close()


def test_a_resident_finds_a_ward_by_keyboard_alone(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "District North":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Did it work?")).to_be_visible()
    expect(page.locator(".ward-map circle")).to_have_count(0)
    context.close()


def test_printed_a_ward_fits_its_paper(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 794, "height": 1123})
    page = context.new_page()
    page.goto(f"{address}/public/town/North/")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    context.close()
