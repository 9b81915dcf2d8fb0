"""Signing in as people do it: in a browser, by keyboard, on a narrow screen, read aloud; and no other host asked."""

import time
from base64 import b32decode
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django_otp.oath import totp
from playwright.sync_api import Browser, Page, expect
from tests.browsers import add_user, barriers, sign_in
from tests.site_home import PASSWORD, served


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site of its own, with an administrator, an analyst, an overseer and somebody to lock out."""
    home = tmp_path_factory.mktemp("access") / "home"
    for name, role in (("ada", "administrator"), ("ann", "analyst"), ("olga", "overseer"), ("otto", "officer")):
        add_user(home, name, role)
    with served(home) as where:
        yield where


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh browser, with and without script."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, java_script_enabled=request.param)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def secret(browser: Browser, address: str) -> bytes:
    """The administrator's secret: set up in the browser, as the first sign-in asks."""
    page = browser.new_page()
    sign_in(page, address, "ada")
    expect(page.get_by_role("heading", level=1)).to_contain_text("a code from your phone")
    found = b32decode(page.locator(".secret code").inner_text().replace(" ", ""))
    page.get_by_label("Code").fill(f"{totp(found):06d}")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Keep these codes")
    assert page.locator(".codes li").count() == 10
    page.get_by_role("link", name="I have written them down").click()
    page.close()
    return found


@pytest.fixture(scope="module")
def administrator(browser: Browser, address: str, secret: bytes) -> Iterator[Page]:
    """A page of the administrator, signed in with password and code."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, address, "ada")
    enter_code(page, secret)
    yield page
    context.close()


def enter_code(page: Page, secret: bytes) -> None:
    """Type codes until one is new: the one that set the phone up is used already, and a phone shows one in 30 s."""
    for _ in range(20):
        page.get_by_label("Code").fill(f"{totp(secret):06d}")
        page.get_by_role("button", name="Go on").click()
        if "/sign-in/code/" not in page.url:
            return
        time.sleep(4)
    raise AssertionError(page.inner_text("main"))


def audited(page: Page, where: str) -> None:
    """Hold a page to WCAG, wide and narrow."""
    page.goto(where)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, where
        assert barriers(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})


def test_the_right_password_opens_the_door(page: Page, address: str) -> None:
    sign_in(page, address, "ann")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann ann, analyst")
    page.get_by_role("button", name="Sign out", exact=True).click()
    # With script the phone's kept pages go first.
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    page.goto(f"{address}/account/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_wrong_password_is_said_and_the_name_stays(page: Page, address: str) -> None:
    sign_in(page, address, "olga", "/account/", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("No open account has this name and password.")
    expect(page.get_by_label("Name")).to_have_value("olga")
    expect(page.get_by_label("Password")).to_have_value("")
    sign_in(page, address, "olga")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann olga, overseer")


def test_too_many_failures_wait_and_an_administrator_ends_the_wait(
    browser: Browser, address: str, administrator: Page
) -> None:
    page = browser.new_page()
    for _ in range(5):
        sign_in(page, address, "otto", "/account/", "wrong")
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many attempts.")
    sign_in(page, address, "otto")
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many attempts.")
    administrator.goto(f"{address}/accounts/")
    administrator.get_by_role("link", name="Ann otto").click()
    administrator.get_by_role("button", name="Let in again").click()
    sign_in(page, address, "otto")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann otto, officer")
    page.close()


def test_everything_is_reached_with_the_keyboard_alone(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/sign-in/?next=/account/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("ann")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann ann, analyst")
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText || ''").strip())
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid" or page.evaluate("document.activeElement === document.body")
    assert {"Set a new password", "Set it up", "Sign out everywhere", "Sign out"} <= reached
    page.close()


def test_an_administrators_pages_are_read_aloud_and_fit_a_narrow_screen(address: str, administrator: Page) -> None:
    places = (
        "/accounts/",
        "/accounts/new/",
        "/accounts/2/",
        "/account/",
        "/account/two-factor/",
        "/account/two-factor/codes/",
        "/password/",
        "/audit/",
        "/audit/?act=collected",
        "/audit/?day=2001-01-01",
    )
    for place in places:
        audited(administrator, f"{address}{place}")
    administrator.goto(f"{address}/audit/")
    administrator.get_by_role("button", name="Check the chain").click()
    expect(administrator.get_by_role("heading", level=1)).to_contain_text("The log is whole")
    assert barriers(administrator) == []


def test_the_pages_of_signing_in_are_read_aloud_and_fit_a_narrow_screen(
    browser: Browser, address: str, secret: bytes
) -> None:
    assert secret
    page = browser.new_page()
    audited(page, f"{address}/sign-in/")
    sign_in(page, address, "ada")
    audited(page, f"{address}/sign-in/code/")
    page.get_by_label("Code").fill("wrong")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is not right")
    assert barriers(page) == []
    page.close()


def test_no_page_asks_another_host(browser: Browser, address: str, administrator: Page) -> None:
    here = urlsplit(address).netloc
    asked: list[str] = []
    refused: list[str] = []
    context = administrator.context
    context.on("request", lambda request: asked.append(request.url))
    administrator.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    for place in ("/accounts/", "/accounts/2/", "/account/", "/account/two-factor/", "/audit/", "/explainer/"):
        administrator.goto(f"{address}{place}", wait_until="load")
    stranger = browser.new_context()
    stranger.on("request", lambda request: asked.append(request.url))
    other = stranger.new_page()
    for place in ("/sign-in/", "/explainer/", "/nothing-here/"):
        other.goto(f"{address}{place}", wait_until="load")
    stranger.close()
    assert len(asked) > 9
    assert [a for a in asked if urlsplit(a).scheme != "data" and urlsplit(a).netloc != here] == []
    # Nor would the page's own policy let it: whatever was refused would stand in the console.
    assert [text for text in refused if "Content Security Policy" in text] == []
    blocked = administrator.evaluate("fetch('https://example.org/').then(() => 'answered', () => 'refused')")
    assert blocked == "refused"
    assert any("Content Security Policy" in text for text in refused)
