"""Limits that hold across processes and restarts, on both databases."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.postgresql_server import Server, postgresql

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
# One of several processes that ask at once; it prints how many of its tries were allowed.
_TRIES = """
import sys
from datetime import datetime
from pathlib import Path
from peelian.store.database import open_database
open_database(Path(sys.argv[1]), sys.argv[2])
from peelian.store.limits import take
print(sum(bool(take("a key", 50, 60, datetime.fromisoformat(sys.argv[3]))) for _ in range(40)))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL of these tests' own."""
    with postgresql() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store is: a file in the home, or a database of its own on the server."""
    if request.param == "sqlite":
        return ""
    return request.getfixturevalue("server").make(tmp_path.name.lower()[-60:])


@pytest.fixture
def store(tmp_path: Path, url: str) -> Iterator[str]:
    """The store, opened in this process."""
    from peelian.store.database import open_database

    open_database(tmp_path / "home", url)
    yield url

    from django.db import connections

    connections.close_all()


def test_so_many_are_allowed_in_a_window_and_the_next_opens_anew(store: str) -> None:
    del store
    from peelian.store.limits import take

    assert [bool(take("k", 3, 60, NOW)) for _ in range(5)] == [True, True, True, False, False]
    last = take("k", 3, 60, NOW + timedelta(seconds=59))
    assert (last.is_allowed, last.left, last.wait_s) == (False, 0, 1)
    first = take("k", 3, 60, NOW + timedelta(seconds=60))
    assert (first.is_allowed, first.left, first.wait_s) == (True, 2, 60)


def test_keys_do_not_share_a_window(store: str) -> None:
    del store
    from peelian.store.limits import take

    assert take("one", 1, 60, NOW)
    assert not take("one", 1, 60, NOW)
    assert take("other", 1, 60, NOW)


def test_what_was_counted_can_be_given_back(store: str) -> None:
    del store
    from peelian.store.limits import give_back, take

    assert take("k", 1, 60, NOW)
    give_back("k")
    assert take("k", 1, 60, NOW)


def test_rows_of_long_ended_windows_are_swept(store: str) -> None:
    del store
    from peelian.store.limits import RateLimit, take

    for i in range(20):
        take(f"k{i}", 1, 60, NOW)
    take("later", 1, 60, NOW + timedelta(hours=2))
    assert list(RateLimit.objects.values_list("key", flat=True)) == ["later"]


def test_a_long_key_or_one_in_any_script_is_counted(store: str) -> None:
    del store
    from peelian.store.limits import take

    for key in ("x" * 5000, "名前'; DROP TABLE rate_limit; --", ""):
        assert take(key, 1, 60, NOW)
        assert not take(key, 1, 60, NOW)


def test_two_processes_together_are_allowed_no_more_than_one(store: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _TRIES, str(tmp_path / "home"), store, NOW.isoformat()]
    asked = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    allowed = [int(process.communicate(timeout=120)[0]) for process in asked]
    assert all(process.returncode == 0 for process in asked)
    assert sum(allowed) == 50
