"""``peelian user``: accounts, from the command line."""

from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, open_store

app = typer.Typer(help="Accounts: who may sign in, as what, and where.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name to sign in with.")]
PasswordIn = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]


@app.command("add")
def add(
    username: Name,
    role: Annotated[
        str, typer.Option(help="administrator, analyst, sergeant, officer, evaluator or overseer.")
    ] = "officer",
    name: Annotated[str, typer.Option(help="The person's name [default: the name to sign in with].")] = "",
    email: Annotated[str, typer.Option(help="The person's e-mail address.")] = "",
    area: Annotated[list[str] | None, typer.Option(help="An area's id; repeat [default: all areas].")] = None,
    password_stdin: PasswordIn = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Only the organisation's own sign-in will open it.")
    ] = False,
    home: Home = None,
) -> None:
    """Open an account."""
    from peelian.records.access import Role, program

    known = {r.value: r for r in Role}
    if role not in known:
        raise typer.BadParameter(f"--role {role!r}; known are {', '.join(sorted(known))}.")
    open_store(home)

    from peelian.store import accounts, nights

    password = None if no_password else _password(username, from_stdin=password_stdin)
    made = accounts.open_account(
        program("peelian user add"),
        username,
        name,
        known[role],
        area or (),
        password,
        at=nights.utc_now(),
        email=email,
    )
    where = "all areas" if made.areas == ["*"] else ", ".join(made.areas)
    typer.echo(f"opened: {made.username}, {made.role}, {where}.")


@app.command("list")
def list_accounts(home: Home = None, as_json: AsJson = False) -> None:
    """Show all accounts."""
    import json

    open_store(home)

    from peelian.store import accounts

    found = accounts.accounts()
    if as_json:
        keys = ("username", "name", "email", "role", "areas", "is_active")
        typer.echo(json.dumps([{k: getattr(a, k) for k in keys} for a in found], indent=2))
    elif not found:
        typer.echo("no account yet: peelian user add NAME --role administrator")
    for a in found if not as_json else ():
        typer.echo(f"{a.username}: {a.name}, {a.role}, {', '.join(a.areas)}{'' if a.is_active else ', closed'}")


@app.command("password")
def password(username: Name, password_stdin: PasswordIn = False, home: Home = None) -> None:
    """Set an account's password; its owner chooses another at the next sign-in."""
    open_store(home)

    from peelian.records.access import program
    from peelian.store import accounts, nights

    account = accounts.find_account(username)
    new = _password(username, from_stdin=password_stdin)
    accounts.set_password(program("peelian user password"), account, new, at=nights.utc_now(), must_change=True)
    typer.echo(f"{account.username}: the password is set; the next sign-in asks for another.")


@app.command("close")
def close(
    username: Name,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open it again instead.")] = False,
    home: Home = None,
) -> None:
    """Close an account: it stays for the log's sake, and nobody signs in with it."""
    open_store(home)

    from peelian.records.access import program
    from peelian.store import accounts, nights

    account = accounts.find_account(username)
    accounts.change_account(program("peelian user close"), account, at=nights.utc_now(), is_active=reopen)
    typer.echo(f"{account.username} is {'open' if reopen else 'closed'}.")


@app.command("reset-two-factor")
def reset_two_factor(username: Name, home: Home = None) -> None:
    """Take an account's second factor away, for a lost phone; an administrator sets up another at the next sign-in."""
    open_store(home)

    from peelian.records.access import program
    from peelian.store import accounts, nights, second_factor

    account = accounts.find_account(username)
    had = second_factor.reset(program("peelian user reset-two-factor"), account, at=nights.utc_now())
    typer.echo(f"{account.username}: {'the second factor is gone' if had else 'there was no second factor'}.")


def _password(username: str, *, from_stdin: bool) -> str:
    import sys

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt(f"Password for {username}", hide_input=True, confirmation_prompt=True)
    return asked
