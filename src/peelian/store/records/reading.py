"""Reads: a record as it stood, its neighbours page by page, a chart around it, its places, and who looked at it.

Each takes a purpose and leaves a line in the log, in the transaction that reads. Who may not read gets a notice.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from peelian.errors import NotAllowedError, NotFoundError, RecordError
from peelian.records.access import Act, Actor
from peelian.records.catalogue import SAME_AS, Catalogue
from peelian.records.entities import Entity, entity_of
from peelian.records.links import Link, united
from peelian.records.marking import Marking, Notice, Sensitivity, may_read, need_reader
from peelian.records.purpose import Purpose
from peelian.records.statements import Reliability, Statement
from peelian.store import audit
from peelian.store.records.bulk import as_instant, chunks, rows_in
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


@dataclass(frozen=True, slots=True)
class Node:
    """A record on a chart; ``n_more`` tells whether it has links that the chart does not show."""

    record: int
    type: str
    title: str
    has_more: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Records around one, and the links among them; ``is_cut`` where the limit was met. None is kept close."""

    centre: int
    nodes: tuple[Node, ...]
    edges: tuple[Link, ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """A place on a record's map: where, whose, and by which words it belongs to the record."""

    record: int
    title: str
    words: str
    crs: str
    x: float
    y: float


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
    need_reader(actor)
    with transaction.atomic():
        row = _row(record)
        if not may_read(actor, marking_of(row)):
            _log_notice(actor, record, purpose)
            return Notice(row.keeper)
        if as_of is not None and row.recorded_at > as_of:
            raise NotFoundError(
                f"record {record} was first recorded on {row.recorded_at:%Y-%m-%d %H:%M} UTC, not before."
            )
        members, merges = component(record, as_of)
        rows = {r.pk: r for r in Record.objects.filter(pk__in=members).prefetch_related("clearances")}
        open_to = [pk for pk in sorted(rows) if may_read(actor, marking_of(rows[pk]))]
        notices = {Notice(rows[pk].keeper).sentence for pk in rows if pk not in open_to}
        statements = statements_of(open_to, as_of)
        entity = entity_of(catalogue.type(row.type), open_to, statements, as_of)
        shown = tuple(m for m in merges if m.start in open_to and m.end in open_to)
        audit.record(
            actor,
            Act.CONSULTED,
            "read a record",
            record=record_name(record),
            purpose=purpose.text,
            details={"with": [pk for pk in open_to if pk != record], "as_of": as_of.isoformat() if as_of else ""},
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
    need_reader(actor)
    with transaction.atomic():
        row = _row(record)
        if not may_read(actor, marking_of(row)):
            _log_notice(actor, record, purpose)
            return Notice(row.keeper)
        members, _ = component(record, as_of)
        open_to = _open_to(actor, members)
        found = _links_of(open_to, after, size + 1, link_type, as_of)
        page = found[:size]
        told = tuple(_neighbours_in(catalogue, page, frozenset(open_to), actor))
        audit.record(
            actor,
            Act.CONSULTED,
            "read a record's links",
            record=record_name(record),
            purpose=purpose.text,
            details={"after": after, "records": [n.record for n in told if n.record is not None]},
        )
        return Neighbours(told, page[-1].id if len(found) > size else None)


def chart(
    record: int, actor: Actor, purpose: Purpose, *, most: int = 200, steps: int = 2, each: int = 30
) -> Chart | Notice:
    """Return the records within so many steps of one, at most ``most``, each opened by at most ``each`` links.

    Circles end where they began: a record stands once. The nearer and the earlier tied come first.
    """
    need_reader(actor)
    with transaction.atomic():
        row = _row(record)
        if not may_read(actor, marking_of(row)):
            _log_notice(actor, record, purpose)
            return Notice(row.keeper)
        placed, edges, more, is_cut = _walk(record, actor, most, steps, each)
        told = _titles(placed)
        audit.record(
            actor,
            Act.CONSULTED,
            "read a chart around a record",
            record=record_name(record),
            purpose=purpose.text,
            details={"records": placed},
        )
    nodes = tuple(Node(pk, *told[pk], pk in more) for pk in placed if pk in told)
    return Chart(record, nodes, tuple(edges.values()), is_cut)


def places(record: int, actor: Actor, purpose: Purpose, *, most: int = 500) -> tuple[PlaceOf, ...] | Notice:
    """Return where a record is and where what it is tied to is: the points of its map."""
    need_reader(actor)
    with transaction.atomic():
        row = _row(record)
        if not may_read(actor, marking_of(row)):
            _log_notice(actor, record, purpose)
            return Notice(row.keeper)
        members, _ = component(record, None)
        open_to = _open_to(actor, members)
        links = _links_of(open_to, 0, most, "", None)
        ends = {link.other(pk): link.type for link in links for pk in (link.start, link.end) if pk in open_to}
        ids = [*open_to, *_open_to(actor, [pk for pk in ends if pk not in open_to])]
        audit.record(
            actor,
            Act.CONSULTED,
            "read the places of a record",
            record=record_name(record),
            purpose=purpose.text,
            details={"records": ids},
        )
        sql = "SELECT record_id, title, crs, x, y FROM search_entry WHERE x IS NOT NULL AND record_id IN ({marks})"
        return tuple(
            PlaceOf(pk, title, ends.get(pk, ""), crs, x, y) for pk, title, crs, x, y in sorted(rows_in(sql, ids))
        )


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
        rows = _as_links(
            LinkRow.objects.filter(Q(start__in=edge) | Q(end__in=edge), type=SAME_AS).select_related("withdrawal")
        )
        met |= {link.id: link for link in rows if link.stands_at(as_of)}
        whole = united(met.values(), as_of).get(record, frozenset({record}))
        edge = set(whole) - members
        members |= whole
        if len(members) > MOST_MEMBERS:
            raise RecordError(
                f"record {record} is one with more than {MOST_MEMBERS} others; undo merges that are wrong."
            )
    return tuple(sorted(members)), tuple(met[pk] for pk in sorted(met))


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
    row = _row(record)
    marking = marking_of(row)
    if not may_read(actor, marking):
        raise NotAllowedError(Notice(marking.keeper).sentence)
    return row


def _row(record: int) -> Record:
    row = Record.objects.filter(pk=record).prefetch_related("clearances").first() if record < 2**62 else None
    if row is not None:
        return row
    gone = Disposal.objects.filter(record=record).first() if record < 2**62 else None
    if gone is not None:
        raise NotFoundError(f"record {record} was disposed of on {gone.recorded_at:%Y-%m-%d}: {gone.reason}")
    raise NotFoundError(f"there is no record {record}.")


def _log_notice(actor: Actor, record: int, purpose: Purpose) -> None:
    audit.record(
        actor, Act.REFUSED, "a record kept close: told whom to ask", record=record_name(record), purpose=purpose.text
    )


def _open_to(actor: Actor, records: Iterable[int]) -> list[int]:
    rows = Record.objects.filter(pk__in=list(records)).prefetch_related("clearances")
    return sorted(row.pk for row in rows if may_read(actor, marking_of(row)))


def _as_links(rows: Iterable[LinkRow]) -> list[Link]:
    return [as_link(row) for row in rows]


def _links_of(records: Sequence[int], after: int, size: int, link_type: str, as_of: datetime | None) -> list[Link]:
    """Return the next standing links of these records, by number; merges are not among them."""
    found: dict[int, Link] = {}
    for side in ("start", "end"):
        rows = LinkRow.objects.filter(**{f"{side}__in": records}, pk__gt=after).exclude(type=SAME_AS)
        if link_type:
            rows = rows.filter(type=link_type)
        if as_of is None:
            rows = rows.filter(withdrawal__isnull=True)
        else:
            rows = rows.filter(
                Q(withdrawal__isnull=True) | Q(withdrawal__recorded_at__gt=as_of), recorded_at__lte=as_of
            )
        found |= {link.id: link for link in _as_links(rows.select_related("withdrawal").order_by("id")[:size])}
    return [found[pk] for pk in sorted(found)][:size]


def _neighbours_in(
    catalogue: Catalogue, links: Sequence[Link], members: frozenset[int], actor: Actor
) -> Iterable[Neighbour]:
    others = {link.id: link.end if link.start in members else link.start for link in links}
    rows = {r.pk: r for r in Record.objects.filter(pk__in=others.values()).prefetch_related("clearances")}
    readable = [pk for pk, row in rows.items() if may_read(actor, marking_of(row))]
    titles = _titles(readable)
    for link in links:
        other = others[link.id]
        if other not in titles:
            yield Neighbour(None, "", None, "", "", Notice(rows[other].keeper).sentence)
            continue
        kind = catalogue.links.get(link.type)
        words = link.type if kind is None else kind.label if link.start in members else kind.back
        yield Neighbour(link, words, other, *titles[other])


def _titles(records: Iterable[int]) -> dict[int, tuple[str, str]]:
    sql = "SELECT record_id, type, title FROM search_entry WHERE record_id IN ({marks})"
    return {pk: (kind, title) for pk, kind, title in rows_in(sql, records)}


def _walk(
    centre: int, actor: Actor, most: int, steps: int, each: int
) -> tuple[list[int], dict[int, Link], set[int], bool]:
    """Walk outward: (records in the order met, links among them, records with more links than shown, cut or not)."""
    placed: dict[int, None] = {centre: None}
    edges: dict[int, Link] = {}
    more: set[int] = set()
    edge, is_cut = [centre], False
    for step in range(steps + 1):
        following: dict[int, None] = {}
        links = _some_links(edge, each + 1)
        wanted = {link.other(pk) for pk, of_one in links.items() for link in of_one} - placed.keys()
        readable = set(_open_to(actor, wanted)) | placed.keys()
        for pk, of_one in links.items():
            if len(of_one) > each:
                more.add(pk)
            for link in of_one[:each]:
                other = link.other(pk)
                if other not in readable:
                    continue
                if other not in placed:
                    if step == steps or len(placed) >= most:
                        more.add(pk)
                        is_cut = is_cut or step < steps
                        continue
                    placed[other] = following[other] = None
                edges[link.id] = link
        edge = list(following)
    return list(placed), edges, more, is_cut


def _some_links(records: Sequence[int], most: int) -> dict[int, list[Link]]:
    """Return the first standing links of each record, merges among them: one query for a hundred records."""
    one = (
        "SELECT * FROM (SELECT {side}_id AS of_record, l.id, l.type, l.start_id, l.end_id, l.detail, l.source, "
        "l.recorded_at, l.recorder, l.reliability, l.score, l.reasons FROM record_link l "
        "LEFT JOIN record_link_withdrawal w ON w.link_id = l.id "
        "WHERE l.{side}_id = %s AND w.link_id IS NULL ORDER BY l.id LIMIT %s) {side}_{i}"
    )
    found: dict[int, dict[int, Link]] = {pk: {} for pk in records}
    with connection.cursor() as cursor:
        for part in chunks(records, 100):
            asked = [one.format(side=side, i=i) for i in range(len(part)) for side in ("start", "end")]
            cursor.execute(" UNION ALL ".join(asked), [v for pk in part for v in (pk, most, pk, most)])
            for of_record, *row in cursor.fetchall():
                found[of_record][row[0]] = _link_of(row)
    return {pk: [links[number] for number in sorted(links)][:most] for pk, links in found.items()}


def _link_of(row: Sequence[Any]) -> Link:
    """Return a row of raw SQL, known to stand, as a value."""
    pk, kind, start, end, detail, source, recorded_at, recorder, reliability, score, reasons = row
    told = json.loads(reasons) if isinstance(reasons, str) else reasons
    at = as_instant(recorded_at)
    if at is None:
        raise RecordError(f"link {pk} has no time of recording.")
    return Link(pk, kind, start, end, detail, source, at, recorder, Reliability(reliability), score, tuple(told))
