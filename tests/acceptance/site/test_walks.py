"""Walks and stretches in a real browser: the moving map draws what the document says, and axe finds nothing to mend."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route
from tests.browsers import CHROMIUM, WITH_WEBGL, add_user, barriers, unfold
from tests.moving_maps import ACCENT, moving, of, picture, signed_in, spots
from tests.site_home import CLOCK, NIGHTS, served
from tests.walked_town import make_walked_town

from peelian.site.assets import BUILT

MAP = f"/tonight/town/{NIGHTS[1]}/district/North/burglary/"
BOX = f"{MAP}box/1/"
CARRYING = (36, 115, 126)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium that draws maps, for all tests of this file."""
    assert (BUILT / "manifest.json").exists(), "the scripts are not built: ./run test builds them"
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=WITH_WEBGL)
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def address(published_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site of a town with walks and a street network, with an analyst."""
    home = make_walked_town(published_town, tmp_path_factory.mktemp("walked") / "home")
    add_user(home, "ann", "analyst")
    with served(home, "--clock", CLOCK) as address:
        yield address


@pytest.fixture(scope="module")
def key(browser: Browser, address: str) -> dict[str, object]:
    """What a signed-in browser keeps."""
    return signed_in(browser, address)


@pytest.fixture
def page(browser: Browser, key: dict[str, object]) -> Iterator[Page]:
    """A page of a signed-in analyst on a desktop."""
    context = of(browser, key)
    yield context.new_page()
    context.close()


def told(page: Page, change: Callable[[dict[str, Any]], None]) -> None:
    """Let the moving map be told other places than the site's."""

    def answer(route: Route) -> None:
        places = route.fetch().json()
        change(places)
        route.fulfill(json=places)

    page.route(re.compile(r"places\.json"), answer)


def test_the_moving_map_draws_the_outline_of_a_walk(page: Page, address: str) -> None:
    moving(page, address + MAP)
    drawn = len(spots(picture(page), ACCENT))
    told(page, lambda places: places.update(walks=[]))
    moving(page, address + MAP)
    assert drawn > len(spots(picture(page), ACCENT)) + 100


def test_a_switch_hides_boxes_and_walks_on_both_maps(page: Page, address: str) -> None:
    moving(page, f"{address}{MAP}?boxes=off")
    assert len(spots(picture(page), ACCENT)) == 0
    still = page.locator("svg.still path.walk")
    assert still.count() == 1
    assert still.evaluate("e => getComputedStyle(e).display") == "none"


def test_the_moving_map_of_a_box_draws_the_stretches_that_carry_it(page: Page, address: str) -> None:
    moving(page, address + BOX)
    drawn = len(spots(picture(page), CARRYING))

    def without(places: dict[str, Any]) -> None:
        for box in places["boxes"]:
            box["carrying"]["coordinates"] = []

    told(page, without)
    moving(page, address + BOX)
    assert drawn > len(spots(picture(page), CARRYING)) + 100


@pytest.mark.parametrize("where", [MAP, BOX, "/desk/models/"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_axe_finds_nothing_to_mend_and_nothing_runs_out_of_the_page(
    page: Page, address: str, where: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address + where)
    unfold(page)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_script_the_page_says_and_draws_the_same(
    browser: Browser, key: dict[str, object], address: str
) -> None:
    context = of(browser, key, script=False, width=390)
    page = context.new_page()
    page.goto(address + MAP)
    said = page.locator("p.walks").inner_text()
    assert said.startswith("Walk A joins boxes ")
    assert page.locator("svg.still path.walk").is_visible()
    page.goto(address + BOX)
    assert page.locator("svg.still path.carrying").is_visible()
    assert "the largest shares are on" in page.locator("main").inner_text()
    context.close()
