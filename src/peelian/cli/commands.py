"""Which command lives in which file. A new group is one line here."""

import typer

from peelian import __version__


def register(app: typer.Typer) -> None:
    """Add every command group to the program."""
    from peelian.cli import (
        areas,
        audit,
        backtest,
        backup,
        choose,
        demo,
        doctor,
        ingest,
        night,
        notices,
        purpose,
        records,
        serve,
        severity,
        streets,
        token,
        user,
    )

    app.callback()(_program)
    app.command("demo")(demo.demo)
    app.command("doctor")(doctor.doctor)
    app.add_typer(ingest.app, name="ingest")
    app.add_typer(areas.app, name="areas")
    app.command("night")(night.night)
    app.add_typer(purpose.app, name="purpose")
    app.command("switch")(purpose.switch)
    app.command("backtest")(backtest.backtest)
    app.command("choose")(choose.choose)
    app.add_typer(severity.app, name="severity")
    app.add_typer(streets.app, name="streets")
    app.command("serve")(serve.serve)
    app.add_typer(user.app, name="user")
    app.add_typer(audit.app, name="audit")
    app.command("backup")(backup.backup)
    app.command("restore")(backup.restore)
    app.add_typer(token.app, name="token")
    app.add_typer(notices.app, name="notices")
    app.command("notify")(notices.notify)
    app.add_typer(records.app, name="records")


def _program(
    version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True),
) -> None:
    """Place-based crime forecasting and prevention, measured part by part."""
    if version:
        typer.echo(f"peelian {__version__}")
        raise typer.Exit
