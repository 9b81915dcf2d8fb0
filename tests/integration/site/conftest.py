"""The town's site, made once a worker, on SQLite and on PostgreSQL; a test that changes it takes a copy."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.postgresql_server import Server, postgresql
from tests.site_home import copy_of, copy_rows, open_town

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def peopled_town(published_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's home with its accounts, not to be changed."""
    home = copy_of(published_town, tmp_path_factory.mktemp("peopled") / "home")
    open_town(home)

    from django.db import connections

    connections.close_all()
    return home


@pytest.fixture
def site_home(peopled_town: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return copy_of(peopled_town, tmp_path / "home")


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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL server on loopback, started once a worker."""
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_town(postgresql_server: Server, published_town: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with what the town's home has in SQLite, and its accounts: the tests' own are copies."""
    home, url = copy_of(published_town, tmp_path_factory.mktemp("rows") / "home"), postgresql_server.make("town")
    copy_rows(home, url)
    open_town(home, url)

    from django.db import connections

    connections.close_all()
    return "town"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database of the test's own; "" is SQLite in the home."""
    if request.param == "sqlite":
        yield ""
        return
    server, template = (request.getfixturevalue(n) for n in ("postgresql_server", "postgresql_town"))
    name = f"town-{next(_NUMBERS)}"
    yield server.make(name, template)
    server.drop(name)


@pytest.fixture
def town(site_home: Path, database_url: str) -> Iterator[dict[str, Any]]:
    """The town's site opened in this process: its accounts by role."""
    yield open_town(site_home, database_url)

    from django.db import connections

    connections.close_all()
