"""The analyst's journey in a real browser: by keyboard, without script, narrow, with a session that ends midway."""

import re
from base64 import b32decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from django_otp.oath import totp
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect
from tests.browsers import add_user, barriers, sign_in, unfold
from tests.conftest import needs
from tests.site_home import CLOCK, NIGHTS, PASSWORD, copy_of, served

MAP = f"/desk/boxes/town/{NIGHTS[1]}/district/North/burglary/"
PAGES = (
    "/desk/",
    "/desk/boxes/",
    MAP,
    f"{MAP}suppress/3/",
    "/desk/cards/?crime_type=*",
    "/desk/cards/new/",
    "/desk/bundles/",
    "/desk/shifts/town/",
    "/desk/tactics/?crime_type=burglary",
    "/desk/tactics/edit/?crime_type=burglary",
    "/desk/models/",
    "/desk/feeds/",
    "/desk/nights/",
    "/desk/switch/",
    "/kept/",
)


@pytest.fixture(scope="module")
def address(published_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The town's site, served, with an analyst and an administrator."""
    needs("npm", "npm")
    home = copy_of(published_town, tmp_path_factory.mktemp("desk") / "home")
    for role in ("analyst", "administrator"):
        add_user(home, role, role)
    with served(home, "--clock", CLOCK) as found:
        yield found


def _enter(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    sign_in(page, address, "analyst", "/desk/")
    expect(page.locator("h1")).to_contain_text("The night of Fri 20 Apr was published")
    return page


@pytest.fixture(scope="module")
def administrator(browser: Browser, address: str) -> StorageState:
    """What a browser keeps of an administrator who has signed in and set up the code from a phone."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, address, "administrator", "/desk/")
    letters = page.locator(".secret code").inner_text().replace(" ", "")
    page.get_by_label("Code").fill(f"{totp(b32decode(letters)):06d}")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="I have written them down").click()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def analyst(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """An analyst who has signed in, on a desktop."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=request.param)
    yield _enter(context, address)
    context.close()


def test_box_is_suppressed_and_given_back(analyst: Page, address: str) -> None:
    analyst.goto(f"{address}/desk/boxes/")
    analyst.get_by_role("link", name="Burglary, District North").click()
    expect(analyst.locator("h1")).to_have_text("Burglary, District North: the boxes stand as the forecast chose them.")
    analyst.get_by_role("link", name="Suppress box 2").click()
    analyst.get_by_label("Reason").fill("The road is closed for works <until> Monday.")
    analyst.get_by_role("button", name="Suppress it").click()
    expect(analyst.locator("h1")).to_have_text("Burglary, District North: box 2 suppressed.")
    expect(analyst.locator("tr.gone")).to_contain_text("Ann analyst: The road is closed for works <until> Monday.")
    assert analyst.locator("svg path.struck").count() == 2
    analyst.get_by_role("link", name="Withdraw box 2").click()
    analyst.get_by_label("Reason").fill("The works are over.")
    analyst.get_by_role("button", name="Withdraw it").click()
    expect(analyst.locator("h1")).to_have_text("Burglary, District North: the boxes stand as the forecast chose them.")
    expect(analyst.locator(".ended").first).to_contain_text("The works are over.")


def test_box_is_added_by_one_place_and_a_mistake_loses_nothing(analyst: Page, address: str) -> None:
    analyst.goto(f"{address}{MAP.replace('burglary', 'larceny')}")
    analyst.get_by_label("Or a point").fill("51.5, -0.1")
    analyst.get_by_label("Reason").fill("A fair is on: 漢字, שלום.")
    analyst.get_by_role("button", name="Add the box").click()
    expect(analyst.locator("#problems")).to_contain_text("outside this area")
    expect(analyst.get_by_label("Reason")).to_have_value("A fair is on: 漢字, שלום.")
    analyst.get_by_label("Or a point").fill("")
    analyst.get_by_label("Or a box that was nearly chosen").select_option(index=1)
    analyst.get_by_role("button", name="Add the box").click()
    expect(analyst.locator("h1")).to_contain_text("added")
    expect(analyst.locator(".boxes").first).to_contain_text("A fair is on: 漢字, שלום.")
    assert analyst.locator("svg rect.added").count() == 1
    analyst.get_by_role("link", name="Withdraw box").first.click()
    analyst.get_by_label("Reason").fill("The fair is over.")
    analyst.get_by_role("button", name="Withdraw it").click()


def test_session_that_ends_while_a_card_is_written_loses_nothing(analyst: Page, address: str) -> None:
    analyst.goto(f"{address}/desk/cards/new/")
    analyst.get_by_label("Goal").fill("Fewer burglaries\nin the North")
    for name, text in (("Measure", "recorded burglaries"), ("Owner", "the superintendent"), ("Stop rule", "by spring")):
        analyst.get_by_label(name).fill(text)
    analyst.get_by_label("Expires").fill("2018-12-01")
    analyst.context.clear_cookies(name="peelian_session")
    analyst.get_by_role("button", name="Agree on it").click()
    expect(analyst.locator(".note[role=note]").last).to_contain_text("What you typed is kept")
    analyst.get_by_label("Name").fill("analyst")
    analyst.get_by_label("Password").fill(PASSWORD)
    analyst.get_by_role("button", name="Sign in").click()
    expect(analyst.locator("h1")).to_have_text("Nothing you typed is lost.")
    expect(analyst.get_by_label("Goal")).to_have_value("Fewer burglaries\nin the North")
    analyst.get_by_label("Owner").fill("the deputy")
    analyst.get_by_role("button", name="Send it now").click()
    expect(analyst.locator("table.agreed")).to_contain_text("the deputy")
    expect(analyst.locator("table.agreed .prose").first).to_have_text("Fewer burglaries\nin the North")


def test_place_picked_on_the_moving_map_is_the_forms_own_point(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = _enter(context, address)
    page.goto(f"{address}{MAP.replace('burglary', 'larceny')}")
    page.locator(".sight[data-map=usable]").wait_for()
    where = page.locator(".moving canvas").bounding_box()
    assert where is not None
    page.mouse.click(where["x"] + where["width"] / 2, where["y"] + where["height"] / 2)
    expect(page.get_by_label("Or a point")).to_have_value(re.compile(r"^38\.\d{6}, -9\d\.\d{6}$"))
    expect(page.locator(".picked")).to_be_visible()
    page.get_by_label("Or a point").fill("38.5, -90.25")
    expect(page.locator(".picked")).to_be_attached()
    page.get_by_label("Or a point").fill("somewhere")
    expect(page.locator(".picked")).to_have_count(0)
    context.close()


def test_button_pressed_twice_acts_once(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = _enter(context, address)
    page.goto(f"{address}/desk/shifts/town/")
    page.get_by_label("Name").fill("Double")
    page.get_by_label("Starts at").fill("14:00")
    page.get_by_label("Lasts, in hours").fill("8")
    page.get_by_label("Monday").check()
    page.get_by_role("button", name="Agree on it").dblclick()
    expect(page.locator("table.agreed")).to_contain_text("Double")
    page.reload()
    assert page.locator(".ended li", has_text="Double").count() == 1
    context.close()


def test_whole_journey_by_keyboard_alone(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = _enter(context, address)
    page.goto(f"{address}{MAP.replace('burglary', 'robbery')}")

    def to(text: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if text in page.evaluate("document.activeElement.textContent || document.activeElement.name || ''"):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline == "solid", text
                return
        pytest.fail(f"the keyboard never came to {text!r}")

    to("Suppress box 1")
    page.keyboard.press("Enter")
    page.get_by_label("Reason").wait_for()
    to("reason")
    page.keyboard.type("A march passes here.")
    to("Suppress it")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("box 1 suppressed")
    context.close()


@pytest.mark.parametrize("width", [1440, 320])
def test_axe_finds_nothing_to_mend_and_nothing_runs_out_of_the_page(
    browser: Browser, address: str, administrator: StorageState, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, storage_state=administrator)
    page = context.new_page()
    for path in PAGES:
        page.goto(f"{address}{path}")
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert barriers(page) == []
    context.close()


def test_targets_are_large_enough_for_a_thumb(browser: Browser, address: str, administrator: StorageState) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, storage_state=administrator)
    page = context.new_page()
    for path in (MAP, "/desk/cards/", "/desk/shifts/town/", "/desk/tactics/"):
        page.goto(f"{address}{path}")
        small = page.evaluate(
            """() => [...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main select')]
            .filter(e => e.offsetParent && !e.closest('p:not(.acts):not(.back), svg'))
            .map(e => [e.textContent.trim() || e.name, (e.closest('label') || e).getBoundingClientRect().height])
            .filter(([, h]) => h < 40)"""
        )
        assert small == [], path
    context.close()
