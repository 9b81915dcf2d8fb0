"""Boxes of past periods in Parquet: published ones as they were given out, replayed ones as a cache.

``HOME/tracks/force=ID/published-DATE.parquet`` is history and never changed;
``replayed-BUNDLE.parquet`` can be deleted at any time: its column ``key`` tells what each row was made from.
A variant of the night (another level, a longer list) keeps the same files in a folder of its name.
"""

import hashlib
import io
from datetime import date
from pathlib import Path

import polars as pl

from peelian.errors import StoreError
from peelian.store.files import write_whole


class TrackStore:
    """The tracks of one home."""

    def __init__(self, home: Path, variant: str = "") -> None:
        """Keep the place; nothing is read or made yet. A variant of the night has a past of its own."""
        self._root = home / "tracks"
        self._variant = variant

    def published(self, force_id: str, night: date) -> pl.DataFrame | None:
        """Return the boxes that were given out for that night, or None where none were."""
        return _read(self._path(force_id, f"published-{night}"))

    def keep_published(self, force_id: str, night: date, track: pl.DataFrame) -> None:
        """Keep the boxes of a published night."""
        _write(self._path(force_id, f"published-{night}"), track)

    def replayed(self, force_id: str, bundle: str) -> pl.DataFrame | None:
        """Return the replayed boxes of a bundle, each row with the key of what it was made from, or None."""
        return _read(self._path(force_id, f"replayed-{_file_name(bundle)}"))

    def keep_replayed(self, force_id: str, bundle: str, track: pl.DataFrame) -> None:
        """Keep the replayed boxes of a bundle in place of those held."""
        _write(self._path(force_id, f"replayed-{_file_name(bundle)}"), track)

    def _path(self, force_id: str, name: str) -> Path:
        return self._root / f"force={force_id}" / self._variant / f"{name}.parquet"


def _file_name(bundle: str) -> str:
    """A bundle's name may hold anything; a file's may not."""
    return hashlib.sha256(bundle.encode()).hexdigest()[:16]


def _read(path: Path) -> pl.DataFrame | None:
    if not path.exists():
        return None
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(
            f"track {path} cannot be read: {error}. Delete it if it is a replay; it will be made again."
        ) from error


def _write(path: Path, track: pl.DataFrame) -> None:
    content = io.BytesIO()
    track.write_parquet(content)
    write_whole(path, content.getbuffer())
