"""``peelian backup`` and ``peelian restore``: a whole copy of a home, and a home made from one."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, open_store, settings_of


def backup(
    path: Annotated[Path, typer.Argument(help="The file to write, outside the home; it must not exist.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Put the site's secret key in as well; the file opens sessions then.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Save a home whole while it works: database, events, maps, settings, and a manifest of what is in it."""
    settings = open_store(home)

    from peelian.jobs.backup import backup as save

    made = save(settings.home, path, with_key=with_key)
    if as_json:
        _print_json(made.path, made.size, made.rows, made.manifest)
        return
    lines = made.manifest.audit_lines
    typer.echo(
        f"saved: {made.path}, {made.size / 1e6:,.1f} MB, {len(made.manifest.files):,} files, {made.rows:,} rows."
    )
    typer.echo(f"Keep this line elsewhere: {lines}:{made.manifest.audit_seal}")


def restore(
    path: Annotated[Path, typer.Argument(help="The backup.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make an empty home from a backup, counted and followed before it gets its name."""
    settings = settings_of(home)

    from peelian.store.database import configure

    configure(settings.home, settings.database_url)

    from peelian.jobs.backup import restore as bring_back

    made = bring_back(path, settings.home, settings.database_url)
    if as_json:
        _print_json(made.path, made.size, made.rows, made.manifest)
        return
    made_at = datetime.fromisoformat(made.manifest.made_at)
    typer.echo(
        f"restored: {settings.home}, as it was at {made_at:%Y-%m-%d %H:%M} UTC: {len(made.manifest.files):,} files, "
        f"{made.rows:,} rows, an audit log of {made.manifest.audit_lines:,} whole lines."
    )
    if not made.manifest.has_key:
        typer.echo("Everyone signs in again: sessions and the site's key were not in it.")


def _print_json(path: Path, size: int, rows: int, manifest: object) -> None:
    import json
    from dataclasses import asdict

    told = asdict(manifest)  # type: ignore[call-overload] # a frozen value of the job
    told["files"] = len(told["files"])
    typer.echo(json.dumps({"path": str(path), "size": size, "rows": rows, **told}))
