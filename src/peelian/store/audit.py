"""The audit log: append-only, each line sealed by the one before, written in the transaction of the act it tells of.

A line's seal is the SHA-256 of its own content and of the seal before it; a line changed, taken out or put in breaks
the chain at that line. Lines cut off the end leave a whole chain: ``head`` gives what to write down elsewhere.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError, connection, models, transaction

from peelian.errors import StoreError
from peelian.records.access import Act, Actor

#: What stands before the first line.
BEGINNING = "0" * 64
#: PostgreSQL's key for "whoever appends waits here"; SQLite has one writer anyway.
_LOCK = 7_330_145
_LONGEST = 2000
_LAST = "SELECT number, seal FROM audit_line ORDER BY number DESC LIMIT 1"


class AuditLine(models.Model):
    """One act. Triggers of the database refuse to change or delete a line."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor = models.BigIntegerField(null=True, db_index=True)
    actor_name = models.CharField(max_length=200)
    role = models.CharField(max_length=20)
    act = models.CharField(max_length=20)
    what = models.TextField()
    record = models.CharField(max_length=200, default="", db_index=True)
    purpose = models.TextField(default="")
    details = models.JSONField(default=dict)
    before = models.CharField(max_length=64)
    seal = models.CharField(max_length=64, unique=True)

    class Meta:
        """Lines in the order in which they were written."""

        db_table = "audit_line"
        ordering = ("number",)

    def __str__(self) -> str:
        """Number, who and what."""
        return f"{self.number}: {self.actor_name} {self.act} {self.what}"

    def line(self) -> "Line":
        """Return the row as a value."""
        return Line(
            self.number,
            self.at,
            self.actor,
            self.actor_name,
            self.role,
            self.act,
            self.what,
            self.record,
            self.purpose,
            self.details,
            self.seal,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, as it is read."""

    number: int
    at: datetime
    actor: int | None
    actor_name: str
    role: str
    act: str
    what: str
    record: str
    purpose: str
    details: Mapping[str, Any]
    seal: str


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: an account, an act, a record, from an instant on, before another; None and "" fit all."""

    actor: int | None = None
    act: str = ""
    record: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found: how many lines are whole, its last seal, and the first fault, if any."""

    lines: int
    seal: str
    fault: str

    @property
    def is_whole(self) -> bool:
        """Whether no link is broken."""
        return not self.fault


def record(  # noqa: PLR0913 - a line of the log has as many parts as the law names
    actor: Actor,
    act: Act,
    what: str,
    *,
    record: str = "",
    purpose: str = "",
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> int:
    """Append a line and return its number; only inside ``transaction.atomic()``, together with the act itself.

    Raises
    ------
    StoreError
        When no transaction is open: a line that could be kept without its act, or the reverse, is none.
    """
    if not connection.in_atomic_block:
        raise StoreError(f"audit line {what!r}: open a transaction around the act and its line.")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # In one message, and each in its own snapshot: the second sees what was written while the first waited.
            cursor.execute(f"SELECT pg_advisory_xact_lock(%s); {_LAST}", [_LOCK])
            cursor.nextset()
        else:
            cursor.execute(_LAST)
        last = cursor.fetchone()
    number, before = (last[0] + 1, last[1]) if last else (1, BEGINNING)
    line = AuditLine(
        number=number,
        at=at or datetime.now(UTC),
        actor=actor.id,
        actor_name=_plain(actor.name)[:200],
        role=actor.role.value,
        act=act.value,
        what=_plain(what)[:_LONGEST],
        record=_plain(record)[:200],
        purpose=_plain(purpose)[:_LONGEST],
        details={_plain(str(key)): _settled(value) for key, value in (details or {}).items()},
        before=before,
    )
    line.seal = _seal(line)
    line.save(force_insert=True)
    return number


def verify() -> Verdict:
    """Check every link of the chain from the first line; name the first that is broken."""
    number, seal = 0, BEGINNING
    try:
        for told in AuditLine.objects.order_by("number").values(*_TOLD, "seal").iterator(chunk_size=5000):
            kept = told.pop("seal")
            if told["number"] != number + 1:
                here = told["number"]
                return Verdict(number, seal, f"line {number + 1} is missing; line {here} follows {number}.")
            if told["before"] != seal:
                return Verdict(number, seal, f"line {number + 1} does not follow the seal of line {number}.")
            if kept != _seal_of(told):
                return Verdict(number, seal, f"line {number + 1} was changed after it was written.")
            number, seal = number + 1, kept
    except (DatabaseError, ValueError) as error:
        raise StoreError(f"the audit log cannot be read after line {number}: {error}.") from error
    return Verdict(number, seal, "")


def head() -> tuple[int, str]:
    """Return the number and seal of the last line: written down elsewhere, they show a log cut short."""
    last = AuditLine.objects.order_by("-number").values_list("number", "seal").first()
    return last or (0, BEGINNING)


def seal_of(number: int) -> str | None:
    """Return the seal of a line, or None where there is no such line."""
    return AuditLine.objects.filter(number=number).values_list("seal", flat=True).first() if number else BEGINNING


def about(record_id: str, *, most: int = 100) -> tuple[Line, ...]:
    """Return the newest lines about a record: who looked at it, and what for."""
    return search(Search(record=record_id), most=most)


def search(wanted: Search, *, most: int = 100, before: int | None = None) -> tuple[Line, ...]:
    """Return the newest lines that fit, or those before a number: the log, page by page."""
    rows = _found(wanted).order_by("-number")
    if before is not None:
        rows = rows.filter(number__lt=before)
    return tuple(r.line() for r in rows[:most])


def lines(wanted: Search | None = None) -> Iterator[Line]:
    """Yield the whole log, or the lines that fit, oldest first: what an overseer takes away."""
    for row in _found(wanted or Search()).order_by("number").iterator(chunk_size=2000):
        yield row.line()


def _found(wanted: Search) -> "models.QuerySet[AuditLine]":
    rows = AuditLine.objects.all()
    if wanted.actor is not None:
        rows = rows.filter(actor=wanted.actor)
    if wanted.act:
        rows = rows.filter(act=wanted.act)
    if wanted.record:
        rows = rows.filter(record=wanted.record)
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    return rows if wanted.until is None else rows.filter(at__lt=wanted.until)


def tell(actor: Actor, act: Act, what: str, **more: Any) -> int:  # noqa: ANN401 - handed on to ``record`` as it is
    """Append a line for an act that changes nothing else in the store, in a transaction of its own."""
    with transaction.atomic():
        return record(actor, act, what, **more)


def _plain(text: str) -> str:
    """PostgreSQL keeps no NUL, no database half a character, and a log must not refuse the act it tells of."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _settled(value: object) -> Any:  # noqa: ANN401 - any value that JSON knows
    """Return a value that every database gives back as it was: PostgreSQL keeps 1e16 as a whole number, and no NaN."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        plain = math.isfinite(value) and abs(value) < _EXACT and not (value == 0 and math.copysign(1, value) < 0)
        return value if plain else str(value)
    if isinstance(value, Mapping):
        return {_plain(str(k)): _settled(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_settled(v) for v in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    return _plain(str(value))


def _seal(line: AuditLine) -> str:
    return _seal_of({name: getattr(line, name) for name in _TOLD})


def _seal_of(told: Mapping[str, Any]) -> str:
    plain = {**told, "at": told["at"].astimezone(UTC).isoformat(timespec="microseconds")}
    return hashlib.sha256(_ENCODER.encode(plain).encode()).hexdigest()


#: What a seal is made of.
_TOLD = ("number", "at", "actor", "actor_name", "role", "act", "what", "record", "purpose", "details", "before")
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
#: From here on a float is a whole number to PostgreSQL.
_EXACT = 1e16
