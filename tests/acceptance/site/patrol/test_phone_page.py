"""The phone page and the briefing: the timer, the cap, the end, the order; by keyboard, narrow, printed, read aloud."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from tests.browsers import barriers, unfold
from tests.phones import DATED, LAW, PHONE, PHONE_SIZE, all_sent, by_hand, open_phone, sign_in
from tests.site_home import NIGHTS, served


def test_the_timer_says_long_enough_at_ten_minutes_and_no_more_at_fifteen(phone: Page) -> None:
    phone.clock.install()
    phone.reload()
    phone.locator("#go-button").click()
    expect(phone.locator("#ring-says")).to_have_text("Be seen, on foot.")
    phone.clock.fast_forward("10:02")
    expect(phone.locator("#ring-says")).to_have_text("Long enough.")
    expect(phone.locator("#said")).to_have_text("Long enough.")
    phone.clock.fast_forward("05:00")
    expect(phone.locator("#ring-words")).to_contain_text("Move on.")
    phone.clock.fast_forward("45:00")
    expect(phone.locator("#ring-says")).to_have_text("Still there?")
    phone.locator("#go-button").click()
    expect(phone.locator("#by-hand-minutes")).to_be_focused()
    phone.locator("#by-hand-minutes").fill("15")
    phone.keyboard.press("Enter")
    expect(phone.locator("#go-button")).to_contain_text("Arrive in box")


def test_at_its_cap_a_box_is_gone_here_and_on_every_other_phone(phone: Page, browser: Browser, site: str) -> None:
    row = phone.locator('.sheet:visible li[data-box$="burglary/1"]')
    by_hand(phone, 44)
    phone.locator('.box-rows a[data-box="1"]:visible').click()
    expect(phone.locator("#dose-words")).to_have_text("44 of 45 officer-minutes today")
    by_hand(phone, 1)
    expect(row).to_be_hidden()
    expect(phone.locator("#go-button")).to_have_text(re.compile("Arrive in box [234]"))
    all_sent(phone)
    expect(phone.locator("#strip")).to_be_hidden()
    phone.reload()
    expect(row).to_be_hidden()
    context = browser.new_context(viewport=PHONE_SIZE)
    other = open_phone(context, site, "pat")
    expect(other.locator('.sheet:visible li[data-box$="burglary/1"]')).to_be_hidden()
    context.close()


@pytest.mark.parametrize("has_signal", [True, False])
def test_boxes_vanish_at_their_end_with_or_without_signal(phone: Page, has_signal: bool) -> None:  # noqa: FBT001 - the case
    phone.clock.install()
    phone.reload()
    expect(phone.locator("#go-button")).to_have_text("Arrive in box 1")
    phone.locator("#go-button").click()
    expect(phone.locator("#go-button")).to_have_text("Leave box 1")
    if not has_signal:
        phone.context.set_offline(True)
    else:
        # The site's own clock has not moved: the page alone decides.
        phone.context.route("**/today", lambda route: route.abort())
    phone.clock.fast_forward("05:01:00")
    expect(phone.locator("#boxes")).to_be_hidden()
    assert phone.locator(".box-rows li:visible").count() == 0
    # Whoever still stands there can say how long it was.
    by_hand(phone, 14)
    expect(phone.locator("#place")).to_have_text("These boxes have ended. They mean nothing now.")
    expect(phone.locator("#go")).to_be_hidden()
    expect(phone.locator("#around")).to_be_hidden()
    expect(phone.locator("#to-send-count")).to_have_text("To send · 1")


def test_the_position_stays_on_the_phone(browser: Browser, site: str) -> None:
    at = {"longitude": -90.2371234, "latitude": 38.5471234, "accuracy": 12}
    context = browser.new_context(viewport=PHONE_SIZE, geolocation=at, permissions=["geolocation"])
    said: list[str] = []
    context.on("request", lambda r: said.append(f"{r.url} {r.headers} {r.post_data or ''}"))
    page = open_phone(context, site)
    expect(page.locator(".order:visible")).to_have_text("Nearest first.")
    with page.expect_request(lambda r: r.method == "POST" and '"sent_at"' in (r.post_data or "")) as sending:
        by_hand(page, 12)
    all_sent(page)
    assert set(json.loads(sending.value.post_data or "")["items"][0]) == {
        "kind", "id", "box", "x", "y", "size", "offset_s", "arrived", "left", "minutes", "how"
    }  # fmt: skip
    assert not any("90.237" in s or "38.547" in s for s in said)
    context.close()


def test_boxes_are_ordered_by_distance_and_the_nearest_is_offered(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport=PHONE_SIZE)
    page = open_phone(context, site)
    told = json.loads(page.locator("#told").text_content() or "")
    sheet = next(s for s in told["sheets"] if s["kind"] == "burglary")
    last = sheet["boxes"][-1]
    longitude, latitude = (sum(p[i] for p in last["ring"][:4]) / 4 for i in (0, 1))
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"longitude": longitude, "latitude": latitude, "accuracy": 10})
    page.reload()
    expect(page.locator("#where")).to_contain_text(f"You are at box {last['rank']}")
    first = page.locator(".sheet:visible .box-rows li:visible").first
    expect(first).to_have_attribute("data-box", last["key"])
    expect(first.locator(".away")).to_have_text("0 m north, 1 min")
    context.close()


def test_a_clock_two_days_wrong_is_told_and_blamed_for_nothing(browser: Browser, made: Path) -> None:
    with served(made) as site:  # the machine's own clock: these boxes ended years ago
        context = browser.new_context(viewport=PHONE_SIZE)
        page = context.new_page()
        sign_in(page, site)
        expect(page.locator("#place")).to_contain_text("They mean nothing now.")
        page.clock.install(time=time.time() + 2 * 86_400)
        page.reload()
        expect(page.locator("#waiting-words")).to_contain_text("This phone’s clock is 2 days ahead.")
        context.close()


def test_without_script_the_page_is_whole(
    browser: Browser, site: str, visits: Callable[[], list[tuple[str, float]]]
) -> None:
    context = browser.new_context(viewport=PHONE_SIZE, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site)
    expect(page.locator("#map rect.firm, #map rect.unsure").first).to_be_visible()
    page.locator('.box-rows a[data-box="2"]').first.click()
    page.get_by_role("button", name="Arrive in box 2").click()
    expect(page.get_by_text("You arrived Fri 20 Apr")).to_be_visible()
    page.get_by_role("button", name="Leave box 2").click()
    expect(page.get_by_role("button", name="Arrive in box")).to_be_visible()
    page.get_by_text("This box is wrong because …").click()
    page.get_by_label("This box is wrong because").select_option("other")
    page.get_by_role("button", name="Say so").click()
    expect(page.locator("#problems")).to_contain_text("Say what it is.")
    page.get_by_label("In your words").fill("A wall")
    page.get_by_role("button", name="Say so").click()
    expect(page.get_by_text("“A wall”")).to_be_visible()
    assert len(visits()) == 1
    context.close()


def test_a_stay_begun_without_script_goes_on_with_the_timer(
    browser: Browser, site: str, visits: Callable[[], list[tuple[str, float]]]
) -> None:
    plain = browser.new_context(viewport=PHONE_SIZE, java_script_enabled=False)
    page = plain.new_page()
    sign_in(page, site)
    page.get_by_role("button", name="Arrive in box 1").click()
    context = browser.new_context(viewport=PHONE_SIZE, storage_state=plain.storage_state())
    phone = context.new_page()
    phone.goto(site + PHONE)
    expect(phone.locator("#standing")).to_be_visible()
    phone.wait_for_timeout(1100)
    phone.locator("#go-button").click()
    all_sent(phone)
    phone.reload()
    expect(phone.locator("#go-button")).to_contain_text("Arrive in box")
    assert len(visits()) == 1
    context.close()
    plain.close()


def test_the_keyboard_alone_arrives_chooses_and_leaves(phone: Page) -> None:
    button = phone.locator("#go-button")
    for _ in range(30):
        phone.keyboard.press("Tab")
        if button.evaluate("e => e === document.activeElement"):
            break
    assert (
        button.evaluate("e => getComputedStyle(e).outlineStyle + ' ' + getComputedStyle(e).outlineWidth") == "solid 3px"
    )
    phone.keyboard.press("Enter")
    expect(button).to_have_text("Leave box 1")
    expect(button).to_be_focused()
    phone.wait_for_timeout(1100)
    phone.keyboard.press("Enter")
    expect(button).to_contain_text("Arrive in box")
    row = phone.locator('.box-rows a[data-box="3"]:visible')
    row.focus()
    phone.keyboard.press("Enter")
    expect(button).to_have_text("Arrive in box 3")
    kind = phone.locator('.types a[data-kind="larceny"]')
    kind.focus()
    phone.keyboard.press("Enter")
    expect(kind).to_have_attribute("aria-current", "true")
    expect(phone.locator("#where")).to_contain_text("larceny")


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_out_of_the_phone_page_and_every_target_is_large_enough(phone: Page, width: int) -> None:
    phone.set_viewport_size({"width": width, "height": 700})
    phone.locator("#go-button").click()
    expect(phone.locator("#standing")).to_be_visible()
    phone.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert phone.evaluate("document.documentElement.scrollWidth") <= width
    targets = "main button, main summary, .box-rows a, .types a, .bottom a, main input, main select"
    small = phone.evaluate(
        "t => Array.from(document.querySelectorAll(t)).filter(e => e.offsetParent && e.type !== 'hidden'"
        " && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))",
        targets,
    )
    assert small == []
    box = phone.locator("#go-button").bounding_box()
    assert box is not None
    assert box["height"] >= 52
    assert box["y"] + box["height"] <= 700, "the button is in thumb reach without scrolling"


def test_text_of_the_phone_page_is_fifteen_pixels_at_least_but_on_the_map(phone: Page) -> None:
    sizes = phone.evaluate(
        "Array.from(document.querySelectorAll('main *')).filter(e => !e.closest('svg, script, .hidden, .hint') "
        "&& Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim()))"
        ".map(e => [parseFloat(getComputedStyle(e).fontSize), e.outerHTML.slice(0, 60)]).filter(([s]) => s < 15)"
    )
    assert sizes == []


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("olly", PHONE),
        ("sam", "/patrol/"),
        ("sam", f"/patrol/briefing/{DATED}"),
        ("ann", f"/patrol/shift/{DATED}"),
        ("olly", f"/patrol/wrong/?box=town/{NIGHTS[1]}/district/North/burglary/1"),
    ],
)
def test_axe_finds_nothing_to_mend(browser: Browser, site: str, name: str, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    sign_in(page, site, name, address)
    if address == PHONE:
        context.set_offline(True)
        page.locator("#go-button").click()
        expect(page.locator("#standing")).to_be_visible()
        by_hand(page, 3)
        expect(page.locator("#strip")).to_be_visible()
        unfold(page)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_briefing_prints_one_a4_page_a_crime_type_each_with_the_sentence(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, site, "sam", f"/patrol/briefing/{DATED}")
    sheets = page.locator(".sheet-a4").count()
    paper = page.get_by_role("link", name="The same as PDF").get_attribute("href")
    page.emulate_media(media="print")
    page.pdf(path=tmp_path / "briefing.pdf", format="A4", prefer_css_page_size=True)
    printed = PdfReader(tmp_path / "briefing.pdf")
    assert len(printed.pages) == sheets > 1
    for one in printed.pages:
        text = " ".join(one.extract_text().split())
        assert LAW in text
        assert "Wrong box? Tell the analyst why:" in text
        assert "Not valid after Sat 21 Apr 00:00" in text
    answer = page.request.get(site + str(paper))
    assert answer.body().startswith(b"%PDF")
    context.close()


def test_the_map_of_the_phone_is_drawn_from_what_the_page_holds_and_asks_nobody(phone: Page, site: str) -> None:
    asked: list[str] = []
    phone.context.on("request", lambda request: asked.append(request.url))
    phone.reload()
    expect(phone.locator("#around .focus")).to_have_count(1)
    assert phone.locator("#around .other").count() >= 1
    assert all(address.startswith(site) for address in asked)
