"""The areas that an account may be limited to: those that the home keeps polygons of, or has made maps of."""

from pathlib import Path

from peelian.store.areas import AreaStore
from peelian.store.events import EventStore
from peelian.store.night_folders import NightFolders


def known_areas(home: Path) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the areas by level ("St. Louis, district"), each as its id and its name; the whole force comes first."""
    found: dict[str, dict[str, str]] = {}
    kept, nights = AreaStore(home), NightFolders(home)
    for force in EventStore(home).forces():
        found[f"{force.name}, whole"] = {force.id: force.name}
        for level in kept.levels(force.id):
            found.setdefault(f"{force.name}, {level}", {}).update(kept.names(force.id, level))
        newest = next((n for n in nights.nights() if force.id in nights.forces(n)), None)
        if newest is None:
            continue
        for level in nights.levels(force.id, newest):
            index = nights.index(force.id, newest, level)
            made = {str(a["id"]): str(a["name"]) for a in index["areas"]}
            found.setdefault(f"{force.name}, {level}", {}).update(made)
    return [(group, sorted(areas.items(), key=_in_order)) for group, areas in found.items() if areas]


def _in_order(area: tuple[str, str]) -> tuple[int, str]:
    """Numbers by number: District 2 before District 10."""
    area_id, name = area
    return (int(area_id) if area_id.isdecimal() else 0, name)
