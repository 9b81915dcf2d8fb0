"""The phone without signal: after a restart, under a lost answer, with a killed server, nothing lost or doubled."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect
from tests.browsers import CHROMIUM, FLAGS
from tests.phones import DATED, PHONE, PHONE_SIZE, WAITING, all_sent, by_hand, kept, open_phone, sign_in
from tests.site_home import CLOCK, PASSWORD, copy_of


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
