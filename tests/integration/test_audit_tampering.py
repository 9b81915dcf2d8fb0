"""The log in the hands of who owns the database: whatever they change, the first broken line is named."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.homes import peelian
from tests.postgresql_server import Server, postgresql

LINES = 12


@dataclass(frozen=True, slots=True)
class Made:
    """A log of a dozen lines in each kind of database, not to be changed."""

    home: Path
    server: Server


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The logs, made once."""
    with postgresql() as server:
        folder = tmp_path_factory.mktemp("logs")
        _fill(folder / "one", "")
        _fill(folder / "two", server.make("made"))
        yield Made(folder / "one", server)


def _fill(home: Path, url: str) -> None:
    from django.db import connections

    from peelian.store.database import open_database

    open_database(home, url)

    from peelian.records.access import Act, Actor, Role
    from peelian.store import audit

    ann = Actor(7, "Ann O’Neill 王", Role.ANALYST)
    for i in range(LINES):
        audit.tell(ann, Act.CONSULTED, f"looked at {i}", record=f"person/{i}", purpose="a test", details={"n": i})
    connections.close_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, made: Made, tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A copy of the log, open here, and the environment in which the program finds its database."""
    from peelian.store.database import open_database

    home = Path(shutil.copytree(made.home, tmp_path / "home"))
    url = made.server.make(tmp_path.name.lower()[-60:], "made") if request.param == "postgresql" else ""
    open_database(home, url)
    yield home, {"DATABASE_URL": url}

    from django.db import connections

    connections.close_all()


def tamper(*statements: str) -> None:
    """Drop what guards the table, as its owner can, then do it."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit_line DISABLE TRIGGER ALL")
        else:
            for act in ("UPDATE", "DELETE"):
                cursor.execute(f"DROP TRIGGER audit_line_no_{act}")
        for statement in statements:
            cursor.execute(statement)


def verdict() -> Any:  # noqa: ANN401 - of a module that is imported once a store is open
    from peelian.store import audit

    return audit.verify()


def told(store: tuple[Path, dict[str, str]], *words: str) -> dict[str, Any]:
    """Return what the program says."""
    home, env = store
    done = peelian("audit", "verify", "--json", *words, home=home, env=env)
    said: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if said["is_whole"] else 1)
    return said


def test_the_database_itself_refuses_to_change_or_delete_a_line(store: tuple[Path, dict[str, str]]) -> None:
    del store
    from django.db import DatabaseError, connection, transaction

    for statement in ("UPDATE audit_line SET what = 'x' WHERE number = 3", "DELETE FROM audit_line WHERE number = 3"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_whole_log_is_whole(store: tuple[Path, dict[str, str]]) -> None:
    said = told(store)
    assert (said["lines"], said["fault"]) == (LINES, "")


def test_the_program_names_the_first_broken_line_and_fails(store: tuple[Path, dict[str, str]]) -> None:
    tamper("UPDATE audit_line SET what = 'nothing' WHERE number > 4")
    home, env = store
    done = peelian("audit", "verify", home=home, env=env)
    assert done.returncode == 1
    assert done.stdout.startswith("BROKEN: line 5 was changed after it was written.")


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE audit_line SET what = 'nothing' WHERE number = 5", 5),
        ("UPDATE audit_line SET actor_name = 'Somebody else' WHERE number = 1", 1),
        ("UPDATE audit_line SET actor = 8 WHERE number = 6", 6),
        ("UPDATE audit_line SET purpose = '' WHERE number = 12", 12),
        ("UPDATE audit_line SET record = 'person/99' WHERE number = 2", 2),
        ("UPDATE audit_line SET at = '2001-01-01 00:00:00+00:00' WHERE number = 7", 7),
        ("UPDATE audit_line SET details = '{\"n\": 99}' WHERE number = 8", 8),
        ("UPDATE audit_line SET role = 'officer' WHERE number = 3", 3),
        ("UPDATE audit_line SET seal = 'x' WHERE number = 4", 4),
        ("UPDATE audit_line SET before = 'x' WHERE number = 9", 9),
        ("DELETE FROM audit_line WHERE number = 6", 6),
        ("DELETE FROM audit_line WHERE number = 1", 1),
    ],
)
def test_a_line_changed_or_taken_out_is_named(store: tuple[Path, dict[str, str]], statement: str, first: int) -> None:
    del store
    tamper(statement)
    found = verdict()
    assert found.lines == first - 1
    assert f"line {first} " in found.fault


def test_a_line_taken_out_with_the_rest_moved_up_is_named(store: tuple[Path, dict[str, str]]) -> None:
    del store
    moves = [f"UPDATE audit_line SET number = {n - 1} WHERE number = {n}" for n in range(7, LINES + 1)]  # noqa: S608 - a tamperer's
    tamper("DELETE FROM audit_line WHERE number = 6", *moves)
    found = verdict()
    assert found.lines == 5
    assert "line 6 does not follow" in found.fault


def test_two_lines_that_changed_places_are_named(store: tuple[Path, dict[str, str]]) -> None:
    del store
    tamper(
        "UPDATE audit_line SET number = -1 WHERE number = 4",
        "UPDATE audit_line SET number = 4 WHERE number = 5",
        "UPDATE audit_line SET number = 5 WHERE number = -1",
    )
    found = verdict()
    assert found.lines == 3
    assert "line 4 does not follow" in found.fault


def test_a_line_put_in_with_a_seal_of_its_own_is_named_at_the_next(store: tuple[Path, dict[str, str]]) -> None:
    del store
    from peelian.store import audit

    row = audit.AuditLine.objects.get(number=6)
    row.what = "forged"
    forged = audit._seal(row)
    tamper(f"UPDATE audit_line SET what = 'forged', seal = '{forged}' WHERE number = 6")  # noqa: S608 - a tamperer's
    found = verdict()
    assert found.lines == 6
    assert "line 7 does not follow" in found.fault


def test_a_cut_tail_shows_against_a_seal_kept_elsewhere(store: tuple[Path, dict[str, str]]) -> None:
    home, env = store
    kept = peelian("audit", "head", home=home, env=env).stdout.strip()
    tamper(f"DELETE FROM audit_line WHERE number > {LINES - 2}")  # noqa: S608 - a tamperer's
    assert verdict().is_whole
    said = told(store, "--expect", kept)
    assert not said["is_whole"]
    assert f"line {LINES} was there" in said["fault"]


def test_a_log_written_anew_whole_shows_against_a_seal_kept_elsewhere(store: tuple[Path, dict[str, str]]) -> None:
    from peelian.store import audit

    home, env = store
    kept = peelian("audit", "head", home=home, env=env).stdout.strip()
    rows = list(audit.AuditLine.objects.order_by("number"))
    rows[3].what, before = "never happened", rows[2].seal
    statements = []
    for row in rows[3:]:
        row.before = before
        row.seal = before = audit._seal(row)
        words = f"UPDATE audit_line SET what = '{row.what}', before = '{row.before}', seal = '{row.seal}'"  # noqa: S608 - a tamperer's
        statements.append(f"{words} WHERE number = {row.number}")
    tamper(*statements)
    assert verdict().is_whole
    assert "another seal" in told(store, "--expect", kept)["fault"]


def test_whatever_stands_in_a_line_comes_back_as_it_was_sealed(store: tuple[Path, dict[str, str]]) -> None:
    del store
    from peelian.records.access import Act, Actor, Role
    from peelian.store import audit

    odd = {
        "floats": [0.1 + 0.2, 1.0, 1e-7, 1e16, 1e300, -0.0, float("nan"), float("inf"), 12345678.9],
        "whole": [2**62, -1, 0],
        "words": ["a\0b", "\ud800", "😀 é é", "\n\t", "'; DROP TABLE audit_line; --"],
        "more": {"b": None, "a": True, "nested": {"z": (1, 2), "set": {"y", "x"}}},
        "day": __import__("datetime").date(2026, 11, 24),
    }
    audit.tell(
        Actor(None, "a\0b \ud800", Role.PUBLIC), Act.REFUSED, "x\0y \udfff", purpose="\0", details=odd, record="r\0"
    )
    assert verdict().is_whole
