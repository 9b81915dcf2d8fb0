"""``peelian demo``: the main job on the real sample that comes with the repository."""

from pathlib import Path

import typer

from peelian.cli.options import AsJson, Home, open_store

#: examples/ stands beside src/ in a clone; an installed program has none, and the job says so.
EXAMPLES = Path(__file__).parents[3] / "examples"


def demo(home: Home = None, as_json: AsJson = False) -> None:
    """Read four years of St. Louis crime, make two nights of boxes, and show how the last ones did."""
    settings = open_store(home)

    from peelian.cli.night_table import outcomes_as_json, print_outcomes
    from peelian.cli.progress import steps
    from peelian.jobs.demo import demo as run_demo

    with steps() as progress:
        outcomes = run_demo(settings, EXAMPLES, progress)
    if as_json:
        typer.echo(outcomes_as_json(outcomes))
    else:
        print_outcomes(outcomes)
        typer.echo(f"\nOpen {settings.home / 'nights' / str(outcomes[-1].night) / 'index.html'} in a browser.")
    if any(o.status == "failed" for o in outcomes):
        raise typer.Exit(1)
