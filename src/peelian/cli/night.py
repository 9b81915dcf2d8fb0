"""``peelian night``: the nightly job."""

from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, day, open_store


def night(
    on: Annotated[
        str | None, typer.Option("--on", help="The night to make, YYYY-MM-DD (or YYYY-MM) [default: today].")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="Begin the catch-up at this night.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Make the night anew though it is published.")] = False,
    level: Annotated[
        str | None, typer.Option("--level", help="Level of areas: force, borough, ward, district ...")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Model from the catalogue.")] = None,
    boxes: Annotated[str | None, typer.Option("--boxes", help="floating, grid or auto.")] = None,
    count: Annotated[
        int | None, typer.Option("--count", help="Boxes per area and crime type.", min=1, max=10_000)
    ] = None,
    crime_type: Annotated[
        list[str] | None, typer.Option("--crime-type", help="Only these crime types; repeat.")
    ] = None,
    executor: Annotated[str | None, typer.Option("--executor", help="processes, or dask://host:port.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make tonight's boxes for all areas and crime types, and every night missed since the last good one."""
    from dataclasses import replace

    settings = open_store(home)

    from peelian.cli.night_table import outcomes_as_json, print_outcomes
    from peelian.cli.notices import tell
    from peelian.cli.progress import steps
    from peelian.jobs.night import run_nights

    asked = settings.night
    chosen = replace(
        asked,
        level=level or asked.level,
        model=model or asked.model,
        boxes=boxes or asked.boxes,
        count=count or asked.count,
        crime_types=tuple(crime_type) if crime_type else asked.crime_types,
    )
    with steps() as progress:
        outcomes = run_nights(
            replace(settings, night=chosen, executor=executor or settings.executor),
            day(on),
            since=day(since) if since else None,
            again=again,
            progress=progress,
        )
    if as_json:
        typer.echo(outcomes_as_json(outcomes))
    elif not outcomes:
        typer.echo(f"nothing to do: the night of {day(on)} is published; --again makes it anew.")
    else:
        print_outcomes(outcomes)
    tell(settings)
    if any(o.status == "failed" for o in outcomes):
        raise typer.Exit(1)
