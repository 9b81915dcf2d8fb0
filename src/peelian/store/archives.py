"""A backup as one file: a ZIP with the database, the home's files and a manifest that names and seals every one."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from peelian.errors import StoreError
from peelian.store.files import flush_folder, writing

FORMAT = 1
_MANIFEST = "manifest.json"
#: What is packed already gains nothing from being packed again.
_PACKED = (".parquet", ".gz", ".zst", ".pdf", ".png", ".jpg", ".webp", ".woff2", ".pmtiles")
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, so that a restored copy can be held against it."""

    made_at: str
    version: str
    database: str
    tables: Mapping[str, int]
    audit_lines: int
    audit_seal: str
    has_key: bool
    files: Mapping[str, tuple[int, str]]  # size and SHA-256 by name


def write_archive(
    path: Path, sources: Mapping[str, Path], manifest: Callable[[dict[str, tuple[int, str]]], Manifest]
) -> Manifest:
    """Write the archive whole: beside its name, flushed, then renamed; its owner alone may read it.

    ``manifest`` is called with the size and seal of every file as it was read.

    Raises
    ------
    StoreError
        When the disk is full or may not be written; nothing half-written is left.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w+b") as file:
                with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
                    seals = {name: _put(archive, name, source) for name, source in sources.items()}
                    made = manifest(seals)
                    text = json.dumps({"format": FORMAT, **asdict(made)}, indent=1, ensure_ascii=False)
                    archive.writestr(_MANIFEST, text, zipfile.ZIP_DEFLATED)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        flush_folder(path.parent)
    return made


def read_manifest(path: Path) -> Manifest:
    """Return what a backup says that it holds.

    Raises
    ------
    StoreError
        When it is no backup of Peelian, is damaged, or was made by a newer one.
    """
    with _opened(path) as archive:
        try:
            told = json.loads(archive.read(_MANIFEST))
            if told.pop("format") != FORMAT:
                raise StoreError(f"{path}: this backup was made by a newer Peelian; use that version.")
            files = {str(name): (int(size), str(seal)) for name, (size, seal) in told.pop("files").items()}
            return Manifest(**told, files=files)
        except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
            raise StoreError(f"{path}: this is no backup of Peelian, or a damaged one ({error}).") from error


def extract(path: Path, manifest: Manifest, folder: Path) -> None:
    """Write every file that the manifest names under the folder, each held to its size and seal; nothing else.

    Raises
    ------
    StoreError
        When a file is missing, damaged, or named so that it would land elsewhere.
    """
    with _opened(path) as archive:
        for name, (size, seal) in sorted(manifest.files.items()):
            place = folder / _safe(path, name)
            with writing(place):
                place.parent.mkdir(parents=True, exist_ok=True)
                try:
                    found = _take(archive, name, place, size)
                except (KeyError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
                    raise StoreError(f"{path}: {name} is damaged or missing ({error}).") from error
            if found != (size, seal):
                raise StoreError(f"{path}: {name} is not what the manifest says. The backup is damaged.")


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise StoreError(f"{path}: this is no backup, or one that was cut short ({error}).") from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}.") from error


def _put(archive: zipfile.ZipFile, name: str, source: Path) -> tuple[int, str]:
    entry = zipfile.ZipInfo.from_file(source, name)
    entry.compress_type = zipfile.ZIP_STORED if source.suffix in _PACKED else zipfile.ZIP_DEFLATED
    with source.open("rb") as file, archive.open(entry, "w", force_zip64=True) as into:
        return _copied(file, into)


def _take(archive: zipfile.ZipFile, name: str, place: Path, most: int) -> tuple[int, str]:
    with archive.open(name) as file, place.open("xb") as into:
        found = _copied(file, into, most)
        into.flush()
        os.fsync(into.fileno())
    return found


def _copied(file: IO[bytes], into: IO[bytes], most: int | None = None) -> tuple[int, str]:
    """Copy and return size and seal; stop past ``most``, so that a made-up archive fills no disk."""
    size, seal = 0, hashlib.sha256()
    for piece in _pieces(file):
        size += len(piece)
        seal.update(piece)
        if most is not None and size > most:
            break
        into.write(piece)
    return size, seal.hexdigest()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _safe(path: Path, name: str) -> PurePosixPath:
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or not place.parts or "\\" in name or "\0" in name:
        raise StoreError(f"{path}: {name!r} is no name for a file under a home.")
    return place
