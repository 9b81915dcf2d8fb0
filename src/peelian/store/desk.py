"""What analysts keep for everyone's nights: bundles, shifts and tactics. A change is a new row; the latest holds.

The edits of boxes stand in ``store.edits`` and are handed on here.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files

from django.db import models, transaction

from peelian.errors import NotFoundError
from peelian.events.bundles import Bundle
from peelian.forecasts.tactics import Tactics
from peelian.places.shifts import MOST_MINUTES, Shift
from peelian.records.access import Act, Actor
from peelian.store import audit
from peelian.store.edits import edits

__all__ = [
    "AgreedBundle",
    "CrimeBundle",
    "ShiftRow",
    "TacticsRow",
    "agree_bundle",
    "agree_shift",
    "agree_tactics",
    "bundles",
    "edits",
    "end_bundle",
    "end_shift",
    "end_tactics",
    "shift_history",
    "shifts",
    "tactics_for",
    "tactics_of",
]

_ENDED = "the latest row of a name holds; one that ended says nothing any more"


class CrimeBundle(models.Model):
    """A bundle of crime types with weights, as it was agreed; for every force of the home."""

    name = models.CharField(max_length=200)
    weights = models.JSONField(default=dict)
    is_ended = models.BooleanField(default=False, help_text=_ENDED)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        """In the order in which they were agreed."""

        db_table = "crime_bundle"
        ordering = ("name", "at", "id")
        constraints = (
            models.CheckConstraint(condition=~models.Q(name="") & ~models.Q(by=""), name="crime_bundle_has_a_name"),
        )

    def __str__(self) -> str:
        """Its name and what it holds."""
        return f"{self.name}: {self.weights}"


class ShiftRow(models.Model):
    """A force's shift as it was agreed."""

    force = models.CharField(max_length=63)
    name = models.CharField(max_length=60)
    start = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    weekdays = models.JSONField(default=list)
    is_ended = models.BooleanField(default=False, help_text=_ENDED)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        """In the order in which they were agreed."""

        db_table = "shift"
        ordering = ("force", "name", "at", "id")
        constraints = (
            models.CheckConstraint(condition=~models.Q(name="") & ~models.Q(by=""), name="shift_has_a_name"),
            models.CheckConstraint(
                condition=models.Q(minutes__gte=1, minutes__lte=MOST_MINUTES), name="shift_lasts_a_day_at_most"
            ),
        )

    def __str__(self) -> str:
        """Whose, and what it is called."""
        return f"{self.force}: {self.name}"


class TacticsRow(models.Model):
    """The tactics of a crime type as they were agreed; for every force of the home."""

    crime_type = models.CharField(max_length=200)
    text = models.TextField(default="")
    source = models.TextField(default="")
    review_by = models.DateField()
    is_ended = models.BooleanField(default=False, help_text=_ENDED)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        """In the order in which they were agreed."""

        db_table = "tactics"
        ordering = ("crime_type", "at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_ended=True) | ~models.Q(text=""), name="tactics_say_something"
            ),
            models.CheckConstraint(condition=~models.Q(crime_type="") & ~models.Q(by=""), name="tactics_have_a_name"),
        )

    def __str__(self) -> str:
        """Of which crime type, until when."""
        return f"{self.crime_type}, review by {self.review_by}"

    def tactics(self) -> Tactics:
        """Return the row as a value."""
        return Tactics(self.crime_type, lines_of(self.text), self.source, self.review_by, self.by, self.at)


@dataclass(frozen=True, slots=True)
class AgreedBundle:
    """A bundle that holds, by whom and since when."""

    bundle: Bundle
    by: str
    at: datetime


def bundles() -> tuple[AgreedBundle, ...]:
    """Return the bundles that hold, by name."""
    latest = {row.name: row for row in CrimeBundle.objects.order_by("id")}
    return tuple(
        AgreedBundle(Bundle.from_mapping(name, row.weights), row.by, row.at)
        for name, row in sorted(latest.items())
        if not row.is_ended
    )


def agree_bundle(by: Actor, bundle: Bundle, *, at: datetime) -> None:
    """Keep a bundle; nights made from now on use it."""
    with transaction.atomic():
        CrimeBundle.objects.create(name=bundle.name, weights=dict(bundle.weights), by=by.name, at=at)
        audit.record(
            by, Act.ALTERED, f"agreed on the bundle {bundle.name}", record=f"bundle/{bundle.name}"[:200],
            details={"weights": dict(bundle.weights)}, at=at,
        )  # fmt: skip


def end_bundle(by: Actor, name: str, *, at: datetime) -> None:
    """End a bundle: no night made from now on has a map of it, unless ``peelian.toml`` names it.

    Raises
    ------
    NotFoundError
        When no such bundle holds.
    """
    with transaction.atomic():
        if name not in {b.bundle.name for b in bundles()}:
            raise NotFoundError(f"no bundle is called {name!r}, or it was ended already.")
        CrimeBundle.objects.create(name=name, is_ended=True, by=by.name, at=at)
        audit.record(by, Act.ALTERED, f"ended the bundle {name}", record=f"bundle/{name}"[:200], at=at)


def shifts(force: str) -> tuple[Shift, ...]:
    """Return a force's shifts that hold, in the order in which they start; none where it keeps none."""
    latest = {row.name: row for row in ShiftRow.objects.filter(force=force).order_by("id")}
    held = (Shift(row.name, row.start, row.minutes, tuple(row.weekdays)) for row in latest.values() if not row.is_ended)
    return tuple(sorted(held, key=lambda shift: (shift.start, shift.name)))


def shift_history(force: str) -> tuple[tuple[str, bool, str, datetime], ...]:
    """Return what became of a force's shifts, newest first: name, whether it was ended, by whom, when."""
    rows = ShiftRow.objects.filter(force=force).order_by("-id")
    return tuple((row.name, row.is_ended, row.by, row.at) for row in rows)


def agree_shift(by: Actor, force: str, shift: Shift, *, at: datetime) -> None:
    """Keep a shift; one of the same name is replaced from now on."""
    with transaction.atomic():
        ShiftRow.objects.create(
            force=force, name=shift.name, start=shift.start, minutes=shift.minutes, weekdays=list(shift.weekdays),
            by=by.name, at=at,
        )  # fmt: skip
        audit.record(
            by, Act.ALTERED, f"agreed on the shift {shift.name} of {force}", record=f"shift/{force}/{shift.name}"[:200],
            details={"start": str(shift.start), "minutes": shift.minutes, "weekdays": list(shift.weekdays)}, at=at,
        )  # fmt: skip


def end_shift(by: Actor, force: str, name: str, *, at: datetime) -> None:
    """End a shift.

    Raises
    ------
    NotFoundError
        When the force has no such shift.
    """
    with transaction.atomic():
        held = next((s for s in shifts(force) if s.name == name), None)
        if held is None:
            raise NotFoundError(f"{force} has no shift {name!r}, or it was ended already.")
        ShiftRow.objects.create(
            force=force, name=name, start=held.start, minutes=held.minutes, weekdays=list(held.weekdays),
            is_ended=True, by=by.name, at=at,
        )  # fmt: skip
        audit.record(by, Act.ALTERED, f"ended the shift {name} of {force}", record=f"shift/{force}/{name}"[:200], at=at)


def tactics_for(crime_type: str) -> Tactics:
    """Return what helps in a box of a crime type: what was agreed, else what comes with Peelian, else the general."""
    for name in (crime_type, "*"):
        row = TacticsRow.objects.filter(crime_type=name).order_by("id").last()
        if row is not None and not row.is_ended:
            return row.tactics()
        if name in _shipped():
            return _shipped()[name]
    raise NotFoundError("the tactics that come with Peelian are not there; install it anew.")


def tactics_of(crime_type: str) -> tuple[Tactics, ...]:
    """Return every version of a crime type's own tactics, newest first; what comes with Peelian last."""
    rows = TacticsRow.objects.filter(crime_type=crime_type, is_ended=False).order_by("-id")
    return (*(row.tactics() for row in rows), *(t for name, t in _shipped().items() if name == crime_type))


def agree_tactics(by: Actor, tactics: Tactics, *, at: datetime) -> None:
    """Keep tactics; boxes of their crime type show them from now on."""
    with transaction.atomic():
        TacticsRow.objects.create(
            crime_type=tactics.crime_type, text="\n".join(tactics.lines), source=tactics.source,
            review_by=tactics.review_by, by=by.name, at=at,
        )  # fmt: skip
        audit.record(
            by, Act.ALTERED, f"agreed on tactics for {tactics.crime_type}",
            record=f"tactics/{tactics.crime_type}"[:200], details={"review_by": str(tactics.review_by)}, at=at,
        )  # fmt: skip


def end_tactics(by: Actor, crime_type: str, *, review_by: date, at: datetime) -> None:
    """Go back to what comes with Peelian for a crime type."""
    with transaction.atomic():
        TacticsRow.objects.create(crime_type=crime_type, is_ended=True, review_by=review_by, by=by.name, at=at)
        audit.record(
            by, Act.ALTERED, f"went back to the shipped tactics for {crime_type}",
            record=f"tactics/{crime_type}"[:200], at=at,
        )  # fmt: skip


def lines_of(text: str) -> tuple[str, ...]:
    """Return a text's lines that say something."""
    return tuple(line for raw in text.splitlines() if (line := raw.strip()))


def shipped_types() -> tuple[str, ...]:
    """Return the crime types for which tactics come with Peelian."""
    return tuple(_shipped())


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Tactics]:
    read = tomllib.loads((files("peelian.store") / "shipped" / "tactics.toml").read_text(encoding="utf-8"))
    held = {}
    for name, entry in read["tactics"].items():
        held[name] = Tactics(name, lines_of(entry["text"]), entry["source"], entry["review_by"])
    return held
