"""``peelian audit``: the log of who did and saw what, checked by anyone."""

from typing import Annotated

import typer

from peelian.cli.options import AsJson, Home, open_store

app = typer.Typer(help="The audit log: a chain of sealed lines.", no_args_is_help=True)


@app.command("verify")
def verify(
    expect: Annotated[
        str, typer.Option("--expect", help="NUMBER:SEAL, as 'audit head' printed it: shows a log cut short.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Check every link of the chain; the first broken one is named."""
    import json
    from dataclasses import asdict

    open_store(home)

    from peelian.store import audit

    verdict = audit.verify()
    fault = verdict.fault or _cut_short(expect)
    if as_json:
        typer.echo(json.dumps({**asdict(verdict), "fault": fault, "is_whole": not fault}))
    elif fault:
        typer.echo(f"BROKEN: {fault} The {verdict.lines} lines before the first broken link are whole.")
    else:
        typer.echo(f"whole: {verdict.lines} lines, last seal {verdict.seal}")
    if fault:
        raise typer.Exit(1)


@app.command("head")
def head(home: Home = None) -> None:
    """Print the last line's number and seal, to keep somewhere else."""
    open_store(home)

    from peelian.store import audit

    number, seal = audit.head()
    typer.echo(f"{number}:{seal}")


@app.command("export")
def export(home: Home = None) -> None:
    """Print the whole log, a JSON object a line, oldest first."""
    import json
    from dataclasses import asdict

    open_store(home)

    from peelian.store import audit

    for line in audit.lines():
        typer.echo(json.dumps(asdict(line), default=str, ensure_ascii=False))


def _cut_short(expect: str) -> str:
    """Return what is wrong with the line that was written down, or nothing."""
    if not expect:
        return ""
    number, _, seal = expect.partition(":")
    if not number.isdecimal() or not seal:
        raise typer.BadParameter(f"--expect {expect!r}: write it as 'peelian audit head' prints it, NUMBER:SEAL.")

    from peelian.store import audit

    found = audit.seal_of(int(number))
    if found is None:
        return f"line {number} was there when its seal was written down, and is gone."
    return "" if found == seal else f"line {number} has another seal than the one written down."
