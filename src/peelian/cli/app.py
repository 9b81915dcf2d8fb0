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


def _fault(error: Exception) -> int:
    """Tell of a fault in Peelian itself; the traceback goes to a file, or to the screen where PEELIAN_DEBUG is set."""
    import os
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    if os.environ.get("PEELIAN_DEBUG"):
        sys.stderr.write(text)
        return 1
    with tempfile.NamedTemporaryFile("w", prefix="peelian-fault-", suffix=".txt", delete=False) as file:
        file.write(text)
    sys.stderr.write(
        f"peelian: a fault in Peelian itself ({type(error).__name__}: {error}). What was kept before still stands. "
        f"Please report it with {file.name}.\n"
    )
    return 1


def main() -> None:
    """Run the program; a refusal is one sentence on standard error, never a traceback."""
    from peelian.cli import commands

    commands.register(app)
    try:
        app()
    except PeelianError as error:
        sys.stderr.write(f"peelian: {error}\n")
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last door: a fault of ours must still speak plainly
        sys.exit(_fault(error))
    except KeyboardInterrupt:
        sys.stderr.write("peelian: interrupted; nothing half-done was kept.\n")
        sys.exit(130)
