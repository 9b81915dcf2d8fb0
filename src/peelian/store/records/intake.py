"""Takes drafts into the store: new records whole, to those held only what is new. The same twice adds nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peelian.errors import RecordError
from peelian.records.catalogue import Catalogue
from peelian.records.drafts import LinkDraft, RecordDraft
from peelian.records.entries import Entry, entry_of
from peelian.records.retention import Policy, clock, first_start
from peelian.records.statements import Stance, Statement, standing
from peelian.store.records import index
from peelian.store.records.bulk import insert_rows, instant, reserve_ids, rows_in
from peelian.store.records.tables import StatementRow

_RECORD = (
    *("id", "type", "source", "key", "area", "sensitivity", "keeper", "recorded_at", "group"),
    *("review_due", "review_reason"),
)
_LINK = (
    *("id", "type", "start_id", "end_id", "detail", "source", "key", "recorded_at", "recorder", "reliability"),
    *("score", "reasons"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who brings drafts in, under which source's name, when, and by which rules they are kept.

    ``says`` is who says what the drafts tell, where that is not the source itself.
    """

    catalogue: Catalogue
    policy: Policy
    source: str
    recorder: str
    at: datetime
    says: str = ""

    @property
    def teller(self) -> str:
        """Who says what the drafts tell."""
        return self.says or self.source


@dataclass(slots=True)
class Taken:
    """What became of drafts: ids of new records, ids of those that learnt something, and how many brought nothing new.

    ``refused`` holds (draft's place in the list, reason) of those that could not be taken.
    """

    new: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    same: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def take_records(origin: Origin, drafts: Sequence[RecordDraft], terms: index.Terms | None = None) -> Taken:
    """Take checked drafts; only inside a transaction. Of two drafts with one key the second adds to the first."""
    taken = Taken()
    held = {key: (pk, kind) for pk, key, kind in _held(origin.source, (d.key for d in drafts))}
    fresh: dict[str, RecordDraft] = {}
    known: list[tuple[int, RecordDraft]] = []
    for at, draft in enumerate(drafts):
        if draft.key in held:
            pk, kind = held[draft.key]
            if kind != draft.type:
                taken.refused.append((at, f"{origin.source} names {draft.key!r} a {kind} already, not a {draft.type}"))
            else:
                known.append((pk, draft))
        elif draft.key in fresh:
            taken.refused.append((at, f"the key {draft.key!r} stands twice in one batch"))
        else:
            fresh[draft.key] = draft
    _add_new(origin, list(fresh.values()), taken, terms)
    _add_to_known(origin, known, taken, terms)
    return taken


def _add_new(origin: Origin, drafts: Sequence[RecordDraft], taken: Taken, terms: index.Terms | None) -> None:
    if not drafts:
        return
    ids = list(reserve_ids("record", len(drafts)))
    entries = [
        entry_of(origin.catalogue.type(d.type), {n: _texts(v) for n, v in d.values.items() if _texts(v)})
        for d in drafts
    ]
    told = list(zip(ids, drafts, entries, strict=True))
    insert_rows("record", _RECORD, (_record_row(origin, *one) for one in told))
    cleared = [(pk, account) for pk, d in zip(ids, drafts, strict=True) for account in sorted(d.marking.cleared)]
    if cleared:
        numbers = reserve_ids("record_clearance", len(cleared))
        insert_rows(
            "record_clearance",
            ("id", "record_id", "account"),
            [(n, *row) for n, row in zip(numbers, cleared, strict=True)],
        )
    said = [(pk, d, name, value, None) for pk, d in zip(ids, drafts, strict=True) for name, value in _told(d)]
    _state(origin, said)
    index.put(
        [index.Indexed(pk, d.type, d.marking.area, d.marking.sensitivity.value, entry) for pk, d, entry in told],
        origin.at,
        terms,
    )
    taken.new += ids


def _add_to_known(
    origin: Origin, known: Sequence[tuple[int, RecordDraft]], taken: Taken, terms: index.Terms | None
) -> None:
    said: list[tuple[int, RecordDraft, str, str | None, int | None]] = []
    held = _standing(origin, (pk for pk, _ in known))
    for pk, draft in known:
        new = list(_news(origin, pk, draft, held.get(pk, ())))
        if new:
            said += new
            taken.changed.append(pk)
        else:
            taken.same += 1
    if said:
        _state(origin, said)
        index.reindex(origin.catalogue, taken.changed, origin.at, terms)


def _news(
    origin: Origin, pk: int, draft: RecordDraft, held: Iterable[Statement]
) -> Iterator[tuple[int, RecordDraft, str, str | None, int | None]]:
    """Yield what a draft says that its source has not said before; of a single value, as a correction."""
    by_property: dict[str, dict[str | None, int]] = {}
    for statement in held:
        value = None if statement.stance is Stance.UNKNOWN else statement.value
        by_property.setdefault(statement.property, {})[value] = statement.id
    record_type = origin.catalogue.type(draft.type)
    for name, value in _told(draft):
        before = by_property.get(name, {})
        if value not in before:
            replaces = next(iter(before.values()), None) if record_type.property(name).single else before.get(None)
            yield pk, draft, name, value, replaces


def _standing(origin: Origin, records: Iterable[int]) -> Mapping[int, tuple[Statement, ...]]:
    told: dict[int, list[Statement]] = {}
    rows = StatementRow.objects.filter(record_id__in=list(records), source=origin.teller).order_by("id")
    for row in rows.values_list(*index.STATEMENT):
        told.setdefault(row[1], []).append(index.as_statement(row))
    return {pk: standing(statements) for pk, statements in told.items()}


def take_links(origin: Origin, drafts: Sequence[LinkDraft]) -> Taken:
    """Take checked links between records of the same source; only inside a transaction."""
    taken = Taken()
    ends = {
        key: (pk, kind) for pk, key, kind in _held(origin.source, (k for d in drafts for k in (d.start_key, d.end_key)))
    }
    sql = "SELECT key FROM record_link WHERE source = %s AND key IN ({marks})"
    held = {key for (key,) in rows_in(sql, (d.key for d in drafts), [origin.source])}
    rows: list[tuple[LinkDraft, int, int]] = []
    placed: set[int] = set()
    for at, draft in enumerate(drafts):
        missing = next((k for k in (draft.start_key, draft.end_key) if k not in ends), None)
        if missing is not None:
            taken.refused.append((at, "an end of the link is not held"))
            continue
        (start, start_type), (end, end_type) = ends[draft.start_key], ends[draft.end_key]
        try:
            link = origin.catalogue.check_link(draft.type, start_type, end_type)
        except RecordError as error:
            taken.refused.append((at, str(error)))
            continue
        if draft.key in held:
            taken.same += 1
            continue
        held.add(draft.key)
        rows.append((draft, start, end))
        if link.place:
            placed.add(start)
    if rows:
        ids = list(reserve_ids("record_link", len(rows)))
        insert_rows("record_link", _LINK, (_link_row(origin, pk, *row) for pk, row in zip(ids, rows, strict=True)))
        index.place(origin.catalogue, placed)
        taken.new += ids
    return taken


def _held(source: str, keys: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    sql = "SELECT id, key, type FROM record WHERE source = %s AND key IN ({marks})"
    yield from ((pk, key, kind) for pk, key, kind in rows_in(sql, dict.fromkeys(keys), [source]))


def _told(draft: RecordDraft) -> Iterator[tuple[str, str | None]]:
    """Yield what a draft says; the first of several values last, since of equals the last recorded leads."""
    for name, values in draft.values.items():
        for value in reversed(values):
            yield name, value


def _texts(values: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(v for v in values if v is not None)


def _record_row(origin: Origin, pk: int, draft: RecordDraft, entry: Entry) -> tuple[Any, ...]:
    due = clock(origin.policy.group_of(draft.type, entry.crime_type), [first_start(origin.at, entry.happened_to)])
    return (
        pk,
        draft.type,
        origin.source,
        draft.key,
        draft.marking.area,
        draft.marking.sensitivity.value,
        draft.marking.keeper,
        instant(origin.at),
        "",
        due.due,
        due.reason,
    )


def _state(origin: Origin, said: Sequence[tuple[int, RecordDraft, str, str | None, int | None]]) -> None:
    ids = list(reserve_ids("record_statement", len(said)))
    rows = (
        (
            number,
            pk,
            name,
            Stance.UNKNOWN.value if value is None else Stance.SAYS.value,
            value or "",
            about,
            origin.teller,
            instant(draft.stated_at),
            instant(origin.at),
            origin.recorder,
            draft.reliability.value,
        )
        for number, (pk, draft, name, value, about) in zip(ids, said, strict=True)
    )
    insert_rows("record_statement", index.STATEMENT, rows)


def _link_row(origin: Origin, pk: int, draft: LinkDraft, start: int, end: int) -> tuple[Any, ...]:
    return (
        pk,
        draft.type,
        start,
        end,
        draft.detail,
        origin.source,
        draft.key,
        instant(origin.at),
        origin.recorder,
        draft.reliability.value,
        None,
        "[]",
    )
