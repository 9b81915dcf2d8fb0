"""The maps of published nights as the desk sees them: found by address, and open to edits or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peelian.delivery.placing import KnownGround
from peelian.errors import NotFoundError, PublicationError
from peelian.forecasts.edits import HALF, BoxEdit, EditKind, shared, struck
from peelian.records.access import Actor
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.store import nights as night_store
from peelian.store.edits import edits
from peelian.store.night_folders import Document, NightFolders

#: A night that began longer ago than this is over, whatever its period: a month and a day.
_LONGEST = timedelta(days=33)


@dataclass(frozen=True, slots=True)
class Listing:
    """The maps of one force's night at one level; ``index`` is the night's own list."""

    force: str
    night: date
    level: str
    index: Document

    @property
    def zone(self) -> ZoneInfo:
        """The force's own time."""
        return ZoneInfo(self.index["force"]["time_zone"])

    @property
    def ends(self) -> datetime:
        """When its boxes end."""
        return datetime.fromisoformat(self.index["valid_to"])


@dataclass(frozen=True, slots=True)
class DeskMap:
    """One map: an area and a crime type of a night."""

    listing: Listing
    area: dict[str, Any]
    kind: dict[str, Any]
    document: Document
    ground: Document

    @property
    def address(self) -> dict[str, str]:
        """The parts of its addresses."""
        of = self.listing
        return {
            "force": of.force,
            "night": str(of.night),
            "level": of.level,
            "area": self.area["slug"],
            "kind": self.kind["slug"],
        }

    @property
    def known_ground(self) -> KnownGround:
        """Its outline and streets."""
        return KnownGround.of(self.ground, self.listing.index["force"]["crs"])

    def edits(self) -> tuple[BoxEdit, ...]:
        """Return its edits, those withdrawn too."""
        of = self.listing
        return edits(of.force, of.night, of.level, self.area["id"], self.kind["name"], with_withdrawn=True)

    def boxes(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the forecast's boxes of these kinds ("firm", "unsure", "nearly"), by rank."""
        return [box for box in self.document["boxes"] if box["kind"] in kinds]

    def box(self, rank: int) -> dict[str, Any]:
        """Return a chosen box by its rank.

        Raises
        ------
        NotFoundError
            When no chosen box has it.
        """
        for box in self.boxes("firm", "unsure"):
            if box["rank"] == rank:
                return box
        raise NotFoundError(f"{self.document['view']['title']} has no box {rank}.")


def folders() -> NightFolders:
    """Return the home's published nights."""
    return NightFolders(site_settings().home)


def listings(*, ended: bool = False) -> Iterator[Listing]:
    """Yield the nights that have not ended, newest first; ``ended`` those of the last month that have."""
    at, held = now(), folders()
    for night in held.nights():
        if at.date() - night > _LONGEST:
            return
        for force in held.forces(night):
            for level in held.levels(force, night):
                found = Listing(force, night, level, held.index(force, night, level))
                if (found.ends <= at) == ended:
                    yield found


def visible_areas(actor: Actor, listing: Listing) -> list[dict[str, Any]]:
    """Return the areas of a night that are the actor's."""
    return [a for a in listing.index["areas"] if actor.may_see(a["id"], listing.force)]


def find_map(actor: Actor, address: dict[str, str]) -> DeskMap:
    """Return the map of an address.

    Raises
    ------
    NotFoundError
        When there is none, or it is of an area that is not the actor's: what exists there is not theirs to know.
    """
    try:
        night = date.fromisoformat(address["night"])
    except ValueError as error:
        raise NotFoundError(f"{address['night']!r} is no night; write it as 2018-12-21.") from error
    force, level, held = address["force"], address["level"], folders()
    listing = Listing(force, night, level, held.index(force, night, level))
    area = next((a for a in visible_areas(actor, listing) if a["slug"] == address["area"]), None)
    kind = next((k for k in listing.index["kinds"] if k["slug"] == address["kind"]), None)
    if area is None or kind is None:
        raise NotFoundError(f"the night of {night} has no such map among your areas.")
    document = held.map(force, night, level, area["slug"], kind["slug"])
    return DeskMap(listing, area, kind, document, held.ground(force, night, level, area["slug"]))


def why_closed(found: DeskMap | Listing, kind: str = "") -> str:
    """Return why a map takes no edits, in a sentence; "" where it is open."""
    listing, at = (found.listing if isinstance(found, DeskMap) else found), now()
    if at >= listing.ends:
        return f"This night ended on {listing.index['until']}; its boxes mean nothing now, and no edit changes them."
    off = night_store.switched_off(listing.force)
    if off is not None:
        return f"Forecasts are switched off by {off.by}: {off.reason}"
    name = found.kind["name"] if isinstance(found, DeskMap) else kind
    if name and night_store.card_for(name, at.astimezone(listing.zone).date()) is None:
        return "No purpose card holds for this map any more: it is not published, and takes no edits."
    return ""


def need_open(found: DeskMap) -> None:
    """Refuse an edit of a map that is closed.

    Raises
    ------
    PublicationError
        With the reason.
    """
    why = why_closed(found)
    if why:
        raise PublicationError(why)


def blocking(found: DeskMap, corner: tuple[float, float], size_m: float) -> str:
    """Return the name of the standing box that holds half of a square or more, or ""."""
    standing = [e for e in found.edits() if e.stands]
    for edit in standing:
        if edit.kind is EditKind.ADD and edit.covers(*corner, size_m) >= HALF:
            return f"box {edit.letter}, {edit.place}"
    chosen = found.boxes("firm", "unsure")
    gone = struck(chosen, found.document["size_m"], standing)
    for box in chosen:
        held = shared((box["x_min"], box["y_min"]), corner, found.document["size_m"], size_m)
        if box["rank"] not in gone and held >= HALF:
            return f"box {box['rank']}, {box['place']}"
    return ""
