"""Opens the relational store of a home: SQLite in the home folder by default, PostgreSQL by URL.

A door opens the store before it imports a job: Django's tables cannot be imported before. A process
that turns to another home closes the first one's connection.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from peelian.errors import StoreError

_FILE = "peelian.sqlite3"
#: SQLite: readers beside one writer (WAL), and a transaction that will write says so at once (IMMEDIATE), so that
#: two processes wait for each other instead of failing (measured in docs/decisions/0002-two-stores.md).
_SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}
#: PostgreSQL compiles a statement that it thinks dear: 25 ms and more for one that reads three hundred rows in one.
_POSTGRESQL = "-c jit=off"


def database_settings(home: Path, url: str) -> dict[str, Any]:
    """Return Django's DATABASES entry for a home, or for a URL when one is given.

    Raises
    ------
    StoreError
        When the URL names no kind of database that Django knows.
    """
    import dj_database_url

    if url:
        try:
            found: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60))
        except ValueError as error:
            # The URL may hold a password: it is not repeated.
            raise StoreError(
                "DATABASE_URL is no address of a database; write postgres://user@host:port/name."
            ) from error
        if found["ENGINE"] == "django.db.backends.postgresql":
            options = dict(found.get("OPTIONS", {}))
            found["OPTIONS"] = options | {"options": f"{_POSTGRESQL} {options.get('options', '')}".strip()}
        return found
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(home / _FILE),
        "OPTIONS": _SQLITE,
        "CONN_MAX_AGE": 60,
    }


def open_database(home: Path, url: str = "", also: Mapping[str, Any] | None = None) -> None:
    """Configure Django for the store, and bring its tables up to this version's schema.

    ``also`` is what the site adds to the settings of the store alone.

    Raises
    ------
    StoreError
        When the folder or the database cannot be opened, or belongs to a newer Peelian.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"home folder {home}: {error.strerror}. Name another with --home.") from error
    configure(home, url, also)
    _migrate(home)


def has_database(home: Path, url: str = "") -> bool:
    """Tell whether a home has been worked with: a look at one that has not must not make it."""
    return (home / _FILE).is_file() or (bool(url) and home.is_dir())


def configure(home: Path, url: str = "", also: Mapping[str, Any] | None = None) -> None:
    """Configure Django for the store without opening it: a home that does not exist yet is not made."""
    import django
    from django.conf import settings
    from django.db import connections

    wanted = database_settings(home, url)
    if not settings.configured:
        from peelian.store import django_settings

        values = {name: getattr(django_settings, name) for name in dir(django_settings) if name.isupper()}
        settings.configure(**(values | dict(also or {}) | {"DATABASES": {"default": wanted}}))
        django.setup()
    elif str(connections["default"].settings_dict["NAME"]) != str(wanted["NAME"]):
        connections["default"].close()
        del connections["default"]
        connections.settings = connections.configure_settings({"default": wanted})
    for name, value in (also or {}).items():
        setattr(settings, name, value)


def _migrate(home: Path) -> None:
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        applied = {key for key in executor.loader.applied_migrations if key[0] == "store"}
        unknown = applied - set(executor.loader.disk_migrations)
        if unknown:
            raise StoreError(
                f"the database of {home} was written by a newer Peelian (it knows {min(unknown)[1]}); "
                "run that version, or restore a backup made before the upgrade."
            )
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise StoreError(f"the database of {home} cannot be opened: {error}. Is the disk full or read-only?") from error
