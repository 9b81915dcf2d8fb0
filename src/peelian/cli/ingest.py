"""``peelian ingest SOURCE PATH...``: files of a feed into a force's event log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peelian.cli.options import AsJson, Home, settings_of

if TYPE_CHECKING:
    from peelian.sources.records import Source

app = typer.Typer(no_args_is_help=True, help="Take files of a feed into a force's event log.")

Paths = Annotated[list[str], typer.Argument(help="Files, folders or patterns: .csv, .csv.gz, .parquet.")]
DelayHours = Annotated[
    float | None,
    typer.Option("--delay-hours", min=0, help="Assumed hours from a crime to its record, where none is given."),
]


@app.command("slmpd", short_help="The St. Louis police, monthly: exact minutes, retractions.")
def slmpd(paths: Paths, delay_hours: DelayHours = None, home: Home = None, as_json: AsJson = False) -> None:
    """Monthly records of the St. Louis police: exact minutes, retractions as Count = -1."""
    from peelian.sources.records import Delay
    from peelian.sources.slmpd import ASSUMED_DELAY, Slmpd

    delay = ASSUMED_DELAY if delay_hours is None else Delay(delay_hours)
    _take(Slmpd(delay), paths, home, as_json=as_json)


@app.command("police-uk", short_help="data.police.uk street files, by the month.")
def police_uk(
    paths: Paths,
    force: Annotated[
        str | None, typer.Option("--force", help="Force id, where files do not say it or several forces are one.")
    ] = None,
    delay_hours: DelayHours = None,
    encoding: Annotated[str, typer.Option("--encoding", help="Encoding of the text files.")] = "utf-8",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Street-level crime of data.police.uk, by the month; outcomes and stop and search are refused."""
    from peelian.sources.delimited import Dialect
    from peelian.sources.police_uk import ASSUMED_DELAY, PoliceUk
    from peelian.sources.records import Delay

    delay = ASSUMED_DELAY if delay_hours is None else Delay(delay_hours)
    _take(PoliceUk(force, delay, Dialect(encoding)), paths, home, as_json=as_json)


@app.command("csv", short_help="Any incident file, by a mapping that can be drafted.")
def csv(
    paths: Paths,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="TOML file that says how to read the feed.", show_default=False)
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Draft a mapping from the first file and print it.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Any incident file, read by a mapping."""
    from peelian.sources.files import expand
    from peelian.sources.mapped import Mapped
    from peelian.sources.mapping import read_mapping
    from peelian.sources.suggest import suggest_mapping

    if suggest:
        typer.echo(suggest_mapping(expand(paths)[0]), nl=False)
        return
    if mapping is None:
        raise typer.BadParameter("give the mapping's file, or --suggest to have one drafted", param_hint="--mapping")
    read = read_mapping(mapping)
    _take(Mapped(read), paths, home, as_json=as_json)
    if read.areas is not None:
        from peelian.jobs.areas import add_areas

        layer = mapping.parent / read.areas.file
        add_areas(
            settings_of(home).home,
            read.force.id,
            read.areas.level,
            layer,
            read.areas.id or None,
            read.areas.name or None,
        )


def _take(source: "Source", paths: list[str], home: Path | None, *, as_json: bool) -> None:
    from peelian.cli.ingest_table import print_report
    from peelian.cli.progress import steps
    from peelian.jobs.ingest import ingest

    with steps() as show:
        report = ingest(
            settings_of(home).home,
            source,
            paths,
            datetime.now(UTC),
            lambda path, rows: show(f"{path.name}: {rows:,} rows read"),
        )
    print_report(report, as_json=as_json)
