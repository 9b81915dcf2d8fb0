"""Which night, area and crime type a reader is led to, and which they may choose from."""

from collections.abc import Iterator
from datetime import date, datetime

from peelian.records.access import Actor
from peelian.site.maps.standing import Standing, standing
from peelian.store.night_folders import Document, NightFolders

#: The levels that are a night's own before any other (``[night] level``).
_FIRST_LEVELS = ("borough", "district", "force")


def nights_of(folders: NightFolders, force: str) -> Iterator[date]:
    """Yield the nights that a force published for the site, newest first."""
    return (n for n in folders.nights() if force in folders.forces(n) and folders.levels(force, n))


def present_night(folders: NightFolders, force: str, now: datetime) -> date | None:
    """Return the night in force now, else the next that is coming, else the last that ended; None without any."""
    coming: date | None = None
    for night in nights_of(folders, force):
        stands = standing(folders.index(force, night, first_level(folders, force, night)), now)
        if stands is Standing.COMING:
            coming = night
        elif stands is Standing.NOW or coming is None:
            return night
        else:
            break
    return coming


def first_level(folders: NightFolders, force: str, night: date, actor: Actor | None = None) -> str:
    """Return the level to begin with: one with an area of the actor's, the night's own before further ones."""
    levels = sorted(folders.levels(force, night), key=lambda level: (level not in _FIRST_LEVELS, level))
    for level in levels if actor else ():
        if own_areas(actor, folders.index(force, night, level)):
            return level
    return levels[0]


def own_areas(actor: Actor | None, index: Document) -> list[Document]:
    """Return the areas with a map that the actor may see, in the night's order."""
    force = index["force"]["id"]
    return [a for a in index["areas"] if actor is not None and actor.may_see(a["id"], force)]


def kinds_in(index: Document, area_slug: str) -> list[Document]:
    """Return the crime types and bundles that an area has a map of, the one with most events expected first."""
    held = {m["kind"]: m for m in index["maps"] if m["area"] == area_slug}
    listed = [k for k in index["kinds"] if k["slug"] in held]
    return sorted(listed, key=lambda k: (not held[k["slug"]].get("counts_events", True), -held[k["slug"]]["expected"]))
