"""What stands around a record: the points of its map and its timeline, now or as they stood on a past day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peelian.records.access import Act, Actor
from peelian.records.catalogue import Catalogue
from peelian.records.entities import Happening, entity_of, timeline
from peelian.records.links import Link
from peelian.records.marking import Notice
from peelian.records.purpose import Purpose
from peelian.store import audit
from peelian.store.records import past
from peelian.store.records.bulk import as_instant, rows_in
from peelian.store.records.reading import (
    component,
    links_of,
    opened,
    readable_by,
    record_name,
    statements_of,
    words_of,
)

_Event = tuple[int, str, datetime, datetime]


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """A place on a record's map: where, whose, and by which words it belongs to the record."""

    record: int
    title: str
    words: str
    crs: str
    x: float
    y: float


def places(
    catalogue: Catalogue,
    record: int,
    actor: Actor,
    purpose: Purpose,
    *,
    as_of: datetime | None = None,
    most: int = 500,
) -> tuple[PlaceOf, ...] | Notice:
    """Return where a record is and where what it is tied to is: the points of its map, at an instant (now for None)."""
    with opened(record, actor, purpose) as row:
        if isinstance(row, Notice):
            return row
        readable = readable_by(actor, component(record, as_of)[0])
        ends = _ends(links_of(readable, 0, most, "", as_of), readable)
        ids = [*readable, *readable_by(actor, [pk for pk in ends if pk not in readable])]
        audit.record(
            actor,
            Act.CONSULTED,
            "read the places of a record",
            record=record_name(record),
            purpose=purpose.text,
            details={"records": ids, "as_of": as_of.isoformat() if as_of else ""},
        )
        found = _points(ids) if as_of is None else _points_at(catalogue, ids, as_of)
    words = {pk: link.type for pk, link in ends.items()}
    return tuple(PlaceOf(pk, title, words.get(pk, ""), crs, x, y) for pk, title, crs, x, y in sorted(found))


def happenings(
    catalogue: Catalogue,
    record: int,
    actor: Actor,
    purpose: Purpose,
    *,
    as_of: datetime | None = None,
    most: int = 500,
) -> tuple[Happening, ...] | Notice:
    """Return a record's timeline at an instant (now for None), oldest first.

    Its own dates and disputes stand in it, and the events that it is tied to.
    """
    with opened(record, actor, purpose) as row:
        if isinstance(row, Notice):
            return row
        readable = readable_by(actor, component(record, as_of)[0])
        own = timeline(entity_of(catalogue.type(row.type), readable, statements_of(readable, as_of), as_of))
        ends = _ends(links_of(readable, 0, most, "", as_of), readable)
        may = readable_by(actor, ends)
        events = _events(may) if as_of is None else _events_at(catalogue, may, as_of)
        audit.record(
            actor,
            Act.CONSULTED,
            "read the timeline of a record",
            record=record_name(record),
            purpose=purpose.text,
            details={"records": sorted(pk for pk, *_ in events), "as_of": as_of.isoformat() if as_of else ""},
        )
    told = [
        Happening(
            since,
            f"{words_of(catalogue, ends[pk], readable)} {title}",
            "minute" if since == until else "span",
            None,
            pk,
        )
        for pk, title, since, until in events
    ]
    return tuple(sorted((*own, *told), key=lambda h: (h.at, h.record or 0, h.statement or 0)))


def _ends(links: Sequence[Link], members: Sequence[int]) -> dict[int, Link]:
    """Return, for each record at the far end of these links, the last link that leads there."""
    return {link.end if link.start in members else link.start: link for link in links}


def _points(records: Sequence[int]) -> list[tuple[int, str, str, float, float]]:
    sql = "SELECT record_id, title, crs, x, y FROM search_entry WHERE x IS NOT NULL AND record_id IN ({marks})"
    return [(pk, title, crs, x, y) for pk, title, crs, x, y in rows_in(sql, records)]


def _points_at(
    catalogue: Catalogue, records: Sequence[int], as_of: datetime
) -> list[tuple[int, str, str, float, float]]:
    entries = past.entries_at(catalogue, records, as_of)
    return [
        (pk, entries[pk][1].title, point.crs, point.x, point.y)
        for pk, point in past.points_at(catalogue, entries, as_of).items()
    ]


def _events(records: Sequence[int]) -> list[_Event]:
    sql = (
        "SELECT record_id, title, happened_from, happened_to FROM search_entry "
        "WHERE happened_from IS NOT NULL AND record_id IN ({marks})"
    )
    told = ((pk, title, as_instant(since), as_instant(until)) for pk, title, since, until in rows_in(sql, records))
    return [(pk, title, since, until or since) for pk, title, since, until in told if since is not None]


def _events_at(catalogue: Catalogue, records: Sequence[int], as_of: datetime) -> list[_Event]:
    entries = past.entries_at(catalogue, records, as_of).items()
    return [
        (pk, entry.title, entry.happened_from, entry.happened_to or entry.happened_from)
        for pk, (_, entry) in entries
        if entry.happened_from is not None
    ]
