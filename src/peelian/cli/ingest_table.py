"""The report of an ingest, as a table for people or JSON for programs."""

import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from peelian.sources.report import IngestReport


def print_report(report: IngestReport, *, as_json: bool) -> None:
    """Print the report on standard output."""
    if as_json:
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=1))
        return
    console = Console()
    title = f"ingest {report.number}" if report.number is not None else "nothing new: no ingest was made"
    table = Table(title=f"{report.force_id} from {report.source}: {title}", title_justify="left", show_edge=False)
    table.add_column("rows")
    table.add_column("", justify="right")
    table.add_column("", overflow="fold")
    for what, count, words in report.table_rows():
        table.add_row(what, f"{count:,}", Text(words))
    console.print(table)
    for line in report.example_lines():
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    for skipped in report.skipped:
        console.print(f"Skipped {skipped.file}: {skipped.value}", markup=False, highlight=False, soft_wrap=True)
    if report.retracted_late:
        console.print(f"{report.retracted_late:,} retractions of earlier ingests found their record now.")
    console.print(report.delay_note, markup=False, highlight=False, soft_wrap=True)
    if report.refused_file:
        console.print(
            f"Refused rows, each with file, line and value: {report.refused_file}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
