"""Tokens: how a program reads the interface in the name of an account, with less than the account may and for a time.

A token is shown once. What is kept is its SHA-256: it has 256 bits of chance, so a slow hash would add nothing
(docs/decisions/0067-tokens-and-layers.md).
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db import models, transaction

from peelian.errors import NotFoundError, StoreError
from peelian.records.access import EVERYWHERE, Act, Actor, Role
from peelian.records.scopes import Scope, scopes_of
from peelian.store import audit
from peelian.store.accounts import Account

#: How every token begins, so that a search for leaked secrets finds it.
BEGINS = "peelian_"
#: A token lives so many days where none are named, and at most.
DAYS, MOST_DAYS = 90, 366
#: "Last used" is written down at most so often: reading must not become writing.
_NOTED_EVERY = timedelta(minutes=10)
_LONGEST_NAME = 100
#: Where nobody says which areas lie in which, each stands for itself.
NOTHING_HELD: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class ApiToken(models.Model):
    """One token of one account; a token that ended or was revoked stays, for the log's sake."""

    owner = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=_LONGEST_NAME)
    seal = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    areas = models.JSONField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """A token has a name, and an end after its beginning."""

        db_table = "api_token"
        ordering = ("owner__username", "made_at", "id")
        constraints = (
            models.CheckConstraint(condition=~models.Q(name=""), name="api_token_has_a_name"),
            models.CheckConstraint(condition=models.Q(expires_at__gt=models.F("made_at")), name="api_token_ends"),
        )

    def __str__(self) -> str:
        """Whose, and its name; never the token."""
        return f"{self.owner}: {self.name}"

    def value(self) -> "Token":
        """Return the row as a value."""
        return Token(
            self.pk,
            self.owner.username,
            self.name,
            frozenset(Scope(s) for s in self.scopes),
            tuple(self.areas),
            self.made_at,
            self.expires_at,
            self.last_used_at,
            self.revoked_at,
        )


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed; what it opens is never in here."""

    id: int
    owner: str
    name: str
    scopes: frozenset[Scope]
    areas: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_open(self, at: datetime) -> bool:
        """Tell whether it still opens anything."""
        return self.revoked_at is None and at < self.expires_at


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever comes with a good token: the account as it is now, held to the token's scopes and areas."""

    actor: Actor
    scopes: frozenset[Scope]
    token: int


def make(  # noqa: PLR0913 - a token has as many parts as it has
    by: Actor,
    owner: Account,
    name: str,
    scopes: Iterable[Scope],
    areas: Iterable[str] = (),
    *,
    at: datetime,
    days: int = DAYS,
    held: Mapping[str, tuple[str, ...]] = NOTHING_HELD,
) -> tuple[Token, str]:
    """Make a token and say so in the log; return it and its text, which is kept nowhere.

    Without ``areas`` it sees what its owner sees, now and later. ``held`` tells which areas lie in which larger ones.

    Raises
    ------
    StoreError
        When it would open more than its owner may, lasts too long, or has no name.
    """
    wanted, where = frozenset(scopes), sorted({a.strip() for a in areas if a.strip()}) or [EVERYWHERE]
    _check(owner, owner.actor().reaching(held), name.strip(), wanted, where, days)
    text = BEGINS + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(
            owner=owner,
            name=name.strip(),
            seal=_seal(text),
            scopes=sorted(s.value for s in wanted),
            areas=where,
            made_at=at,
            expires_at=at + timedelta(days=days),
        )
        audit.record(
            by,
            Act.COLLECTED,
            f"made token {row.name!r} of {owner.username}",
            record=f"token/{row.pk}",
            details={"scopes": row.scopes, "areas": where, "expires_at": row.expires_at.isoformat()},
            at=at,
        )
    return row.value(), text


def revoke(by: Actor, token: int, *, at: datetime, owner: Account | None = None) -> Token:
    """End a token at once and say so in the log; with ``owner`` only one of theirs. Ending it twice changes nothing.

    Raises
    ------
    NotFoundError
        When there is no such token.
    """
    with transaction.atomic():
        rows = ApiToken.objects.select_related("owner").filter(pk=token)
        row = (rows if owner is None else rows.filter(owner=owner)).first()
        if row is None:
            raise NotFoundError(f"there is no token {token}; 'peelian token list' shows them.")
        if row.revoked_at is None:
            row.revoked_at = at
            row.save(update_fields=["revoked_at"])
            what = f"revoked token {row.name!r} of {row.owner.username}"
            audit.record(by, Act.ERASED, what, record=f"token/{row.pk}", at=at)
    return row.value()


def tokens(owner: Account | None = None) -> tuple[Token, ...]:
    """Return all tokens, or an account's, ended ones too."""
    rows = ApiToken.objects.select_related("owner").order_by("owner__username", "made_at", "id")
    return tuple(row.value() for row in (rows if owner is None else rows.filter(owner=owner)))


def bearer(text: str, at: datetime, held: Mapping[str, tuple[str, ...]] = NOTHING_HELD) -> Bearer | None:
    """Return who comes with this token, or None: it is unknown, ended or revoked, or its owner's account is closed.

    ``held`` tells which areas lie in which larger ones: owner and token reach those too.
    """
    if not text.startswith(BEGINS):
        return None
    row = ApiToken.objects.select_related("owner").filter(seal=_seal(text)).first()
    if row is None or not row.value().is_open(at) or not row.owner.is_active:
        return None
    if row.last_used_at is None or not timedelta(0) <= at - row.last_used_at < _NOTED_EVERY:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=at)
    owner = row.owner.actor().reaching(held)
    actor = Actor(owner.id, f"{owner.name} (token {row.name})", owner.role, _common(owner.areas, tuple(row.areas)))
    return Bearer(actor.reaching(held), frozenset(Scope(s) for s in row.scopes) & scopes_of(owner.role), row.pk)


def _check(owner: Account, reach: Actor, name: str, scopes: frozenset[Scope], areas: list[str], days: int) -> None:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise StoreError(f"a token's name says what it is for, in 1 to {_LONGEST_NAME} characters that can be read.")
    if not 1 <= days <= MOST_DAYS:
        raise StoreError(f"a token of {days} days; it lives from 1 to {MOST_DAYS}.")
    if not owner.is_active:
        raise StoreError(f"account {owner.username!r} is closed: it gets no token.")
    more = scopes - scopes_of(Role(owner.role))
    if more or not scopes:
        known = ", ".join(sorted(s.value for s in scopes_of(Role(owner.role))))
        asked = ", ".join(sorted(s.value for s in more)) or "no scope"
        raise StoreError(f"token {name!r} asks for {asked}; the role {owner.role} may have {known}.")
    beyond = [a for a in areas if a != EVERYWHERE and not reach.may_see(a)]
    if beyond:
        raise StoreError(f"token {name!r}: {owner.username} does not see {', '.join(beyond)}.")


def _common(owner: tuple[str, ...], token: tuple[str, ...]) -> tuple[str, ...]:
    """Return the areas that both hold; "*" holds all."""
    if EVERYWHERE in token:
        return owner
    return token if EVERYWHERE in owner else tuple(a for a in token if a in owner)


def _seal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
