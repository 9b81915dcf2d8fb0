"""The program ``peelian``: gathers the command groups, turns Peelian's errors into words and exit codes.

Exit 0 done, 1 failed, 2 used wrongly. Heavy imports stay inside the commands so that --help is quick.
"""

import sys

import typer

from peelian.errors import PeelianError

app = typer.Typer(
    name="peelian",
    help="Place-based crime forecasting and prevention, measured part by part.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the program; a refusal is one sentence on standard error, never a traceback."""
    from peelian.cli import commands

    commands.register(app)
    try:
        app()
    except PeelianError as error:
        sys.stderr.write(f"peelian: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("peelian: interrupted; nothing half-done was kept.\n")
        sys.exit(130)
