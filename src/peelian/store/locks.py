"""One process at a time: a lock on a file, given back by the system when its holder dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from peelian.errors import LockedError, StoreError


@contextmanager
def lock(home: Path, name: str) -> Iterator[None]:
    """Hold the named lock of a home.

    Raises
    ------
    LockedError
        When another process holds it, with its process number.
    StoreError
        When the lock file cannot be made.
    """
    path = home / "locks" / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(
            f"lock {path}: {error.strerror}. Is the home folder writable, and the disk not full?"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
            raise LockedError(f"'{name}' is running already (process {holder}); wait for it to end.") from error
        with suppress(OSError):  # the number is for who waits; a full disk that cannot take it holds the lock no less
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)
