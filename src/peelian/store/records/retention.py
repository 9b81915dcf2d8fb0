"""Retention at work: each record's clock, the queue of what is due, decisions to keep, disposal that really deletes.

Of a disposed record nothing is left but its number, its type, the rule and the reason (and the log's lines, which name
a record by its number). Its files go when no other record holds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import connection, transaction

from peelian.errors import RecordError
from peelian.records.access import Act, Actor
from peelian.records.catalogue import Catalogue
from peelian.records.marking import may_read, need_keeper, need_reader
from peelian.records.purpose import Purpose
from peelian.records.retention import Clock, Policy, Start, clock, first_start
from peelian.store import audit
from peelian.store.records import index
from peelian.store.records.attachments import drop_files
from peelian.store.records.bulk import as_instant, chunks, rows_in
from peelian.store.records.reading import component, marking_of, need_row, record_name
from peelian.store.records.tables import (
    Attachment,
    Disposal,
    Record,
    RetentionEvent,
    StatementRow,
)
from peelian.store.records.writing import By, kept

_TABLES = (
    *("record_statement", "record_link", "record_link_withdrawal", "attachment", "record"),
    *("search_document", "search_entry", "search_posting", "search_term", "search_slip"),
)


@dataclass(frozen=True, slots=True)
class Due:
    """A record that is due for review, and why."""

    record: int
    type: str
    title: str
    due: date
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that happened to a record's clock."""

    kind: str
    on: date
    reason: str
    group: str
    recorder: str


@dataclass(frozen=True, slots=True)
class Disposed:
    """What a disposal took away."""

    records: int
    statements: int
    links: int
    files: int


def reset(policy: Policy, record: int, why: str, on: date, by: By) -> Clock:
    """Start a record's clear period anew, for one of the policy's reasons; whoever works with records may.

    Raises
    ------
    RecordError
        When the reason is none of the policy's, or the day is to come.
    """
    if why not in policy.resets:
        raise RecordError(f"{why!r} starts no clear period; known are {', '.join(policy.resets)}.")
    return _decide(policy, record, (RetentionEvent.RESET, on, why, ""), by)


def keep(policy: Policy, record: int, reason: str, by: By) -> Clock:
    """Decide to keep a record after its review, for a reason: its clock starts anew today.

    Raises
    ------
    NotAllowedError
        When the actor is no keeper of records.
    """
    need_keeper(by.actor, "decide on a review")
    return _decide(policy, record, (RetentionEvent.KEPT, by.at.date(), reason, ""), by)


def move(policy: Policy, record: int, group: str, reason: str, by: By) -> Clock:
    """Move a record to another review group, for a reason; its clock keeps its start.

    Raises
    ------
    RecordError
        When the policy has no such group.
    """
    need_keeper(by.actor, "move a record to another review group")
    policy.group(group)
    return _decide(policy, record, (RetentionEvent.MOVED, by.at.date(), reason, group), by)


def clock_of(policy: Policy, row: Record) -> Clock:
    """Return a record's clock as its events make it."""
    sql = "SELECT crime_type, happened_to FROM search_entry WHERE record_id IN ({marks})"
    crime_type, happened_to = next(rows_in(sql, [row.pk]), ("", None))
    starts = [first_start(row.recorded_at, as_instant(happened_to))]
    group = ""
    for event in RetentionEvent.objects.filter(record=row).order_by("id"):
        if event.kind == RetentionEvent.MOVED:
            group = event.group
        else:
            starts.append(Start(event.on, event.reason))
    return clock(policy.group_of(row.type, crime_type, group), starts)


def decisions(record: int, actor: Actor, purpose: Purpose) -> tuple[Decision, ...]:
    """Return what happened to a record's clock, oldest first."""
    need_reader(actor)
    need_row(record, actor)
    with kept():
        rows = list(RetentionEvent.objects.filter(record=record).order_by("id"))
        what = "read the decisions on a record's retention"
        audit.record(actor, Act.CONSULTED, what, record=record_name(record), purpose=purpose.text)
    return tuple(Decision(r.kind, r.on, r.reason, r.group, r.recorder) for r in rows)


def due(on: date, actor: Actor, *, after: int = 0, size: int = 50) -> tuple[Due, ...]:
    """Return the records that are due for review by a day, the longest due first."""
    need_keeper(actor, "review records")
    with transaction.atomic():
        rows = Record.objects.filter(review_due__lte=on).order_by("review_due", "id").prefetch_related("clearances")
        page = [r for r in rows[after : after + size] if may_read(actor, marking_of(r))]
        sql = "SELECT record_id, title FROM search_entry WHERE record_id IN ({marks})"
        titles = dict(rows_in(sql, [r.pk for r in page]))
        audit.record(
            actor,
            Act.CONSULTED,
            "read the review queue",
            purpose="review, retention and disposal",
            details={"records": [r.pk for r in page]},
        )
    return tuple(Due(r.pk, r.type, titles.get(r.pk, ""), r.review_due, r.review_reason) for r in page)


def count_due(on: date) -> int:
    """Return how many records are due for review by a day."""
    return int(Record.objects.filter(review_due__lte=on).count())


def rewind(policy: Policy, by: By) -> int:
    """Work out every record's clock anew, after the policy's file was changed; return how many changed."""
    need_keeper(by.actor, "apply a retention policy")
    changed = 0
    with kept():
        for row in Record.objects.order_by("id").iterator(chunk_size=2000):
            new = clock_of(policy, row)
            if (new.due, new.reason) != (row.review_due, row.review_reason):
                Record.objects.filter(pk=row.pk).update(review_due=new.due, review_reason=new.reason)
                changed += 1
        audit.record(by.actor, Act.ALTERED, f"applied the retention policy: {changed} clocks changed", at=by.at)
    return changed


def dispose(catalogue: Catalogue, policy: Policy, records: Sequence[int], reason: str, home: Path, by: By) -> Disposed:
    """Dispose of records: their statements, links, files and index entries are deleted, and what they held is wiped.

    Raises
    ------
    NotFoundError
        When one does not exist.
    RecordError
        When one is not yet due, or is one with another that is not disposed of with it.
    NotAllowedError
        When the actor is no keeper of records.
    """
    need_keeper(by.actor, "dispose of records")
    why = reason.strip()
    if not why:
        raise RecordError("say why the records are disposed of: the reason is all that stays.")
    with _wiping(), kept():
        # What was decided while this waited for the store counts: a record kept a moment ago stays.
        rows = [need_row(record, by.actor) for record in sorted(set(records))]
        _check_disposable(rows, by.at.date())
        wanted = [row.pk for row in rows]
        files = set(Attachment.objects.filter(record__in=wanted).values_list("sha256", flat=True))
        for row in rows:
            Disposal.objects.create(
                record=row.pk,
                type=row.type,
                group=clock_of(policy, row).group,
                reason=why,
                recorded_at=by.at,
                recorder=by.actor.name,
            )
            what, told = "disposed of a record", {"type": row.type}
            name = record_name(row.pk)
            audit.record(by.actor, Act.ERASED, what, record=name, purpose=why, details=told, at=by.at)
        n_statements, n_links = _delete(catalogue, wanted)
    drop_files(home, files)
    _sweep()
    return Disposed(len(rows), n_statements, n_links, len(files))


def _check_disposable(rows: Sequence[Record], today: date) -> None:
    wanted = {row.pk for row in rows}
    for row in rows:
        if row.review_due > today:
            raise RecordError(f"record {row.pk} is not due before {row.review_due}. {row.review_reason}")
        apart = sorted(set(component(row.pk, None)[0]) - wanted)
        if apart:
            raise RecordError(f"record {row.pk} is one with record {apart[0]}: dispose of both, or part them first.")


def _delete(catalogue: Catalogue, records: Sequence[int]) -> tuple[int, int]:
    """Delete records with all that hangs on them; return how many statements and links went.

    A record may have a million links: the database deletes them where they are.
    """
    statements = StatementRow.objects.filter(record__in=records)
    index.drop(records, with_attachments=True)
    index.bring_along(catalogue, records, are_going=True)
    n_links = _delete_links(records)
    # A statement is about an earlier one: the later go first.
    told = list(statements.order_by("-id").values_list("pk", flat=True))
    for pk in told:
        StatementRow.objects.filter(pk=pk).delete()
    Record.objects.filter(pk__in=records).delete()
    index.forget_unused_terms()
    return len(told), n_links


def _delete_links(records: Sequence[int]) -> int:
    """Delete all links of these records, and return how many there were."""
    gone = 0
    with connection.cursor() as cursor:
        for part in chunks(records):
            for side in ("start_id", "end_id"):
                these = f"{side} IN ({', '.join(['%s'] * len(part))})"
                links = f"SELECT id FROM record_link WHERE {these}"  # noqa: S608 - marks only
                cursor.execute(f"DELETE FROM record_link_withdrawal WHERE link_id IN ({links})", part)  # noqa: S608
                cursor.execute(f"DELETE FROM record_link WHERE {these}", part)  # noqa: S608 - marks only
                gone += int(cursor.rowcount)
    return gone


def _decide(policy: Policy, record: int, told: tuple[str, date, str, str], by: By) -> Clock:
    kind, on, reason, group = told
    why = reason.strip()
    if not why:
        raise RecordError("say why: the reason is kept with the decision.")
    if on > by.at.date():
        raise RecordError(f"{on} is to come; a clock starts on a day that was.")
    with kept():
        row = need_row(record, by.actor)
        RetentionEvent.objects.create(
            record=row, kind=kind, on=on, reason=why, group=group, recorded_at=by.at, recorder=by.actor.name
        )
        new = clock_of(policy, row)
        row.review_due, row.review_reason = new.due, new.reason
        row.save(update_fields=["review_due", "review_reason"])
        audit.record(by.actor, Act.ALTERED, f"retention: {kind}", record=record_name(record), purpose=why, at=by.at)
    return new


class _wiping:  # noqa: N801 - reads as a word where it stands: with _wiping()
    """SQLite overwrites what is deleted in here with zeros; PostgreSQL's vacuum follows in ``_sweep``."""

    def __enter__(self) -> None:
        self._set("ON")

    def __exit__(self, *_: object) -> None:
        self._set("OFF")

    @staticmethod
    def _set(state: str) -> None:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA secure_delete = {state}")


def _sweep() -> None:
    """Leave no deleted word behind: full-text segments are merged anew, the write-ahead log emptied, rows vacuumed."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA secure_delete = ON")
            for table in ("search_words", "search_parts"):
                cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608 - our own names
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("PRAGMA secure_delete = OFF")
        else:
            for table in _TABLES:
                cursor.execute(f'VACUUM "{table}"')
