"""The lists to choose from above a map: area, crime type, level, night; one form, sent by GET."""

from dataclasses import dataclass
from datetime import date, datetime

from peelian.delivery import words
from peelian.records.access import Actor
from peelian.site.maps.addresses import Shown, Where
from peelian.site.maps.nights import first_level, kinds_in, nights_of, own_areas
from peelian.site.maps.standing import LOOKS_BACK, Standing, standing
from peelian.store.night_folders import Document, NightFolders

#: A list to choose from holds so many nights; older ones keep their address.
_MOST_NIGHTS = 60


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a list."""

    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class List:
    """One list of the form; with one entry it is only said."""

    name: str
    label: str
    options: tuple[Option, ...]

    @property
    def chosen(self) -> str:
        """The words of the entry that stands."""
        return next((o.words for o in self.options if o.is_chosen), "–")


@dataclass(frozen=True, slots=True)
class Choosing:
    """The form: its lists, and what is sent along unseen."""

    lists: tuple[List, ...]
    kept: tuple[tuple[str, str], ...]


def choosing(
    folders: NightFolders, actor: Actor, index: Document, where: Where, shown: Shown, at: datetime
) -> Choosing:
    """Return the lists of what this reader may choose instead."""
    areas = [(a["slug"], a["name"]) for a in own_areas(actor, index)]
    kinds = sorted((k["slug"], k["words"]) for k in kinds_in(index, where.area))
    levels = [(level, _level_words(level)) for level in folders.levels(where.force, where.day)]
    forces = [(f, _force_name(folders, f, where.day)) for f in folders.forces(where.day) if actor.may_see(f)]
    lists = [
        _list("force", "Force", forces, where.force),
        _list("area", "Area", areas, where.area),
        _list("kind", "Crime type or bundle", kinds, where.kind),
        _list("level", "Level", levels, where.level),
        _list("night", "Period", _nights(folders, actor, index, where, at), where.night),
    ]
    kept = {name: value for name, value in shown.parts().items() if name != "page"}
    if len(forces) < 2:  # noqa: PLR2004 - no choice between fewer than two
        lists, kept = lists[1:], kept | {"force": where.force}
    # An area belongs to the level it was listed at: chosen together with another level it means nothing.
    return Choosing(tuple(lists), (*kept.items(), ("listed", where.level)))


def _list(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> List:
    return List(name, label, tuple(Option(value, said, value == chosen) for value, said in options))


def _nights(folders: NightFolders, actor: Actor, index: Document, where: Where, at: datetime) -> list[tuple[str, str]]:
    """Return the nights to choose from: of those that ended, only who looks back is offered any."""
    by_month = index["force"]["date_precision"] == "month"
    offered: list[date] = []
    for night in nights_of(folders, where.force):
        if len(offered) >= _MOST_NIGHTS:
            break
        if actor.role not in LOOKS_BACK and night != where.day:
            listed = folders.index(where.force, night, first_level(folders, where.force, night))
            if standing(listed, at) is Standing.ENDED:
                break
        offered.append(night)
    if where.day not in offered:
        offered.append(where.day)
    return [
        (str(n), index["period"] if n == where.day else words.month(n) if by_month else words.day(n)) for n in offered
    ]


def _level_words(level: str) -> str:
    return "Whole force" if level == "force" else f"By {level}"


def _force_name(folders: NightFolders, force: str, night: date) -> str:
    name: str = folders.index(force, night, folders.levels(force, night)[0])["force"]["name"]
    return name
