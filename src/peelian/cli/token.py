"""``peelian token``: what programs read the interface with."""

from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, open_store

app = typer.Typer(help="Tokens: how programs read the interface in an account's name.", no_args_is_help=True)


@app.command("add")
def add(
    username: Annotated[str, typer.Argument(help="The account in whose name the program reads.")],
    name: Annotated[str, typer.Option(help="What it is for, such as 'QGIS at the desk'.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="nights, boxes, history, scores, cards or runs; repeat [default: nights, boxes]."),
    ] = None,
    area: Annotated[list[str] | None, typer.Option(help="An area's id; repeat [default: the account's].")] = None,
    days: Annotated[int, typer.Option(help="How many days it lives.", min=1, max=366)] = 90,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and show it, once."""
    import json

    from peelian.records.access import program
    from peelian.records.scopes import Scope

    known = {s.value: s for s in Scope}
    unknown = [s for s in scope or () if s not in known]
    if unknown:
        raise typer.BadParameter(f"--scope {unknown[0]!r}; known are {', '.join(known)}.")
    settings = open_store(home)

    from peelian.store import accounts, nights, tokens
    from peelian.store.areas import AreaStore

    made, text = tokens.make(
        program("peelian token add"),
        accounts.find_account(username),
        name,
        [known[s] for s in scope or ("nights", "boxes")],
        area or (),
        at=nights.utc_now(),
        days=days,
        held=AreaStore(settings.home).held(),
    )
    if as_json:
        typer.echo(json.dumps({"id": made.id, "token": text, "expires_at": made.expires_at.isoformat()}))
        return
    typer.echo(f"token {made.id}, until {made.expires_at:%Y-%m-%d}. It is shown this once:")
    typer.echo(text)


@app.command("list")
def list_tokens(home: Home = None, as_json: AsJson = False) -> None:
    """Show all tokens, ended ones too; never what they open."""
    import json

    open_store(home)

    from peelian.store import nights, tokens

    now, found = nights.utc_now(), tokens.tokens()
    if as_json:
        rows = [
            {
                "id": t.id,
                "owner": t.owner,
                "name": t.name,
                "scopes": sorted(t.scopes),
                "areas": list(t.areas),
                "expires_at": t.expires_at.isoformat(),
                "last_used_at": t.last_used_at.isoformat() if t.last_used_at else None,
                "is_open": t.is_open(now),
            }
            for t in found
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    if not found:
        typer.echo("no token yet: peelian token add USERNAME --name 'what it is for'")
    for t in found:
        state = f"until {t.expires_at:%Y-%m-%d}" if t.is_open(now) else "revoked" if t.revoked_at else "ended"
        used = f"last used {t.last_used_at:%Y-%m-%d %H:%M} UTC" if t.last_used_at else "never used"
        typer.echo(f"{t.id}: {t.owner}, {t.name}, {', '.join(sorted(t.scopes))}, {state}, {used}")


@app.command("revoke")
def revoke(
    token: Annotated[int, typer.Argument(help="The token's number, as 'peelian token list' shows it.", min=1)],
    home: Home = None,
) -> None:
    """End a token at once."""
    open_store(home)

    from peelian.records.access import program
    from peelian.store import nights, tokens

    ended = tokens.revoke(program("peelian token revoke"), token, at=nights.utc_now())
    typer.echo(f"token {ended.id} ({ended.owner}, {ended.name}) opens nothing any more.")
