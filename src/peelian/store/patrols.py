"""Tables of the patrol: each stay in a box, once, under the id that the phone gave it.

Who was there is kept for that person and for the audit log; what is read back for everyone else is places and minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Count, Max, Sum

from peelian.errors import ConflictError, NotAllowedError, NotFoundError
from peelian.forecasts.visits import BoxMinutes, GivenBox, How, Visit
from peelian.records.access import Act, Actor
from peelian.store import audit
from peelian.store.accounts import Account

#: No stay is longer than a day: a timer that says so was forgotten.
LONGEST_MINUTES = 24 * 60.0


class Kept(StrEnum):
    """What became of something that was sent."""

    KEPT = "kept"
    KNOWN = "known already"


class OnABox(models.Model):
    """The columns that say which box is meant."""

    force = models.CharField(max_length=63)
    night = models.DateField()
    level = models.CharField(max_length=63)
    area = models.CharField(max_length=200)
    crime_type = models.CharField(max_length=200)
    rank = models.PositiveSmallIntegerField()
    x_min = models.FloatField()
    y_min = models.FloatField()
    size_m = models.FloatField()
    letter = models.CharField(max_length=4, default="")

    class Meta:
        """No table of its own."""

        abstract = True

    def given(self) -> GivenBox:
        """Return the box as a value."""
        return GivenBox(
            self.force,
            self.night,
            self.level,
            self.area,
            self.crime_type,
            self.rank,
            self.x_min,
            self.y_min,
            self.size_m,
            self.letter,
        )


def box_columns(box: GivenBox) -> dict[str, object]:
    """Return the columns of ``OnABox`` for a box."""
    return {
        "force": box.force,
        "night": box.night,
        "level": box.level,
        "area": box.area_id,
        "crime_type": box.crime_type,
        "rank": box.rank,
        "x_min": box.x_min,
        "y_min": box.y_min,
        "size_m": box.size_m,
        "letter": box.letter,
    }


class VisitRow(OnABox):
    """One stay. ``left_at`` and ``minutes`` are empty while somebody who works without script is still there.

    ``phone_arrived`` and ``phone_left`` are what the phone's clock said, ``arrived_at`` and ``left_at`` those times set
    right by ``clock_offset_s``: how far the phone was behind the site when it last heard of it before the visit. What
    was measured at sending stands in ``offset_at_sending_s``, and ``recorded_at`` is when the site was told.
    """

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    arrived_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    minutes = models.FloatField(null=True)
    how = models.CharField(max_length=10, choices=[(h.value, h.value) for h in How])
    phone_arrived = models.DateTimeField(null=True)
    phone_left = models.DateTimeField(null=True)
    clock_offset_s = models.FloatField(null=True)
    offset_at_sending_s = models.FloatField(null=True)
    is_clock_doubtful = models.BooleanField(default=False)
    is_box_known = models.BooleanField(default=True)
    recorded_at = models.DateTimeField()

    class Meta:
        """A stay is open or has its minutes; nobody is in two places at once."""

        db_table = "patrol_visit"
        ordering = ("arrived_at", "id")
        indexes = (
            models.Index(fields=["force", "day", "x_min", "y_min"], name="patrol_visit_by_square"),
            models.Index(fields=["force", "night", "level", "area", "crime_type"], name="patrol_visit_by_map"),
            models.Index(fields=["account", "arrived_at"], name="patrol_visit_by_account"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True, minutes__isnull=True)
                | models.Q(
                    left_at__isnull=False,
                    minutes__gte=0,
                    minutes__lte=LONGEST_MINUTES,
                    left_at__gte=models.F("arrived_at"),
                ),
                name="patrol_visit_is_open_or_has_minutes",
            ),
            models.CheckConstraint(
                condition=models.Q(how__in=[h.value for h in How]), name="patrol_visit_how_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(size_m__gt=0) & (models.Q(rank__gte=1) | ~models.Q(letter="")),
                name="patrol_visit_has_a_box",
            ),
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(left_at__isnull=True), name="patrol_visit_one_open"
            ),
        )

    def __str__(self) -> str:
        """Where and when."""
        return f"{self.night} {self.area} {self.crime_type} box {self.given().number}, {self.arrived_at}"

    def visit(self) -> Visit:
        """Return the finished stay as a value."""
        if self.left_at is None or self.minutes is None:
            raise NotFoundError(f"visit {self.id} is not over yet; leave the box first.")
        return Visit(
            self.given(),
            self.day,
            self.arrived_at,
            self.left_at,
            self.minutes,
            How(self.how),
            self.clock_offset_s,
            self.is_clock_doubtful,
            self.recorded_at,
        )


@dataclass(frozen=True, slots=True)
class LoggedVisit:
    """A finished stay as it reaches the store: its id, the visit, and what the phone's own clock said."""

    id: UUID
    visit: Visit
    phone_arrived: datetime | None = None
    phone_left: datetime | None = None
    offset_at_sending_s: float | None = None
    is_box_known: bool = True


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """A stay that is not over: somebody arrived and has not yet said that they left."""

    id: UUID
    box: GivenBox
    day: date
    arrived: datetime


def arrive(by: Actor, visit_id: UUID, box: GivenBox, day: date, *, at: datetime) -> Kept:
    """Begin a stay; the same id a second time changes nothing.

    Raises
    ------
    ConflictError
        When the actor is still in a box.
    """
    account = _account(by)
    try:
        with transaction.atomic():
            if _own_row(account, visit_id) is not None:
                return Kept.KNOWN
            still = VisitRow.objects.filter(account_id=account, left_at__isnull=True).first()
            if still is not None:
                raise ConflictError(
                    f"you are still in box {still.given().number} ({still.crime_type}); leave it first."
                )
            VisitRow.objects.create(
                id=visit_id,
                account_id=account,
                day=day,
                arrived_at=at,
                how=How.TIMER.value,
                recorded_at=at,
                **box_columns(box),
            )
            _tell(by, f"arrived in {_named(box)}", visit_id, at)
    except IntegrityError as error:
        raise ConflictError("you arrived in a box at the same moment on another page; reload this one.") from error
    return Kept.KEPT


def log_visit(by: Actor, told: LoggedVisit) -> Kept:
    """Keep a finished stay, or finish the one that was begun under this id; told again, it changes nothing.

    Raises
    ------
    ConflictError
        When the id is another account's.
    """
    account, visit = _account(by), told.visit
    columns = {
        "day": visit.day,
        "arrived_at": visit.arrived,
        "left_at": visit.left,
        "minutes": visit.minutes,
        "how": visit.how.value,
        "phone_arrived": told.phone_arrived,
        "phone_left": told.phone_left,
        "clock_offset_s": visit.clock_offset_s,
        "offset_at_sending_s": told.offset_at_sending_s,
        "is_clock_doubtful": visit.is_clock_doubtful,
        "is_box_known": told.is_box_known,
        "recorded_at": visit.recorded_at,
    }
    try:
        with transaction.atomic():
            row = _own_row(account, told.id)
            if row is not None and row.left_at is not None:
                return Kept.KNOWN
            if row is None:
                VisitRow.objects.create(id=told.id, account_id=account, **box_columns(visit.box), **columns)
            else:
                VisitRow.objects.filter(pk=row.pk).update(**columns)
            more = {"minutes": round(visit.minutes, 2), "how": visit.how.value, "clock_offset_s": visit.clock_offset_s}
            _tell(by, f"logged a visit to {_named(visit.box)}", told.id, visit.recorded_at, **more)
    except IntegrityError:
        # On PostgreSQL two requests may bring the same visit at once: the other one has kept it.
        if _own_row(account, told.id) is None:
            raise
        return Kept.KNOWN
    return Kept.KEPT


def open_visit(by: Actor) -> OpenVisit | None:
    """Return the stay that the actor has begun and not ended, if any."""
    row = VisitRow.objects.filter(account_id=by.id, left_at__isnull=True).first() if by.id else None
    return None if row is None else OpenVisit(row.id, row.given(), row.day, row.arrived_at)


def own_visits(by: Actor, *, most: int = 50) -> tuple[Visit, ...]:
    """Return the actor's own finished visits, newest first; nobody is shown another's."""
    rows = VisitRow.objects.filter(account_id=_account(by), left_at__isnull=False)
    return tuple(r.visit() for r in rows.order_by("-arrived_at", "id")[:most])


def visits(force: str, night: date, level: str, area_id: str, crime_type: str) -> tuple[Visit, ...]:
    """Return the finished visits to a map's boxes, by time of arrival, without names: what the morning after asks."""
    rows = VisitRow.objects.filter(
        force=force, night=night, level=level, area=area_id, crime_type=crime_type, left_at__isnull=False
    )
    return tuple(r.visit() for r in rows.order_by("arrived_at", "id"))


def visits_between(force: str, first: date, last: date) -> tuple[Visit, ...]:
    """Return the finished visits to boxes of these nights, both included, without names: what a ward's sums need."""
    rows = VisitRow.objects.filter(force=force, night__gte=first, night__lte=last, left_at__isnull=False)
    return tuple(r.visit() for r in rows.order_by("arrived_at", "id"))


def minutes_by_box(boxes: Sequence[GivenBox], day: date) -> tuple[BoxMinutes, ...]:
    """Return what each box's square got on a day, from visits logged for any map; boxes without a visit have 0."""
    if not boxes:
        return ()
    summed = {
        (row["x_min"], row["y_min"], row["size_m"]): row
        for row in VisitRow.objects.filter(force=boxes[0].force, day=day, left_at__isnull=False)
        .order_by()
        .values("x_min", "y_min", "size_m")
        .annotate(n=Count("id"), total=Sum("minutes"), last=Max("left_at"))
    }
    told = []
    for box in boxes:
        row = summed.get(box.square)
        told.append(
            BoxMinutes(box.number, row["n"], row["total"], row["last"]) if row else BoxMinutes(box.number, 0, 0, None)
        )
    return tuple(told)


def _account(by: Actor) -> int:
    if by.id is None:
        raise NotAllowedError("a visit is logged by an account; sign in first.")
    return by.id


def _own_row(account: int, visit_id: UUID) -> VisitRow | None:
    row = VisitRow.objects.select_for_update().filter(pk=visit_id).first()
    if row is not None and row.account_id != account:
        raise ConflictError(f"visit {visit_id} was logged by another account; log it anew.")
    return row


def _named(box: GivenBox) -> str:
    return f"box {box.number} of {box.crime_type} in {box.area_id} ({box.force}, night of {box.night})"


def _tell(by: Actor, what: str, visit_id: UUID, at: datetime, **details: object) -> None:
    audit.record(by, Act.COLLECTED, what, record=f"visit/{visit_id}", purpose="patrol", details=details, at=at)
