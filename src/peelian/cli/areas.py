"""``peelian areas``: polygons that cut a force's ground into boroughs, wards or beats, and mask water."""

from pathlib import Path
from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Polygons of study areas: boroughs, wards, and what to mask.")

ForceId = Annotated[
    str | None, typer.Option("--force", help="Force id [default: the only one of the home].", show_default=False)
]
PolygonFile = Annotated[Path, typer.Argument(help="GeoJSON (also .gz), GeoPackage or shapefile.")]


@app.command("add")
def add(
    level: Annotated[str, typer.Argument(help="Name of the level: borough, ward, force ...")],
    file: PolygonFile,
    id_column: Annotated[str | None, typer.Option("--id", help="Column with the areas' ids.")] = None,
    name_column: Annotated[str | None, typer.Option("--name", help="Column with the areas' names.")] = None,
    force: ForceId = None,
    home: Home = None,
) -> None:
    """Keep a file's polygons as the areas of one level."""
    from peelian.jobs.areas import add_areas

    added = add_areas(settings_of(home).home, force, level, file, id_column, name_column)
    typer.echo(f"{added.areas} areas of level {added.level} kept; {added.mended} had rings to mend.")


@app.command("mask", short_help="Keep water and the like out of every level.")
def mask(file: PolygonFile, force: ForceId = None, home: Home = None) -> None:
    """Keep polygons of water and the like: cells whose centre lies in one leave every level."""
    from peelian.jobs.areas import mask_areas

    added = mask_areas(settings_of(home).home, force, file)
    typer.echo(f"{added.areas} polygons masked; {added.mended} had rings to mend.")


@app.command("list", short_help="Show the levels that can be forecast.")
def list_levels(force: ForceId = None, home: Home = None, as_json: AsJson = False) -> None:
    """Show the levels that can be forecast, with the number of areas of each."""
    import json

    from peelian.jobs.areas import levels

    rows = levels(settings_of(home).home, force)
    if as_json:
        typer.echo(json.dumps([{"level": level, "areas": n, "from": source} for level, n, source in rows]))
        return
    for level, n, source in rows:
        typer.echo(f"{level:<16} {n:>6}  {source}")
