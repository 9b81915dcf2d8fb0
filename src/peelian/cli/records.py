"""``peelian records``: the common store from the command line."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peelian.cli.options import AsJson, Home, day, open_store

if TYPE_CHECKING:
    from peelian.records.access import Actor
    from peelian.records.catalogue import Catalogue
    from peelian.records.queries import Near
    from peelian.sources.pole.feed import Feed

app = typer.Typer(help="People, objects, locations and events: one store, with search.", no_args_is_help=True)

Why = Annotated[str, typer.Option("--purpose", help="Why the records are read; it is kept in the log.")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Only records of this type; may be said again.")]


@app.command("import")
def import_(
    form: Annotated[str, typer.Argument(help="A shipped mapping (manchester), or csv, sdm, followthemoney.")],
    path: Annotated[Path, typer.Argument(help="The folder of the CSV files, or the JSON file.")],
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", help="With csv: the TOML file that says what is what.", show_default=False),
    ] = None,
    source: Annotated[str, typer.Option("--source", help="With JSON: whose records these are.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take records and links from files; the same files twice add nothing, and a killed import goes on."""
    settings = open_store(home)
    from peelian.cli.progress import steps
    from peelian.cli.records_table import print_import, print_page
    from peelian.jobs.importing import import_records
    from peelian.records.purpose import Purpose
    from peelian.records.queries import Filters
    from peelian.store.records.rules import read_rules
    from peelian.store.records.search import search as search_records

    rules = read_rules(settings.home)
    feed, first_search = _feed(form, path, mapping, source, rules.catalogue)
    with steps() as show_step:
        report = import_records(
            settings.home,
            feed,
            rules,
            _operator("import"),
            datetime.now(UTC),
            lambda part, rows: show_step(f"{part}: {rows:,} rows read"),
        )
    print_import(report, as_json=as_json)
    if first_search and not as_json:
        page = search_records(first_search, Filters(), _operator("import"), Purpose("show what an import brought"))
        print_page(page, f"A first search, for {first_search!r}")


@app.command("search")
def search(
    query: Annotated[str, typer.Argument(help="A name, plate, phone, address, crime number, or words of a text.")],
    purpose: Why,
    types: Types = None,
    areas: Annotated[list[str] | None, typer.Option("--area", help="Only this area.")] = None,
    crime_types: Annotated[list[str] | None, typer.Option("--crime-type", help="Only this type of crime.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="First day it may have happened, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Day before which it happened, YYYY-MM-DD.")] = None,
    near: Annotated[str | None, typer.Option("--near", help="LONGITUDE,LATITUDE,METRES.")] = None,
    page: Annotated[int, typer.Option("--page", min=1)] = 1,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Search everything; each hit says why it was found."""
    open_store(home)
    from peelian.cli.records_table import print_page
    from peelian.records.purpose import Purpose
    from peelian.records.queries import Filters
    from peelian.store.records.search import search as search_records

    filters = Filters(
        tuple(types or ()),
        tuple(areas or ()),
        tuple(crime_types or ()),
        _midnight(since),
        _midnight(until),
        _near(near) if near else None,
    )
    found = search_records(query, filters, _operator("search"), Purpose(purpose), page=page)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1, default=str))
    else:
        print_page(found, f"{query!r}")


@app.command("show")
def show(
    record: Annotated[int, typer.Argument(help="The record's number.", min=1)],
    purpose: Why,
    as_of: Annotated[str | None, typer.Option("--as-of", help="As it stood at the end of this day.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show a record: what is said of it, by whom, and what it is tied to."""
    from datetime import timedelta

    settings = open_store(home)
    from peelian.cli.records_table import print_notice, print_view
    from peelian.records.marking import Notice
    from peelian.records.purpose import Purpose
    from peelian.store.records import reading
    from peelian.store.records.rules import read_rules

    catalogue = read_rules(settings.home).catalogue
    actor, why = _operator("show"), Purpose(purpose)
    instant = None if as_of is None else (_midnight(as_of) or datetime.now(UTC)) + timedelta(days=1)
    view = reading.show(catalogue, record, actor, why, as_of=instant)
    if isinstance(view, Notice):
        print_notice(view, as_json=as_json)
        return
    ties = reading.neighbours(catalogue, record, actor, why, as_of=instant)
    print_view(view, ties if isinstance(ties, reading.Neighbours) else None, as_json=as_json)


@app.command("export")
def export(
    form: Annotated[str, typer.Argument(help="csv, sdm or followthemoney.")],
    path: Annotated[Path, typer.Argument(help="A new folder (csv) or a new file.")],
    purpose: Why,
    types: Types = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write records and links for another program; the log says that they were disclosed."""
    settings = open_store(home)
    from peelian.jobs.exporting import FORMATS, export_records
    from peelian.records.purpose import Purpose
    from peelian.store.records.rules import read_rules

    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r}: known are {', '.join(FORMATS)}.")
    catalogue = read_rules(settings.home).catalogue
    report = export_records(catalogue, form, path, _operator("export"), Purpose(purpose), tuple(types or ()))
    if as_json:
        typer.echo(json.dumps(asdict(report)))
        return
    left = f"; {report.left:,} have no word in this format" if report.left else ""
    typer.echo(f"{report.records:,} records and {report.links:,} links written to {report.path}{left}.")


@app.command("project")
def project(
    force: Annotated[str, typer.Argument(help="Id of the force whose events the crimes become.")],
    name: Annotated[str, typer.Option("--name", help="The force's name.")] = "",
    time_zone: Annotated[str, typer.Option("--time-zone")] = "Europe/London",
    crs: Annotated[str, typer.Option("--crs", help="The metric CRS of the records' points.")] = "EPSG:27700",
    delay_hours: Annotated[
        float | None,
        typer.Option("--delay-hours", min=0, help="Assumed hours from a crime to its record, where none is told."),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring a force's events in step with the store's crimes, with nothing about a person; safe to repeat."""
    settings = open_store(home)
    from peelian.jobs.projection import Target
    from peelian.jobs.projection import project as project_crimes
    from peelian.sources.pole.crime_types import read_crime_types
    from peelian.store.records.rules import read_rules

    report = project_crimes(
        settings.home,
        read_rules(settings.home).catalogue,
        read_crime_types(settings.home / "crime-types.toml"),
        Target(force, name or force, time_zone, crs, delay_hours),
        _operator("project"),
        datetime.now(UTC),
    )
    if as_json:
        typer.echo(json.dumps(report.to_json()))
        return
    typer.echo(
        f"{report.force_id}: {report.read:,} crimes read; events: {report.new:,} new, {report.corrected:,} corrected, "
        f"{report.retracted:,} taken back, {report.unchanged:,} unchanged."
    )
    for reason, count in report.refused.items():
        typer.echo(f"  refused: {count:,} {reason}")


@app.command("imports")
def imports(home: Home = None, as_json: AsJson = False) -> None:
    """List the imports, newest first: which ended, which stopped where."""
    open_store(home)
    from peelian.store.records.imports import past

    found = past()
    if as_json:
        typer.echo(json.dumps([asdict(i) for i in found], default=str, indent=1))
        return
    if not found:
        typer.echo("no import yet: 'peelian records import --help'.")
    for one in found:
        told = one.tally
        counts = f"{told.get('records', 0):,} records, {told.get('links', 0):,} links" if told else "nothing yet"
        typer.echo(f"{one.number}: {one.source}, {one.started_at:%Y-%m-%d %H:%M}, {one.status}: {counts}. {one.error}")


@app.command("link")
def link(
    record_type: Annotated[str, typer.Argument(help="person, organisation, address, vehicle or phone.")],
    purpose: Why,
    rules_only: Annotated[
        bool, typer.Option("--rules-only", help="Ask the rules for exact keys alone; needs no extra.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Propose records that may be one and the same; a person decides, on the site's page of duplicates."""
    settings = open_store(home)
    from peelian.jobs.linkage import find_duplicates
    from peelian.records.purpose import Purpose
    from peelian.store.records.rules import read_rules
    from peelian.store.records.writing import By

    catalogue = read_rules(settings.home).catalogue
    by = By(_operator("link"), datetime.now(UTC))
    report = find_duplicates(catalogue, record_type, Purpose(purpose), by, is_weighed=not rules_only)
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
        return
    typer.echo(
        f"{report.records:,} records of the type {report.type} compared: {report.proposed:,} pairs may be one, "
        f"{report.new:,} of them new in the queue."
    )
    if report.expected_precision is not None:
        typer.echo(f"  by the model's own reckoning {report.expected_precision:.0%} of the weighed pairs are right")
    for remark in report.remarks:
        typer.echo(f"  {remark}")


@app.command("alerts")
def alerts(home: Home = None, as_json: AsJson = False) -> None:
    """Run every saved search again and keep what is new for whoever saved it: once a night."""
    settings = open_store(home)
    from peelian.jobs.alerting import run_saved_searches
    from peelian.store.accounts import accounts
    from peelian.store.areas import AreaStore

    held = AreaStore(settings.home).held()
    actors = {account.pk: account.actor().reaching(held) for account in accounts() if account.is_active}
    report = run_saved_searches(settings.home, actors.get, datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps(asdict(report)))
        return
    typer.echo(f"{report.searches:,} saved searches ran and found {report.found:,} new; {report.left:,} were left.")


@app.command("due")
def due(
    on: Annotated[str | None, typer.Option("--on", help="By this day [default: today].", show_default=False)] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List the records that are due for review, each with the reason."""
    open_store(home)
    from peelian.store.records.retention import due as due_records

    found = due_records(day(on), _operator("due"))
    if as_json:
        typer.echo(json.dumps([asdict(d) for d in found], default=str, ensure_ascii=False, indent=1))
        return
    if not found:
        typer.echo("no record is due for review.")
    for one in found:
        typer.echo(f"{one.record}: {one.type}, {one.title}. {one.reason}")


@app.command("dispose")
def dispose(
    records: Annotated[list[int], typer.Argument(help="Numbers of records that are due.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is all that stays.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Dispose of records that are due: statements, links, files and index are deleted and wiped."""
    settings = open_store(home)
    from peelian.store.records.retention import dispose as dispose_of
    from peelian.store.records.rules import read_rules
    from peelian.store.records.writing import By

    by = By(_operator("dispose"), datetime.now(UTC))
    rules = read_rules(settings.home)
    done = dispose_of(rules.catalogue, rules.policy, records, reason, settings.home, by)
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    typer.echo(
        f"disposed of {done.records:,} records with {done.statements:,} statements, {done.links:,} links and "
        f"{done.files:,} files."
    )


@app.command("policy")
def policy(home: Home = None) -> None:
    """Work out every record's clock anew, after HOME/retention.toml was changed."""
    settings = open_store(home)
    from peelian.store.records.retention import rewind
    from peelian.store.records.rules import read_rules
    from peelian.store.records.writing import By

    changed = rewind(read_rules(settings.home).policy, By(_operator("policy"), datetime.now(UTC)))
    typer.echo(f"{changed:,} clocks changed.")


@app.command("reindex")
def reindex(home: Home = None) -> None:
    """Make the search index anew from the records: after a type or the program was changed."""
    settings = open_store(home)
    from peelian.store.records.rebuilding import rebuild
    from peelian.store.records.rules import read_rules

    typer.echo(f"{rebuild(read_rules(settings.home).catalogue, datetime.now(UTC)):,} records indexed.")


def _operator(what: str) -> "Actor":
    """Return the command as the log names it."""
    from peelian.records.access import program

    return program(f"peelian records {what}")


def _feed(form: str, path: Path, mapping: Path | None, source: str, catalogue: "Catalogue") -> "tuple[Feed, str]":
    from peelian.sources.pole.csv_files import open_feed
    from peelian.sources.pole.followthemoney import open_ftm
    from peelian.sources.pole.mapping import read_mapping_file, read_shipped, shipped_mappings
    from peelian.sources.pole.sdm import open_sdm

    if form in shipped_mappings():
        read = read_shipped(form)
        return open_feed(read, catalogue, path), read.first_search
    if form == "csv":
        if mapping is None:
            raise typer.BadParameter("give the mapping's file", param_hint="--mapping")
        read = read_mapping_file(mapping)
        return open_feed(read, catalogue, path), read.first_search
    if form in ("sdm", "followthemoney"):
        if not source.strip():
            raise typer.BadParameter("say whose records these are: keys are unique within it", param_hint="--source")
        opened = open_sdm if form == "sdm" else open_ftm
        return opened(path, source.strip(), catalogue), ""
    known = ", ".join((*shipped_mappings(), "csv", "sdm", "followthemoney"))
    raise typer.BadParameter(f"{form!r}: known are {known}.", param_hint="FORM")


def _midnight(text: str | None) -> datetime | None:
    return None if text is None else datetime.combine(day(text), datetime.min.time(), UTC)


def _near(text: str) -> "Near":
    import numpy as np

    from peelian.places import Projection
    from peelian.records.queries import Near

    try:
        longitude, latitude, radius = (float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: write LONGITUDE,LATITUDE,METRES, such as -2.24,53.48,500.") from error
    x, y = Projection("EPSG:27700").to_metres(np.array([longitude]), np.array([latitude]))
    return Near("EPSG:27700", float(x[0]), float(y[0]), radius)
