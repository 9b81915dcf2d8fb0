"""Which command lives in which file. A new group is one line here."""

import inspect

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

    app.callback(no_args_is_help=True)(_program)
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
    _say_whole_sentences(app)


def _say_whole_sentences(app: typer.Typer) -> None:
    """Let the list of commands give the whole first sentence of each, where Typer would cut it short."""
    for command in app.registered_commands:
        told = (inspect.getdoc(command.callback) or "").split("\n\n")[0]
        command.short_help = command.short_help or " ".join(told.split())
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _say_whole_sentences(group.typer_instance)


def _tell_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"peelian {__version__}")
        raise typer.Exit


def _program(
    version: bool = typer.Option(
        False, "--version", help="Print the version and stop.", is_eager=True, callback=lambda v: _tell_version(asked=v)
    ),
) -> None:
    """Place-based crime forecasting and prevention, measured part by part."""
