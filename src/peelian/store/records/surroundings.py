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

#: So many of a record's links are drawn on its map and put on its timeline.
_MOST_LINKS = 500
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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a record (with all that are the same) for one reader: at an instant, now for None."""

    catalogue: Catalogue
    record: int
    actor: Actor
    purpose: Purpose
    as_of: datetime | None = None

    def places(self) -> tuple[PlaceOf, ...] | Notice:
        """Return where the record is and where what it is tied to is: the points of its map."""
        with opened(self.record, self.actor, self.purpose) as row:
            if isinstance(row, Notice):
                return row
            readable, ends = self._tied()
            ids = [*readable, *readable_by(self.actor, [pk for pk in ends if pk not in readable])]
            self._log("read the places of a record", ids)
            found = _points(ids) if self.as_of is None else _points_at(self.catalogue, ids, self.as_of)
        words = {pk: link.type for pk, link in ends.items()}
        return tuple(PlaceOf(pk, title, words.get(pk, ""), crs, x, y) for pk, title, crs, x, y in sorted(found))

    def happenings(self) -> tuple[Happening, ...] | Notice:
        """Return the record's timeline, oldest first: its own dates and disputes, and the events that it is tied to."""
        with opened(self.record, self.actor, self.purpose) as row:
            if isinstance(row, Notice):
                return row
            readable, ends = self._tied()
            said = statements_of(readable, self.as_of)
            own = timeline(entity_of(self.catalogue.type(row.type), readable, said, self.as_of))
            may = readable_by(self.actor, ends)
            events = _events(may) if self.as_of is None else _events_at(self.catalogue, may, self.as_of)
            self._log("read the timeline of a record", sorted(pk for pk, *_ in events))
        told = [
            Happening(
                since,
                f"{words_of(self.catalogue, ends[pk], readable)} {title}",
                "minute" if since == until else "span",
                None,
                pk,
            )
            for pk, title, since, until in events
        ]
        return tuple(sorted((*own, *told), key=lambda h: (h.at, h.record or 0, h.statement or 0)))

    def _tied(self) -> tuple[list[int], dict[int, Link]]:
        """Return the records that are one with this, and for each at the far end of a link the last leading there."""
        readable = readable_by(self.actor, component(self.record, self.as_of)[0])
        links = links_of(readable, 0, _MOST_LINKS, "", self.as_of)
        return readable, {link.end if link.start in readable else link.start: link for link in links}

    def _log(self, what: str, records: Sequence[int]) -> None:
        audit.record(
            self.actor,
            Act.CONSULTED,
            what,
            record=record_name(self.record),
            purpose=self.purpose.text,
            details={"records": list(records), "as_of": self.as_of.isoformat() if self.as_of else ""},
        )


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
