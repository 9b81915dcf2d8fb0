"""The same night on PostgreSQL, started by the test on loopback: one schema serves both."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.homes import peelian
from tests.postgresql_server import postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of this test's own, and its address."""
    with postgresql() as started:
        yield started.url("postgres")


def test_night_on_postgresql_gives_the_same_boxes_as_on_sqlite(home: Path, server: str, tmp_path: Path) -> None:
    other = Path(shutil.copytree(home, tmp_path / "other"))
    url = {"DATABASE_URL": server}
    card = ["--goal", "g", "--measure", "m", "--owner", "o", "--stop-rule", "s", "--expires", "2018-12-31"]
    assert peelian("purpose", "set", *card, home=other, env=url).returncode == 0
    for place, env in ((home, {}), (other, url)):
        done = peelian("night", "--on", "2018-04-20", home=place, env=env)
        assert done.returncode == 0, done.stderr
    one, two = ((p / "nights" / "2018-04-20" / "boxes.geojson").read_bytes() for p in (home, other))
    assert one == two
    again = peelian("night", "--on", "2018-04-20", home=other, env=url)
    assert "nothing to do" in again.stdout


def test_server_that_cannot_be_reached_is_an_error_in_a_sentence(home: Path) -> None:
    done = peelian("purpose", "list", home=home, env={"DATABASE_URL": "postgres://postgres@127.0.0.1:1/none"})
    assert done.returncode == 1
    assert "cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr


def test_address_that_is_none_is_an_error_in_a_sentence(home: Path) -> None:
    done = peelian("purpose", "list", home=home, env={"DATABASE_URL": "nonsense"})
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
