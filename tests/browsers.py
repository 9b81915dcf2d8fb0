"""Browsers under test: how Debian's Chromium starts, who signs in, and what axe has to say of a page."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.homes import peelian
from tests.site_home import PASSWORD

CHROMIUM = "/usr/bin/chromium"
_QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FLAGS = [*_QUIET, "--disable-gpu"]
#: For maps that move: WebGL drawn by software, since the machines that test have no graphics card; and without any.
WITH_WEBGL = [*_QUIET, "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
WITHOUT_WEBGL = [*_QUIET, "--disable-3d-apis"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def barriers(page: Page) -> list[tuple[str, str, str]]:
    """Return (page, rule, element) of each barrier that axe finds on a page as it stands."""
    found = Axe().run(page, options=RULES)
    assert found.response["passes"], page.url
    return [(page.url, v["id"], v["nodes"][0]["html"][:200]) for v in found.response["violations"]]


def unfold(page: Page) -> None:
    """Open all that a page has folded away."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def add_user(home: Path, name: str, role: str, *areas: str) -> None:
    """Make an account from the command line, of all areas or of some."""
    limits = [word for area in areas for word in ("--area", area)]
    words = ["--role", role, "--name", f"Ann {name}", *limits, "--password-stdin"]
    done = peelian("user", "add", name, *words, home=home, stdin=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr


def sign_in(page: Page, address: str, name: str, onward: str = "/account/", password: str = PASSWORD) -> None:
    """Give name and password; who must show a code too is asked for it next."""
    page.goto(f"{address}/sign-in/?next={onward}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
