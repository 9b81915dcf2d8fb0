"""Folders that appear whole: written beside, made durable, then renamed. A reader sees all of one or none of it.

A folder that replaces another changes names with it in one step of the system (Linux: ``renameat2``), so that a site
that is reading finds the old one or the new one, never none.
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from peelian.errors import StoreError

_MAKING, _REPLACED = ".making-", ".replaced-"
#: From <fcntl.h> and <linux/fs.h>: paths as they are written, and both names change places.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
#: A system or a disk that cannot exchange two names answers with one of these.
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV, errno.EPERM)


def publish_folder(folder: Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Write the files as ``folder``, replacing the one that stood there; return the bytes written.

    Raises
    ------
    StoreError
        When the disk is full or the place cannot be written; nothing half-written is left.
    """
    making = folder.with_name(_MAKING + folder.name)
    written = 0
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for name, content in files:
            path = making / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            written += len(content)
        _sync(making)
        if not (folder.exists() and _exchange(making, folder)):
            _replace(making, folder)
        _sync(folder.parent)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        mend_folders(folder.parent)
        raise disk_error(folder, error) from error
    for old in (making, folder.with_name(_REPLACED + folder.name)):
        shutil.rmtree(old, ignore_errors=True)
    return written


#: How the names begin of folders that are on their way in or out.
MAKING, REPLACED = _MAKING, _REPLACED


def mend_folders(parent: Path) -> None:
    """Clear what a killed process left: unfinished folders go, and a folder killed between two renames comes back."""
    if not parent.is_dir():
        return
    for left in sorted(parent.iterdir()):
        if left.name.startswith(_MAKING):
            shutil.rmtree(left, ignore_errors=True)
        elif left.name.startswith(_REPLACED):
            whole = left.with_name(left.name.removeprefix(_REPLACED))
            if whole.exists():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.rename(whole)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change names at once; False where the system or the disk cannot."""
    call = _renameat2()
    if call is None:
        return False
    if call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(other))


@lru_cache(maxsize=1)
def _renameat2() -> "ctypes._NamedFuncPointer | None":
    call: ctypes._NamedFuncPointer | None = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is not None:
        call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        call.restype = ctypes.c_int
    return call


def _replace(making: Path, folder: Path) -> None:
    """Rename the old folder away and the new one in: for an instant, on such a disk, there is neither."""
    if folder.exists():
        replaced = folder.with_name(_REPLACED + folder.name)
        shutil.rmtree(replaced, ignore_errors=True)
        folder.rename(replaced)
    making.rename(folder)


def disk_error(path: Path, error: OSError) -> StoreError:
    """Return the error for a write that failed, with its mend."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError(
            f"the disk is full while writing {path}; nothing half-written was kept. Free space, run again."
        )
    return StoreError(f"cannot write {path}: {error.strerror}; nothing half-written was kept.")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
