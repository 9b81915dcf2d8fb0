"""Records as tables for people or JSON for programs."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from peelian.jobs.importing import ImportReport
    from peelian.records.marking import Notice
    from peelian.records.queries import Page
    from peelian.store.records.reading import Neighbours, View


def print_import(report: "ImportReport", *, as_json: bool) -> None:
    """Print what became of every row of an import."""
    if as_json:
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=1))
        return
    title = f"{report.source}: import {report.run}{', gone on with' if report.resumed else ''}, {report.seconds:.0f} s"
    table = Table(title=title, title_justify="left", show_edge=False)
    table.add_column("rows")
    table.add_column("", justify="right")
    table.add_column("", overflow="fold")
    for what, count, words in report.table_rows():
        table.add_row(what, f"{count:,}", Text(words))
    Console().print(table)


def print_page(page: "Page", title: str) -> None:
    """Print a page of hits, each with the best reason why it was found."""
    counted = f"{page.found:,}{' or more' if page.is_capped else ''} found"
    console = Console()
    table = Table(title=Text(f"{title}: {counted}"), title_justify="left", show_edge=False)
    for column in ("record", "type", "", "why"):
        table.add_column(column, justify="right" if column == "record" else "left", overflow="fold")
    for hit in page.hits:
        why = hit.why[0] if hit.why else None
        words = f"{why.property}: {why.text} ({why.how})" if why else ""
        if hit.distance_m is not None:
            words = f"{words} {hit.distance_m:,.0f} m away".strip()
        table.add_row(str(hit.record), hit.type, Text(hit.title), Text(words))
    console.print(table if page.hits else Text(f"{title}: {counted}"))
    for notice in page.notices:
        console.print(Text(notice))


def print_notice(notice: "Notice", *, as_json: bool) -> None:
    """Print that a record exists, and whom to ask."""
    print(json.dumps({"notice": notice.sentence}) if as_json else notice.sentence)


def print_view(view: "View", ties: "Neighbours | None", *, as_json: bool) -> None:
    """Print a record: its values with who says them, what is unknown or disputed, and the first page of its links."""
    entity = view.entity
    neighbours = ties.neighbours if ties else ()
    if as_json:
        told = {
            "record": entity.id,
            "members": entity.members,
            "type": entity.type.name,
            "title": entity.title,
            "values": {n: [{"text": v.text, "sources": v.sources} for v in vs] for n, vs in entity.values.items()},
            "unknown": sorted(entity.unknown),
            "disputes": [d.value for d in entity.disputes],
            "review": view.review_reason,
            "links": [asdict(n) for n in neighbours],
            "notices": view.notices,
        }
        print(json.dumps(told, ensure_ascii=False, indent=1, default=str))
        return
    table = Table(title=Text(f"{entity.type.label} {entity.id}: {entity.title}"), title_justify="left", show_edge=False)
    for column in ("", "", "from", "how sure"):
        table.add_column(column, overflow="fold")
    for name, values in entity.values.items():
        for value in values:
            label = entity.type.properties[name].label if name in entity.type.properties else name
            table.add_row(label, Text(value.text), Text(", ".join(value.sources)), value.reliability.value)
    for name in sorted(entity.unknown):
        table.add_row(entity.type.properties[name].label, "known to be unknown", "", "")
    console = Console()
    console.print(table)
    for dispute in entity.disputes:
        console.print(Text(f"Disputed: {dispute.value}"))
    for neighbour in neighbours:
        console.print(Text(neighbour.notice or f"  {neighbour.words} {neighbour.title} ({neighbour.record})"))
    for notice in view.notices:
        console.print(Text(notice))
    console.print(Text(view.review_reason))
