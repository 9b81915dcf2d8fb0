"""Tables of the night: purpose cards, runs, published maps and their boxes, and the switch that ends them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import models, transaction

from peelian.forecasts.nights import PurposeCard
from peelian.records.access import Act, Actor, program
from peelian.store import audit

#: Who acts where nobody signed in: the command line, or a job.
PROGRAM = program("peelian")


class PurposeCardRow(models.Model):
    """A purpose card as it was agreed; a change is a new row, so that what a past map stood on can be read."""

    crime_type = models.CharField(max_length=200)
    goal = models.TextField()
    measure = models.TextField()
    owner = models.CharField(max_length=200)
    stop_rule = models.TextField()
    expires = models.DateField()
    is_example = models.BooleanField(default=False)
    agreed_at = models.DateTimeField()
    agreed_by = models.CharField(max_length=200, default="")

    class Meta:
        """The latest agreed card of a crime type is the one in force."""

        db_table = "purpose_card"
        ordering = ("crime_type", "agreed_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(goal="") & ~models.Q(measure="") & ~models.Q(owner="") & ~models.Q(stop_rule=""),
                name="purpose_card_is_filled_in",
            ),
        )

    def __str__(self) -> str:
        """Crime type, owner and expiry."""
        return f"{self.crime_type}: {self.owner}, until {self.expires}"

    def card(self) -> PurposeCard:
        """Return the row as a value."""
        return PurposeCard(
            self.crime_type, self.goal, self.measure, self.owner, self.stop_rule, self.expires, self.is_example
        )


class NightRun(models.Model):
    """One try at one force's night. ``running`` rows of a dead process become ``died`` at the next start."""

    RUNNING, DONE, FAILED, DIED = "running", "done", "failed", "died"

    force = models.CharField(max_length=63)
    night = models.DateField()
    status = models.CharField(max_length=10, choices=[(s, s) for s in (RUNNING, DONE, FAILED, DIED)])
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    pid = models.BigIntegerField()
    fingerprint = models.CharField(max_length=64, default="")
    model = models.CharField(max_length=100, default="")
    error = models.TextField(default="")

    class Meta:
        """Runs in order of night and start."""

        db_table = "night_run"
        ordering = ("force", "night", "started_at", "id")
        indexes = (models.Index(fields=["force", "night", "status"], name="night_run_by_night"),)

    def __str__(self) -> str:
        """Force, night and status."""
        return f"{self.force} {self.night}: {self.status}"


class PublishedBox(models.Model):
    """A box as it was given to patrol: what the site serves until ``valid_to`` and scores ever after."""

    force = models.CharField(max_length=63)
    night = models.DateField()
    level = models.CharField(max_length=100, default="")
    area = models.CharField(max_length=200)
    crime_type = models.CharField(max_length=200)
    rank = models.PositiveSmallIntegerField()
    x_min = models.FloatField()
    y_min = models.FloatField()
    size_m = models.FloatField()
    expected_count = models.FloatField()
    rank_low = models.PositiveSmallIntegerField()
    rank_high = models.PositiveSmallIntegerField()
    place = models.CharField(max_length=300, default="")
    model = models.CharField(max_length=100)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()

    class Meta:
        """A box's rank is unique within its map, and its end comes after its start."""

        db_table = "published_box"
        ordering = ("force", "night", "level", "area", "crime_type", "rank")
        constraints = (
            models.UniqueConstraint(
                fields=["force", "night", "level", "area", "crime_type", "rank"], name="published_box_rank_is_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__gt=models.F("valid_from")), name="published_box_ends_after_it_starts"
            ),
        )

    def __str__(self) -> str:
        """Where, what and when."""
        return f"{self.night} {self.area} {self.crime_type} box {self.rank}"


class KillSwitch(models.Model):
    """Forecasts off or on, by whom and why. The latest row of a force (or of "*") holds."""

    force = models.CharField(max_length=63)
    is_off = models.BooleanField()
    reason = models.TextField()
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        """No switch without a reason and a name."""

        db_table = "kill_switch"
        ordering = ("at", "id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(reason="") & ~models.Q(by=""), name="kill_switch_has_reason_and_name"
            ),
        )

    def __str__(self) -> str:
        """Which way, and why."""
        return f"{self.force} {'off' if self.is_off else 'on'}: {self.reason}"


@dataclass(frozen=True, slots=True)
class AgreedCard:
    """A purpose card with who agreed on it and when; ``by`` is empty where it was not kept."""

    card: PurposeCard
    at: datetime
    by: str


def agree_card(card: PurposeCard, at: datetime, by: Actor = PROGRAM) -> None:
    """Keep a purpose card and say so in the log; it is in force from now on for its crime type."""
    with transaction.atomic():
        row = PurposeCardRow.objects.create(
            crime_type=card.crime_type,
            goal=card.goal,
            measure=card.measure,
            owner=card.owner,
            stop_rule=card.stop_rule,
            expires=card.expires,
            is_example=card.is_example,
            agreed_at=at,
            agreed_by=by.name,
        )
        audit.record(
            by,
            Act.ALTERED,
            f"agreed on a purpose card for {'all crime types' if card.crime_type == '*' else card.crime_type}",
            record=f"purpose-card/{row.pk}",
            purpose=card.goal,
            details={"owner": card.owner, "expires": str(card.expires)},
            at=at,
        )


def cards() -> dict[str, PurposeCard]:
    """Return the card last agreed for each crime type, valid or not; ``"*"`` speaks for all without their own.

    The last is the one kept last, whatever the clock said when it was: a clock that ran wrong puts no card in force.
    """
    return {row.crime_type: row.card() for row in PurposeCardRow.objects.order_by("id")}


def card_history(crime_type: str) -> tuple[AgreedCard, ...]:
    """Return every card that was agreed on for a crime type (``"*"``: for all), newest first."""
    rows = PurposeCardRow.objects.filter(crime_type=crime_type).order_by("-id")
    return tuple(AgreedCard(row.card(), row.agreed_at, row.agreed_by) for row in rows)


def card_for(bundle: str, day: date) -> PurposeCard | None:
    """Return the card under which a bundle's map may be published on that day, or None."""
    known = cards()
    for name in (bundle, "*"):
        if name in known and known[name].is_valid_on(day):
            return known[name]
    return None


def switch(force: str, *, is_off: bool, reason: str, by: str, at: datetime, actor: Actor = PROGRAM) -> None:
    """Switch a force's forecasts (``"*"``: all of them) off or on again, for a reason, in a name; the log keeps it."""
    with transaction.atomic():
        KillSwitch.objects.create(force=force, is_off=is_off, reason=reason, by=by, at=at)
        audit.record(
            actor,
            Act.SWITCHED,
            f"forecasts of {'all forces' if force == '*' else force} {'off' if is_off else 'on'}",
            record=f"switch/{force}",
            purpose=reason,
            details={"by": by},
            at=at,
        )


def switches(force: str) -> tuple[KillSwitch, ...]:
    """Return every turn of a force's own switch, newest first."""
    return tuple(KillSwitch.objects.filter(force=force).order_by("-id"))


def switched_off(force: str) -> KillSwitch | None:
    """Return the switch that holds a force's forecasts off, or None where they are on."""
    latest = {row.force: row for row in KillSwitch.objects.filter(force__in=("*", force)).order_by("id")}
    return next((latest[name] for name in ("*", force) if name in latest and latest[name].is_off), None)


def published_at(force: str, night: date) -> datetime | None:
    """Return when a force's night was published last, or None where no run of it is on record."""
    run = NightRun.objects.filter(force=force, night=night, status=NightRun.DONE).order_by("ended_at", "id").last()
    return None if run is None else run.ended_at


def utc_now() -> datetime:
    """The store's clock: an aware instant in UTC. Only jobs and the store ask for it."""
    return datetime.now(UTC)
