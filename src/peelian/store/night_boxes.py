"""Published boxes for programs: every chosen box of every night and level, as the night's own document tells it.

What of it may be handed on, and to whom, is not said here (``site.api.shelf``).
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from peelian.errors import StoreError
from peelian.store.night_folders import NightFolders

#: A night's period is a day or a calendar month: a night called by an earlier date has ended.
LONGEST = timedelta(days=33)
#: Levels of nights whose boxes a process keeps; London's five thousand boxes take about 20 MB.
_KEPT = 8

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class NightKey:
    """One level of one force's night, and the period that its boxes are for."""

    force: str
    night: date
    level: str
    valid_from: datetime
    valid_to: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class NightBox:
    """One chosen box; ``feature`` is the whole of it as GeoJSON, ready to send.

    ``properties`` are those of the night's ``boxes.geojson``, where the box belongs before them.
    """

    id: str
    area_id: str
    crime_type: str
    rank: int
    bounds: Bounds
    properties: Mapping[str, Any]
    geometry: Mapping[str, Any]
    feature: str

    def suppressed(self, why: str) -> "NightBox":
        """Return the box as an analyst suppressed it: it stays in the list, and says by whom and why."""
        properties = {**self.properties, "suppressed": why}
        return replace(self, properties=properties, feature=_feature(self.id, self.geometry, properties))


class NightBoxes:
    """The boxes of one home's published nights."""

    def __init__(self, folders: NightFolders) -> None:
        """Keep the nights' folders; nothing is read yet."""
        self._folders = folders

    def standing(self, at: datetime) -> tuple[NightKey, ...]:
        """Return the levels of every night that has not ended, newest night first, then by force and level."""
        return tuple(k for k in self.levels(since=(at - LONGEST).date()) if at < k.valid_to)

    def newest(self) -> Iterator[NightKey]:
        """Yield every level of each force's newest night; a force that was quiet for a month longer has none."""
        seen: dict[str, date] = {}
        first = next(iter(self._folders.nights()), None)
        for key in self.levels(since=None if first is None else first - LONGEST):
            if seen.setdefault(key.force, key.night) == key.night:
                yield key

    def levels(self, since: date | None = None, until: date | None = None) -> Iterator[NightKey]:
        """Yield every level of every published night between two dates, newest night first."""
        for night in self._folders.nights():
            if since is not None and night < since:
                return
            if until is not None and night > until:
                continue
            for force in self._folders.forces(night):
                for level in self._folders.levels(force, night):
                    yield self.key(force, night, level)

    def key(self, force: str, night: date, level: str) -> NightKey:
        """Return one level of a night.

        Raises
        ------
        NotFoundError
            When it was not published.
        """
        index = self._folders.index(force, night, level)
        valid_from, valid_to = (datetime.fromisoformat(index[k]) for k in ("valid_from", "valid_to"))
        return NightKey(force, night, level, valid_from, valid_to, index["force"]["time_zone"])

    def boxes(self, key: NightKey) -> Mapping[str, NightBox]:
        """Return a level's chosen boxes by their ids, in the night's order."""
        index = self._folders.index(key.force, key.night, key.level)
        path = self._folders.boxes(key.force, key.night, key.level)
        areas = tuple((a["id"], a["slug"]) for a in index["areas"])
        kinds = tuple((k["name"], k["slug"]) for k in index["kinds"])
        return _boxes(path, path.stat().st_mtime_ns, key, areas, kinds)


Slugs = tuple[tuple[str, str], ...]


@lru_cache(maxsize=_KEPT)
def _boxes(path: Path, written_ns: int, key: NightKey, areas: Slugs, kinds: Slugs) -> Mapping[str, NightBox]:
    """Return the boxes of a document; ``written_ns`` makes a file written anew another key."""
    del written_ns
    area_slug, kind_slug = dict(areas), dict(kinds)
    try:
        features = json.loads(gzip.decompress(path.read_bytes()))["features"]
        chosen = (f for f in features if f["properties"]["is_chosen"])
        made = (_box(key, f, area_slug, kind_slug) for f in chosen)
        return {box.id: box for box in made}
    except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
        raise StoreError(f"{path} cannot be read ({error}). Make the night anew: peelian night --again.") from error


def _box(key: NightKey, feature: Mapping[str, Any], areas: Mapping[str, str], kinds: Mapping[str, str]) -> NightBox:
    told, geometry = feature["properties"], feature["geometry"]
    box_id = f"{key.force}:{key.night}:{key.level}:{areas[told['area_id']]}:{kinds[told['crime_type']]}:{told['rank']}"
    properties = {"force": key.force, "night": str(key.night), "level": key.level, **told}
    del properties["is_chosen"]  # all of these are
    properties["suppressed"] = ""
    longitude, latitude = zip(*geometry["coordinates"][0], strict=True)
    return NightBox(
        id=box_id,
        area_id=told["area_id"],
        crime_type=told["crime_type"],
        rank=told["rank"],
        bounds=(min(longitude), min(latitude), max(longitude), max(latitude)),
        properties=properties,
        geometry=geometry,
        feature=_feature(box_id, geometry, properties),
    )


def _feature(box_id: str, geometry: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    whole = {"type": "Feature", "id": box_id, "geometry": geometry, "properties": properties}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
