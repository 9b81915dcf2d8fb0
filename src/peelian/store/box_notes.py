"""Table of the notes: "this box is wrong because ..." from who stood in it, and the analyst's answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Count, QuerySet

from peelian.errors import ConflictError, NotAllowedError, NotFoundError
from peelian.forecasts.visits import BoxNote, GivenBox, WrongBecause
from peelian.records.access import Act, Actor
from peelian.store import audit
from peelian.store.accounts import Account
from peelian.store.patrols import Kept, OnABox, box_columns

LONGEST_TEXT = 1000


class BoxNoteRow(OnABox):
    """One note. It is answered once; who wrote it stands here so that the answer reaches them."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=20, choices=[(r.value, r.value) for r in WrongBecause])
    text = models.TextField(default="")
    written_at = models.DateTimeField()
    phone_written = models.DateTimeField(null=True)
    clock_offset_s = models.FloatField(null=True)
    recorded_at = models.DateTimeField()
    answer = models.TextField(default="")
    answered_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        """A note has a known reason; an answer has its author and its time."""

        db_table = "box_note"
        ordering = ("written_at", "id")
        indexes = (
            models.Index(fields=["force", "level", "area", "night"], name="box_note_by_area"),
            models.Index(fields=["account", "written_at"], name="box_note_by_account"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(because__in=[r.value for r in WrongBecause]), name="box_note_reason_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(because=WrongBecause.OTHER.value) | ~models.Q(text=""),
                name="box_note_other_is_told",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_by__isnull=True, answered_at__isnull=True)
                | (~models.Q(answer="") & models.Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="box_note_answer_is_signed",
            ),
        )

    def __str__(self) -> str:
        """Which box, and why."""
        return f"{self.night} {self.area} {self.crime_type} box {self.given().number}: {self.because}"

    def note(self) -> BoxNote:
        """Return the row as a value, without its author."""
        because = WrongBecause(self.because)
        return BoxNote(self.id, self.given(), because, self.text, self.written_at, self.answer, self.answered_at)


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note as it reaches the store."""

    id: UUID
    box: GivenBox
    because: WrongBecause
    text: str
    written_at: datetime
    recorded_at: datetime
    phone_written: datetime | None = None
    clock_offset_s: float | None = None


def write_note(by: Actor, told: WrittenNote) -> Kept:
    """Keep a note; told again under the same id, it changes nothing.

    Raises
    ------
    ConflictError
        When the id is another account's.
    """
    if by.id is None:
        raise NotAllowedError("a note is written by an account; sign in first.")
    try:
        with transaction.atomic():
            if _is_known(by.id, told.id):
                return Kept.KNOWN
            BoxNoteRow.objects.create(
                id=told.id,
                account_id=by.id,
                because=told.because.value,
                text=told.text,
                written_at=told.written_at,
                phone_written=told.phone_written,
                clock_offset_s=told.clock_offset_s,
                recorded_at=told.recorded_at,
                **box_columns(told.box),
            )
            audit.record(
                by,
                Act.COLLECTED,
                f"said that box {told.box.number} of {told.box.crime_type} in {told.box.area_id} is wrong",
                record=f"note/{told.id}",
                purpose="patrol",
                details={"because": told.because.value, "night": str(told.box.night)},
                at=told.recorded_at,
            )
    except IntegrityError:
        if not _is_known(by.id, told.id):
            raise
        return Kept.KNOWN
    return Kept.KEPT


def answer_note(by: Actor, note_id: UUID, answer: str, *, at: datetime) -> None:
    """Answer a note, once; its author sees the answer.

    Raises
    ------
    NotFoundError, ConflictError
        When there is no such note, or it was answered already.
    """
    with transaction.atomic():
        row = BoxNoteRow.objects.select_for_update().filter(pk=note_id).first()
        if row is None:
            raise NotFoundError(f"there is no note {note_id}.")
        if row.answer:
            raise ConflictError("this note was answered already; its answer stands below it.")
        row.answer, row.answered_by_id, row.answered_at = answer, by.id, at
        row.save(update_fields=["answer", "answered_by", "answered_at"])
        audit.record(
            by, Act.ALTERED, "answered a note about a box", record=f"note/{note_id}", details={"answer": answer}, at=at
        )


def note(note_id: UUID) -> BoxNote:
    """Return a note.

    Raises
    ------
    NotFoundError
        When there is none of that id.
    """
    row = BoxNoteRow.objects.filter(pk=note_id).first()
    if row is None:
        raise NotFoundError(f"there is no note {note_id}.")
    return row.note()


def own_notes(by: Actor, *, most: int = 20) -> tuple[BoxNote, ...]:
    """Return the actor's own notes with their answers, newest first."""
    rows = BoxNoteRow.objects.filter(account_id=by.id) if by.id else BoxNoteRow.objects.none()
    return tuple(r.note() for r in rows.order_by("-written_at", "id")[:most])


def waiting_notes(force: str, level: str, area_ids: tuple[str, ...]) -> tuple[BoxNote, ...]:
    """Return the unanswered notes of these areas, oldest first."""
    rows = BoxNoteRow.objects.filter(force=force, level=level, area__in=area_ids, answer="")
    return tuple(r.note() for r in rows.order_by("written_at", "id"))


def answered_notes(force: str, level: str, area_ids: tuple[str, ...], *, most: int = 50) -> tuple[BoxNote, ...]:
    """Return the newest answered notes of these areas."""
    rows = BoxNoteRow.objects.filter(force=force, level=level, area__in=area_ids).exclude(answer="")
    return tuple(r.note() for r in rows.order_by("-answered_at", "id")[:most])


def reasons_counted(force: str, level: str, area_ids: tuple[str, ...], since: date) -> Mapping[WrongBecause, int]:
    """Return how often each reason was given in these areas for nights from ``since`` on; 0 where it never was."""
    rows: QuerySet[BoxNoteRow, tuple[str, int]] = (
        BoxNoteRow.objects.filter(force=force, level=level, area__in=area_ids, night__gte=since)
        .order_by()
        .values_list("because")
        .annotate(n=Count("id"))
    )
    counted = dict(rows)
    return {reason: counted.get(reason.value, 0) for reason in WrongBecause}


def _is_known(account: int, note_id: UUID) -> bool:
    row = BoxNoteRow.objects.filter(pk=note_id).first()
    if row is not None and row.account_id != account:
        raise ConflictError(f"note {note_id} was written by another account; write it anew.")
    return row is not None
