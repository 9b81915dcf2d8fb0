"""``peelian backtest``: the referee."""

from pathlib import Path
from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, day, settings_of


def backtest(
    since: Annotated[str, typer.Option("--from", help="First day to forecast, YYYY-MM-DD (or YYYY-MM).")],
    until: Annotated[str, typer.Option("--to", help="Last day to forecast.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "-m", help="MODEL, MODEL@floating or MODEL:parameter=value,...; repeat. 'all': the catalogue."
        ),
    ] = None,
    methods: Annotated[Path | None, typer.Option("--methods", help="TOML file of [[method]] tables.")] = None,
    outside: Annotated[
        list[Path] | None, typer.Option("--outside", help="GeoJSON or CSV of somebody else's boxes; repeat.")
    ] = None,
    outside_crs: Annotated[str | None, typer.Option("--outside-crs", help="CRS of those files.")] = None,
    baseline: Annotated[str, typer.Option("--baseline", help="The method to beat.")] = "recent-counts",
    name: Annotated[
        str | None, typer.Option("--name", help="Folder under HOME/backtests [default: FORCE_FROM_TO].")
    ] = None,
    force: Annotated[str | None, typer.Option("--force", help="Force, where the home holds several.")] = None,
    level: Annotated[
        str | None, typer.Option("--level", help="Level of areas: force, borough, ward, district ...")
    ] = None,
    crime_type: Annotated[
        list[str] | None, typer.Option("--crime-type", help="Crime type or bundle; repeat [default: the 6 commonest].")
    ] = None,
    horizon: Annotated[str | None, typer.Option("--horizon", help="day, shift, week or month [default: day].")] = None,
    count: Annotated[int | None, typer.Option("--count", help="Boxes per area.", min=1, max=10_000)] = None,
    timing: Annotated[
        str,
        typer.Option("--timing", help="recorded: what was known then; occurred: as the literature does, flattering."),
    ] = "recorded",
    refit_days: Annotated[int, typer.Option("--refit-days", help="Models learn anew after so many days.", min=1)] = 7,
    origins: Annotated[
        int, typer.Option("--origins", help="Begin the grid at so many places of a cell, 4 or 16: how much is luck.")
    ] = 1,
    residents: Annotated[
        Path | None,
        typer.Option("--residents", help="Polygon file with counts of residents: adds the disparity table."),
    ] = None,
    residents_columns: Annotated[
        str, typer.Option("--residents-columns", help="NAME,RESIDENTS[,GROUP...]: its columns.")
    ] = "name,residents",
    executor: Annotated[str | None, typer.Option("--executor", help="processes, or dask://host:port.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="Processes [default: one a core].", min=1)] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Replay past periods from what was known then, and judge every method by what happened.

    Kill it when you like: the same command finishes what is missing. Exit 1 when any period has no answer.
    """
    import json
    from dataclasses import replace

    from peelian.cli.backtest_table import print_verdict
    from peelian.cli.progress import steps
    from peelian.jobs.backtest import run_backtest
    from peelian.jobs.disparity import residents_in
    from peelian.jobs.methods import all_methods, method_of, methods_in
    from peelian.jobs.planning import BacktestRequest
    from peelian.jobs.verdict import verdict_json

    settings = settings_of(home)
    asked = tuple(m for text in model or () for m in (all_methods() if text == "all" else (method_of(text),)))
    request = BacktestRequest(
        first=day(since),
        last=day(until),
        methods=(*asked, *(methods_in(methods) if methods else ())),
        name=name,
        force=force,
        level=level,
        horizon=horizon,
        crime_types=tuple(crime_type or ()),
        count=count,
        timing=timing,
        refit_days=refit_days,
        baseline=baseline,
        outside=tuple(outside or ()),
        outside_crs=outside_crs,
        origins=origins,
        residents=residents_in(residents, residents_columns) if residents else None,
    )
    with steps() as progress:
        chosen = replace(settings, workers=workers) if workers else settings
        verdict, folder = run_backtest(chosen, request, executor=executor, progress=progress)
    if as_json:
        typer.echo(json.dumps({**verdict_json(verdict), "folder": str(folder.path)}, indent=1))
    else:
        print_verdict(verdict, folder.path)
    if not verdict.is_complete:
        raise typer.Exit(1)
