"""An analyst's edits: boxes added to a map or suppressed. A row is never changed; a withdrawal is a row of its own."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, models, transaction

from peelian.errors import ConflictError, NotFoundError
from peelian.forecasts.edits import HALF, BoxEdit, EditKind
from peelian.records.access import Act, Actor
from peelian.store import audit


class BoxEditRow(models.Model):
    """One edit as it was made."""

    force = models.CharField(max_length=63)
    night = models.DateField()
    level = models.CharField(max_length=100)
    area = models.CharField(max_length=200)
    crime_type = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in EditKind])
    x_min = models.FloatField()
    y_min = models.FloatField()
    size_m = models.FloatField()
    place = models.CharField(max_length=300, default="")
    rank = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField()
    by = models.CharField(max_length=200)
    account = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        """No edit without a reason and a name."""

        db_table = "box_edit"
        ordering = ("at", "id")
        indexes = (models.Index(fields=["force", "night", "level"], name="box_edit_by_night"),)
        constraints = (
            models.CheckConstraint(condition=~models.Q(reason="") & ~models.Q(by=""), name="box_edit_has_reason"),
            models.CheckConstraint(
                condition=models.Q(kind__in=sorted(k.value for k in EditKind)), name="box_edit_kind_is_known"
            ),
            models.CheckConstraint(condition=models.Q(size_m__gt=0), name="box_edit_has_a_side"),
            models.CheckConstraint(
                condition=models.Q(kind=EditKind.ADD.value) | models.Q(rank__isnull=False),
                name="box_edit_suppresses_a_rank",
            ),
        )

    def __str__(self) -> str:
        """What, where and when."""
        return f"{self.kind} {self.place} {self.night}"

    def edit(self, letter: str = "") -> BoxEdit:
        """Return the row, with its withdrawal where it has one, as a value."""
        ended: BoxEditWithdrawal | None = getattr(self, "withdrawal", None)
        told = {k: getattr(self, k) for k in ("id", "force", "night", "level", "crime_type", "x_min", "y_min")}
        told |= {k: getattr(self, k) for k in ("size_m", "place", "rank", "reason", "by", "at")}
        if ended is not None:
            told |= {"withdrawn_at": ended.at, "withdrawn_by": ended.by, "withdrawn_reason": ended.reason}
        return BoxEdit(area_id=self.area, kind=EditKind(self.kind), letter=letter, **told)


class BoxEditWithdrawal(models.Model):
    """The end of an edit, by whom and why; an edit ends once."""

    edit = models.OneToOneField(BoxEditRow, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField()
    by = models.CharField(max_length=200)
    account = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        """No withdrawal without a reason and a name."""

        db_table = "box_edit_withdrawal"
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(reason="") & ~models.Q(by=""), name="box_edit_withdrawal_has_reason"
            ),
        )

    def __str__(self) -> str:
        """Which edit, and why."""
        return f"edit {self.edit_id}: {self.reason}"


def edits(
    force: str,
    night: date,
    level: str | None = None,
    area_id: str | None = None,
    crime_type: str | None = None,
    *,
    with_withdrawn: bool = False,
) -> tuple[BoxEdit, ...]:
    """Return the edits of a night that stand, oldest first; of one level, area and crime type where they are named.

    ``with_withdrawn`` gives those that ended too.
    """
    read = _read(force, [night], level=level, area=area_id, crime_type=crime_type)
    return tuple(edit for edit in read if with_withdrawn or edit.stands)


def edits_of_nights(force: str, nights: Iterable[date]) -> tuple[BoxEdit, ...]:
    """Return every edit of these nights, withdrawn ones too: what the job that judges nights reads."""
    return _read(force, nights)


def find_edit(number: int) -> BoxEdit:
    """Return the edit of that number.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    row = BoxEditRow.objects.filter(pk=number).first()
    if row is None:
        raise NotFoundError(f"there is no edit {number}.")
    of_map = _read(row.force, [row.night], level=row.level, area=row.area, crime_type=row.crime_type)
    return next(edit for edit in of_map if edit.id == number)


def make_edit(by: Actor, edit: BoxEdit) -> BoxEdit:
    """Keep an edit and say so in the log; return it with its number.

    Raises
    ------
    ConflictError
        When the same box is in the list already, or was suppressed already: an edit of another analyst came first.
    """
    with transaction.atomic():
        same = edits(edit.force, edit.night, edit.level, edit.area_id, edit.crime_type)
        for other in same:
            if other.kind == edit.kind and other.covers(edit.x_min, edit.y_min, edit.size_m) > HALF:
                done = "added" if edit.kind is EditKind.ADD else "suppressed"
                raise ConflictError(f"{other.place or 'this box'} was {done} already by {other.by}: {other.reason}")
        row = BoxEditRow.objects.create(
            area=edit.area_id,
            kind=edit.kind.value,
            account=by.id,
            **{k: getattr(edit, k) for k in ("force", "night", "level", "crime_type", "x_min", "y_min", "size_m")},
            **{k: getattr(edit, k) for k in ("place", "rank", "reason", "by", "at")},
        )
        audit.record(
            by,
            Act.ALTERED,
            f"{'added a box to' if edit.kind is EditKind.ADD else 'suppressed a box of'} "
            f"{edit.crime_type}, {edit.area_id}, {edit.night}: {edit.place}",
            record=f"box-edit/{row.pk}",
            purpose=edit.reason,
            details={"force": edit.force, "level": edit.level, "x_min": edit.x_min, "y_min": edit.y_min},
            at=edit.at,
        )
    return find_edit(row.pk)


def withdraw_edit(by: Actor, number: int, reason: str, *, at: datetime) -> BoxEdit:
    """End an edit by a further row, and say so in the log.

    Raises
    ------
    NotFoundError
        When there is no such edit.
    ConflictError
        When it ended already.
    """
    edit = find_edit(number)
    try:
        with transaction.atomic():
            BoxEditWithdrawal.objects.create(edit_id=number, reason=reason, by=by.name, account=by.id, at=at)
            audit.record(
                by,
                Act.ALTERED,
                f"withdrew the edit of {edit.crime_type}, {edit.area_id}, {edit.night}: {edit.place}",
                record=f"box-edit/{number}",
                purpose=reason,
                at=at,
            )
    except IntegrityError as error:
        raise ConflictError(f"the edit of {edit.place or edit.area_id} was withdrawn already.") from error
    return find_edit(number)


def _read(force: str, nights: Iterable[date], **where: Any) -> tuple[BoxEdit, ...]:  # noqa: ANN401 - of columns
    """Return edits, oldest first; added boxes are lettered within their map, and keep their letter for good."""
    wanted = {name: value for name, value in where.items() if value is not None}
    rows = BoxEditRow.objects.select_related("withdrawal").filter(force=force, night__in=list(nights), **wanted)
    added: Counter[tuple[date, str, str, str]] = Counter()
    read = []
    for row in rows.order_by("id"):
        of_map = (row.night, row.level, row.area, row.crime_type)
        added[of_map] += row.kind == EditKind.ADD.value
        read.append(row.edit(_letter(added[of_map]) if row.kind == EditKind.ADD.value else ""))
    return tuple(read)


def _letter(number: int) -> str:
    """Return A for the first, Z for the 26th, then AA."""
    before, last = divmod(number - 1, 26)
    return (_letter(before) if before else "") + chr(ord("A") + last)
