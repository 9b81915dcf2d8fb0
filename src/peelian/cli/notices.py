"""``peelian notices`` and ``peelian notify``: who is told when a night is published or late, and the telling."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from peelian.cli.options import AsJson, Home, open_store

if TYPE_CHECKING:
    from peelian.jobs.notify import Told
    from peelian.settings import Settings

app = typer.Typer(help="Notices: who is told when a night is published or late.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Its number, as 'peelian notices list' shows it.", min=1)]


@app.command("add")
def add(
    address: Annotated[str, typer.Argument(help="https://host/path of a webhook, or an e-mail address.")],
    name: Annotated[str, typer.Option(help="Who is told.")],
    event: Annotated[
        list[str] | None, typer.Option(help="night.published or night.late; repeat [default: both].")
    ] = None,
    force: Annotated[list[str] | None, typer.Option(help="A force's id; repeat [default: all].")] = None,
    home: Home = None,
) -> None:
    """Subscribe a webhook or an e-mail address; a webhook's secret is shown, once."""
    from peelian.records.access import program

    settings = open_store(home)

    from peelian.store import nights, notices

    known = {o.value: o for o in notices.Occasion if o is not notices.Occasion.TRIAL}
    unknown = [e for e in event or () if e not in known]
    if unknown:
        raise typer.BadParameter(f"--event {unknown[0]!r}; known are {', '.join(known)}.")
    made, secret = notices.subscribe(
        program("peelian notices add"),
        name,
        address,
        [known[e] for e in event or known],
        force or (),
        at=nights.utc_now(),
    )
    typer.echo(f"subscription {made.id}: {made.name} is told by {made.way} of {', '.join(made.occasions)}.")
    if made.way is notices.Way.WEBHOOK:
        typer.echo("The secret that signs what is sent to it, shown this once:")
        typer.echo(secret)
    elif not settings.mail.host:
        typer.echo("No e-mail is sent yet: [mail] host in peelian.toml names no server.")


@app.command("list")
def list_notices(home: Home = None, as_json: AsJson = False) -> None:
    """Show who is told, and what became of the newest notices."""
    import json
    from dataclasses import asdict

    open_store(home)

    from peelian.store import notices

    subscriptions, sent = notices.subscriptions(), notices.newest()
    if as_json:
        whole = {"subscriptions": [asdict(s) for s in subscriptions], "notices": [asdict(n) for n in sent]}
        typer.echo(json.dumps(whole, indent=2, default=str))
        return
    if not subscriptions:
        typer.echo("nobody is told yet: peelian notices add ADDRESS --name 'who'")
    for s in subscriptions:
        ended = "" if s.ended_at is None else f", ended {s.ended_at:%Y-%m-%d}"
        typer.echo(f"{s.id}: {s.name}, {s.address}, {', '.join(s.occasions)}, forces {', '.join(s.forces)}{ended}")
    for n in sent:
        waits = "given up" if n.next_try_at is None else f"waits until {n.next_try_at:%Y-%m-%d %H:%M} UTC"
        state = "told" if n.told_at else waits
        why = f": {n.error}" if n.error else ""
        typer.echo(f"  {n.made_at:%Y-%m-%d %H:%M} {n.occasion} to {n.subscription}, {n.tries} tries, {state}{why}")


@app.command("end")
def end(subscription: Number, home: Home = None) -> None:
    """End a subscription; nothing more is sent to it."""
    open_store(home)

    from peelian.records.access import program
    from peelian.store import nights, notices

    ended = notices.end(program("peelian notices end"), subscription, at=nights.utc_now())
    typer.echo(f"{ended.name} is told nothing any more.")


@app.command("try")
def trial(subscription: Number, home: Home = None) -> None:
    """Send a subscription a trial notice, to see whether it arrives."""
    settings = open_store(home)

    from peelian.store import nights, notices

    notices.put_trial(subscription, nights.utc_now())
    failed = [t for t in send_due(settings, subscription) if t.error]
    if failed:
        sys.stderr.write(f"peelian: {failed[0].name}: {failed[0].error}.\n")
        raise typer.Exit(1)
    typer.echo("it was taken.")


def notify(home: Home = None, as_json: AsJson = False) -> None:
    """Send what is to be told, and find nights that are late; safe to repeat."""
    import json

    settings = open_store(home)
    done = send_due(settings)
    if as_json:
        rows = [{"to": t.name, "event": t.occasion.value, "error": t.error, "again": t.again} for t in done]
        typer.echo(json.dumps(rows, indent=2, default=str))
    elif not done:
        typer.echo("nothing to tell.")
    for t in done if not as_json else ():
        again = f"; again after {t.again:%Y-%m-%d %H:%M} UTC" if t.again else "; given up"
        typer.echo(f"{t.occasion} to {t.name}: {t.error + again if t.error else 'told'}")
    if any(t.error for t in done):
        raise typer.Exit(1)


def send_due(settings: "Settings", subscription: int | None = None) -> "list[Told]":
    """Send what is due under the settings; return what became of it.

    Raises
    ------
    SettingsError, LockedError
        When a setting cannot be right, or another process is sending.
    """
    from peelian.jobs.mail import Post
    from peelian.jobs.notify import notify as run
    from peelian.store import nights

    mail = settings.mail
    post = Post(mail.host, mail.port, mail.security, mail.sender, mail.user, settings.mail_password)
    return run(settings.home, settings.notices, post, nights.utc_now(), subscription)


def tell(settings: "Settings") -> None:
    """Send what is due at the end of another command, which has done its work: what fails here is only said."""
    from peelian.errors import PeelianError

    try:
        failed = [t for t in send_due(settings) if t.error]
    except PeelianError as error:
        sys.stderr.write(f"peelian: notices were not sent: {error}\n")
        return
    for t in failed:
        again = f"; it is tried again after {t.again:%Y-%m-%d %H:%M} UTC" if t.again else "; it is given up"
        sys.stderr.write(f"peelian: {t.name} was not told: {t.error}{again}.\n")
