"""Notices: who is told when a night is published or late, and the outbox of what is still to be told.

A notice is written in the transaction of the publication it tells of, and leaves the outbox when its receiver has
taken it: nothing is lost, and what is told twice carries the same id.
"""

import json
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction

from peelian.errors import NotFoundError, StoreError
from peelian.records.access import EVERYWHERE, Act, Actor
from peelian.store import audit

#: How long after a failure the next try comes; after the last the notice is given up, and stays to be seen.
BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 1440, 1440))
#: What was told or given up is kept so long.
_KEPT = timedelta(days=90)
_LONGEST = 2000


class Occasion(StrEnum):
    """What is told of."""

    PUBLISHED = "night.published"
    LATE = "night.late"
    TRIAL = "trial"  # asked for by hand, to see whether it arrives


class Way(StrEnum):
    """How it is told."""

    WEBHOOK = "webhook"
    MAIL = "e-mail"


class Subscription(models.Model):
    """Who is told, of what, of which forces. One that was ended stays, with what it was told."""

    name = models.CharField(max_length=100)
    way = models.CharField(max_length=10, choices=[(w.value, w.value) for w in Way])
    address = models.CharField(max_length=_LONGEST)
    occasions = models.JSONField()
    forces = models.JSONField()
    secret = models.CharField(max_length=100)  # signs what is sent: it must be known, so it cannot be hashed
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A subscription has a name and an address."""

        db_table = "notice_subscription"
        ordering = ("made_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(address=""), name="notice_subscription_has_name_and_address"
            ),
            models.CheckConstraint(
                condition=models.Q(way__in=sorted(w.value for w in Way)), name="notice_subscription_way_is_known"
            ),
        )

    def __str__(self) -> str:
        """Name and way."""
        return f"{self.name} ({self.way})"


class Notice(models.Model):
    """One thing to tell one subscription. ``key`` makes what happened once be told once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="notices")
    occasion = models.CharField(max_length=20, choices=[(o.value, o.value) for o in Occasion])
    key = models.CharField(max_length=200)
    body = models.TextField()
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        """Once a subscription and key; what is told has no next try."""

        db_table = "notice"
        ordering = ("made_at", "id")
        indexes = (models.Index(fields=["next_try_at"], name="notice_by_next_try"),)
        constraints = (
            models.UniqueConstraint(fields=["subscription", "key"], name="notice_is_told_once"),
            models.CheckConstraint(
                condition=models.Q(told_at__isnull=True) | models.Q(next_try_at__isnull=True),
                name="notice_told_is_not_tried",
            ),
        )

    def __str__(self) -> str:
        """What, and to whom."""
        return f"{self.occasion} {self.key}"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription as it is listed; its secret is never in here."""

    id: int
    name: str
    way: Way
    address: str
    occasions: tuple[str, ...]
    forces: tuple[str, ...]
    made_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A notice to be sent now."""

    id: uuid.UUID
    subscription: int
    name: str
    way: Way
    address: str
    secret: str
    occasion: Occasion
    body: str
    tries: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice as it is listed: what became of it."""

    id: uuid.UUID
    subscription: str
    occasion: str
    body: Mapping[str, object]
    made_at: datetime
    tries: int
    next_try_at: datetime | None
    told_at: datetime | None
    error: str


def subscribe(
    by: Actor, name: str, address: str, occasions: Iterable[Occasion], forces: Iterable[str] = (), *, at: datetime
) -> tuple[Subscriber, str]:
    """Add a subscription by its address (https://... or an e-mail address); return it and its secret, shown once.

    Raises
    ------
    StoreError
        When the address is none, or nothing is to be told.
    """
    told = sorted({o.value for o in occasions} - {Occasion.TRIAL.value})
    where = sorted({f.strip() for f in forces if f.strip()}) or [EVERYWHERE]
    name, address = name.strip(), address.strip()
    if not name or len(name) > 100 or not name.isprintable():  # noqa: PLR2004 - the column's width
        raise StoreError("a subscription's name says who is told, in 1 to 100 characters that can be read.")
    if not told:
        raise StoreError(f"{name!r}: say of what: {Occasion.PUBLISHED.value} or {Occasion.LATE.value}.")
    way, secret = _way(address), secrets.token_urlsafe(32)
    with transaction.atomic():
        row = Subscription.objects.create(
            name=name, way=way.value, address=address, occasions=told, forces=where, secret=secret, made_at=at
        )
        details = {"address": address, "occasions": told, "forces": where}
        audit.record(
            by, Act.COLLECTED, f"subscribed {name!r} to notices", record=f"notice/{row.pk}", details=details, at=at
        )
    return _subscriber(row), secret


def end(by: Actor, subscription: int, *, at: datetime) -> Subscriber:
    """End a subscription: what is in the outbox for it is sent no more. Ending it twice changes nothing.

    Raises
    ------
    NotFoundError
        When there is none of that number.
    """
    with transaction.atomic():
        row = _row(subscription)
        if row.ended_at is None:
            row.ended_at = at
            row.save(update_fields=["ended_at"])
            row.notices.filter(next_try_at__isnull=False).update(next_try_at=None, error="the subscription was ended")
            what = f"ended the notices of {row.name!r}"
            audit.record(by, Act.ERASED, what, record=f"notice/{row.pk}", at=at)
    return _subscriber(row)


def put(occasion: Occasion, force: str, key: str, told: Mapping[str, object], at: datetime) -> int:
    """Put a notice into the outbox for each subscription that wants it; return for how many.

    Call it in the transaction of what it tells of. A key put before is not put again.
    """
    wanting = [
        s
        for s in Subscription.objects.filter(ended_at__isnull=True)
        if occasion.value in s.occasions and (EVERYWHERE in s.forces or force in s.forces)
    ]
    return _put(wanting, occasion, key, told, at)


def put_trial(subscription: int, at: datetime) -> None:
    """Put a notice that tells of nothing, to see whether it arrives.

    Raises
    ------
    NotFoundError, StoreError
        When there is no such subscription, or it was ended.
    """
    row = _row(subscription)
    if row.ended_at is not None:
        raise StoreError(f"subscription {subscription} was ended; make a new one.")
    _put([row], Occasion.TRIAL, f"trial {at.isoformat()}", {}, at)


def due(at: datetime, subscription: int | None = None) -> tuple[Due, ...]:
    """Return the notices whose time has come, oldest first."""
    rows = Notice.objects.filter(next_try_at__lte=at, subscription__ended_at__isnull=True)
    rows = rows if subscription is None else rows.filter(subscription=subscription)
    return tuple(
        Due(
            n.id,
            n.subscription.pk,
            n.subscription.name,
            Way(n.subscription.way),
            n.subscription.address,
            n.subscription.secret,
            Occasion(n.occasion),
            n.body,
            n.tries,
        )
        for n in rows.select_related("subscription").order_by("made_at", "id")
    )


def told(notice: uuid.UUID, at: datetime) -> None:
    """Enter that the receiver has taken a notice."""
    Notice.objects.filter(pk=notice).update(told_at=at, next_try_at=None, error="", tries=models.F("tries") + 1)


def failed(notice: uuid.UUID, tries: int, error: str, at: datetime) -> datetime | None:
    """Enter that a try failed (``tries`` were made before it); return when the next one comes, None where none does."""
    again = at + BACK_OFF[tries] if tries < len(BACK_OFF) else None
    Notice.objects.filter(pk=notice).update(tries=tries + 1, next_try_at=again, error=error[:_LONGEST])
    return again


def clear(at: datetime) -> int:
    """Take out what was told or given up long ago; return how many."""
    return Notice.objects.filter(next_try_at__isnull=True, made_at__lt=at - _KEPT).delete()[0]


def subscriptions() -> tuple[Subscriber, ...]:
    """Return all subscriptions, ended ones too."""
    return tuple(_subscriber(row) for row in Subscription.objects.order_by("made_at", "id"))


def newest(*, most: int = 50) -> tuple[Sent, ...]:
    """Return the newest notices and what became of them."""
    rows = Notice.objects.select_related("subscription").order_by("-made_at", "-id")[:most]
    return tuple(
        Sent(
            n.id,
            n.subscription.name,
            n.occasion,
            json.loads(n.body),
            n.made_at,
            n.tries,
            n.next_try_at,
            n.told_at,
            n.error,
        )
        for n in rows
    )


def _put(
    wanting: Sequence[Subscription], occasion: Occasion, key: str, told: Mapping[str, object], at: datetime
) -> int:
    rows = []
    for subscription in wanting:
        notice = uuid.uuid4()
        whole = {"id": str(notice), "event": occasion.value, "at": at.isoformat(), **told}
        body = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
        rows.append(
            Notice(
                id=notice,
                subscription=subscription,
                occasion=occasion.value,
                key=key,
                body=body,
                made_at=at,
                next_try_at=at,
            )
        )
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _row(subscription: int) -> Subscription:
    row = Subscription.objects.filter(pk=subscription).first()
    if row is None:
        raise NotFoundError(f"there is no subscription {subscription}; 'peelian notices list' shows them.")
    return row


def _subscriber(row: Subscription) -> Subscriber:
    return Subscriber(
        row.pk,
        row.name,
        Way(row.way),
        row.address,
        tuple(row.occasions),
        tuple(row.forces),
        row.made_at,
        row.ended_at,
    )


def _way(address: str) -> Way:
    """Return how an address is reached. Whether a webhook's host may be reached is asked when it is sent to."""
    if not address.isprintable() or len(address) > _LONGEST or " " in address:
        raise StoreError(f"address {address[:80]!r} holds what no address holds.")
    if "://" in address:
        try:
            parts = urlsplit(address)
            is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_sound = False
        if not is_sound or "@" in address.partition("://")[2].partition("/")[0] or "#" in address:
            raise StoreError(f"address {address[:80]!r}; write https://host/path, without name, password or #.")
        return Way.WEBHOOK
    try:
        validate_email(address)
    except ValidationError as error:
        raise StoreError(f"address {address[:80]!r} is neither https://... nor an e-mail address.") from error
    return Way.MAIL


def about_night(force: str, night: date, **more: object) -> dict[str, object]:
    """Return what a notice says of a night: which one, and never where a box is."""
    return {"force": force, "night": night.isoformat(), **more}
