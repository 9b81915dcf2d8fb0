"""Finds records that may answer a query: by identifiers, by words of names, by words of texts. In SQL, and no more.

Only full text and pieces of identifiers are asked for in each database's own words (``_TEXT_SQL``, ``_PART_SQL``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from rapidfuzz.distance import OSA

from peelian.records.access import EVERYWHERE, Actor
from peelian.records.catalogue import Kind
from peelian.records.entries import WORD
from peelian.records.normal import plate_key, slip_keys, slips_allowed
from peelian.records.points import squares_around
from peelian.records.queries import Filters, Reading
from peelian.store.records.bulk import instant

#: So many candidates are ranked; a query that more records meet is told to be narrowed.
MOST = 300
#: A name's word leads to so many words of the vocabulary at most: itself, then those fewest slips away.
_MOST_TERMS = 60
_MOST_COUNTED = 3_000

_TEXT_SQL = {
    "sqlite": (
        "SELECT d.record_id, d.id FROM search_words w CROSS JOIN search_document d ON d.id = w.rowid "
        "CROSS JOIN search_entry e ON e.record_id = d.record_id WHERE w.search_words MATCH %s AND {where} "
        "ORDER BY w.rowid DESC LIMIT {most}"
    ),
    "postgresql": (
        "SELECT d.record_id, d.id FROM search_document d JOIN search_entry e ON e.record_id = d.record_id "
        "WHERE d.vector @@ to_tsquery('peelian', %s) AND {where} ORDER BY d.id DESC LIMIT {most}"
    ),
}
_PART_SQL = {
    "sqlite": "SELECT rowid FROM search_parts WHERE text LIKE %s LIMIT {most}",
    "postgresql": "SELECT t.id FROM search_term t WHERE t.kind <> 'word' AND t.text ILIKE %s LIMIT {most}",
}


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition over ``search_entry e``, and its values."""

    text: str
    values: tuple[Any, ...] = ()

    def __and__(self, other: "Sql") -> "Sql":
        """Both."""
        return Sql(f"{self.text} AND {other.text}", (*self.values, *other.values))


def readable(actor: Actor) -> Sql:
    """Return the condition for records that the actor may read (``records.marking.may_read`` in SQL)."""
    ways = ["e.sensitivity = 'open'"]
    values: list[Any] = []
    if EVERYWHERE in actor.areas:
        ways.append("e.sensitivity = 'restricted'")
    elif actor.areas:
        ways.append(f"e.sensitivity = 'restricted' AND e.area IN ({_marks(actor.areas)})")
        values += actor.areas
    if actor.id is not None:
        cleared = "SELECT 1 FROM record_clearance c WHERE c.record_id = e.record_id AND c.account = %s"
        ways.append(f"e.sensitivity = 'sealed' AND EXISTS ({cleared})")
        values.append(actor.id)
    return Sql(f"({' OR '.join(f'({way})' for way in ways)})", tuple(values))


def kept_close() -> Sql:
    """Return the condition for records that not everyone may read."""
    return Sql("e.sensitivity <> 'open'")


def any_kept_close() -> bool:
    """Tell whether there is a record at all that not everyone may read."""
    return bool(_ids("SELECT 1 FROM search_entry WHERE sensitivity <> 'open' LIMIT 1", ()))


def within(filters: Filters) -> Sql:
    """Return the condition that the filters make; a distance is cut to its circle by the caller's own measure."""
    found = Sql("1 = 1")
    for column, wanted in (("type", filters.types), ("area", filters.areas), ("crime_type", filters.crime_types)):
        if wanted:
            found &= Sql(f"e.{column} IN ({_marks(wanted)})", tuple(wanted))
    if filters.since is not None:
        found &= Sql(
            "(e.happened_to > %s OR (e.happened_to = e.happened_from AND e.happened_to >= %s))",
            (instant(filters.since), instant(filters.since)),
        )
    if filters.until is not None:
        found &= Sql("e.happened_from < %s", (instant(filters.until),))
    if filters.changed_since is not None:
        found &= Sql("e.changed_at > %s", (instant(filters.changed_since),))
    if filters.near is not None:
        near = filters.near
        squares = squares_around(near.x, near.y, near.radius_m)
        found &= Sql(f"e.square IN ({_marks(squares)})", squares)
        found &= Sql(
            "e.crs = %s AND (e.x - %s) * (e.x - %s) + (e.y - %s) * (e.y - %s) <= %s",
            (near.crs, near.x, near.x, near.y, near.y, near.radius_m**2),
        )
    return found


def by_key(reading: Reading, where: Sql) -> list[int]:
    """Return records that bear a whole identifier that the query may be."""
    if not reading.keys:
        return []
    pairs = " OR ".join(["(t.kind = %s AND t.text = %s)"] * len(reading.keys))
    sql = (
        "SELECT DISTINCT p.record_id FROM search_term t JOIN search_posting p ON p.term_id = t.id "  # noqa: S608 - marks
        f"JOIN search_entry e ON e.record_id = p.record_id WHERE ({pairs}) AND {where.text} "
        f"ORDER BY p.record_id DESC LIMIT {MOST}"
    )
    return _ids(sql, [v for kind, key in reading.keys for v in (kind.value, key)] + list(where.values))


def by_part(reading: Reading, where: Sql) -> list[int]:
    """Return records that bear an identifier with this piece in it."""
    if not reading.part:
        return []
    terms: list[int] = []
    for piece in dict.fromkeys((reading.part, plate_key(reading.part))):
        terms += _ids(_PART_SQL[connection.vendor].format(most=MOST), [f"%{piece}%"])
    return _of_terms(terms, where)


def by_names(words: Sequence[str], where: Sql, *, exactly: bool = False) -> list[int]:
    """Return records whose names or addresses use every word, or one within the slips allowed to it.

    The two words that fewest records use lead; the others are checked when the candidates are ranked.
    """
    longer = sorted({w for w in words if len(w) > 1}, key=len, reverse=True)
    if not longer:
        return []
    meant = {w: (_exact_terms(w) if exactly else terms_like(w)) for w in longer}
    if not all(meant.values()):
        return []
    counts = {w: _count(ids) for w, ids in meant.items()}
    lead, *others = sorted(longer, key=lambda w: (counts[w], w))
    conditions = where
    for word in others[:2]:
        ids = meant[word]
        conditions &= Sql(
            "EXISTS (SELECT 1 FROM search_posting q WHERE q.record_id = p.record_id "  # noqa: S608 - marks only
            f"AND q.term_id IN ({_marks(ids)}))",
            tuple(ids),
        )
    return _of_terms(meant[lead], conditions)


def by_words(words: Sequence[str], where: Sql) -> dict[int, int]:
    """Return records whose texts hold every word (any form of it), newest first, each with the text's number."""
    if not words:
        return {}
    query = " AND ".join(f'"{w}"' for w in words) if connection.vendor == "sqlite" else " & ".join(words)
    sql = _TEXT_SQL[connection.vendor].format(where=where.text, most=MOST)
    found: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [query, *where.values])
        for record, document in cursor.fetchall():
            found.setdefault(record, document)
    return found


def by_filters(where: Sql) -> list[int]:
    """Return records that the filters alone describe, the latest to happen first."""
    sql = (
        f"SELECT e.record_id FROM search_entry e WHERE {where.text} "  # noqa: S608 - marks only
        f"ORDER BY e.happened_from DESC, e.record_id DESC LIMIT {MOST}"
    )
    return _ids(sql, list(where.values))


def terms_like(word: str) -> list[int]:
    """Return the numbers of the words that a word may mean: itself, those within its slips, those it begins."""
    exact = _exact_terms(word)
    allowed = slips_allowed(word)
    near: list[tuple[int, int]] = []
    keys = sorted(slip_keys(word))
    with connection.cursor() as cursor:
        if allowed:
            cursor.execute(
                "SELECT DISTINCT t.id, t.text FROM search_slip s JOIN search_term t ON t.id = s.term_id "  # noqa: S608 - marks
                f"WHERE s.key IN ({_marks(keys)})",
                keys,
            )
            for number, text in cursor.fetchall():
                slips = OSA.distance(word, text, score_cutoff=allowed)
                if 0 < slips <= allowed:
                    near.append((slips, number))
        longer: list[int] = []
        if len(word) > 2 and not word.isdigit():  # noqa: PLR2004 - two letters begin too much, and a number is whole
            cursor.execute(
                "SELECT id FROM search_term WHERE kind = %s AND text > %s AND text < %s LIMIT 40",
                [WORD, word, word + "{"],
            )
            longer = [row[0] for row in cursor.fetchall()]
    ordered = [*exact, *(number for _, number in sorted(near)), *longer]
    return list(dict.fromkeys(ordered))[:_MOST_TERMS]


def key_kinds() -> frozenset[Kind]:
    """Return the kinds of values that are identifiers."""
    return frozenset({Kind.PHONE, Kind.PLATE, Kind.EMAIL, Kind.POSTCODE, Kind.REFERENCE})


def crime_types() -> list[str]:
    """Return the types of crime of open records, by name; the index is leapt through, a look a type."""
    found: list[str] = []
    sql = (
        "SELECT crime_type FROM search_entry WHERE crime_type > %s AND sensitivity = 'open' ORDER BY crime_type LIMIT 1"
    )
    with connection.cursor() as cursor:
        while len(found) < MOST:
            cursor.execute(sql, [found[-1] if found else ""])
            row = cursor.fetchone()
            if row is None:
                break
            found.append(row[0])
    return found


def some_crs() -> str:
    """Return the CRS of a point that is kept; empty where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT crs FROM search_entry WHERE square IS NOT NULL LIMIT 1")
        row = cursor.fetchone()
    return row[0] if row else ""


def _exact_terms(word: str) -> list[int]:
    return _ids("SELECT id FROM search_term WHERE text = %s AND kind = %s", [word, WORD])


def _of_terms(terms: Sequence[int], where: Sql) -> list[int]:
    if not terms:
        return []
    sql = (
        "SELECT DISTINCT p.record_id FROM search_posting p JOIN search_entry e ON e.record_id = p.record_id "  # noqa: S608
        f"WHERE p.term_id IN ({_marks(terms)}) AND {where.text} LIMIT {MOST}"
    )
    return _ids(sql, [*terms, *where.values])


def _count(terms: Sequence[int]) -> int:
    sql = (
        f"SELECT count(*) FROM (SELECT 1 FROM search_posting WHERE term_id IN ({_marks(terms)}) "  # noqa: S608 - marks
        f"LIMIT {_MOST_COUNTED}) few"
    )
    return _ids(sql, terms)[0]


def _ids(sql: str, values: Iterable[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return [row[0] for row in cursor.fetchall()]


def _marks(values: Sequence[Any] | Mapping[Any, Any]) -> str:
    return ", ".join(["%s"] * len(values))
