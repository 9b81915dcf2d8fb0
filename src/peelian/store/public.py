"""The documents of the public's pages under ``HOME/public/force=ID``: they appear whole and hold only counts."""

import gzip
import json
import re
import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from peelian.errors import NotFoundError, StoreError
from peelian.store.folders import publish_folder

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")


class PublicStore:
    """The public's documents of one home."""

    def __init__(self, home: Path) -> None:
        """Keep the place; nothing is read or made yet."""
        self._root = home / "public"

    def publish(self, force_id: str, documents: Iterable[tuple[str, bytes]]) -> None:
        """Write a force's documents as a whole, in place of the earlier ones."""
        publish_folder(self._root / f"force={force_id}", documents)

    def forces(self) -> tuple[str, ...]:
        """Return the ids of the forces with public pages."""
        return tuple(sorted(p.parent.name.removeprefix("force=") for p in self._root.glob("force=*/index.json.gz")))

    def index(self, force_id: str) -> dict[str, Any]:
        """Return the list of a force's wards.

        Raises
        ------
        NotFoundError
            When the force has no public pages yet.
        """
        return self._read(force_id, "index.json.gz")

    def ward(self, force_id: str, slug: str) -> dict[str, Any]:
        """Return what is told of one ward.

        Raises
        ------
        NotFoundError
            When there is no such ward.
        """
        return self._read(force_id, f"ward-{slug}.json.gz")

    def _read(self, force_id: str, name: str) -> dict[str, Any]:
        path = self._root / f"force={force_id}" / name
        if not (_NAME.fullmatch(force_id) and _NAME.fullmatch(name) and path.is_file()):
            raise NotFoundError("there is no public page of that place.")
        return _document(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _document(path: Path, written_ns: int) -> dict[str, Any]:
    del written_ns
    try:
        read: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise StoreError(f"{path} cannot be read ({error}). It is made anew with the next night.") from error
    return read
