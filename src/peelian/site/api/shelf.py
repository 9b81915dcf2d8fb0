"""Which boxes may be handed to a caller: while they are valid, not while switched off, not without a purpose card.

Nights that have ended are for who holds ``history``: to judge, never to act on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peelian.delivery.placing import ring_of
from peelian.errors import NotFoundError, PublicationError
from peelian.forecasts.edits import BoxEdit, EditKind
from peelian.forecasts.nights import PurposeCard
from peelian.places.projections import Projection
from peelian.records.scopes import Scope
from peelian.site.api.callers import Caller
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.store import nights as night_store
from peelian.store.edits import edits, find_edit
from peelian.store.night_boxes import LONGEST, Bounds, NightBox, NightBoxes, NightKey
from peelian.store.night_folders import Document, NightFolders

#: A number of more digits is none of ours, and too large for a database.
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller asks for; None is everything. ``begins`` and ``ends`` bound the boxes' periods."""

    force: str | None = None
    night: date | None = None
    level: str | None = None
    area: str | None = None
    crime_type: str | None = None
    bounds: Bounds | None = None
    begins: datetime | None = None
    ends: datetime | None = None

    @property
    def is_dated(self) -> bool:
        """Whether a time is asked for: then nights that have ended may answer."""
        return (self.night, self.begins, self.ends) != (None, None, None)

    @property
    def dates(self) -> tuple[date | None, date | None]:
        """Between which dates the nights that can answer are called."""
        if self.night is not None:
            return self.night, self.night
        first = None if self.begins is None else (self.begins - LONGEST).date()
        return first, None if self.ends is None else self.ends.date() + timedelta(days=1)

    def takes(self, key: NightKey) -> bool:
        """Tell whether a level of a night is asked for."""
        return (
            self.force in (None, key.force)
            and self.night in (None, key.night)
            and self.level in (None, key.level)
            and (self.begins is None or key.valid_to > self.begins)
            and (self.ends is None or key.valid_from <= self.ends)
        )

    def takes_box(self, box: NightBox) -> bool:
        """Tell whether a box is asked for."""
        return (
            self.area in (None, box.area_id)
            and self.crime_type in (None, box.crime_type)
            and (self.bounds is None or _touches(self.bounds, box.bounds))
        )


@dataclass(frozen=True, slots=True)
class MapLine:
    """One map as its night's list tells it (``told``), with its area and crime type in full."""

    key: NightKey
    area_id: str
    area: str
    crime_type: str
    told: Mapping[str, Any]

    @property
    def id(self) -> str:
        """What the map is called: its boxes are called so too, their rank behind."""
        return f"{self.key.force}:{self.key.night}:{self.key.level}:{self.told['area']}:{self.told['kind']}"


class Shelf:
    """What one caller may read at one instant."""

    def __init__(self, caller: Caller) -> None:
        """Take the instant and the cards in force; boxes are read when they are asked for."""
        self.caller, self.at = caller, now()
        self.folders = NightFolders(site_settings().home)
        self._boxes = NightBoxes(self.folders)
        self._cards: Mapping[str, PurposeCard] | None = None
        self._edits: dict[NightKey, tuple[BoxEdit, ...]] = {}
        self._off: dict[str, str] = {}

    def keys(self, wanted: Wanted) -> Iterator[NightKey]:
        """Yield the levels of nights that are asked for and that the caller may read, newest first.

        Raises
        ------
        NotAllowedError
            When a night is named that has ended, and the caller may not look back.
        """
        if wanted.is_dated and Scope.HISTORY in self.caller.scopes:
            return self.every(wanted)
        standing = self._boxes.standing(self.at)
        if wanted.night is not None and wanted.night not in {k.night for k in standing}:
            self.caller.need(Scope.HISTORY)
        return (k for k in standing if wanted.takes(k))

    def boxes(self, wanted: Wanted) -> Iterator[tuple[NightKey, NightBox]]:
        """Yield the boxes that are asked for and that may be handed on."""
        for key in self.keys(wanted):
            if self.withheld(key):
                continue
            refused: dict[str, str] = {}
            for box in self._boxes.boxes(key).values():
                if not (wanted.takes_box(box) and self.caller.may_see(box.area_id, key.force)):
                    continue
                if box.crime_type not in refused:
                    refused[box.crime_type] = self.without_card(key, box.crime_type)
                if not refused[box.crime_type]:
                    yield key, self._edited(key, box)

    def maps(self, wanted: Wanted) -> Iterator[MapLine]:
        """Yield the maps that are asked for and that may be handed on, in the order of their night's list."""
        for key in self.keys(wanted):
            if not self.withheld(key):
                yield from self.lines(key, wanted)

    def lines(self, key: NightKey, wanted: Wanted, *, only_valid: bool = True) -> Iterator[MapLine]:
        """Yield the maps of one level that are asked for and the caller's; ``only_valid`` asks for their cards too."""
        index = self.folders.index(key.force, key.night, key.level)
        areas = {a["slug"]: a for a in index["areas"]}
        kinds = {k["slug"]: k["name"] for k in index["kinds"]}
        for told in index["maps"]:
            line = MapLine(key, areas[told["area"]]["id"], areas[told["area"]]["name"], kinds[told["kind"]], told)
            is_wanted = wanted.area in (None, line.area_id) and wanted.crime_type in (None, line.crime_type)
            if not (is_wanted and self.caller.may_see(line.area_id, key.force)):
                continue
            if not (only_valid and self.without_card(key, line.crime_type)):
                yield line

    def map(self, map_id: str) -> MapLine:
        """Return one map by its id.

        Raises
        ------
        NotFoundError, NotAllowedError, PublicationError
            When there is none, it is not the caller's, or it may not be handed on, with the reason.
        """
        key = self._key(map_id, parts=5)
        found = (m for m in self.lines(key, Wanted(), only_valid=False) if m.id == map_id)
        line = next(found, None)
        if line is None:
            raise NotFoundError(f"there is no map {map_id!r} among those you may see.")
        self._need_valid(key, line.crime_type)
        return line

    def document(self, line: MapLine) -> Document:
        """Return a map's document."""
        return self.folders.map(line.key.force, line.key.night, line.key.level, line.told["area"], line.told["kind"])

    def every(self, wanted: Wanted) -> Iterator[NightKey]:
        """Yield every level of every published night that is asked for, newest first: for who holds ``history``."""
        return (k for k in self._boxes.levels(*wanted.dates) if wanted.takes(k))

    def newest(self, wanted: Wanted) -> Iterator[NightKey]:
        """Yield the levels of each force's newest night, or of the night that is asked for, ended or not."""
        found = self._boxes.newest() if wanted.night is None else self._boxes.levels(*wanted.dates)
        return (k for k in found if wanted.takes(k))

    def reasons(self, wanted: Wanted) -> Iterator[tuple[NightKey, str, str]]:
        """Yield what is withheld of the nights asked for: the night, the crime type ("" for all) and why."""
        for key in self.keys(wanted):
            whole = self.withheld(key)
            if whole:
                yield key, "", whole
                continue
            for kind in self.folders.index(key.force, key.night, key.level)["kinds"]:
                why = self.without_card(key, kind["name"])
                if why and wanted.crime_type in (None, kind["name"]):
                    yield key, kind["name"], why

    def box(self, box_id: str) -> tuple[NightKey, NightBox]:
        """Return one box by its id.

        Raises
        ------
        NotFoundError, NotAllowedError, PublicationError
            When there is none, it is not the caller's, or it may not be handed on, with the reason.
        """
        key = self._key(box_id, parts=6)
        box = self._boxes.boxes(key).get(box_id)
        if box is None or not self.caller.may_see(box.area_id, key.force):
            raise NotFoundError(f"there is no box {box_id!r} among those you may see.")
        self._need_valid(key, box.crime_type)
        return key, self._edited(key, box)

    def edits(self, wanted: Wanted) -> Iterator[tuple[NightKey, BoxEdit]]:
        """Yield analysts' standing edits of the maps that are asked for and that may be handed on, oldest first."""
        for key in self.keys(wanted):
            if self.withheld(key):
                continue
            for edit in self._edits_of(key):
                is_wanted = wanted.area in (None, edit.area_id) and wanted.crime_type in (None, edit.crime_type)
                is_theirs = is_wanted and self.caller.may_see(edit.area_id, key.force)
                if is_theirs and self._is_within(wanted, key, edit) and not self.without_card(key, edit.crime_type):
                    yield key, edit

    def added(self, number: str) -> tuple[NightKey, BoxEdit]:
        """Return a box that an analyst added and that stands, by its number.

        Raises
        ------
        NotFoundError, NotAllowedError, PublicationError
            When there is none, it is not the caller's, or it may not be handed on, with the reason.
        """
        edit = find_edit(int(number)) if number.isdecimal() and len(number) <= _DIGITS else None
        if edit is None or not self._is_theirs(edit):
            raise NotFoundError(f"there is no added box {number!r} among those you may see.")
        key = self._boxes.key(edit.force, edit.night, edit.level)
        self._need_valid(key, edit.crime_type)
        return key, edit

    def ring(self, key: NightKey, edit: BoxEdit) -> list[list[float]]:
        """Return an edit's square as a closed ring in WGS84."""
        crs = self.folders.index(key.force, key.night, key.level)["force"]["crs"]
        return ring_of(Projection(crs), (edit.x_min, edit.y_min), edit.size_m)

    def today(self) -> date:
        """Return the day it is where the forces are: the earlier one where they do not agree."""
        zones = {k.time_zone for k in self.newest(Wanted())} or {"UTC"}
        return min(self.at.astimezone(ZoneInfo(zone)).date() for zone in zones)

    def has_ended(self, key: NightKey) -> bool:
        """Tell whether a night is past: its boxes mean nothing now."""
        return self.at >= key.valid_to

    def withheld(self, key: NightKey) -> str:
        """Return why a night's boxes are not to be used, or "" where they are, or where the night is past."""
        if self.has_ended(key):
            return ""
        if key.force not in self._off:
            off = night_store.switched_off(key.force)
            why = "" if off is None else f"forecasts are switched off since {off.at:%Y-%m-%d}: {off.reason}"
            self._off[key.force] = why
        return self._off[key.force]

    def without_card(self, key: NightKey, crime_type: str) -> str:
        """Return the reason where a crime type has no valid purpose card today, or ""; past nights need none."""
        if self.has_ended(key):
            return ""
        today = self.at.astimezone(ZoneInfo(key.time_zone)).date()
        if self._cards is None:
            self._cards = night_store.cards()
        held = (self._cards.get(name) for name in (crime_type, "*"))
        is_held = any(card is not None and card.is_valid_on(today) for card in held)
        return "" if is_held else f"{crime_type} has no purpose card that is valid today."

    def _is_theirs(self, edit: BoxEdit) -> bool:
        return edit.kind is EditKind.ADD and edit.stands and self.caller.may_see(edit.area_id, edit.force)

    def _is_within(self, wanted: Wanted, key: NightKey, edit: BoxEdit) -> bool:
        if wanted.bounds is None:
            return True
        longitude, latitude = zip(*self.ring(key, edit), strict=True)
        return _touches(wanted.bounds, (min(longitude), min(latitude), max(longitude), max(latitude)))

    def _edits_of(self, key: NightKey) -> tuple[BoxEdit, ...]:
        if key not in self._edits:
            self._edits[key] = edits(key.force, key.night, key.level)
        return self._edits[key]

    def _edited(self, key: NightKey, box: NightBox) -> NightBox:
        """Return a box as it stands: with the reason where an analyst suppressed it."""
        west, south, east, north = box.bounds
        for edit in self._edits_of(key):
            if edit.kind is EditKind.SUPPRESS and (edit.area_id, edit.crime_type) == (box.area_id, box.crime_type):
                ring = self.ring(key, edit)
                # Boxes of one choice do not overlap: the middle of the edit lies in the box that it suppresses.
                longitude, latitude = ((ring[0][i] + ring[2][i]) / 2 for i in (0, 1))
                if west < longitude < east and south < latitude < north:
                    return box.suppressed(f"{edit.by}: {edit.reason}")
        return box

    def _need_valid(self, key: NightKey, crime_type: str) -> None:
        if self.has_ended(key):
            self.caller.need(Scope.HISTORY)
        reason = self.withheld(key) or self.without_card(key, crime_type)
        if reason:
            raise PublicationError(reason)

    def _key(self, text: str, parts: int) -> NightKey:
        """Return the night that an id names."""
        split = text.split(":")
        try:
            if len(split) != parts:
                raise NotFoundError(f"there is no {text!r}.")
            return self._boxes.key(split[0], date.fromisoformat(split[1]), split[2])
        except ValueError as error:
            raise NotFoundError(f"there is no {text!r}.") from error


def _touches(one: Bounds, other: Bounds) -> bool:
    """Tell whether two rectangles have a point in common; one whose west is east of its east spans the antimeridian."""
    west, south, east, north = one
    if south > other[3] or north < other[1]:
        return False
    if west > east:
        return other[2] >= west or other[0] <= east
    return west <= other[2] and east >= other[0]
