"""Changes of a record by a person: each is one more statement or link, with its line in the log and in the index."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from django.db import DatabaseError, connection, transaction

from peelian.errors import ConflictError, NotFoundError, RecordError, StoreError
from peelian.records.access import Act, Actor
from peelian.records.catalogue import Catalogue
from peelian.records.drafts import RecordDraft
from peelian.records.links import Link
from peelian.records.marking import Marking, need_keeper, need_reader
from peelian.records.retention import Policy
from peelian.records.statements import Reliability, Stance, Statement, standing
from peelian.records.writing import clean, written
from peelian.store import audit
from peelian.store.records import index, intake
from peelian.store.records.reading import as_link, marking_of, need_row, record_name, statements_of
from peelian.store.records.tables import Clearance, LinkRow, LinkWithdrawal, Record, StatementRow

#: PostgreSQL's key for "whoever changes a record waits here"; SQLite has one writer anyway. It comes before all others.
_LOCK = 7_330_147


@dataclass(frozen=True, slots=True)
class By:
    """Whoever changes something, and when."""

    actor: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Who says it, when it was said, and how far it is to be believed."""

    source: str
    stated_at: datetime | None = None
    reliability: Reliability = Reliability.STATED


@contextmanager
def kept() -> Iterator[None]:
    """A transaction that has the records to itself, so that what it reads first still holds when it writes.

    A refusal by the database is the store's error, with the mend.

    Raises
    ------
    StoreError
        When the database refuses; nothing of the change is kept then.
    """
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            yield
    except DatabaseError as error:
        raise StoreError(f"the database refused: {error}. Nothing was kept; is the disk full or read-only?") from error


def open_record(catalogue: Catalogue, policy: Policy, draft: RecordDraft, by: By, *, says: str = "") -> int:
    """Open a record as a person or a form tells it, and return its number. An empty key is made up.

    ``says`` is who says what it tells, where that is not the account itself. Sent twice under one key by one source it
    is opened once: the second time adds only what is new.

    Raises
    ------
    RecordError
        When the draft cannot be right.
    NotAllowedError
        When the actor's role does not work with records.
    """
    need_reader(by.actor)
    keyed = draft if draft.key else _with_key(draft)
    checked = keyed.checked(catalogue)
    source = f"account/{by.actor.id}" if by.actor.id is not None else by.actor.name
    with kept():
        origin = intake.Origin(catalogue, policy, source, by.actor.name, by.at, clean(says)[:200])
        taken = intake.take_records(origin, [checked])
        if taken.refused:
            raise RecordError(taken.refused[0][1])
        if taken.new or taken.changed:
            record = (*taken.new, *taken.changed)[0]
            what = "opened a record" if taken.new else "added to a record"
            audit.record(
                by.actor, Act.COLLECTED, what, record=record_name(record), details={"type": draft.type}, at=by.at
            )
            return record
        return int(Record.objects.get(source=source, key=checked.key).pk)


def state(  # noqa: PLR0913 - a statement has as many parts as it has
    catalogue: Catalogue,
    record: int,
    name: str,
    value: str | None,
    told: Told,
    by: By,
    *,
    corrects: int | None = None,
) -> Statement:
    """State a value of a property; None states that it is known to be unknown. ``corrects`` names what it replaces.

    Raises
    ------
    RecordError
        When the value cannot be right.
    ConflictError
        When ``corrects`` is no statement of the property that stands.
    """
    with kept():
        row = _changeable(record, by.actor)
        prop = catalogue.type(row.type).property(name)
        text = "" if value is None else written(prop, value)
        if corrects is not None:
            _need_standing(record, corrects, name)
        stance = Stance.UNKNOWN if value is None else Stance.SAYS
        made = _add(record, (name, stance, text), corrects, told, by)
        index.reindex(catalogue, [record], by.at)
        _log("corrected a statement" if corrects else "stated a value", made, by)
    return made


def withdraw(catalogue: Catalogue, statement: int, reason: str, by: By) -> Statement:
    """Withdraw a statement (or a withdrawal, or a dispute), for a reason. What it had replaced stands again.

    Raises
    ------
    NotFoundError
        When there is no such statement.
    ConflictError
        When it is withdrawn or corrected already.
    RecordError
        When no reason is given.
    """
    why = _reason(reason)
    with kept():
        about = StatementRow.objects.filter(pk=statement).first() if statement < 2**62 else None
        if about is None:
            raise NotFoundError(f"there is no statement {statement}.")
        _changeable(about.record_id, by.actor)
        statements = statements_of([about.record_id], None)
        felled = {s.about for s in _effective(statements)}
        if statement in felled:
            raise ConflictError(f"statement {statement} is withdrawn or corrected already.")
        made = _add(
            about.record_id, (about.property, Stance.WITHDRAWS, why), statement, Told(by.actor.name or "program"), by
        )
        index.reindex(catalogue, [about.record_id], by.at)
        _log("withdrew a statement", made, by)
    return made


def dispute(record: int, text: str, told: Told, by: By, *, about: int | None = None) -> Statement:
    """Enter that the person says otherwise, of the statement ``about`` or of the whole record.

    It stands beside what it disputes, not in its place.

    Raises
    ------
    RecordError
        When nothing is said.
    NotFoundError
        When ``about`` is no statement of the record.
    """
    said = _reason(text)
    with kept():
        _changeable(record, by.actor)
        name = ""
        if about is not None:
            row = StatementRow.objects.filter(pk=about, record_id=record).first()
            if row is None:
                raise NotFoundError(f"statement {about} is none of record {record}.")
            name = row.property
        made = _add(record, (name, Stance.DISPUTES, said), about, told, by)
        _log("entered a dispute", made, by)
    return made


def tie(  # noqa: PLR0913 - a link has as many parts as it has
    catalogue: Catalogue,
    link_type: str,
    start: int,
    end: int,
    told: Told,
    by: By,
    *,
    detail: str = "",
) -> Link:
    """Tie two records.

    Raises
    ------
    RecordError
        When the link may not tie these types, or ties a record to itself.
    ConflictError
        When it stands already.
    """
    with kept():
        first, second = _changeable(start, by.actor), _changeable(end, by.actor)
        link = catalogue.check_link(link_type, first.type, second.type)
        if link.same:
            raise RecordError("two records that are the same are merged, with the reasons for it: see merges.")
        if start == end:
            raise RecordError(f"link {link_type!r} ties record {start} to itself.")
        standing_now = LinkRow.objects.filter(
            type=link_type, start=start, end=end, detail=detail, withdrawal__isnull=True
        )
        if standing_now.exists():
            raise ConflictError(f"record {start} {link.label} record {end} already.")
        made = add_link(link_type, start, end, told, by, detail=clean(detail)[:200])
        if link.place:
            index.place(catalogue, [start])
        audit.record(
            by.actor,
            Act.ALTERED,
            f"tied records: {link_type}",
            record=record_name(start),
            details={"link": made.id, "end": end},
            at=by.at,
        )
    return made


def untie(catalogue: Catalogue, link: int, reason: str, by: By) -> None:
    """Take back a link, for a reason.

    Raises
    ------
    NotFoundError
        When there is no such link that stands.
    """
    with kept():
        row = LinkRow.objects.filter(pk=link).select_related("withdrawal").first() if link < 2**62 else None
        if row is None or as_link(row).withdrawn_at is not None:
            raise NotFoundError(f"there is no link {link} that stands.")
        _changeable(row.start_id, by.actor)
        _changeable(row.end_id, by.actor)
        take_back(row, _reason(reason), by)
        if catalogue.link(row.type).place:
            index.reindex(catalogue, [row.start_id], by.at)
        audit.record(
            by.actor,
            Act.ALTERED,
            f"took back a link: {row.type}",
            record=record_name(row.start_id),
            details={"link": link, "end": row.end_id},
            at=by.at,
        )


def mark(catalogue: Catalogue, record: int, marking: Marking, reason: str, by: By) -> None:
    """Change how widely a record may be read, for a reason. Only a keeper who may read it now may change it.

    Raises
    ------
    NotAllowedError
        When the actor is no keeper of records.
    """
    need_keeper(by.actor, "mark a record")
    why = _reason(reason)
    with kept():
        row = _changeable(record, by.actor)
        before = marking_of(row)
        row.sensitivity, row.area, row.keeper = marking.sensitivity.value, marking.area, marking.keeper
        row.save(update_fields=["sensitivity", "area", "keeper"])
        Clearance.objects.filter(record=record).delete()
        Clearance.objects.bulk_create(Clearance(record_id=record, account=a) for a in sorted(marking.cleared))
        index.mark(catalogue, record, row.area, row.sensitivity)
        audit.record(
            by.actor,
            Act.ALTERED,
            f"marked a record {marking.sensitivity.value}",
            record=record_name(record),
            purpose=why,
            details={"before": before.sensitivity.value, "cleared": sorted(marking.cleared)},
            at=by.at,
        )


def add_link(  # noqa: PLR0913 - a link has as many parts as it has
    link_type: str,
    start: int,
    end: int,
    told: Told,
    by: By,
    *,
    detail: str = "",
    score: float | None = None,
    reasons: tuple[str, ...] = (),
) -> Link:
    """Enter a link in the transaction that is open; who calls has checked it and writes the log."""
    row = LinkRow.objects.create(
        type=link_type,
        start_id=start,
        end_id=end,
        detail=detail,
        source=told.source,
        key=uuid4().hex,
        recorded_at=by.at,
        recorder=by.actor.name,
        reliability=told.reliability.value,
        score=score,
        reasons=list(reasons),
    )
    return as_link(row)


def take_back(row: LinkRow, reason: str, by: By) -> None:
    """Enter a link's withdrawal in the transaction that is open; who calls has checked it and writes the log."""
    LinkWithdrawal.objects.create(link=row, reason=reason, recorded_at=by.at, recorder=by.actor.name)


def _changeable(record: int, actor: Actor) -> Record:
    need_reader(actor)
    return need_row(record, actor)


def _add(record: int, said: tuple[str, Stance, str], about: int | None, told: Told, by: By) -> Statement:
    name, stance, value = said
    row = StatementRow.objects.create(
        record_id=record,
        property=name,
        stance=stance.value,
        value=value,
        about_id=about,
        source=clean(told.source)[:200],
        stated_at=told.stated_at,
        recorded_at=by.at,
        recorder=by.actor.name,
        reliability=told.reliability.value,
    )
    return index.as_statement(tuple(getattr(row, name) for name in index.STATEMENT))


def _need_standing(record: int, statement: int, name: str) -> None:
    found = [s for s in standing(statements_of([record], None)) if s.id == statement]
    if not found or found[0].property != name:
        raise ConflictError(f"statement {statement} is none of {name} of record {record} that stands.")


def _effective(statements: tuple[Statement, ...]) -> list[Statement]:
    """Return the statements that are not taken back and take back another."""
    felled: set[int] = set()
    kept_ones: list[Statement] = []
    for statement in sorted(statements, key=lambda s: s.id, reverse=True):
        if statement.id not in felled and statement.about is not None and statement.stance is not Stance.DISPUTES:
            felled.add(statement.about)
            kept_ones.append(statement)
    return kept_ones


def _reason(text: str) -> str:
    why = clean(text)
    if not why:
        raise RecordError("say why: the reason is kept with the change.")
    return why[:2000]


def _log(what: str, made: Statement, by: By) -> None:
    audit.record(
        by.actor,
        Act.ALTERED,
        what,
        record=record_name(made.record),
        details={"statement": made.id, "property": made.property, "about": made.about},
        at=by.at,
    )


def _with_key(draft: RecordDraft) -> RecordDraft:
    return replace(draft, key=uuid4().hex)
