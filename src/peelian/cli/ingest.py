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


@app.command("slmpd")
def slmpd(paths: Paths, delay_hours: DelayHours = None, home: Home = None, as_json: AsJson = False) -> None:
    """Monthly records of the St. Louis police: exact minutes, retractions as Count = -1."""
    from peelian.sources.records import Delay
    from peelian.sources.slmpd import ASSUMED_DELAY, Slmpd

    delay = ASSUMED_DELAY if delay_hours is None else Delay(delay_hours)
    _take(Slmpd(delay), paths, home, as_json=as_json)


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
