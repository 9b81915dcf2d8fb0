"""The phone page in a real browser: without signal, after a restart, under a lost answer, at the cap, at the end."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect
from pypdf import PdfReader
from tests.browsers import CHROMIUM, FLAGS, add_user, barriers, unfold
from tests.browsers import sign_in as give_password
from tests.conftest import needs
from tests.site_home import CLOCK, NIGHTS, PASSWORD, copy_of, served

PHONE = "/patrol/at/town/district/North/"
DATED = f"town/{NIGHTS[1]}/district/North/"
LAW = "A box is a reason to be seen there. It gives no ground for stop and search."
PHONE_SIZE = {"width": 390, "height": 844}
WAITING = """() => new Promise((answer) => { const asked = indexedDB.open('peelian-patrol'); asked.onsuccess = () => {
    const held = asked.result.transaction(['drafts', 'keys']);
    const [drafts, keys] = [held.objectStore('drafts').getAll(), held.objectStore('keys').getAll()];
    held.oncomplete = () => answer({ drafts: drafts.result.map((d) => ({ id: d.id, bytes: d.sealed.byteLength,
        text: new TextDecoder('latin1').decode(d.sealed) })), keys: keys.result.length,
        extractable: keys.result.some((k) => k.key.extractable) }); } })"""


@pytest.fixture(scope="module")
def made(published_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two nights and people, not to be changed but by its server."""
    needs("npm", "npm")
    home = copy_of(published_town, tmp_path_factory.mktemp("patrol") / "home")
    add_user(home, "olly", "officer", "North")
    add_user(home, "pat", "officer", "North")
    add_user(home, "sam", "sergeant", "North")
    add_user(home, "ann", "analyst")
    return home


@pytest.fixture(scope="module")
def site(made: Path) -> Iterator[str]:
    """The served site on the evening of the second night."""
    with served(made, "--clock", CLOCK) as address:
        yield address


@pytest.fixture(autouse=True)
def visits(made: Path) -> Iterator[Callable[[], list[tuple[str, float]]]]:
    """What the site has kept: (id, minutes) of each visit; none before a test and none after."""
    yield lambda: kept(made)
    clear(made)


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Page]:
    """The phone page of an officer, open and kept for when there is no signal."""
    context = browser.new_context(viewport=PHONE_SIZE)
    yield open_phone(context, site)
    context.close()


def kept(home: Path) -> list[tuple[str, float]]:
    with sqlite3.connect(home / "peelian.sqlite3") as db:
        return db.execute("SELECT id, minutes FROM patrol_visit ORDER BY id").fetchall()


def clear(home: Path) -> None:
    with sqlite3.connect(home / "peelian.sqlite3", timeout=20) as db:
        for table in ("patrol_visit", "box_note"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


def sign_in(page: Page, site: str, name: str = "olly", onward: str = PHONE) -> None:
    give_password(page, site, name, onward)
    page.wait_for_url(f"{site}{onward}")


def open_phone(context: BrowserContext, site: str, name: str = "olly") -> Page:
    page = context.new_page()
    sign_in(page, site, name)
    expect(page.locator("#kept")).to_have_text("This page also opens without signal.")
    return page


def by_hand(page: Page, minutes: int) -> None:
    if page.locator("#by-hand").get_attribute("open") is None:
        page.locator("#by-hand summary").click()
    page.locator("#by-hand-minutes").fill(str(minutes))
    page.get_by_role("button", name="Log these minutes").click()


def all_sent(page: Page) -> None:
    expect(page.locator("#waiting-words")).to_contain_text("Nothing waits on this phone.")
    expect(page.locator("#strip")).to_be_hidden()


def test_a_visit_logged_without_signal_arrives_once_when_it_returns(
    phone: Page, visits: Callable[[], list[tuple[str, float]]]
) -> None:
    phone.context.set_offline(True)
    expect(phone.locator("#strip")).to_have_text("No signal. The boxes are on this phone.")
    phone.locator("#go-button").click()
    expect(phone.locator("#go-button")).to_have_text("Leave box 1")
    phone.wait_for_timeout(1100)
    phone.locator("#go-button").click()
    expect(phone.locator("#strip")).to_have_text("No signal. Saved on this phone, 1 to send.")
    expect(phone.locator("#to-send-count")).to_have_text("To send · 1")
    assert visits() == []
    phone.context.set_offline(False)
    expect(phone.locator("#strip")).to_be_hidden()
    assert len(visits()) == 1


def test_the_page_reloads_without_signal_with_its_boxes_its_map_and_what_waits(phone: Page) -> None:
    phone.context.set_offline(True)
    by_hand(phone, 12)
    expect(phone.locator("#strip")).to_have_text("No signal. Saved on this phone, 1 to send.")
    for _ in range(2):
        phone.reload()
        expect(phone.locator("#strip")).to_have_text("No signal. Saved on this phone, 1 to send.")
        expect(phone.locator("#around .focus")).to_have_count(1)
        assert phone.locator(".box-rows li:visible").count() == 4
        expect(phone.locator('.sheet:visible li[data-box$="burglary/1"] .had')).to_have_text("12 of 45 min")
    assert phone.evaluate("document.fonts.check('16px \"Source Sans 3\"')")


def test_the_installed_app_opens_at_its_door_without_signal(phone: Page, site: str) -> None:
    phone.context.set_offline(True)
    phone.goto(f"{site}/patrol/")
    expect(phone.locator("#go-button")).to_have_text("Arrive in box 1")


def test_nothing_is_lost_when_the_phone_is_restarted(
    playwright: Playwright, site: str, tmp_path: Path, visits: Callable[[], list[tuple[str, float]]]
) -> None:
    def start() -> BrowserContext:
        return playwright.chromium.launch_persistent_context(
            tmp_path / "phone", executable_path=CHROMIUM, args=FLAGS, viewport=PHONE_SIZE
        )

    context = start()
    page = open_phone(context, site)
    context.set_offline(True)
    by_hand(page, 11)
    expect(page.locator("#to-send-count")).to_have_text("To send · 1")
    page.locator("#go-button").click()
    expect(page.locator("#go-button")).to_contain_text("Leave box")
    inside = page.locator("#go-button").inner_text()
    context.close()

    context = start()
    context.set_offline(True)
    page = context.new_page()
    page.goto(site + PHONE)
    expect(page.locator("#strip")).to_have_text("No signal. Saved on this phone, 1 to send.")
    expect(page.locator("#go-button")).to_have_text(inside)
    page.wait_for_timeout(1100)
    page.locator("#go-button").click()
    expect(page.locator("#to-send-count")).to_have_text("To send · 2")
    context.set_offline(False)
    all_sent(page)
    assert len(visits()) == 2
    context.close()


def test_a_lost_answer_costs_nothing_and_doubles_nothing(
    phone: Page, visits: Callable[[], list[tuple[str, float]]]
) -> None:
    lost: list[int] = []

    def lose(route: Route) -> None:
        answer = route.fetch()
        lost.append(answer.status)
        route.abort()

    phone.context.route("**/patrol/visits/", lose)
    by_hand(phone, 13)
    expect(phone.locator("#strip")).to_have_text("No signal. Saved on this phone, 1 to send.")
    assert lost == [200]
    assert [minutes for _, minutes in visits()] == [13.0]
    phone.context.unroute("**/patrol/visits/")
    phone.reload()
    all_sent(phone)
    assert [minutes for _, minutes in visits()] == [13.0]


def test_two_open_pages_of_one_phone_send_each_visit_once(
    phone: Page, site: str, visits: Callable[[], list[tuple[str, float]]]
) -> None:
    other = phone.context.new_page()
    other.goto(site + PHONE)
    phone.context.set_offline(True)
    for page, minutes in ((phone, 5), (other, 6), (phone, 7)):
        by_hand(page, minutes)
    phone.context.set_offline(False)
    for page in (phone, other):
        page.reload()
        all_sent(page)
    assert sorted(minutes for _, minutes in visits()) == [5.0, 6.0, 7.0]


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


def test_a_session_that_ended_loses_nothing(phone: Page, made: Path, site: str) -> None:
    phone.context.set_offline(True)
    by_hand(phone, 9)
    with sqlite3.connect(made / "peelian.sqlite3", timeout=20) as db:
        db.execute("DELETE FROM session")
    phone.context.set_offline(False)
    expect(phone.locator("#strip")).to_have_text("Sign in to send. Saved on this phone, 1 to send.")
    phone.locator("#strip a").click()
    phone.get_by_label("Name").fill("olly")
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("main").get_by_role("button", name="Sign in").click()
    phone.wait_for_url(site + PHONE)
    all_sent(phone)
    assert [minutes for _, minutes in kept(made)] == [9.0]


def test_another_account_on_the_same_phone_neither_sends_nor_loses_what_waits(
    phone: Page, made: Path, site: str
) -> None:
    phone.context.set_offline(True)
    by_hand(phone, 8)
    with sqlite3.connect(made / "peelian.sqlite3", timeout=20) as db:
        db.execute("DELETE FROM session")
    phone.context.set_offline(False)
    sign_in(phone, site, "pat")
    expect(phone.locator("#waiting-words")).to_contain_text("1 of another account waits here until it signs in.")
    assert kept(made) == []
    phone.locator('form[action="/sign-out/"] button').click()
    phone.wait_for_url(lambda url: PHONE not in url)
    sign_in(phone, site)
    all_sent(phone)
    assert [minutes for _, minutes in kept(made)] == [8.0]


def test_what_waits_is_sealed_and_gone_with_its_key_when_it_is_sent(phone: Page) -> None:
    phone.context.set_offline(True)
    by_hand(phone, 12)
    expect(phone.locator("#to-send-count")).to_have_text("To send · 1")
    held = phone.evaluate(WAITING)
    assert len(held["drafts"]) == held["keys"] == 1
    assert held["extractable"] is False
    assert held["drafts"][0]["bytes"] > 200
    assert not any(word in held["drafts"][0]["text"] for word in ("burglary", "minutes", "2018", "North"))
    phone.context.set_offline(False)
    all_sent(phone)
    held = phone.evaluate(WAITING)
    assert (held["drafts"], held["keys"]) == ([], 0)


def test_signing_out_asks_about_what_waits_and_leaves_nothing_behind(phone: Page, site: str) -> None:
    phone.context.route("**/patrol/visits/", lambda route: route.fulfill(status=503))
    by_hand(phone, 12)
    expect(phone.locator("#strip")).to_have_text("Not sent yet. Saved on this phone, 1 to send.")
    out = phone.locator('form[action="/sign-out/"] button')
    out.click()
    expect(phone.locator("#out-words")).to_have_text("1 thing is not sent. Signing out deletes it from this phone.")
    phone.get_by_role("button", name="Stay signed in").click()
    expect(phone.locator("#out")).to_be_hidden()
    assert len(phone.evaluate(WAITING)["drafts"]) == 1
    out.click()
    phone.get_by_role("button", name="Delete and sign out").click()
    phone.wait_for_url(lambda url: PHONE not in url)
    phone.goto(f"{site}/sign-in/")
    assert phone.evaluate(WAITING) == {"drafts": [], "keys": 0, "extractable": False}
    assert phone.evaluate("caches.keys()") == []
    assert phone.evaluate("localStorage.getItem('peelian-patrol')") is None


def test_signing_out_on_another_page_leaves_no_kept_page_and_keeps_what_waits_sealed(phone: Page, site: str) -> None:
    phone.context.route("**/patrol/visits/", lambda route: route.fulfill(status=503))
    by_hand(phone, 12)
    expect(phone.locator("#strip")).to_have_text("Not sent yet. Saved on this phone, 1 to send.")
    phone.goto(f"{site}/account/")
    phone.locator('form[action="/sign-out/"] button').click()
    phone.wait_for_url(lambda url: "/account/" not in url)
    phone.goto(f"{site}/sign-in/")
    assert phone.evaluate("caches.keys()") == []
    assert phone.evaluate("localStorage.getItem('peelian-patrol')") is None
    assert len(phone.evaluate(WAITING)["drafts"]) == 1
    phone.context.unroute("**/patrol/visits/")
    sign_in(phone, site)
    all_sent(phone)


def test_a_phone_without_room_says_so_and_still_sends(
    browser: Browser, site: str, visits: Callable[[], list[tuple[str, float]]]
) -> None:
    context = browser.new_context(viewport=PHONE_SIZE)
    context.add_init_script(
        "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }"
    )
    page = open_phone(context, site)
    context.set_offline(True)
    by_hand(page, 10)
    expect(page.locator("#strip")).to_have_text(
        "No room on this phone. 1 is only on this page: keep it open until sent."
    )
    context.set_offline(False)
    expect(page.locator("#strip")).to_be_hidden()
    assert [minutes for _, minutes in visits()] == [10.0]
    context.close()


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


def test_what_the_site_refuses_is_shown_with_the_reason_and_stays_until_thrown_away(phone: Page, made: Path) -> None:
    phone.context.set_offline(True)
    by_hand(phone, 12)
    move_officer(made, ["South"])
    phone.context.set_offline(False)
    row = phone.locator("#waiting li")
    expect(row).to_contain_text("North is not among your areas")
    phone.get_by_role("button", name="Throw it away").click()
    expect(row).to_have_count(0)
    move_officer(made, ["North"])


def move_officer(home: Path, areas: list[str]) -> None:
    with sqlite3.connect(home / "peelian.sqlite3", timeout=20) as db:
        db.execute("UPDATE account SET areas = ? WHERE username = 'olly'", [json.dumps(areas)])


def test_a_note_goes_out_later_and_its_answer_comes_back(phone: Page, browser: Browser, site: str) -> None:
    phone.context.set_offline(True)
    phone.locator("#wrong summary").click()
    phone.get_by_label("This box is wrong because").select_option("no way in")
    phone.get_by_label("In your words").fill("A fence <b>all</b> round. Ffens, θα δούμε")
    phone.get_by_role("button", name="Say so").click()
    expect(phone.locator("#to-send-count")).to_have_text("To send · 1")
    phone.context.set_offline(False)
    all_sent(phone)
    context = browser.new_context()
    desk = context.new_page()
    sign_in(desk, site, "ann", f"/patrol/shift/{DATED}")
    expect(desk.get_by_text("A fence <b>all</b> round. Ffens, θα δούμε")).to_be_visible()
    desk.get_by_role("link", name="Answer Burglary box 1").click()
    desk.get_by_label("Your answer").fill("The yard is closed now; the box will move.")
    desk.get_by_role("button", name="Answer").click()
    phone.reload()
    expect(phone.locator("#mine")).to_contain_text("The yard is closed now; the box will move.")
    context.close()


def test_killing_the_server_while_it_keeps_visits_loses_and_doubles_none(
    browser: Browser, made: Path, tmp_path: Path
) -> None:
    home, n = copy_of(made, tmp_path / "home"), 40
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site, server = f"http://127.0.0.1:{port}", start_server(home, port)
    context = browser.new_context(viewport=PHONE_SIZE)
    try:
        page = open_phone(context, site)
        context.set_offline(True)
        for _ in range(n):
            by_hand(page, 1)
        expect(page.locator("#to-send-count")).to_have_text(f"To send · {n}")
        everything = {d["id"] for d in page.evaluate(WAITING)["drafts"]}
        assert len(everything) == n
        context.set_offline(False)
        until = time.monotonic() + 30
        while len(kept(home)) < 3 and time.monotonic() < until:
            time.sleep(0.002)
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        expect(page.locator("#strip")).to_contain_text("No signal.")
        there = {identity(row[0]) for row in kept(home)}
        waiting = {d["id"] for d in page.evaluate(WAITING)["drafts"]}
        assert there | waiting == everything
        assert there
        server = start_server(home, port)
        page.reload()
        all_sent(page)
        assert sorted(identity(row[0]) for row in kept(home)) == sorted(everything)
    finally:
        context.close()
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def start_server(home: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "peelian", "serve", "--home", str(home), "--port", str(port), "--clock", CLOCK]
    log = (home / "serve.log").open("ab")
    server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    log.close()
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return server
        except OSError:
            time.sleep(0.1)
    raise AssertionError((home / "serve.log").read_text(encoding="utf-8"))


def identity(stored: str) -> str:
    """Return an id as SQLite keeps it in the form in which a phone makes it."""
    return f"{stored[:8]}-{stored[8:12]}-{stored[12:16]}-{stored[16:20]}-{stored[20:]}"


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
