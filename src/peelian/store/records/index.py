"""Keeps the search index in step with the records: in the transaction that changes them, never after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from peelian.records.catalogue import Catalogue, RecordType
from peelian.records.entities import entity_of
from peelian.records.entries import WORD, Entry, Text, entry_of
from peelian.records.normal import slip_keys
from peelian.records.points import square_of
from peelian.records.statements import Reliability, Stance, Statement
from peelian.store.records.bulk import chunks, insert_rows, instant, reserve_ids, rows_in
from peelian.store.records.tables import Record, StatementRow

#: PostgreSQL's key for "whoever adds terms waits here"; SQLite has one writer anyway.
_LOCK = 7_330_146
#: The columns of a statement, in the order of the value's fields.
STATEMENT = (
    *("id", "record_id", "property", "stance", "value", "about_id", "source", "stated_at", "recorded_at"),
    *("recorder", "reliability"),
)
#: A place that its record's own readers may all read: ``records.marking.is_no_closer`` in SQL.
_TOLD = (
    "e.x IS NOT NULL AND (e.sensitivity = 'open' "
    "OR (e.sensitivity = 'restricted' AND o.sensitivity = 'restricted' AND e.area = o.area))"
)
#: A point of the record's own that stands: not withdrawn, or its withdrawal withdrawn.
_OWN_POINT = (
    "EXISTS (SELECT 1 FROM record_statement s WHERE s.record_id = search_entry.record_id AND s.property = 'point' "
    "AND s.stance = 'says' AND NOT EXISTS (SELECT 1 FROM record_statement w WHERE w.about_id = s.id "
    "AND w.stance <> 'disputes' AND NOT EXISTS (SELECT 1 FROM record_statement u WHERE u.about_id = w.id "
    "AND u.stance <> 'disputes')))"
)
_ENTRY_COLUMNS = (
    *("record_id", "type", "area", "sensitivity", "title", "lines", "crime_type", "happened_from", "happened_to"),
    *("crs", "x", "y", "square", "changed_at"),
)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A record's entry on its way into the index."""

    record: int
    type: str
    area: str
    sensitivity: str
    entry: Entry


@dataclass(slots=True)
class Terms:
    """Numbers of terms already met, from one transaction of an import to the next; start anew after one that failed."""

    known: dict[tuple[str, str], int] = field(default_factory=dict)


def put(indexed: Sequence[Indexed], at: datetime, terms: Terms | None = None) -> None:
    """Enter records that the index does not hold yet."""
    terms = terms or Terms()
    told = [(one, list(one.entry.terms())) for one in indexed]
    _learn(terms, {term for _, of_one in told for term in of_one})
    insert_rows("search_entry", _ENTRY_COLUMNS, (_row(one, at) for one in indexed))
    postings = sorted((terms.known[term], one.record) for one, of_one in told for term in of_one)
    insert_rows("search_posting", ("term_id", "record_id"), postings)
    _put_texts([(one.record, None, text) for one in indexed for text in one.entry.texts])


def put_attachment_text(record: int, attachment: int, name: str, text: str) -> None:
    """Enter what an attachment says."""
    _put_texts([(record, attachment, Text(name, text))])


def drop(records: Iterable[int], *, with_attachments: bool) -> None:
    """Take records out of the index; the texts of their attachments too, where they go as well."""
    only = "" if with_attachments else " AND attachment_id IS NULL"
    with connection.cursor() as cursor:
        for part in chunks(records):
            marks = ", ".join(["%s"] * len(part))
            cursor.execute(f"DELETE FROM search_document WHERE record_id IN ({marks}){only}", part)  # noqa: S608 - marks
            cursor.execute(f"DELETE FROM search_posting WHERE record_id IN ({marks})", part)  # noqa: S608 - marks
            cursor.execute(f"DELETE FROM search_entry WHERE record_id IN ({marks})", part)  # noqa: S608 - marks


def reindex(catalogue: Catalogue, records: Iterable[int], at: datetime, terms: Terms | None = None) -> None:
    """Enter records anew as their statements now stand; the places they have by their links come with them.

    Where a record's point is another now, what is found where it is moves with it.
    """
    for part in chunks(sorted(set(records))):
        rows = {row.pk: row for row in Record.objects.filter(pk__in=part)}
        said: dict[int, list[Statement]] = {pk: [] for pk in rows}
        for told in StatementRow.objects.filter(record_id__in=part).order_by("id").values_list(*STATEMENT):
            said[told[1]].append(as_statement(told))
        indexed = []
        for pk, row in rows.items():
            entry = entry_as_said(catalogue.type(row.type), pk, said[pk])
            indexed.append(Indexed(pk, row.type, row.area, row.sensitivity, entry))
        before = _points_of(rows)
        drop(rows, with_attachments=False)
        put(indexed, at, terms)
        place(catalogue, rows)
        moved = [pk for pk, point in _points_of(rows).items() if before.get(pk, point) != point]
        bring_along(catalogue, moved)


def entry_as_said(
    record_type: RecordType, record: int, statements: Iterable[Statement], as_of: datetime | None = None
) -> Entry:
    """Return the entry that a record's statements make at an instant (now for None)."""
    entity = entity_of(record_type, (record,), statements, as_of)
    return entry_of(record_type, {name: entity.texts(name) for name in record_type.properties if entity.texts(name)})


def place(catalogue: Catalogue, records: Iterable[int]) -> None:
    """Give each of these records that has no point of its own the point of where its links say it is.

    Only where whoever may read the record may read the place (``_TOLD``): one that is kept close is not told by what
    happened there.
    """
    carrying = [link.name for link in catalogue.links.values() if link.place]
    if not carrying:
        return
    kinds = ", ".join(["%s"] * len(carrying))
    for part in chunks(records):
        marks = ", ".join(["%s"] * len(part))
        tied = (
            "SELECT max(l.id) FROM record_link l LEFT JOIN record_link_withdrawal w ON w.link_id = l.id "  # noqa: S608
            f"WHERE l.start_id IN ({marks}) AND l.type IN ({kinds}) AND w.link_id IS NULL GROUP BY l.start_id"
        )
        sql = (
            "UPDATE search_entry SET crs = f.crs, x = f.x, y = f.y, square = f.square FROM ("  # noqa: S608
            "SELECT l.start_id, e.crs, e.x, e.y, e.square FROM record_link l JOIN search_entry o "
            f"ON o.record_id = l.start_id JOIN search_entry e ON e.record_id = l.end_id AND {_TOLD} "
            f"WHERE l.id IN ({tied})) f WHERE search_entry.record_id = f.start_id AND search_entry.x IS NULL"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [*part, *carrying])


def bring_along(catalogue: Catalogue, records: Iterable[int], *, are_going: bool = False) -> None:
    """Put all that is found where one of these records is where its links say it is now; of its own point it keeps it.

    A record may have a million links: the database moves them where they are. Of records that are going, what
    stood there is found by another of its links, or nowhere.
    """
    carrying = [link.name for link in catalogue.links.values() if link.place]
    if not carrying:
        return
    kinds = ", ".join(["%s"] * len(carrying))
    for part in chunks(records):
        marks = ", ".join(["%s"] * len(part))
        standing = (
            "FROM record_link l LEFT JOIN record_link_withdrawal w ON w.link_id = l.id "
            f"WHERE w.link_id IS NULL AND l.type IN ({kinds})"
        )
        last, values = "max(l.id)", []
        if are_going:
            last, values = f"max(CASE WHEN l.end_id IN ({marks}) THEN NULL ELSE l.id END)", part
        sql = (
            "UPDATE search_entry SET crs = coalesce(f.crs, ''), x = f.x, y = f.y, square = f.square FROM ("  # noqa: S608
            f"SELECT t.start_id, e.crs, e.x, e.y, e.square FROM (SELECT l.start_id, {last} AS link_id {standing} "
            f"AND l.start_id IN (SELECT l.start_id {standing} AND l.end_id IN ({marks})) GROUP BY l.start_id) t "
            "JOIN search_entry o ON o.record_id = t.start_id LEFT JOIN record_link k ON k.id = t.link_id "
            f"LEFT JOIN search_entry e ON e.record_id = k.end_id AND {_TOLD}) f "
            f"WHERE search_entry.record_id = f.start_id AND NOT {_OWN_POINT}"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [*values, *carrying, *carrying, *part])


def mark(catalogue: Catalogue, record: int, area: str, sensitivity: str) -> None:
    """Let the index know how a record is marked now; what is found where it is, and it where another is, follows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE search_entry SET area = %s, sensitivity = %s WHERE record_id = %s", [area, sensitivity, record]
        )
        cursor.execute(
            "UPDATE search_entry SET crs = '', x = NULL, y = NULL, square = NULL "  # noqa: S608 - our own words
            f"WHERE record_id = %s AND NOT {_OWN_POINT}",
            [record],
        )
    place(catalogue, [record])
    bring_along(catalogue, [record])


def forget_unused_terms() -> int:
    """Delete the words and identifiers that no record uses any more; return how many."""
    with connection.cursor() as cursor:
        unused = "SELECT id FROM search_term t WHERE NOT EXISTS (SELECT 1 FROM search_posting p WHERE p.term_id = t.id)"
        cursor.execute(f"DELETE FROM search_term WHERE id IN ({unused})")  # noqa: S608 - no value in it
        return int(cursor.rowcount)


def settle() -> None:
    """Let the database count what it holds, so that its plans fit: after much has come or gone."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def as_statement(row: tuple[Any, ...]) -> Statement:
    """Return a row of the columns ``STATEMENT`` as a value."""
    pk, record, name, stance, value, about, source, stated_at, recorded_at, recorder, reliability = row
    return Statement(
        pk,
        record,
        name,
        Stance(stance),
        value,
        about,
        source,
        stated_at,
        recorded_at,
        recorder,
        Reliability(reliability),
    )


def _points_of(records: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    sql = "SELECT record_id, crs, x, y FROM search_entry WHERE record_id IN ({marks})"
    return {pk: tuple(where) for pk, *where in rows_in(sql, records)}


def _row(one: Indexed, at: datetime) -> tuple[Any, ...]:
    entry, point = one.entry, one.entry.point
    where = ("", None, None, None) if point is None else (point.crs, point.x, point.y, square_of(point.x, point.y))
    return (
        one.record,
        one.type,
        one.area,
        one.sensitivity,
        entry.title,
        entry.lines_json(),
        entry.crime_type,
        instant(entry.happened_from),
        instant(entry.happened_to),
        *where,
        instant(at),
    )


def _put_texts(texts: Sequence[tuple[int, int | None, Text]]) -> None:
    ids = reserve_ids("search_document", len(texts)) if texts else ()
    insert_rows(
        "search_document",
        ("id", "record_id", "attachment_id", "property", "text", "words"),
        [
            (i, record, attachment, t.label, t.text, t.words)
            for i, (record, attachment, t) in zip(ids, texts, strict=True)
        ],
    )


def _learn(terms: Terms, wanted: set[tuple[str, str]]) -> None:
    """Know the number of every wanted term, adding those the vocabulary lacks."""
    unknown = sorted(wanted - terms.known.keys())
    if not unknown:
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    _read_terms(terms.known, unknown)
    new = [term for term in unknown if term not in terms.known]
    if not new:
        return
    ids = reserve_ids("search_term", len(new))
    insert_rows("search_term", ("id", "kind", "text"), [(i, *term) for i, term in zip(ids, new, strict=True)])
    slips = [(key, i) for i, (kind, text) in zip(ids, new, strict=True) if kind == WORD for key in slip_keys(text)]
    insert_rows("search_slip", ("key", "term_id"), sorted(slips))
    terms.known.update(zip(new, ids, strict=True))


def _read_terms(known: dict[tuple[str, str], int], wanted: Sequence[tuple[str, str]]) -> None:
    texts: Mapping[str, None] = dict.fromkeys(text for _, text in wanted)
    for number, kind, text in rows_in("SELECT id, kind, text FROM search_term WHERE text IN ({marks})", texts):
        known[kind, text] = number
