"""Options that every command takes, said once, and how a door reads dates and settings."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from peelian.settings import Settings, read_settings

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Home folder [default: PEELIAN_HOME, else ./peelian-home].", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]


def settings_of(home: Path | None) -> Settings:
    """Return the settings of the home named, or of the usual one."""
    return read_settings(home)


def day(text: str | None) -> date:
    """Return the day written as YYYY-MM-DD (or YYYY-MM: its first); today where none is written.

    Raises
    ------
    BadParameter
        When the text is no such day: the command was used wrongly (exit 2).
    """
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text if text.count("-") > 1 else f"{text}-01")
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day; write it as 2018-12-21, or a month as 2018-12.") from error


def open_store(home: Path | None) -> Settings:
    """Return the settings of a home with its database open: a command calls this before it imports a job.

    Raises
    ------
    SettingsError, StoreError
        When the settings or the database cannot be read.
    """
    from peelian.store.database import open_database

    settings = read_settings(home)
    open_database(settings.home, settings.database_url)
    return settings
