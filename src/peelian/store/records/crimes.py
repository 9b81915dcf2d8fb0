"""The crimes of the store, with nothing that tells of a person: all that a projection to events may see.

The properties are named here and no other is read: not left out later, never fetched.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from peelian.records.catalogue import SAME_AS, Catalogue
from peelian.records.links import united
from peelian.records.marking import Sensitivity
from peelian.records.statements import Stance, Statement, standing
from peelian.store.records.bulk import chunks, rows_in
from peelian.store.records.index import STATEMENT, as_statement
from peelian.store.records.reading import as_link
from peelian.store.records.tables import LinkRow, Record, StatementRow

#: The only properties of a crime that are read.
PROPERTIES = ("crime-type", "happened", "reported", "origin", "point")
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Crime:
    """What is known of a crime's kind, time and place; texts as they are stated, empty where nothing is.

    ``known_at`` is when the store first held any of it, ``changed_at`` when it last learnt some of it.
    """

    record: int
    is_sealed: bool
    crime_type: str
    happened: str
    reported: str
    origin: str
    point: str
    known_at: datetime
    changed_at: datetime


def crimes(catalogue: Catalogue) -> Iterator[Crime]:
    """Yield every crime once: of records that were found to be one crime the first stands for all."""
    seconds = _seconds()
    ids = Record.objects.filter(type="crime").order_by("id").values_list("pk", "sensitivity", "recorded_at")
    for part in chunks(ids.iterator(chunk_size=_CHUNK), _CHUNK):
        records = [pk for pk, _, _ in part if pk not in seconds]
        said = _said(records, PROPERTIES)
        places = _places(catalogue, records)
        for pk, sensitivity, recorded_at in part:
            if pk in seconds:
                continue
            values = {s.property: s for s in said.get(pk, ())}
            where = values.get("point") or places.get(pk)
            told = [*values.values(), *([where] if where else [])]
            yield Crime(
                pk,
                sensitivity == Sensitivity.SEALED,
                _text(values.get("crime-type")),
                _text(values.get("happened")),
                _text(values.get("reported")),
                _text(values.get("origin")),
                _text(where),
                recorded_at,
                max((s.recorded_at for s in told), default=recorded_at),
            )


def _text(statement: Statement | None) -> str:
    return "" if statement is None else statement.value


def _said(records: Sequence[int], properties: Sequence[str]) -> Mapping[int, tuple[Statement, ...]]:
    told: dict[int, list[Statement]] = {}
    rows = StatementRow.objects.filter(record_id__in=records, property__in=properties).order_by("id")
    for row in rows.values_list(*STATEMENT):
        told.setdefault(row[1], []).append(as_statement(row))
    return {pk: tuple(s for s in standing(of_one) if s.stance is Stance.SAYS) for pk, of_one in told.items()}


def _places(catalogue: Catalogue, records: Sequence[int]) -> Mapping[int, Statement]:
    """Return, for crimes that have one by a link, the statement of the point where they happened.

    A place that is sealed is given to no map, as a crime that is sealed is not.
    """
    kinds = [link.name for link in catalogue.links.values() if link.place]
    if not kinds:
        return {}
    sql = (
        "SELECT l.start_id, l.end_id FROM record_link l LEFT JOIN record_link_withdrawal w ON w.link_id = l.id "  # noqa: S608
        f"WHERE l.type IN ({', '.join(['%s'] * len(kinds))}) AND w.link_id IS NULL "
        "AND l.start_id IN ({marks}) ORDER BY l.id"
    )
    ends = dict(rows_in(sql, records, kinds))
    told = Record.objects.exclude(sensitivity=Sensitivity.SEALED).filter(pk__in=set(ends.values()))
    points = _said(list(told.values_list("pk", flat=True)), ("point",))
    return {start: points[end][-1] for start, end in ends.items() if points.get(end)}


def _seconds() -> frozenset[int]:
    rows = LinkRow.objects.filter(type=SAME_AS, start__type="crime").select_related("withdrawal")
    groups = united(as_link(row) for row in rows)
    return frozenset(pk for pk, members in groups.items() if pk != min(members))
