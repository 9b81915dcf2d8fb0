"""``peelian purpose`` and ``peelian switch``: why a map exists, and how it ends."""

from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, day, open_store

app = typer.Typer(help="Purpose cards: without a valid one no map is published.", no_args_is_help=True)


@app.command("set")
def set_card(
    goal: Annotated[str, typer.Option(help="What the map is for, e.g. 'fewer burglaries in District 3'.")],
    measure: Annotated[str, typer.Option(help="How it will be known whether it worked.")],
    owner: Annotated[str, typer.Option(help="Who answers for it: an office, by name or title.")],
    stop_rule: Annotated[str, typer.Option(help="What ends it early.")],
    expires: Annotated[str, typer.Option(help="Last day on which it holds, YYYY-MM-DD.")],
    crime_type: Annotated[str, typer.Option(help="The crime type or bundle it speaks for; '*' for all.")] = "*",
    home: Home = None,
) -> None:
    """Agree on a purpose card; it is in force from now on."""
    from peelian.forecasts.nights import PurposeCard

    texts = {
        "--goal": goal,
        "--measure": measure,
        "--owner": owner,
        "--stop-rule": stop_rule,
        "--crime-type": crime_type,
    }
    for name, text in texts.items():
        if not text.strip() or any(ord(c) < ord(" ") for c in text):
            raise typer.BadParameter(f"{name} = {text!r}: write it in words, on one line.")
    open_store(home)

    from peelian.store import nights

    card = PurposeCard(
        crime_type.strip(), goal.strip(), measure.strip(), owner.strip(), stop_rule.strip(), day(expires)
    )
    nights.agree_card(card, nights.utc_now())
    typer.echo(f"agreed: {card.crime_type}: {card.goal} Owner {card.owner}, until {card.expires}.")


@app.command("list")
def list_cards(home: Home = None, as_json: AsJson = False) -> None:
    """Show the card in force for each crime type."""
    import json
    from dataclasses import asdict

    open_store(home)

    from peelian.store import nights

    cards = [asdict(card) for card in nights.cards().values()]
    if as_json:
        typer.echo(json.dumps(cards, indent=2, default=str))
    elif not cards:
        typer.echo("no purpose card yet: 'peelian purpose set --help'.")
    for card in cards if not as_json else []:
        typer.echo(
            f"{card['crime_type']}: {card['goal']} Measure: {card['measure']} Owner: {card['owner']}. "
            f"Stops: {card['stop_rule']} Expires {card['expires']}."
        )


def switch(
    state: Annotated[str, typer.Argument(help="off or on")],
    reason: Annotated[str, typer.Option(help="Why; it is kept and shown.")],
    by: Annotated[str, typer.Option(help="Who says so.")],
    force: Annotated[str, typer.Option(help="One force, or '*' for all.")] = "*",
    home: Home = None,
) -> None:
    """Switch forecasts off, or on again, for a recorded reason; no night is made while they are off."""
    if state not in ("off", "on") or not reason.strip() or not by.strip():
        raise typer.BadParameter(f"switch {state!r}: say 'off' or 'on', with a --reason and a name in --by.")
    open_store(home)

    from peelian.store import nights

    nights.switch(force, is_off=state == "off", reason=reason.strip(), by=by.strip(), at=nights.utc_now())
    typer.echo(f"forecasts of {'all forces' if force == '*' else force} are {state}: {reason.strip()}")
