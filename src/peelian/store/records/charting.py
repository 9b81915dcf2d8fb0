"""The chart around a record: what is tied to it, and what to that, a few steps outward, a hundred records a query."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from peelian.errors import RecordError
from peelian.records.access import Act, Actor
from peelian.records.links import Link
from peelian.records.marking import Notice, may_read, need_reader
from peelian.records.purpose import Purpose
from peelian.records.statements import Reliability
from peelian.store import audit
from peelian.store.records.bulk import as_instant, chunks
from peelian.store.records.reading import log_notice, marking_of, readable_by, record_name, row_of, titles_of


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


def chart(
    record: int, actor: Actor, purpose: Purpose, *, most: int = 200, steps: int = 2, each: int = 30
) -> Chart | Notice:
    """Return the records within so many steps of one, at most ``most``, each opened by at most ``each`` links.

    Circles end where they began: a record stands once. The nearer and the earlier tied come first.
    """
    need_reader(actor)
    with transaction.atomic():
        row = row_of(record)
        if not may_read(actor, marking_of(row)):
            log_notice(actor, record, purpose)
            return Notice(row.keeper)
        placed, edges, more, is_cut = _walk(record, actor, most, steps, each)
        told = titles_of(placed)
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
        readable = set(readable_by(actor, wanted)) | placed.keys()
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
