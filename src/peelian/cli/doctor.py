"""``peelian doctor``: whether all is well, and what wants mending."""

import typer

from peelian.cli.options import AsJson, Home, open_store, settings_of


def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """Check the installation, the data and the last night, in plain words; exit 1 where something wants mending."""
    import json
    from dataclasses import asdict
    from datetime import UTC, datetime

    from peelian.store.database import has_database

    settings = settings_of(home)
    # A look must not make the home that it looks for.
    is_open = (settings.home / "events").is_dir() or has_database(settings.home, settings.database_url)
    if is_open:
        open_store(home)

    from peelian.jobs.doctor import examine

    findings = examine(settings, datetime.now(UTC), is_open=is_open)
    if as_json:
        typer.echo(json.dumps([asdict(f) for f in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{'well ' if finding.is_well else 'MEND '} {finding.subject}: {finding.words}")
    if not all(f.is_well for f in findings):
        raise typer.Exit(1)
