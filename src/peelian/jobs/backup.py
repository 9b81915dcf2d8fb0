"""A whole copy of a home while it works, and a home made from one: database, files, and what both must add up to."""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from peelian import __version__
from peelian.errors import StoreError
from peelian.records.access import Act, program
from peelian.store import audit
from peelian.store.archives import Manifest, extract, read_manifest, write_archive
from peelian.store.copies import FILE_OF, copy_database, restore_database
from peelian.store.database import open_database
from peelian.store.folders import MAKING, REPLACED
from peelian.store.locks import lock
from peelian.store.snapshots import snapshot

KEY = "secret.key"
_HOME, _DATABASE = "home", "database"
#: What is made anew, belongs to one process, or is copied as a database.
_LEFT = frozenset({"locks", "work", KEY, "peelian.sqlite3", "peelian.sqlite3-wal", "peelian.sqlite3-shm", "serve.log"})
_PASSING = (MAKING, REPLACED, ".restoring-")
#: Under what the log knows of backups.
RECORD = "backup"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written or put back."""

    path: Path
    size: int
    manifest: Manifest

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(self.manifest.tables.values())


def backup(home: Path, path: Path, *, with_key: bool = False, at: datetime | None = None) -> Backup:
    """Write a backup of the open home to ``path``; the site and the night go on meanwhile.

    The database is copied first: what it then names is on the disk already, since files are written before their rows.

    Raises
    ------
    StoreError
        When the path lies in the home or is taken, or something cannot be read or written.
    LockedError
        When another backup runs.
    """
    path = path.expanduser().absolute()
    if path.is_relative_to(home):
        raise StoreError(f"{path} lies in the home that it would save; a disk that fails takes both. Name another.")
    if path.exists():
        raise StoreError(f"{path} exists already; a backup overwrites nothing. Name another, with the day in it.")
    now = at or datetime.now(UTC)
    staging = home / "work" / f"backup-{os.getpid()}"
    with lock(home, "backup"):
        _sweep(home)
        try:
            staging.mkdir(parents=True)
            copied = copy_database(staging)
            names = snapshot(home, staging / _HOME, _leave)
            if with_key and (home / KEY).exists():
                shutil.copyfile(home / KEY, staging / _HOME / KEY)
                names.append(KEY)
            sources = {f"{_DATABASE}/{FILE_OF[copied.kind]}": staging / FILE_OF[copied.kind]}
            sources |= {f"{_HOME}/{name}": staging / _HOME / name for name in names}

            def manifest(files: dict[str, tuple[int, str]]) -> Manifest:
                return Manifest(
                    now.isoformat(),
                    __version__,
                    copied.kind,
                    dict(copied.tables),
                    copied.lines,
                    copied.seal,
                    with_key,
                    files,
                )

            written = write_archive(path, sources, manifest)
        except OSError as error:
            raise StoreError(f"the backup of {home} failed: {error}. Nothing half-written was kept.") from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    words = f"wrote a backup: {path.name}, log up to line {written.audit_lines}"
    audit.tell(program("peelian backup"), Act.DISCLOSED, words, record=RECORD, at=now)
    return Backup(path, path.stat().st_size, written)


def restore(path: Path, home: Path, url: str = "") -> Backup:
    """Make a home from a backup, check it against the manifest, and only then give it its name.

    Rows are counted before the tables are brought up to this version; the audit log is followed from its first line.

    Raises
    ------
    StoreError
        When the place is not empty, the backup is damaged, or what came out is not what went in.
    """
    path, home = path.expanduser().absolute(), home.absolute()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise StoreError(f"{home} is not empty; a restore overwrites nothing. Name a folder that does not exist.")
    manifest = read_manifest(path)
    staging = home.with_name(f".restoring-{home.name}-{os.getpid()}")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        extract(path, manifest, staging)
        making = staging / _HOME
        making.mkdir(exist_ok=True)
        file = staging / _DATABASE / FILE_OF.get(manifest.database, "")
        if not file.is_file():
            raise StoreError(f"{path}: there is no database in it.")
        rows = restore_database(manifest.database, file, making, url)
        if rows != dict(manifest.tables):
            unlike = sorted(t for t in {*rows, *manifest.tables} if rows.get(t) != manifest.tables.get(t))
            raise StoreError(f"{path}: the rows of {', '.join(unlike)} are not what the manifest counts.")
        open_database(making, url)
        _follow(manifest)
        words = f"restored from a backup of {manifest.made_at}, log up to line {manifest.audit_lines}"
        audit.tell(program("peelian restore"), Act.ALTERED, words, record=RECORD)
        _close()
        if (making / KEY).exists():
            (making / KEY).chmod(0o600)
        making.rename(home)
    except OSError as error:
        raise StoreError(f"{home}: {error}. Nothing was put there.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Backup(path, path.stat().st_size, manifest)


def last_backup() -> datetime | None:
    """Return when the open home was last saved, or made from a backup, as its log tells; None where it never was."""
    found = audit.search(audit.Search(record=RECORD), most=1)
    return found[0].at if found else None


def _follow(manifest: Manifest) -> None:
    verdict = audit.verify()
    if not verdict.is_whole:
        raise StoreError(f"the backup's audit log is broken: {verdict.fault}")
    if (verdict.lines, verdict.seal) != (manifest.audit_lines, manifest.audit_seal):
        raise StoreError(
            f"the backup's audit log ends at line {verdict.lines}, not at line {manifest.audit_lines} as it was saved."
        )


def _leave(path: Path) -> bool:
    """Tell whether a file or folder of the home is no part of a backup."""
    is_top = len(path.parts) == 1
    return (is_top and path.name in _LEFT) or path.name.startswith(_PASSING) or path.name.endswith(".tmp")


def _sweep(home: Path) -> None:
    """Clear what a killed backup left; the lock is ours, so none of them is at work."""
    for left in (home / "work").glob("backup-*"):
        shutil.rmtree(left, ignore_errors=True)


def _close() -> None:
    from django.db import connections

    connections.close_all()
