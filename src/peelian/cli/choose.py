"""``peelian choose``: which model tonight, area by area, and why."""

from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, day, settings_of


def choose(
    on: Annotated[
        str | None, typer.Option("--on", help="The night to choose for, YYYY-MM-DD [default: today].")
    ] = None,
    backtest: Annotated[
        str | None, typer.Option("--backtest", help="Whose scores decide [default: the newest finished].")
    ] = None,
    force: Annotated[
        str | None, typer.Option("--force", help="Force, where the home holds backtests of several.")
    ] = None,
    boxes: Annotated[
        str | None,
        typer.Option("--boxes", help="Kind of boxes that compete: fixed or floating [default: the night's]."),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="What decides: bits (the log score) or hits.")] = "bits",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Choose each area's and crime type's model from past scores only, and keep the reasons."""
    import json
    from dataclasses import asdict

    from peelian.jobs.choose import choose_models

    choices = choose_models(settings_of(home), day(on), backtest=backtest, force=force, boxes=boxes, by=by)
    if as_json:
        typer.echo(json.dumps(asdict(choices), indent=1, default=str))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"{choices.force}: {choices.on} · from {choices.backtest}, scores until {choices.scored_until:%Y-%m-%d}",
        title_justify="left",
        box=None,
    )
    for name in ("area", "crime type", "model", "why"):
        table.add_column(name, no_wrap=name != "why")
    for choice in choices.choices:
        table.add_row(choice.area, choice.crime_type, choice.method, choice.why)
    Console().print(table)
