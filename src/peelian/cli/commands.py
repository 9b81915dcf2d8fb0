"""Which command lives in which file. A new group is one line here."""

import typer


def register(app: typer.Typer) -> None:
    """Add every command group to the program."""
