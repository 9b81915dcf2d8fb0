"""A town whose officers have phones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browsers import add_user
from tests.conftest import needs
from tests.phones import PHONE_SIZE, clear, kept, open_phone
from tests.site_home import CLOCK, copy_of, served


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
