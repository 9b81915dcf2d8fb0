"""A home's files as they stand at one moment: linked, not copied, while others write.

Peelian's files are never changed in place, and folders appear whole (``folders``): a link keeps what a reader would
have seen now, whatever is renamed or removed afterwards.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from peelian.errors import StoreError
from peelian.store.folders import REPLACED

_TRIES = 10


def snapshot(home: Path, folder: Path, leave: Callable[[Path], bool]) -> list[str]:
    """Link every file of the home into the folder and return their names, without those that ``leave`` leaves.

    A folder that is replaced while it is read is read again. Where the disk knows no links, files are copied.

    Raises
    ------
    StoreError
        When the home does not stand still for long enough.
    """
    for _ in range(_TRIES):
        try:
            return sorted(_linked(home, folder, Path(), leave))
        except FileNotFoundError:
            # Something was replaced between the look and the link.
            shutil.rmtree(folder, ignore_errors=True)
    raise StoreError(f"{home}: its folders changed {_TRIES} times while they were read. Try again in a minute.")


def _linked(
    home: Path, folder: Path, here: Path, leave: Callable[[Path], bool], kept: Path | None = None
) -> Iterator[str]:
    """Yield the names under ``here`` once they are linked; ``kept`` is where it lies, if not under its own name."""
    source = home / (kept or here)
    before = source.stat().st_ino
    (folder / here).mkdir(parents=True, exist_ok=True)
    with os.scandir(source) as listed:
        entries = {entry.name: entry.is_dir() for entry in listed}
    for name, is_folder in entries.items():
        whole = name.removeprefix(REPLACED)
        if whole != name and is_folder and whole not in entries:
            # Caught between two renames, or left by a killed process: the folder that stood there still holds.
            yield from _linked(home, folder, here / whole, leave, (kept or here) / name)
        elif leave(here / name):
            continue
        elif is_folder:
            yield from _linked(home, folder, here / name, leave, None if kept is None else kept / name)
        else:
            _link(source / name, folder / here / name)
            yield (here / name).as_posix()
    if source.stat().st_ino != before:
        raise FileNotFoundError(source)


def _link(source: Path, place: Path) -> None:
    try:
        os.link(source, place)
    except FileNotFoundError:
        raise
    except OSError:
        # Another disk, or one that knows no links.
        shutil.copyfile(source, place)
