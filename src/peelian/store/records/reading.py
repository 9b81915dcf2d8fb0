"""Reads: a record as it stood, its neighbours page by page, a chart around it, its places, and who looked at it.

Each takes a purpose and leaves a line in the log, in the transaction that reads. Who may not read gets a notice.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from django.db import transaction
from django.db.models import Q, QuerySet, prefetch_related_objects

from peelian.errors import NotAllowedError, NotFoundError, RecordError
from peelian.records.access import Act, Actor
from peelian.records.catalogue import SAME_AS, Catalogue
from peelian.records.entities import Entity, entity_of
from peelian.records.links import Link, united
from peelian.records.marking import Marking, Notice, Sensitivity, may_read, need_reader
from peelian.records.purpose import Purpose
from peelian.records.statements import Reliability, Statement
from peelian.store import audit
from peelian.store.records import past
from peelian.store.records.bulk import rows_in
from peelian.store.records.index import STATEMENT, as_statement
from peelian.store.records.tables import Disposal, LinkRow, Record, StatementRow

#: One entity is made of at most so many records; a merge beyond it is refused.
MOST_MEMBERS = 500
LINKS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class View:
    """A record as it is read: the entity, what it is marked as, and when it comes up for review.

    ``statements`` are all that were known at ``entity.as_of``, those taken back too. ``notices`` tell of records that
    are the same and that the actor may not read: nothing of theirs is in the entity.
    """

    entity: Entity
    marking: Marking
    source: str
    key: str
    recorded_at: datetime
    review_reason: str
    statements: tuple[Statement, ...]
    merges: tuple[Link, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What is at the other end of a link: its link and title, or only a notice (then nothing of the link is told)."""

    link: Link | None
    words: str
    record: int | None
    type: str
    title: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A page of neighbours; ``next_after`` asks for the following page, None where this is the last."""

    neighbours: tuple[Neighbour, ...]
    next_after: int | None


def marking_of(row: Record) -> Marking:
    """Return how a record is marked."""
    cleared = (
        frozenset(c.account for c in row.clearances.all())
        if row.sensitivity == Sensitivity.SEALED
        else frozenset[int]()
    )
    return Marking(Sensitivity(row.sensitivity), row.area, row.keeper, cleared)


def record_name(record: int) -> str:
    """Return how the log names a record."""
    return f"record/{record}"


@contextmanager
def opened(record: int, actor: Actor, purpose: Purpose) -> Iterator[Record | Notice]:
    """Give a record's row to who may read it, in the transaction that logs the look; to others whom to ask.

    Raises
    ------
    NotFoundError
        When there is no such record; of one disposed of, when that was.
    NotAllowedError
        When the actor's role does not work with records.
    """
    need_reader(actor)
    with transaction.atomic():
        row = row_of(record)
        if may_read(actor, marking_of(row)):
            yield row
            return
        audit.record(
            actor,
            Act.REFUSED,
            "a record kept close: told whom to ask",
            record=record_name(record),
            purpose=purpose.text,
        )
        yield Notice(row.keeper)


def show(
    catalogue: Catalogue, record: int, actor: Actor, purpose: Purpose, *, as_of: datetime | None = None
) -> View | Notice:
    """Return a record, with all that are the same as it, as they stood at an instant (now for None).

    Raises
    ------
    NotFoundError
        When there is no such record, or none yet at that instant; of one disposed of, when that was.
    NotAllowedError
        When the actor's role does not work with records.
    """
    with opened(record, actor, purpose) as row:
        if isinstance(row, Notice):
            return row
        if as_of is not None and row.recorded_at > as_of:
            raise NotFoundError(
                f"record {record} was first recorded on {row.recorded_at:%Y-%m-%d %H:%M} UTC, not before."
            )
        members, merges = component(record, as_of)
        rows = rows_of(members)
        readable = [pk for pk in sorted(rows) if may_read(actor, marking_of(rows[pk]))]
        notices = {Notice(rows[pk].keeper).sentence for pk in rows if pk not in readable}
        statements = statements_of(readable, as_of)
        entity = entity_of(catalogue.type(row.type), readable, statements, as_of)
        shown = tuple(m for m in merges if m.start in readable and m.end in readable)
        audit.record(
            actor,
            Act.CONSULTED,
            "read a record",
            record=record_name(record),
            purpose=purpose.text,
            details={"with": [pk for pk in readable if pk != record], "as_of": as_of.isoformat() if as_of else ""},
        )
        return View(
            entity,
            marking_of(row),
            row.source,
            row.key,
            row.recorded_at,
            row.review_reason,
            statements,
            shown,
            tuple(sorted(notices)),
        )


def neighbours(  # noqa: PLR0913 - whose, by whom, why, and which page
    catalogue: Catalogue,
    record: int,
    actor: Actor,
    purpose: Purpose,
    *,
    after: int = 0,
    size: int = LINKS_A_PAGE,
    link_type: str = "",
    as_of: datetime | None = None,
) -> Neighbours | Notice:
    """Return a page of what a record (with all that are the same) is tied to, in the order in which it was recorded.

    A record with a million links is read a page at a time: each page costs the same.
    """
    with opened(record, actor, purpose) as row:
        if isinstance(row, Notice):
            return row
        members, _ = component(record, as_of)
        readable = readable_by(actor, members)
        found = links_of(readable, after, size + 1, link_type, as_of)
        page = found[:size]
        told = tuple(_neighbours_in(catalogue, page, readable, actor, as_of))
        audit.record(
            actor,
            Act.CONSULTED,
            "read a record's links",
            record=record_name(record),
            purpose=purpose.text,
            details={"after": after, "records": [n.record for n in told if n.record is not None]},
        )
        return Neighbours(told, page[-1].id if len(found) > size else None)


def words_of(catalogue: Catalogue, link: Link, members: Sequence[int]) -> str:
    """Return how a link reads from the side of these records."""
    kind = catalogue.links.get(link.type)
    if kind is None:
        return link.type
    return kind.label if link.start in members else kind.back


def component(record: int, as_of: datetime | None) -> tuple[tuple[int, ...], tuple[Link, ...]]:
    """Return the records that are one with this, and the merges that say so.

    Raises
    ------
    RecordError
        When they are more than one entity may be made of.
    """
    met: dict[int, Link] = {}
    members = {record}
    edge = {record}
    while edge:
        for side in ("start__in", "end__in"):
            rows = _merges().filter(**{side: edge}).select_related("withdrawal")
            met |= {link.id: link for link in _as_links(rows) if link.stands_at(as_of)}
        whole = united(met.values(), as_of).get(record, frozenset({record}))
        edge = set(whole) - members
        members |= whole
        if len(members) > MOST_MEMBERS:
            raise RecordError(
                f"record {record} is one with more than {MOST_MEMBERS} others; undo merges that are wrong."
            )
    return tuple(sorted(members)), tuple(met[pk] for pk in sorted(met))


def _merges() -> QuerySet[LinkRow]:
    """Return the merges among the links, named in the SQL itself: SQLite finds their own index only so."""
    return LinkRow.objects.extra(where=[f"record_link.type = '{SAME_AS}'"])  # noqa: S610 - our own word


def statements_of(records: Sequence[int], as_of: datetime | None) -> tuple[Statement, ...]:
    """Return the statements of these records known at an instant, oldest first."""
    rows = StatementRow.objects.filter(record_id__in=records)
    if as_of is not None:
        rows = rows.filter(recorded_at__lte=as_of)
    return tuple(as_statement(row) for row in rows.order_by("id").values_list(*STATEMENT))


def as_link(row: LinkRow) -> Link:
    """Return the row as a value."""
    withdrawal = getattr(row, "withdrawal", None)
    return Link(
        row.pk,
        row.type,
        row.start_id,
        row.end_id,
        row.detail,
        row.source,
        row.recorded_at,
        row.recorder,
        Reliability(row.reliability),
        row.score,
        tuple(row.reasons),
        withdrawal.recorded_at if withdrawal is not None else None,
    )


def need_row(record: int, actor: Actor) -> Record:
    """Return a record's row for an act upon it.

    Raises
    ------
    NotFoundError
        When there is none.
    NotAllowedError
        When the actor may not read it; the message says whom to ask.
    """
    row = row_of(record)
    marking = marking_of(row)
    if not may_read(actor, marking):
        raise NotAllowedError(Notice(marking.keeper).sentence)
    return row


def row_of(record: int) -> Record:
    """Return a record's row.

    Raises
    ------
    NotFoundError
        When there is none; of one disposed of, when that was.
    """
    row = Record.objects.filter(pk=record).prefetch_related("clearances").first() if record < 2**62 else None
    if row is not None:
        return row
    gone = Disposal.objects.filter(record=record).first() if record < 2**62 else None
    if gone is not None:
        raise NotFoundError(f"record {record} was disposed of on {gone.recorded_at:%Y-%m-%d}: {gone.reason}")
    raise NotFoundError(f"there is no record {record}.")


def rows_of(records: Iterable[int]) -> dict[int, Record]:
    """Return the rows of those of these records that there are; who is cleared is asked only for the sealed."""
    rows = {row.pk: row for row in Record.objects.filter(pk__in=list(records))}
    prefetch_related_objects([row for row in rows.values() if row.sensitivity == Sensitivity.SEALED], "clearances")
    return rows


def readable_by(actor: Actor, records: Iterable[int]) -> list[int]:
    """Return those of these records that an actor may read, in order."""
    return sorted(pk for pk, row in rows_of(records).items() if may_read(actor, marking_of(row)))


def _as_links(rows: Iterable[LinkRow]) -> list[Link]:
    return [as_link(row) for row in rows]


def links_of(records: Sequence[int], after: int, size: int, link_type: str, as_of: datetime | None) -> list[Link]:
    """Return the next standing links of these records, by number; merges are not among them.

    Each record and side is asked for alone: together a million links would be put in order for one page of them.
    """
    found: dict[int, Link] = {}
    standing = Q(withdrawal__isnull=True)
    if as_of is not None:
        standing = Q(standing | Q(withdrawal__recorded_at__gt=as_of), recorded_at__lte=as_of)
    for record, side in product(records, ("start", "end")):
        rows = LinkRow.objects.filter(standing, **{side: record}, pk__gt=after).exclude(type=SAME_AS)
        if link_type:
            rows = rows.filter(type=link_type)
        found |= {link.id: link for link in _as_links(rows.select_related("withdrawal").order_by("id")[:size])}
    return [found[pk] for pk in sorted(found)][:size]


def _neighbours_in(
    catalogue: Catalogue, links: Sequence[Link], members: Sequence[int], actor: Actor, as_of: datetime | None
) -> Iterable[Neighbour]:
    others = {link.id: link.end if link.start in members else link.start for link in links}
    rows = rows_of(others.values())
    readable = [pk for pk, row in rows.items() if may_read(actor, marking_of(row))]
    titles = titles_of(readable) if as_of is None else past.titles_at(catalogue, readable, as_of)
    for link in links:
        other = others[link.id]
        if other not in titles:
            yield Neighbour(None, "", None, "", "", Notice(rows[other].keeper).sentence)
            continue
        yield Neighbour(link, words_of(catalogue, link, members), other, *titles[other])


def titles_of(records: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return the type and title of each record, as the index keeps them."""
    sql = "SELECT record_id, type, title FROM search_entry WHERE record_id IN ({marks})"
    return {pk: (kind, title) for pk, kind, title in rows_in(sql, records)}
