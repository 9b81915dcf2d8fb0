"""Search: one box over everything. Finds, ranks, says why; what the actor may not read is no more than a notice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from peelian.errors import RecordError
from peelian.places.projections import BRITISH_NATIONAL_GRID
from peelian.records.access import Act, Actor
from peelian.records.catalogue import Kind
from peelian.records.entries import Line, lines_from_json
from peelian.records.marking import Notice, may_read, need_reader
from peelian.records.matching import Match, meet
from peelian.records.normal import fold, plate_key
from peelian.records.purpose import Purpose
from peelian.records.queries import Filters, Hit, Page, Reading, Why, read_query
from peelian.store import audit
from peelian.store.records import candidates
from peelian.store.records.bulk import as_instant, rows_in
from peelian.store.records.reading import marking_of, rows_of

PAGE_SIZE = 20
_MOST_PAGES = 15
#: An identifier told whole stands above any name, a name above a piece of an identifier, that above a word in a text.
_KEY, _NAME, _PART, _TEXT, _FILTER = 100.0, 80.0, 50.0, 40.0, 10.0
#: Words found across several properties, and each further way in which a record meets the query.
_ACROSS, _AGAIN = 0.9, 0.05
_SNIPPET = 70
#: Stands for what a text says about the query until the hit is shown.
_IN_A_TEXT = Why("", "", "in its text")


@dataclass(frozen=True, slots=True)
class _Row:
    """What the index keeps of a candidate."""

    record: int
    type: str
    title: str
    area: str
    crime_type: str
    happened_from: datetime | None
    x: float | None
    y: float | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Hits, the best first; ``texts`` is the number of the text that meets the query, by record."""

    hits: Sequence[Hit]
    is_capped: bool
    texts: Mapping[int, int]


def search(
    query: str, filters: Filters, actor: Actor, purpose: Purpose, *, page: int = 1, size: int = PAGE_SIZE
) -> Page:
    """Return a page of the records that answer a query, best first, and why each does.

    The query may be a name (misspelt, turned about, with initials, in another script), a phone, a plate, an e-mail,
    a postcode, a reference, a piece of one of these, an address, or words of a text or attachment. An empty query
    lists what the filters describe. What is shown is read in the transaction that writes the line in the log.

    Raises
    ------
    NotAllowedError
        When the actor's role does not work with records.
    RecordError
        When neither query nor filters say anything, or the page lies beyond what is ranked.
    """
    need_reader(actor)
    reading = read_query(query)
    if not reading.text and filters.is_empty:
        raise RecordError("say what to search for, or narrow the search: a type, an area, a time, a distance.")
    if not (1 <= page <= _MOST_PAGES and 1 <= size <= candidates.MOST):
        raise RecordError(f"page {page} of {size} lies beyond what is ranked ({candidates.MOST}); narrow the search.")
    where = candidates.readable(actor) & candidates.within(filters)
    ranked = _ranked(reading, where, filters)
    chosen = _told(ranked, reading, slice((page - 1) * size, page * size))
    to_the_letter = _kept_close(reading)
    with transaction.atomic():
        hits = _still_readable(chosen, actor)
        notices = _notices(to_the_letter, actor)
        audit.record(
            actor,
            Act.CONSULTED,
            f"searched for {reading.text!r}" if reading.text else "searched by filters",
            purpose=purpose.text,
            details={"filters": filters_json(filters), "page": page, "hits": [h.record for h in hits]},
        )
    return Page(tuple(hits), len(ranked.hits), ranked.is_capped, page, size, notices)


def found_since(reading: Reading, filters: Filters, actor: Actor) -> tuple[Hit, ...]:
    """Return every hit for a saved search's own run; its job writes the line in the log."""
    where = candidates.readable(actor) & candidates.within(filters)
    ranked = _ranked(reading, where, filters)
    return tuple(_still_readable(_told(ranked, reading, slice(None)), actor))


def crime_types() -> tuple[str, ...]:
    """Return the types of crime among the records that everyone who works with records may read."""
    return tuple(candidates.crime_types())


def crs_in_use() -> str:
    """Return the CRS in which the store's points are metres; the British grid where there is none yet."""
    return candidates.some_crs() or BRITISH_NATIONAL_GRID


def _ranked(reading: Reading, where: candidates.Sql, filters: Filters) -> _Ranked:
    """Rank all candidates: the best reading of each, the newest record first among equals."""
    if not reading.text:
        ids = candidates.by_filters(where)
        rows = _rows(ids)
        hits = [_hit(rows[i], _FILTER, (), filters) for i in ids if i in rows]
        return _Ranked(hits, len(ids) >= candidates.MOST, {})
    keyed = candidates.by_key(reading, where)
    parts = candidates.by_part(reading, where)
    named = candidates.by_names(reading.names, where)
    texts = candidates.by_words(reading.words, where)
    rows = _rows({*keyed, *parts, *named, *texts})
    hits = []
    for record, row in rows.items():
        score, why = _judge(row, reading, in_a_text=record in texts)
        if why:
            hits.append(_hit(row, score, why, filters))
    hits.sort(key=lambda h: (-h.score, -h.record))
    is_capped = any(len(found) >= candidates.MOST for found in (keyed, parts, named, texts))
    return _Ranked(hits, is_capped, texts)


def _told(ranked: _Ranked, reading: Reading, which: slice) -> list[Hit]:
    """Return those of the hits that are shown, each with what its text says: the others' texts are not even read."""
    hits = ranked.hits[which]
    sql = "SELECT record_id, property, text FROM search_document WHERE id IN ({marks})"
    texts = rows_in(sql, (ranked.texts[hit.record] for hit in hits if hit.record in ranked.texts))
    said = {record: Why(name, snippet(text, reading.words), _IN_A_TEXT.how) for record, name, text in texts}
    whys = [[said.get(h.record) if why is _IN_A_TEXT else why for why in h.why] for h in hits]
    # A text that is gone since says nothing, and a hit of which nothing says why is none.
    told = [replace(h, why=tuple(w for w in why if w)) for h, why in zip(hits, whys, strict=True)]
    return [h for h in told if h.why or not reading.text]


def _judge(row: _Row, reading: Reading, *, in_a_text: bool) -> tuple[float, tuple[Why, ...]]:
    """Return a candidate's score and every way in which it meets the query, the best first."""
    found: list[tuple[float, Why]] = []
    named = [line for line in row.lines if line.kind not in candidates.key_kinds()]
    for line in row.lines:
        if line.kind in candidates.key_kinds():
            if (line.kind, line.key) in reading.keys:
                found.append((_KEY, Why(line.label, line.text, "the same")))
            elif reading.part and _holds(line, reading.part):
                found.append((_PART, Why(line.label, line.text, f"holds {reading.part}")))
        else:
            match = meet(reading.names, line.words) if reading.names else None
            if match is not None:
                found.append((_NAME * match.score, Why(line.label, line.text, _how(match))))
    if len(named) > 1 and reading.names and not any(why.property in {line.label for line in named} for _, why in found):
        match = meet(reading.names, [word for line in named for word in line.words])
        if match is not None:
            label, text = ", ".join(line.label for line in named), " ".join(line.text for line in named)
            found.append((_NAME * _ACROSS * match.score, Why(label, text, _how(match))))
    if in_a_text:
        found.append((_TEXT, _IN_A_TEXT))
    found.sort(key=lambda f: -f[0])
    best: dict[tuple[str, str], Why] = {}
    for _, why in found:
        best.setdefault((why.property, why.text), why)
    # What meets the query in several ways stands before what meets it in one.
    score = found[0][0] + _AGAIN * sum(more for more, _ in found[1:]) if found else 0.0
    return score, tuple(best.values())


def _how(match: Match) -> str:
    if match.notes:
        return ", ".join(match.notes)
    return "word for word" if match.is_whole else "word for word, among others"


def _holds(line: Line, part: str) -> bool:
    key = line.key.upper()
    return part.upper() in key or plate_key(part) in key


def _hit(row: _Row, score: float, why: tuple[Why, ...], filters: Filters) -> Hit:
    distance = None
    if filters.near is not None and row.x is not None and row.y is not None:
        distance = ((row.x - filters.near.x) ** 2 + (row.y - filters.near.y) ** 2) ** 0.5
    return Hit(
        row.record, row.type, row.title, round(score, 3), why, row.area, row.crime_type, row.happened_from, distance
    )


def _rows(records: Iterable[int]) -> dict[int, _Row]:
    sql = (
        "SELECT record_id, type, title, area, crime_type, happened_from, x, y, lines FROM search_entry "
        "WHERE record_id IN ({marks})"
    )
    return {
        pk: _Row(pk, kind, title, area, crime, as_instant(at), x, y, lines_from_json(lines))
        for pk, kind, title, area, crime, at, x, y, lines in rows_in(sql, records)
    }


def _still_readable(hits: Sequence[Hit], actor: Actor) -> list[Hit]:
    """Read again, in the transaction of the log's line, that each hit is still there and the actor's to read."""
    rows = rows_of(h.record for h in hits)
    return [h for h in hits if h.record in rows and may_read(actor, marking_of(rows[h.record]))]


def _kept_close(reading: Reading) -> list[int]:
    """Return the records, among those that not everyone may read, that answer the query to the letter.

    Only a whole identifier or a whole name counts, whatever the filters: else a piece at a time, or a filter at a
    time, would tell what the record says.
    """
    if not reading.text or not candidates.any_kept_close():
        return []
    where = candidates.kept_close()
    ids = {*candidates.by_key(reading, where), *candidates.by_names(reading.names, where, exactly=True)}
    return [r.record for r in _rows(ids).values() if _answers_to_the_letter(r, reading)]


def _notices(records: Sequence[int], actor: Actor) -> tuple[str, ...]:
    """Return whom to ask about those of these records that the actor may not read, each sentence once."""
    if not records:
        return ()
    keepers = {row.keeper for row in rows_of(records).values() if not may_read(actor, marking_of(row))}
    return tuple(Notice(keeper).sentence for keeper in sorted(keepers))


def _answers_to_the_letter(row: _Row, reading: Reading) -> bool:
    return any(
        (line.kind, line.key) in reading.keys
        or (line.kind in (Kind.NAME, Kind.ADDRESS) and sorted(line.words) == sorted(reading.names))
        for line in row.lines
    )


def snippet(text: str, words: Sequence[str]) -> str:
    """Return the stretch of a text around the first of these words (by its first letters: a stem is enough)."""
    tokens = text.split()
    starts = tuple(w[: max(3, len(w) - 3)] for w in words)
    at = next((i for i, token in enumerate(tokens) if fold(token).startswith(starts)), 0)
    first = max(at - 4, 0)
    shown = " ".join(tokens[first : first + 14])[: _SNIPPET * 2]
    return f"{'…' if first else ''}{shown}{'…' if first + 14 < len(tokens) else ''}"


def filters_json(filters: Filters) -> dict[str, Any]:
    """Return what the filters say in plain values, without what they leave open."""
    told: dict[str, Any] = {}
    for name in ("types", "areas", "crime_types"):
        if getattr(filters, name):
            told[name] = list(getattr(filters, name))
    for name in ("since", "until", "changed_since"):
        if getattr(filters, name):
            told[name] = getattr(filters, name).isoformat()
    if filters.near is not None:
        near = filters.near
        told["near"] = [near.crs, near.x, near.y, near.radius_m]
    return told
