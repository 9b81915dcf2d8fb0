"""Finds records that may answer a query: by identifiers, by words of names, by words of texts. In SQL, and no more.

Only full text and pieces of identifiers are asked for in each database's own words (``_TEXT_SQL``, ``_PART_SQL``).
"""

import json
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
#: So many of the newest texts are looked through one by one before the index of the words is.
_NEWEST = 6_000

_TEXT_SQL = {
    "sqlite": (
        "SELECT d.record_id, d.id FROM search_words w CROSS JOIN search_document d ON d.id = w.rowid "
        "CROSS JOIN search_entry e ON e.record_id = d.record_id WHERE w.search_words MATCH %s AND {where} "
        "ORDER BY w.rowid DESC LIMIT {most}"
    ),
    # A word that many texts hold has its page among the newest; for any other the word's own index is read whole.
    # Left to itself, PostgreSQL reads text after text backwards for words of middling rarity: "+ 0" forbids it.
    "postgresql": " UNION ALL ".join(  # noqa: S608 - our own words
        "(SELECT d.record_id, d.id FROM search_document d JOIN search_entry e ON e.record_id = d.record_id "  # noqa: S608
        f"WHERE {side} (SELECT max(id) - {_NEWEST} FROM search_document) "
        f"AND d.vector @@ to_tsquery('peelian', %s) AND {{where}} ORDER BY {order} DESC LIMIT {{most}})"
        for side, order in (("d.id >", "d.id"), ("d.id + 0 <=", "d.id + 0"))
    )
    + " LIMIT {most}",
}
_PART_SQL = {
    "sqlite": "SELECT rowid FROM search_parts WHERE text LIKE %s LIMIT {most}",
    "postgresql": "SELECT t.id FROM search_term t WHERE t.kind <> 'word' AND t.text ILIKE %s LIMIT {most}",
}
#: Records of one term, the newest first; then of others in their order. Either stops where enough are found: each
#: record is asked for its entry in turn (as a join, PostgreSQL would read all entries beside a common word's records).
_OF_TERM_SQL = (
    "SELECT p.record_id FROM search_posting p WHERE p.term_id = {term} AND (SELECT count(*) FROM search_entry e "
    "WHERE e.record_id = p.record_id AND {where}) = 1 ORDER BY p.record_id {order} LIMIT {most}"
)
_OF_TERMS_SQL = {
    "sqlite": (
        "SELECT p.record_id FROM json_each(%s) t CROSS JOIN search_posting p ON p.term_id = t.value "
        "CROSS JOIN search_entry e ON e.record_id = p.record_id WHERE {where}"
    ),
    "postgresql": (
        "SELECT f.record_id FROM json_array_elements_text(%s) WITH ORDINALITY t (id, n) CROSS JOIN LATERAL ("  # noqa: S608
        + _OF_TERM_SQL.format(term="t.id::bigint", where="{where}", order="", most="{most}")
        + ") f"
    ),
}


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition over ``search_entry e``, and its values; ``leads`` where an index leads to what fulfils it."""

    text: str
    values: tuple[Any, ...] = ()
    leads: bool = False

    def __and__(self, other: "Sql") -> "Sql":
        """Both."""
        return Sql(f"{self.text} AND {other.text}", (*self.values, *other.values), self.leads or other.leads)


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
            found &= Sql(f"e.{column} IN ({_marks(wanted)})", tuple(wanted), leads=column == "crime_type")
    if filters.since is not None:
        found &= Sql(
            "(e.happened_to > %s OR (e.happened_to = e.happened_from AND e.happened_to >= %s))",
            (instant(filters.since), instant(filters.since)),
        )
    if filters.until is not None:
        found &= Sql("e.happened_from < %s", (instant(filters.until),))
    if filters.changed_since is not None:
        found &= Sql("e.changed_at > %s", (instant(filters.changed_since),), leads=True)
    if filters.near is not None:
        near = filters.near
        squares = squares_around(near.x, near.y, near.radius_m)
        found &= Sql(f"e.square IN ({_marks(squares)})", squares, leads=True)
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
        # A pair is one term at most: without the limit PostgreSQL expects thousands, and reads all postings for them.
        f"SELECT DISTINCT p.record_id FROM (SELECT t.id FROM search_term t WHERE {pairs} LIMIT {len(reading.keys)}) t "  # noqa: S608 - marks
        "JOIN search_posting p ON p.term_id = t.id JOIN search_entry e ON e.record_id = p.record_id "
        f"WHERE {where.text} ORDER BY p.record_id DESC LIMIT {MOST}"
    )
    return _ids(sql, [v for kind, key in reading.keys for v in (kind.value, key)] + list(where.values))


def by_part(reading: Reading, where: Sql) -> list[int]:
    """Return records that bear an identifier with this piece in it."""
    if not reading.part:
        return []
    pieces = tuple(dict.fromkeys((reading.part, plate_key(reading.part))))
    each = f"SELECT * FROM ({_PART_SQL[connection.vendor].format(most=MOST)}) found"  # noqa: S608 - our own words
    terms = _ids(" UNION ALL ".join([each] * len(pieces)), [f"%{piece}%" for piece in pieces])
    return _of_terms(tuple(dict.fromkeys(terms)), where)


def by_names(words: Sequence[str], where: Sql, *, exactly: bool = False) -> list[int]:
    """Return records whose names or addresses use every word, or one within the slips allowed to it.

    The word that fewest records use leads, the next two filter; the others are checked when the candidates are
    ranked. Of more records than are ranked, those with the word itself come before those with one like it.
    """
    longer = tuple(sorted({w for w in words if len(w) > 1}))
    meant = _exact_terms(longer) if exactly else terms_like(longer)
    if not longer or not all(meant.values()):
        return []
    counts = _counts(meant)
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
    is_sqlite = connection.vendor == "sqlite"
    query = " AND ".join(f'"{w}"' for w in words) if is_sqlite else " & ".join(words)
    sql = _TEXT_SQL[connection.vendor].format(where=where.text, most=MOST)
    found: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [query, *where.values] * (1 if is_sqlite else 2))
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


def terms_like(words: Sequence[str]) -> dict[str, list[int]]:
    """Return the numbers of the words that each may mean: itself, those within its slips, those it begins."""
    asked: list[str] = []
    values: list[str] = []
    for n, word in enumerate(words):
        asked.append(f"SELECT {n}, id, text FROM search_term WHERE text = %s AND kind = '{WORD}'")  # noqa: S608
        values.append(word)
        if slips_allowed(word):
            keys = sorted(slip_keys(word))
            asked.append(
                f"SELECT DISTINCT {n}, t.id, t.text FROM search_slip s JOIN search_term t ON t.id = s.term_id "  # noqa: S608 - marks
                f"WHERE s.key IN ({_marks(keys)})"
            )
            values += keys
        if len(word) > 2 and not word.isdigit():  # noqa: PLR2004 - two letters begin too much, and a number is whole
            asked.append(
                f"SELECT * FROM (SELECT {n}, id, text FROM search_term WHERE kind = '{WORD}' "  # noqa: S608
                "AND text > %s AND text < %s ORDER BY text LIMIT 40) longer"
            )
            values += [word, word + "{"]
    ranked: dict[str, dict[int, tuple[int, int, str]]] = {word: {} for word in words}
    for n, term, text in _rows(" UNION ALL ".join(asked), values) if asked else ():
        word = words[n]
        slips = OSA.distance(word, text)
        if slips <= slips_allowed(word):
            ranked[word][term] = (slips, term, "")
        elif text.startswith(word):
            ranked[word][term] = (len(word), 0, text)
    return {word: sorted(terms, key=terms.__getitem__)[:_MOST_TERMS] for word, terms in ranked.items()}


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


def _exact_terms(words: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {word: [] for word in words}
    if words:
        sql = f"SELECT text, id FROM search_term WHERE kind = '{WORD}' AND text IN ({_marks(words)})"  # noqa: S608 - marks
        for text, term in _rows(sql, words):
            found[text].append(term)
    return found


def _of_terms(terms: Sequence[int], where: Sql) -> list[int]:
    if not terms:
        return []
    if where.leads:
        # Few may fulfil the condition: the database may begin with them, and from either side takes all there are.
        narrow = (
            "SELECT DISTINCT p.record_id FROM search_posting p JOIN search_entry e ON e.record_id = p.record_id "  # noqa: S608
            f"WHERE p.term_id IN ({_marks(terms)}) AND {where.text} ORDER BY p.record_id DESC LIMIT {MOST}"
        )
        return _ids(narrow, [*terms, *where.values])
    arms = [f"SELECT * FROM ({_OF_TERM_SQL.format(term='%s', where=where.text, order='DESC', most=MOST)}) nearest"]  # noqa: S608
    values = [terms[0], *where.values]
    if terms[1:]:
        arms.append(_OF_TERMS_SQL[connection.vendor].format(where=where.text, most=MOST))
        values += [json.dumps(terms[1:]), *where.values]
    sql = f"SELECT record_id FROM ({' UNION ALL '.join(arms)}) found LIMIT {MOST}"  # noqa: S608 - our own words
    return list(dict.fromkeys(_ids(sql, values)))


def _counts(meant: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Return how many uses each word's terms have, as far as is counted; one alone needs no count."""
    if len(meant) == 1:
        return dict.fromkeys(meant, 0)
    each = ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM search_posting WHERE term_id IN ({_marks(terms)}) "  # noqa: S608 - marks
        f"LIMIT {_MOST_COUNTED}) few)"
        for terms in meant.values()
    )
    (row,) = _rows(f"SELECT {each}", [term for terms in meant.values() for term in terms])
    return dict(zip(meant, row, strict=True))


def _ids(sql: str, values: Iterable[Any]) -> list[int]:
    return [row[0] for row in _rows(sql, values)]


def _rows(sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return list(cursor.fetchall())


def _marks(values: Sequence[Any] | Mapping[Any, Any]) -> str:
    return ", ".join(["%s"] * len(values))
