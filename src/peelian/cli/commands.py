"""Which command lives in which file. A new group is one line here."""

import typer

from peelian import __version__


def register(app: typer.Typer) -> None:
    """Add every command group to the program."""
    app.callback()(_program)


def _program(
    version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True),
) -> None:
    """Place-based crime forecasting and prevention, measured part by part."""
    if version:
        typer.echo(f"peelian {__version__}")
        raise typer.Exit
