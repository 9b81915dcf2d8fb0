"""Areas: a force's polygons into its home, and what levels it has."""

from pathlib import Path

from peelian.errors import StoreError
from peelian.places import Force
from peelian.store.areas import DISTRICT, FORCE, Added, AreaStore
from peelian.store.events import EventStore


def add_areas(
    home: Path, force_id: str | None, level: str, file: Path, id_column: str | None, name_column: str | None
) -> Added:
    """Keep a polygon file as a level of the force, the only one of the home where none is named."""
    return AreaStore(home).add(_force(home, force_id), level, file, id_column, name_column)


def mask_areas(home: Path, force_id: str | None, file: Path) -> Added:
    """Keep a polygon file as the force's mask."""
    return AreaStore(home).mask(_force(home, force_id), file)


def levels(home: Path, force_id: str | None) -> list[tuple[str, int, str]]:
    """Return (level, number of areas, where they come from) of every level that can be forecast."""
    force = _force(home, force_id)
    areas = AreaStore(home)
    rows = [(level, areas.count(force.id, level), "polygons") for level in areas.levels(force.id)]
    n_districts = EventStore(home).log(force.id).table.get_column("district").drop_nulls().n_unique()
    if n_districts and DISTRICT not in areas.levels(force.id):
        rows.append((DISTRICT, n_districts, "the feed's own column"))
    if FORCE not in areas.levels(force.id):
        rows.append(
            (FORCE, 1, "the union of the polygons" if rows and areas.levels(force.id) else "all cells with events")
        )
    return sorted(rows)


def _force(home: Path, force_id: str | None) -> Force:
    store = EventStore(home)
    if force_id is not None:
        return store.force(force_id)
    forces = store.forces()
    if len(forces) != 1:
        known = ", ".join(force.id for force in forces) or "none: run `peelian ingest` first"
        raise StoreError(f"say which force with --force; known are {known}.")
    return forces[0]
