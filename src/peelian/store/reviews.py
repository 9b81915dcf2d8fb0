"""Judged nights in Parquet, and the documents that the site reads of them, under ``HOME/reviews/force=ID``.

``judged.parquet`` and ``fell.parquet`` grow by a night a night; a level of its own keeps its own. The documents of a
level appear whole.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from peelian.errors import NotFoundError, StoreError
from peelian.forecasts.reviews import FELL_SCHEMA, REVIEW_SCHEMA
from peelian.store.files import write_whole
from peelian.store.folders import publish_folder

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
_KEPT = 256


class ReviewStore:
    """The reviews of one home."""

    def __init__(self, home: Path) -> None:
        """Keep the place; nothing is read or made yet."""
        self._root = home / "reviews"

    def judged(self, force_id: str, level: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the judged nights of a level and what fell in them; both empty where none was judged."""
        folder = self._folder(force_id, level)
        return _read(folder / "judged.parquet", REVIEW_SCHEMA), _read(folder / "fell.parquet", FELL_SCHEMA)

    def keep_judged(self, force_id: str, level: str, judged: pl.DataFrame, fell: pl.DataFrame) -> None:
        """Keep the judged nights of a level in place of those held."""
        folder = self._folder(force_id, level)
        for name, table in (("fell", fell), ("judged", judged)):
            content = io.BytesIO()
            table.write_parquet(content, compression="zstd")
            write_whole(folder / f"{name}.parquet", content.getbuffer())

    def publish(self, force_id: str, level: str, documents: Iterable[tuple[str, bytes]]) -> None:
        """Write the documents of a level as a whole, in place of the earlier ones."""
        publish_folder(self._folder(force_id, level) / "site", documents)

    def document(self, force_id: str, level: str, area_slug: str, kind_slug: str) -> dict[str, Any]:
        """Return one map's review (``delivery.review_documents``).

        Raises
        ------
        NotFoundError
            When no night of it was judged yet.
        """
        name = f"review-{area_slug}-{kind_slug}.json.gz"
        if not all(_NAME.fullmatch(part) for part in (force_id, level, name)):
            raise NotFoundError(f"there is no review of {area_slug!r}, {kind_slug!r}.")
        path = self._folder(force_id, level) / "site" / name
        if not path.is_file():
            raise NotFoundError("no night of this map was judged yet; the first review comes with the next night.")
        return _document(path, path.stat().st_mtime_ns)

    def _folder(self, force_id: str, level: str) -> Path:
        return self._root / f"force={force_id}" / level


def _read(path: Path, schema: pl.Schema) -> pl.DataFrame:
    if not path.exists():
        return pl.DataFrame(schema=schema)
    try:
        return pl.read_parquet(path, hive_partitioning=False).select(schema.names()).cast(schema)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(
            f"{path} cannot be read: {error}. Delete it: the last nights are judged again with the next night, earlier "
            "ones are kept in the backtests only."
        ) from error


@lru_cache(maxsize=_KEPT)
def _document(path: Path, written_ns: int) -> dict[str, Any]:
    del written_ns
    try:
        read: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise StoreError(f"{path} cannot be read ({error}). It is made anew with the next night.") from error
    return read
