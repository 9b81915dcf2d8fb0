"""``peelian serve``: the web site."""

from typing import Annotated

import typer

from peelian.cli.options import Home, settings_of


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen at.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen at.", min=1, max=65535)] = None,
    clock: Annotated[
        str | None,
        typer.Option("--clock", help="For demonstrations: start the site's clock at 2018-12-21T19:00:00-06:00."),
    ] = None,
    home: Home = None,
) -> None:
    """Serve the web site; the first start makes what it needs."""
    from dataclasses import replace

    from peelian.site.server import serve as run

    settings = settings_of(home)
    asked = settings.site
    site = replace(asked, host=host or asked.host, port=port or asked.port, clock=clock or asked.clock)

    def told(address: str) -> None:
        from peelian.store.accounts import Account

        typer.echo(f"Peelian serves {settings.home} at {address}")
        if not Account.objects.exists():
            typer.echo("Nobody can sign in yet: peelian user add NAME --role administrator")

    run(replace(settings, site=site), on_ready=told)
