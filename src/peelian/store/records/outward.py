"""Links of a record for the chart that is opened outward: the ends with the fewest links first, a page at a time.

Only what the actor may read is there at all: a record kept close is no end, and is counted nowhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

from peelian.records.access import Act, Actor
from peelian.records.marking import Notice
from peelian.records.purpose import Purpose
from peelian.store import audit
from peelian.store.records.bulk import rows_in
from peelian.store.records.candidates import Sql, readable
from peelian.store.records.reading import opened, record_name

#: Of a record with more links than this only those of one page are put in order: reading all would cost too much.
_MOST_RANKED = 2000
#: Links are counted so far on either side: beyond it a record is simply busy.
MOST_COUNTED = 5000
_SIDES = (("start_id", "end_id"), ("end_id", "start_id"))
_INDEXES = {"start_id": "record_link_from_start", "end_id": "record_link_from_end"}


@dataclass(frozen=True, slots=True)
class End:
    """A record as a chart draws it; ``degree`` counts its links to records that the actor may read."""

    record: int
    type: str
    title: str
    degree: int


@dataclass(frozen=True, slots=True)
class Tie:
    """A link from one record to another, and the record at the far end of it."""

    link: int
    type: str
    start: int
    end: int
    other: End


@dataclass(slots=True)
class Around:
    """The links around a record while a chart is drawn; ``told`` are the records on it, for the log."""

    actor: Actor
    centre: End
    told: list[int] = field(default_factory=list)

    def ties(self, record: int, skip: int, most: int) -> Iterator[Tie]:
        """Yield a record's links from the ``skip``-th on, at most so many; the order stays."""
        if ends_of([record], self.actor)[record].degree <= _MOST_RANKED:
            links = _links(record, self.actor, 0, _MOST_RANKED)
            ends = ends_of([other for *_, other in links], self.actor)
            page = sorted(links, key=lambda link: (ends[link[4]].degree, link[0]))[skip : skip + most]
        else:
            page = _links(record, self.actor, skip, most)
            ends = ends_of([other for *_, other in page], self.actor)
        for link, kind, start, end, other in page:
            yield Tie(link, kind, start, end, ends[other])


@contextmanager
def around(record: int, actor: Actor, purpose: Purpose) -> Iterator[Around | Notice]:
    """Give the links around a record to whoever draws a chart, and write who saw which records into the log."""
    with opened(record, actor, purpose) as row:
        if isinstance(row, Notice):
            yield row
            return
        _walk_indexes()
        found = Around(actor, ends_of([record], actor)[record])
        yield found
        audit.record(
            actor,
            Act.CONSULTED,
            "read a chart around a record",
            record=record_name(record),
            purpose=purpose.text,
            details={"records": found.told},
        )


def ends_of(records: Iterable[int], actor: Actor) -> Mapping[int, End]:
    """Return records as a chart draws them, each with the number of its links to records that the actor may read."""
    may = readable(actor)
    sides = " + ".join(
        f"(SELECT count(*) FROM ({_side(i, '1', 'n.record_id', may)} LIMIT {MOST_COUNTED}) few{i})"  # noqa: S608 - marks only
        for i in range(len(_SIDES))
    )
    sql = f"SELECT n.record_id, n.type, n.title, {sides} FROM search_entry n WHERE n.record_id IN ({{marks}})"  # noqa: S608 - marks
    values = (*may.values, *may.values)
    return {pk: End(pk, kind, title, degree) for pk, kind, title, degree in rows_in(sql, set(records), values)}


def _links(record: int, actor: Actor, skip: int, most: int) -> list[tuple[int, str, int, int, int]]:
    """Return standing links by number: (link, type, start, end, the other end)."""
    may = readable(actor)
    told = "l.id, l.type, l.start_id, l.end_id, l.{there} AS other"
    sides = " UNION ALL ".join(
        f"SELECT * FROM ({_side(i, told.format(there=there), '%s', may)} LIMIT %s) side{i}"  # noqa: S608 - marks only
        for i, (_, there) in enumerate(_SIDES)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({sides}) both_sides ORDER BY id LIMIT %s OFFSET %s",  # noqa: S608 - marks only
            [*(record, record, *may.values, skip + most) * 2, most, skip],
        )
        return [tuple(row) for row in cursor.fetchall()]


def _side(which: int, told: str, record: str, may: Sql) -> str:
    """Return the query for what is ``told`` of a record's standing links on one side, in the order of its index.

    Where one record has nearly all links, a database that counts believes that any way through the table is as good
    for all others: it is not. So the index is named to SQLite; to PostgreSQL the span and the order leave no other, and
    what else must hold is asked of each link in turn.
    """
    here, there = _SIDES[which]
    index = f" INDEXED BY {_INDEXES[here]}" if connection.vendor == "sqlite" else ""
    return (
        f"SELECT {told} FROM record_link l{index} WHERE l.{here} BETWEEN {record} AND {record} "  # noqa: S608 - marks only
        f"AND (SELECT count(*) FROM search_entry e WHERE e.record_id = l.{there} AND {may.text}) = 1 "
        "AND (SELECT count(*) FROM record_link_withdrawal w WHERE w.link_id = l.id) = 0 "
        f"ORDER BY l.{here}, l.id"
    )


def _walk_indexes() -> None:
    """Let PostgreSQL read links in the order of their index, never sort them, until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")
