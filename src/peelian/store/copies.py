"""Whole copies of the relational store, taken while others write, and put back.

SQLite is copied by its own backup call, PostgreSQL by the ``pg_dump`` and ``pg_restore`` of its client. Sessions are
no part of a copy: a key to the site must not lie in it.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction

from peelian.errors import StoreError
from peelian.store import audit
from peelian.store.database import database_settings

SQLITE, POSTGRESQL = "sqlite", "postgresql"
FILE_OF = {SQLITE: "peelian.sqlite3", POSTGRESQL: "peelian.dump"}
#: Whose rows stay behind.
_LEFT = ("session", "rate_limit")


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds: its kind, the rows of every table, and the audit log's last line."""

    kind: str
    tables: Mapping[str, int]
    lines: int
    seal: str


def copy_database(folder: Path) -> Copied:
    """Write a copy of the open store into the folder, as it was at one instant.

    Raises
    ------
    StoreError
        When it cannot be read or written, or PostgreSQL's client is not there.
    """
    try:
        if connection.vendor == "postgresql":
            return _dump(folder / FILE_OF[POSTGRESQL])
        return _copy(folder / FILE_OF[SQLITE])
    except (DatabaseError, sqlite3.Error, OSError) as error:
        raise StoreError(f"the database cannot be copied: {error}. Is there room on the disk?") from error


def restore_database(kind: str, file: Path, home: Path, url: str) -> dict[str, int]:
    """Put a copy into an empty place and return the rows of its tables.

    Raises
    ------
    StoreError
        When the copy is of another kind than the place, the place is not empty, or the copy is damaged.
    """
    wanted = POSTGRESQL if database_settings(home, url)["ENGINE"].endswith("postgresql") else SQLITE
    if kind != wanted:
        mend = "set DATABASE_URL to an empty database" if kind == POSTGRESQL else "unset DATABASE_URL"
        raise StoreError(f"the backup holds a {kind} database and the place is {wanted}: {mend}.")
    if kind == POSTGRESQL:
        return _load(file, url)
    place = home / FILE_OF[SQLITE]
    try:
        shutil.copyfile(file, place)
        with closing(sqlite3.connect(place)) as copy:
            fault = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if fault != "ok":
                raise StoreError(f"the backup's database is damaged: {fault}.")
            return _sqlite_rows(copy)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the backup's database cannot be put back: {error}.") from error


def _copy(file: Path) -> Copied:
    # A connection of its own: the backup call copies page by page what one reader sees, while writers go on.
    with (
        closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=20)) as live,
        closing(sqlite3.connect(file)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA secure_delete = ON")
        copy.execute("PRAGMA journal_mode = DELETE")
        tables = _sqlite_rows(copy)
        for table in _LEFT:
            if table in tables:
                copy.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
        copy.commit()
        last = copy.execute("SELECT number, seal FROM audit_line ORDER BY number DESC LIMIT 1").fetchone()
        lines, seal = last or (0, audit.BEGINNING)
        return Copied(SQLITE, _sqlite_rows(copy), lines, seal)


def _sqlite_rows(database: sqlite3.Connection) -> dict[str, int]:
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    names = sorted(name for (name,) in found.fetchall())
    return {n: database.execute(f'SELECT COUNT(*) FROM "{n}"').fetchone()[0] for n in names}  # noqa: S608 - its own names


def _dump(file: Path) -> Copied:
    with transaction.atomic(), connection.cursor() as cursor:
        # One picture of the database, for the counts here and for pg_dump.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone() or ("",)
        tables = _postgresql_rows(cursor)
        lines, seal = audit.head()
        left = [word for table in _LEFT for word in ("--exclude-table-data", table)]
        words = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", *left, f"--file={file}"]
        _client("pg_dump", connection.get_connection_params(), words)
    return Copied(POSTGRESQL, {**tables, **{t: 0 for t in _LEFT if t in tables}}, lines, seal)


def _load(file: Path, url: str) -> dict[str, int]:
    import psycopg
    from psycopg.conninfo import make_conninfo

    told = database_settings(Path(), url)
    params = {"dbname": told["NAME"], "user": told["USER"], "password": told["PASSWORD"], "host": told["HOST"]}
    params |= {"port": told["PORT"], **told.get("OPTIONS", {})}
    known = {name: str(value) for name, value in params.items() if value}
    try:
        with psycopg.connect(make_conninfo(**known)) as place, place.cursor() as cursor:
            if _postgresql_rows(cursor):
                raise StoreError("the database of DATABASE_URL holds tables already; name an empty one.")
        words = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(file)]
        _client("pg_restore", known, words)
        with psycopg.connect(make_conninfo(**known)) as place, place.cursor() as cursor:
            return _postgresql_rows(cursor)
    except psycopg.Error as error:
        raise StoreError(f"the database of DATABASE_URL cannot be filled: {error}.") from error


def _postgresql_rows(cursor: Any) -> dict[str, int]:  # noqa: ANN401 - Django's cursor or psycopg's own
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
    names = [name for (name,) in cursor.fetchall()]
    rows = {}
    for name in names:
        cursor.execute(f'SELECT COUNT(*) FROM "{name}"')  # noqa: S608 - the database's own names
        rows[name] = int(cursor.fetchone()[0])
    return rows


def _client(program: str, params: Mapping[str, Any], words: list[str]) -> None:
    """Run a program of PostgreSQL's client; the password travels by the environment, seen by nobody else."""
    from psycopg.conninfo import make_conninfo

    found = shutil.which(program)
    if found is None:
        raise StoreError(
            f"{program} is not on the PATH; install PostgreSQL's client, of the server's version or newer."
        )
    open_params = {k: v for k, v in params.items() if k in _CONNINFO and v not in (None, "")}
    environment = {**os.environ, **({"PGPASSWORD": str(params["password"])} if params.get("password") else {})}
    command = [found, f"--dbname={make_conninfo(**open_params)}", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - above
    if done.returncode:
        raise StoreError(f"{program} failed: {done.stderr.strip() or f'status {done.returncode}'}")


_CONNINFO = frozenset({"host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey"})
