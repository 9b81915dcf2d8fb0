"""A file that appears whole: written beside, made durable, then renamed. A reader sees the old one or the new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peelian.store.folders import disk_error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write at ``path`` into a ``StoreError`` with its mend."""
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file beside its name, flush it to the disk and rename it in.

    Raises
    ------
    StoreError
        When the disk is full or may not be written; what stood at ``path`` before still stands.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        flush_folder(path.parent)


def flush_file(path: Path) -> None:
    """Flush a file that was written piece by piece to the disk."""
    with writing(path), path.open("ab") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk, so that a rename survives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
