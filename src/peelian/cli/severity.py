"""``peelian severity``: what one crime weighs against another, and who says so."""

from pathlib import Path
from typing import Annotated

import typer

from peelian.cli.options import AsJson

_ONS_METHOD = "ONS, Research outputs: developing a Crime Severity Score, 29 November 2016"

app = typer.Typer(help="Severity tables: weights by crime type, with their source.", no_args_is_help=True)


@app.command("list")
def list_tables(
    name: Annotated[str | None, typer.Argument(help="A table, or a TOML file in its form [default: name all].")] = None,
    as_json: AsJson = False,
) -> None:
    """Name the tables, or show one with its source."""
    import json
    from dataclasses import asdict

    from peelian.sources.severity import severity_names, severity_table

    tables = {n: severity_table(n) for n in ([name] if name else severity_names())}
    if as_json:
        typer.echo(json.dumps({n: asdict(t) for n, t in tables.items()}, indent=2))
        return
    for table_name, table in tables.items():
        typer.echo(f"{table_name}: {table.title} ({table.law}; {table.unit})")
        if not name:
            continue
        typer.echo(f"published {table.published}; {table.reference}\nread from {table.read_from}")
        typer.echo(f"standing: {table.standing}\n")
        for row in table.rows:
            typer.echo(f"{row.crime_type:<26}{row.weight:>10,.2f}  {row.of}")


@app.command("bundle")
def print_bundle(
    bundle: Annotated[str, typer.Argument(help="What to call the bundle.")],
    table: Annotated[str, typer.Option("--table", help="A table, or a TOML file in its form.")],
    crime_type: Annotated[list[str], typer.Option("--crime-type", help="Crime type; repeat.")],
) -> None:
    """Print the bundle as lines for ``peelian.toml``: every weight in plain sight, with its source beside it."""
    from peelian.sources.severity import severity_table

    said = severity_table(table)
    weights = said.bundle(bundle, crime_type).weights
    told = {row.crime_type: row.of for row in said.rows}
    typer.echo(f"# {said.title}, {said.unit} ({said.law}). {said.reference}.\n# {said.standing}.")
    typer.echo(f'[bundles."{bundle}"]')
    for name, weight in weights:
        typer.echo(f"{name} = {weight:g}  # {told[name]}")


@app.command("add")
def add_table(
    sheet_file: Annotated[Path, typer.Argument(help="The published sheet: CSV, XLSX or ODS.", show_default=False)],
    crime_type: Annotated[
        list[str],
        typer.Option("--crime-type", help="CRIME_TYPE=OFFENCE, or OFFENCE*NUMBER recorded; the same type again mixes."),
    ],
    to: Annotated[Path, typer.Option("--to", help="The table to write (TOML).")],
    title: Annotated[str, typer.Option("--title", help="What the table is called.")],
    published: Annotated[str, typer.Option("--published", help="Where the sheet was published, and when.")],
    unit: Annotated[str, typer.Option("--unit", help="What a weight is.")] = "ONS Crime Severity Score weight",
    reference: Annotated[str, typer.Option("--reference", help="The method's source.")] = _ONS_METHOD,
    law: Annotated[str, typer.Option("--law", help="Whose law the offences are of.")] = "England and Wales",
    sheet: Annotated[str | None, typer.Option("--sheet", help="Name of the sheet in a workbook.")] = None,
) -> None:
    """Make a table from a published sheet of offences and weights; you say which offences make a crime type."""
    from peelian.jobs.severity import SheetRequest, add_severity_table

    about = {"title": title, "unit": unit, "published": published, "reference": reference, "law": law}
    rows = add_severity_table(SheetRequest(sheet_file, tuple(crime_type), to, about, sheet))
    for row in rows:
        typer.echo(f"{row.crime_type:<26}{row.weight:>10,.2f}  {row.of}")
    typer.echo(f"written to {to}; use it with --table {to}")
