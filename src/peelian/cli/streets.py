"""``peelian streets``: the stretches that carry what is expected, where a street network is given."""

from pathlib import Path
from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, day, settings_of

app = typer.Typer(no_args_is_help=True, help="Streets: the best tenth of a street network, beside the boxes.")

ForceId = Annotated[
    str | None, typer.Option("--force", help="Force id [default: the only one of the home].", show_default=False)
]


@app.command("add")
def add(
    network: Annotated[Path, typer.Argument(help="GraphML of OSMnx, or lines as GeoJSON or GeoPackage (also .gz).")],
    force: ForceId = None,
    home: Home = None,
) -> None:
    """Keep a file as the force's street network."""
    from peelian.jobs.streets import add_network

    found, kept = add_network(settings_of(home).home, force, network)
    typer.echo(f"{len(kept):,} stretches, {kept.length_m.sum() / 1000:,.1f} km, kept for {found.name}.")


@app.command("map")
def street_map(
    on: Annotated[str, typer.Option("--on", help="The day, YYYY-MM-DD (or the month).")],
    crime_type: Annotated[str, typer.Option("--crime-type", help="Crime type or bundle.")],
    share: Annotated[float, typer.Option("--share", help="Share of all street length to choose.")] = 0.1,
    rows: Annotated[int, typer.Option("--rows", help="Rows to print.", min=0)] = 15,
    force: ForceId = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Choose the best streets by what was known before the day; write them as GeoJSON, print the first."""
    import json

    from peelian.jobs.streets import StreetRequest, map_streets

    settings = settings_of(home)
    request = StreetRequest(day(on), crime_type, share, force, settings.night.start_hour, settings.bundles)
    made = map_streets(settings.home, request)
    summary = {
        "force": made.force.id,
        "crime_type": made.crime_type,
        "period_start": made.period.start.isoformat(),
        "period_end": made.period.end.isoformat(),
        "stretches": made.chosen.height,
        "length_share": made.length_share,
        "expected_share": made.expected_share,
        "expected_total": made.expected_total,
        "events_known": made.events,
        "events_on_no_street": made.off_street,
        "file": str(made.file),
    }
    if as_json:
        listed = {"streets": made.chosen.head(rows).to_dicts(), "boxes": made.boxes.to_dicts()}
        typer.echo(json.dumps({**summary, **listed}, indent=1))
        return
    typer.echo(
        f"{made.force.name}, {made.crime_type}: {made.chosen.height} stretches, {made.length_share:.1%} of the street "
        f"length, are expected to hold {made.expected_share:.0%} of what falls on a street."
    )
    typer.echo(f"{made.off_street} of {made.events} known events lie on no street and count nowhere.")
    for row in made.chosen.head(rows).iter_rows(named=True):
        street = row["street"] or "(no name)"
        typer.echo(f"{row['rank']:>4}  {street:<40}{row['length_m']:>7.0f} m  {row['expected_count']:.4f}")
    if made.boxes.height:
        typer.echo("In the boxes published for that night, the stretch that carries most:")
        for row in made.boxes.unique(["area_id", "rank"], keep="first", maintain_order=True).iter_rows(named=True):
            street = row["street"] or "(no name)"
            typer.echo(
                f"  {row['area_id']}, box {row['rank']}: {street}, {row['length_m']:.0f} m, {row['share']:.0%} of the "
                "box's streets"
            )
    typer.echo(f"all of them: {made.file}")
