"""Reads published nights back: the documents that the night job left for the site under ``HOME/nights``.

A document is read once and kept while its file stays the same; a night made anew is read anew.
"""

import gzip
import json
import re
import time
import zlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from peelian.errors import NotFoundError, StoreError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
#: A folder that changed so lately may change again under the same mark of time.
_SETTLED_NS = 2_000_000_000
#: Documents kept in memory by each process; one is 20 to 200 kB.
_KEPT = 512

Document = dict[str, Any]


class NightFolders:
    """The published nights of one home."""

    def __init__(self, home: Path) -> None:
        """Keep the place; nothing is read yet."""
        self._root = home / "nights"

    def forces(self, night: date) -> tuple[str, ...]:
        """Return the ids of the forces with a published night of that date."""
        folder = self._root / str(night)
        alone = _force_of(folder)
        if alone:
            return (alone,)
        held = sorted(folder.iterdir()) if folder.is_dir() else []
        # A night that is being written beside the others has a name of its own that is no force's.
        return tuple(p.name for p in held if _NAME.fullmatch(p.name) and (p / "night.json").exists())

    def nights(self) -> tuple[date, ...]:
        """Return the dates with any published night, newest first."""
        if not self._root.is_dir():
            return ()
        # A thousand nights are a thousand looks at the disk: the list is kept until the folder of nights changes. A
        # change of this very second may hide another of the same mark, and a day without a force may soon have one.
        changed_ns = self._root.stat().st_mtime_ns
        is_settled = time.time_ns() - changed_ns > _SETTLED_NS
        held, empty = _days(self._root, changed_ns) if is_settled else _days.__wrapped__(self._root, changed_ns)
        filled = [d for d in empty if self.forces(d)]
        return tuple(sorted([*held, *filled], reverse=True)) if filled else held

    def folder(self, force_id: str, night: date) -> Path:
        """Return where a force's night stands.

        Raises
        ------
        NotFoundError
            When it was not published.
        """
        day = self._root / str(night)
        if _force_of(day) == force_id:
            return day
        if _NAME.fullmatch(force_id) and (day / force_id / "night.json").exists():
            return day / force_id
        raise NotFoundError(f"no night of {night} was published for {force_id}.")

    def levels(self, force_id: str, night: date) -> tuple[str, ...]:
        """Return the levels of areas that the night has maps for, by name."""
        site = self.folder(force_id, night) / "site"
        return tuple(sorted(p.parent.name for p in site.glob("*/index.json.gz")))

    def index(self, force_id: str, night: date, level: str) -> Document:
        """Return the list of a night's maps (``delivery.site_documents.index_document``).

        Raises
        ------
        StoreError
            When it is another night's: its boxes would be shown as this one's.
        """
        read = self._read(force_id, night, level, "index.json.gz")
        if (read.get("force", {}).get("id"), read.get("night"), read.get("level")) != (force_id, str(night), level):
            raise _of_another(self._path(force_id, night, level, "index.json.gz"))
        return read

    def ground(self, force_id: str, night: date, level: str, area_slug: str) -> Document:
        """Return an area's outline and streets (``ground_document``)."""
        return self._read(force_id, night, level, f"ground-{area_slug}.json.gz")

    def map(self, force_id: str, night: date, level: str, area_slug: str, kind_slug: str, longer: int = 0) -> Document:
        """Return one map (``map_documents``), or its longer list of so many boxes.

        Raises
        ------
        StoreError
            When it is another area's or crime type's.
        """
        name = f"map-{area_slug}-{kind_slug}{f'-top-{longer}' if longer else ''}.json.gz"
        read = self._read(force_id, night, level, name)
        if (read.get("area", area_slug), read.get("kind", kind_slug)) != (area_slug, kind_slug):
            raise _of_another(self._path(force_id, night, level, name))
        return read

    def boxes(self, force_id: str, night: date, level: str) -> Path:
        """Return where all boxes of a level stand (``boxes_document``): too much to keep beside the other documents.

        Raises
        ------
        NotFoundError
            When the night has no such level.
        """
        return self._path(force_id, night, level, "boxes.json.gz")

    def briefing(self, force_id: str, night: date, level: str, area_slug: str) -> Path:
        """Return the briefing of an area of any level.

        Raises
        ------
        NotFoundError
            When there is none.
        """
        folder, name = self.folder(force_id, night), f"briefing-{area_slug}.pdf"
        if _NAME.fullmatch(level) and _NAME.fullmatch(name):
            for path in (folder / "site" / level / name, folder / name):
                if path.is_file():
                    return path
        raise NotFoundError(f"the night of {night} has no briefing of that area.")

    def briefing_words(self, force_id: str, night: date, level: str, area_slug: str) -> Document:
        """Return what an area's briefing says (``briefing_document``)."""
        return self._read(force_id, night, level, f"briefing-{area_slug}.json.gz")

    def file(self, force_id: str, night: date, name: str) -> Path:
        """Return one of the night's own files, such as a briefing.

        Raises
        ------
        NotFoundError
            When the night has no such file.
        """
        path = self.folder(force_id, night) / name
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFoundError(f"the night of {night} has no file {name!r}.")
        return path

    def _read(self, force_id: str, night: date, level: str, name: str) -> Document:
        path = self._path(force_id, night, level, name)
        return _document(path, path.stat().st_mtime_ns)

    def _path(self, force_id: str, night: date, level: str, name: str) -> Path:
        path = self.folder(force_id, night) / "site" / level / name
        if not (_NAME.fullmatch(level) and _NAME.fullmatch(name) and path.is_file()):
            raise NotFoundError(f"the night of {night} has no such map ({level}, {name.removesuffix('.json.gz')}).")
        return path


@lru_cache(maxsize=8)
def _days(root: Path, changed_ns: int) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Return the dates with a published night, newest first, and those that have a folder and no night."""
    del changed_ns
    nights = NightFolders(root.parent)
    named = [day for p in root.iterdir() if (day := _day(p.name)) is not None and p.is_dir()]
    held = {d for d in named if nights.forces(d)}
    return tuple(sorted(held, reverse=True)), tuple(sorted(set(named) - held))


def _day(name: str) -> date | None:
    """Return the day that a folder is named for; a copy with another name, or of a day that never was, is no night."""
    try:
        return date.fromisoformat(name) if _DAY.fullmatch(name) else None
    except ValueError:
        return None


@lru_cache(maxsize=_KEPT)
def _document(path: Path, written_ns: int) -> Document:
    """Return a document; ``written_ns`` makes a file written anew another key. Nobody may change what is returned."""
    del written_ns
    try:
        read = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise StoreError(f"{path} cannot be read ({error}). Make the night anew: peelian night --again.") from error
    if not isinstance(read, dict):
        raise StoreError(f"{path} is no document of a night. Make the night anew: peelian night --again.")
    return read


def _of_another(path: Path) -> StoreError:
    return StoreError(f"{path} is that of another map or night. Make the night anew: peelian night --again.")


def _force_of(folder: Path) -> str | None:
    """Return whose night a folder holds, or None where it holds none of its own."""
    record = folder / "night.json"
    if not record.exists():
        return None
    return _force_id(record, record.stat().st_mtime_ns)


@lru_cache(maxsize=_KEPT)
def _force_id(record: Path, written_ns: int) -> str:
    del written_ns
    try:
        return str(json.loads(record.read_bytes())["force"]["id"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{record} cannot be read ({error}). Make the night anew: peelian night --again.") from error
