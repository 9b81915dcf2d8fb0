"""The town's site, made once a worker; a test that changes it takes a copy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.site_home import copy_of, make_site_home, open_town


@pytest.fixture(scope="session")
def made_site_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's home with two nights, not to be changed."""
    return make_site_home(tmp_path_factory.mktemp("site") / "home")


@pytest.fixture
def site_home(made_site_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return copy_of(made_site_home, tmp_path / "home")


@pytest.fixture(scope="session")
def made_plain_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home without a night, its tables and accounts made, not to be changed."""
    home = tmp_path_factory.mktemp("plain") / "home"
    open_town(home)

    from django.db import connections

    connections.close_all()
    return home


@pytest.fixture
def plain(made_plain_home: Path, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A site without a night, opened in this process: enough for whatever is about accounts."""
    yield open_town(copy_of(made_plain_home, tmp_path / "home"))

    from django.db import connections

    connections.close_all()


@pytest.fixture
def town(site_home: Path) -> Iterator[dict[str, Any]]:
    """The town's site opened in this process: its accounts by role."""
    yield open_town(site_home)

    from django.db import connections

    connections.close_all()
