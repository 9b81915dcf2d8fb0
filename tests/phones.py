"""The phone page as tests use it: an officer signs in, logs minutes, and what the site has kept of them."""

import sqlite3
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.browsers import sign_in as give_password
from tests.site_home import NIGHTS

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
