"""Which boxes may be given now: read from the night's documents; nothing ended, switched off or without a card."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from peelian.delivery.placing import ring_of
from peelian.errors import NotAllowedError, NotFoundError
from peelian.forecasts.nights import PurposeCard
from peelian.forecasts.visits import BoxMinutes, GivenBox, patrol_day
from peelian.places.periods import Period
from peelian.places.projections import Projection
from peelian.records.access import Actor
from peelian.site.configuration import site_settings
from peelian.site.maps.edited import EditsShown, edits_shown
from peelian.store.night_folders import Document, NightFolders
from peelian.store.nights import cards, switched_off
from peelian.store.patrols import minutes_by_box

#: A rank, or the letter of an added box.
_NUMBER = re.compile(r"[1-9][0-9]{0,3}|[A-Z]{1,4}")
#: A night is looked for among so many of the newest: a month's boxes are the longest there are.
_NIGHTS = 62


@dataclass(frozen=True)
class GivenNight:
    """One force's published night at one level of areas."""

    force: str
    night: date
    level: str

    @cached_property
    def index(self) -> Document:
        """The list of its maps."""
        return folders().index(self.force, self.night, self.level)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The force's own time."""
        return ZoneInfo(self.index["force"]["time_zone"])

    @cached_property
    def valid(self) -> Period:
        """When its boxes begin and end."""
        return Period(datetime.fromisoformat(self.index["valid_from"]), datetime.fromisoformat(self.index["valid_to"]))

    @property
    def cap(self) -> int:
        """Officer-minutes that a box may be given in a day."""
        return int(self.index["presence_cap_minutes"])

    def is_over(self, at: datetime) -> bool:
        """Tell whether the boxes have ended: then they mean nothing."""
        return at >= self.valid.end

    def areas(self, actor: Actor) -> list["GivenArea"]:
        """Return the areas with a map that the actor may see, in the night's order."""
        told = ((a["id"], a["name"], a["slug"]) for a in self.index["areas"])
        return [GivenArea(self, *a) for a in told if actor.may_see(a[0], self.force)]

    def area(self, actor: Actor, slug: str) -> "GivenArea":
        """Return an area by the part of the address that stands for it.

        Raises
        ------
        NotFoundError, NotAllowedError
            When the night has no such area, or it is not the actor's.
        """
        for a in self.index["areas"]:
            if a["slug"] == slug:
                if not actor.may_see(a["id"], self.force):
                    raise NotAllowedError(f"{a['name']} is not among your areas. Your administrator can change that.")
                return GivenArea(self, a["id"], a["name"], slug)
        raise NotFoundError(f"the night of {self.night} has no area {slug!r}.")

    @cached_property
    def _agreed(self) -> dict[str, PurposeCard]:
        """The purpose cards, asked for once for all areas; none while switched off."""
        return {} if switched_off(self.force) is not None else cards()

    def kinds(self, area: "GivenArea", at: datetime) -> list[tuple[str, str]]:
        """Return (slug, name) of the area's maps that stand on a purpose card valid at that time; none while off."""
        agreed, day = self._agreed, at.astimezone(self.zone).date()
        has_map = {m["kind"] for m in self.index["maps"] if m["area"] == area.slug}
        return [
            (k["slug"], k["name"])
            for k in self.index["kinds"]
            if k["slug"] in has_map
            and any(name in agreed and agreed[name].is_valid_on(day) for name in (k["name"], "*"))
        ]


@dataclass(frozen=True)
class GivenArea:
    """One area of a given night."""

    given: GivenNight
    id: str
    name: str
    slug: str

    @property
    def address(self) -> dict[str, str]:
        """The parts of the phone page's address."""
        return {"force": self.given.force, "level": self.given.level, "area": self.slug}

    @property
    def dated(self) -> dict[str, str]:
        """The parts of an address that names the night too."""
        return {**self.address, "night": self.given.night.isoformat()}

    def sheet(self, kind: str, name: str) -> "Sheet":
        """Return the boxes of one crime type."""
        return Sheet(self, kind, name)

    def sheets(self, at: datetime) -> list["Sheet"]:
        """Return the area's maps that may be given at that time; none once the boxes have ended."""
        if self.given.is_over(at):
            return []
        return [self.sheet(*kind) for kind in self.given.kinds(self, at)]


@dataclass(frozen=True)
class Sheet:
    """One map's boxes: an area and a crime type."""

    area: GivenArea
    kind: str
    crime_type: str

    @cached_property
    def map(self) -> Document:
        """The map's document."""
        given = self.area.given
        return folders().map(given.force, given.night, given.level, self.area.slug, self.kind)

    @cached_property
    def chosen(self) -> tuple[GivenBox, ...]:
        """The forecast's boxes by rank, whatever an analyst thinks of them."""
        boxes = [b for b in self.map["boxes"] if b["kind"] != "nearly"]
        return tuple(self._box(b["rank"], (b["x_min"], b["y_min"], self.map["size_m"])) for b in boxes)

    @cached_property
    def edits(self) -> EditsShown:
        """What analysts added to the map and suppressed on it: a suppressed box is given to nobody."""
        given = self.area.given
        ground = folders().ground(given.force, given.night, given.level, self.area.slug)
        return edits_shown(given.index, self.map, ground)

    @cached_property
    def added(self) -> tuple[GivenBox, ...]:
        """The boxes that analysts added, by letter."""
        return tuple(self._box(0, (e.x_min, e.y_min, e.size_m), e.letter) for e in self.edits.added)

    @cached_property
    def boxes(self) -> tuple[GivenBox, ...]:
        """The boxes that are given: the forecast's that nobody suppressed, by rank, then the added ones."""
        return (*(b for b in self.chosen if b.rank not in self.edits.struck), *self.added)

    def told(self, box: GivenBox) -> dict[str, Any]:
        """Return what a list says of a box, and its ring in WGS84: the document's words, or the analyst's own."""
        if box.letter:
            edit = next(e for e in self.edits.added if e.letter == box.letter)
            projection = Projection(self.area.given.index["force"]["crs"])
            return {
                "kind": "added",
                "place": edit.place or f"Box {box.letter}",
                "why": f"added by {edit.by}: {edit.reason}",
                "odds": "",
                "ring": ring_of(projection, (box.x_min, box.y_min), box.size_m),
            }
        view = self.map["view"]
        row = next(b for b in (*view["firm"], *view["unsure"]) if b["number"] == box.rank)
        ring = next(b["ring"] for b in self.map["boxes"] if b["rank"] == box.rank)
        why = f"walk {row['walk']} · {row['why']}" if row["walk"] else row["why"]
        return {"kind": row["kind"], "place": row["place"], "why": why, "odds": row["odds"], "ring": ring}

    def key(self, box: GivenBox) -> str:
        """Return the one word that names a box in forms and on the phone: all that its address needs."""
        given = self.area.given
        return _key(given.force, given.night, given.level, self.area.slug, self.kind, box.number)

    def _box(self, rank: int, square: tuple[float, float, float], letter: str = "") -> GivenBox:
        given = self.area.given
        return GivenBox(given.force, given.night, given.level, self.area.id, self.crime_type, rank, *square, letter)

    @property
    def all_boxes(self) -> tuple[GivenBox, ...]:
        """Every box of the map, suppressed ones too: somebody may have been there before."""
        return (*self.chosen, *self.added)

    def minutes(self, at: datetime) -> tuple[BoxMinutes, ...]:
        """Return what each box that is given has had on the day of that instant."""
        return minutes_by_box(self.boxes, self.day(at))

    def day(self, at: datetime) -> date:
        """Return the day on which presence at that instant counts."""
        return patrol_day(at, self.area.given.valid, self.area.given.zone)


@dataclass(frozen=True)
class MeantBox:
    """The box that a form or a phone means; ``is_known`` is False where the map was made anew without it."""

    sheet: Sheet
    box: GivenBox
    is_known: bool


def _key(force: str, night: date, level: str, area: str, kind: str, number: str) -> str:
    return "/".join((force, str(night), level, area, kind, number))


def key_of(box: GivenBox) -> str:
    """Return a given box's key (``Sheet.key``).

    Raises
    ------
    NotFoundError
        When its night is no longer there, or names its area or crime type no more.
    """
    index = GivenNight(box.force, box.night, box.level).index
    areas = {a["id"]: a["slug"] for a in index["areas"]}
    kinds = {k["name"]: k["slug"] for k in index["kinds"]}
    if box.area_id not in areas or box.crime_type not in kinds:
        raise NotFoundError(f"the night of {box.night} no longer names {box.area_id!r} or {box.crime_type!r}.")
    return _key(box.force, box.night, box.level, areas[box.area_id], kinds[box.crime_type], box.number)


def folders() -> NightFolders:
    """Return the published nights."""
    return NightFolders(site_settings().home)


def nights_given(at: datetime) -> Iterator[GivenNight]:
    """Yield the nights whose boxes have not ended, newest first: those in force, and those still to begin."""
    held = folders()
    for night in held.nights()[:_NIGHTS]:
        for force in held.forces(night):
            for level in held.levels(force, night):
                given = GivenNight(force, night, level)
                if not given.is_over(at):
                    yield given


def night_of(force: str, night: str, level: str) -> GivenNight:
    """Return a published night by the parts of an address, ended or not.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    try:
        day = date.fromisoformat(night)
    except ValueError as error:
        raise NotFoundError(f"{night!r} is no date of a night; write it as 2018-12-21.") from error
    given = GivenNight(force, day, level)
    given.index  # noqa: B018 - raises where there is no such night
    return given


def meant_box(actor: Actor, key: str, square: tuple[float, float, float] | None = None) -> MeantBox:
    """Return the box that a key names; ``square`` is where the phone saw it.

    A map may have been made anew since: the square is then believed over the rank, for somebody stood there.

    Raises
    ------
    NotFoundError, NotAllowedError
        When there is no such map, or its area is not the actor's.
    """
    parts = key.split("/")
    if len(parts) != 6 or not _NUMBER.fullmatch(parts[5]):  # noqa: PLR2004 - the parts of ``Sheet.key``
        raise NotFoundError(f"{key!r} names no box.")
    force, night, level, slug, kind, number = parts
    given = night_of(force, night, level)
    area = given.area(actor, slug)
    name = next((k["name"] for k in given.index["kinds"] if k["slug"] == kind), None)
    if name is None:
        raise NotFoundError(f"the night of {night} has no map of {kind!r}.")
    sheet = area.sheet(kind, name)
    for box in sheet.all_boxes:
        if (square is None and box.number == number) or box.square == square:
            return MeantBox(sheet, box, is_known=True)
    if square is None:
        raise NotFoundError(f"the map of {kind} in {area.name} has no box {number}.")
    rank, letter = (int(number), "") if number.isdigit() else (0, number)
    box = GivenBox(force, given.night, level, area.id, name, rank, *square, letter)
    return MeantBox(sheet, box, is_known=False)
