"""Accounts: who may sign in, as what, and where. Passwords are kept as Argon2 hashes by Django.

Every change is written in one transaction with its line of the log, and ends the account's sessions where it
changes what they may do.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction

from peelian.errors import NotFoundError, StoreError
from peelian.records.access import EVERYWHERE, STAFF, Act, Actor, Role
from peelian.store import audit, sessions

#: How long a password that somebody else set can be used to choose one's own.
ONE_TIME = timedelta(days=7)
USERNAME = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,149}"


class AccountManager(BaseUserManager["Account"]):
    """Finds an account by its name, whatever its capitals."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        """Return the account of that name."""
        return self.get(username__iexact=username)


class Account(AbstractBaseUser):
    """One person's account. An account that is closed stays, for the log's sake; its name is not given again."""

    username = models.CharField(max_length=150, unique=True, validators=[RegexValidator(rf"^{USERNAME}$")])
    name = models.CharField(max_length=200)
    email = models.EmailField(default="", blank=True)
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role if r in STAFF])
    areas = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    #: Until when a password that somebody else set may be used; None for one's own.
    one_time_until = models.DateTimeField(null=True, blank=True)
    #: Who the organisation's own sign-in says this is ("issuer subject"), once it has said so.
    subject = models.CharField(max_length=600, null=True, blank=True, unique=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """Roles are those the program knows."""

        db_table = "account"
        ordering = ("username",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(role__in=sorted(r.value for r in STAFF)), name="account_role_is_known"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="account_has_a_name"),
        )

    def __str__(self) -> str:
        """The name to sign in with."""
        return self.username

    def actor(self) -> Actor:
        """Return the account as whoever acts."""
        return Actor(self.pk, self.name, Role(self.role), tuple(self.areas))


def open_account(  # noqa: PLR0913 - an account has as many parts as it has
    by: Actor,
    username: str,
    name: str,
    role: Role,
    areas: Iterable[str],
    password: str | None,
    *,
    at: datetime,
    email: str = "",
    must_change_password: bool = False,
) -> Account:
    """Open an account and say so in the log; without a password it can only be entered by the organisation's sign-in.

    Raises
    ------
    StoreError
        When the name is taken or malformed, the role is none to sign in with, or the password breaks a rule.
    """
    if role not in STAFF:
        raise StoreError(f"role {role.value!r} is for who has not signed in; choose one of {_names(STAFF)}.")
    where = sorted({a.strip() for a in areas if a.strip()}) or [EVERYWHERE]
    account = Account(
        username=username.strip(),
        name=name.strip() or username.strip(),
        email=email.strip(),
        role=role.value,
        areas=where,
        opened_at=at,
        must_change_password=must_change_password,
        one_time_until=at + ONE_TIME if must_change_password else None,
    )
    try:
        if password is None:
            account.set_unusable_password()
        else:
            validate_password(password, account)
            account.set_password(password)
        account.full_clean(validate_unique=False)
        with transaction.atomic():
            if Account.objects.filter(username__iexact=account.username).exists():
                raise StoreError(f"account {account.username!r} exists already; choose another name.")
            account.save(force_insert=True)
            audit.record(
                by,
                Act.COLLECTED,
                f"opened account {account.username}",
                record=f"account/{account.pk}",
                details={"role": role.value, "areas": where},
                at=at,
            )
    except ValidationError as error:
        raise StoreError(f"account {username!r}: {' '.join(error.messages)}") from error
    except IntegrityError as error:
        raise StoreError(f"account {username!r} was opened by somebody else just now.") from error
    return account


def change_account(by: Actor, account: Account, *, at: datetime, **changes: Any) -> None:  # noqa: ANN401 - its fields
    """Change an account's name, e-mail, role, areas or whether it is open, and say so in the log.

    A change of role, areas or openness ends the account's sessions: nobody goes on with what they were.

    Raises
    ------
    StoreError
        When the change breaks a rule, or would leave nobody who can administer.
    """
    if "is_active" in changes:
        changes["closed_at"] = None if changes["is_active"] else at
    with transaction.atomic():
        # Whoever changes accounts waits here, so that two administrators cannot close each other at once.
        held = {a.pk: a for a in Account.objects.select_for_update().order_by("pk")}
        kept = held.get(account.pk)
        if kept is None:
            raise StoreError(f"account {account.username!r} is gone.")
        old = {key: getattr(kept, key) for key in changes}
        really = {key: value for key, value in changes.items() if old[key] != value and key != "closed_at"}
        if not really:
            return
        for key, value in changes.items():
            setattr(kept, key, value)
        try:
            kept.full_clean()
        except ValidationError as error:
            raise StoreError(f"account {account.username!r}: {' '.join(error.messages)}") from error
        if not any(a.is_active and a.role == Role.ADMINISTRATOR.value for a in held.values()):
            raise StoreError(f"account {account.username!r} is the last open administrator; open another one first.")
        kept.save(update_fields=sorted(changes))
        if {"role", "areas", "is_active"} & really.keys():
            sessions.end_all(kept.pk)
        audit.record(
            by,
            Act.ALTERED,
            f"changed account {kept.username}",
            record=f"account/{kept.pk}",
            details={key: {"from": old[key], "to": value} for key, value in really.items()},
            at=at,
        )
    for key, value in changes.items():
        setattr(account, key, value)


def set_password(
    by: Actor, account: Account, password: str, *, at: datetime, must_change: bool = False, how: str = ""
) -> None:
    """Set a password, end the account's sessions, and say in the log that it was set, never what.

    Raises
    ------
    StoreError
        When the password breaks a rule.
    """
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise StoreError(f"password of {account.username!r}: {' '.join(error.messages)}") from error
    account.set_password(password)
    account.must_change_password = must_change
    account.one_time_until = at + ONE_TIME if must_change else None
    with transaction.atomic():
        account.save(update_fields=["password", "must_change_password", "one_time_until"])
        sessions.end_all(account.pk)
        what = f"set the password of {account.username}" + (f" {how}" if how else "")
        audit.record(by, Act.ALTERED, what, record=f"account/{account.pk}", at=at)


def one_time_password() -> str:
    """Return a password to hand over once: four groups without letters that are read for others (80 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def end_sessions(by: Actor, account: Account, *, at: datetime) -> int:
    """End all sessions of an account and return how many there were."""
    with transaction.atomic():
        ended = sessions.end_all(account.pk)
        words = f"ended all sessions of {account.username} ({ended})"
        audit.record(by, Act.ALTERED, words, record=f"account/{account.pk}", at=at)
    return ended


def bind_subject(by: Actor, account: Account, subject: str | None, *, at: datetime) -> None:
    """Keep who the organisation's sign-in says this is, or forget it.

    Raises
    ------
    StoreError
        When another account is theirs already.
    """
    account.subject = subject
    try:
        with transaction.atomic():
            account.save(update_fields=["subject"])
            words = "bound {} to the organisation's sign-in" if subject else "forgot the organisation's sign-in of {}"
            record = f"account/{account.pk}"
            audit.record(by, Act.ALTERED, words.format(account.username), record=record, at=at)
    except IntegrityError as error:
        raise StoreError("this person has another account already.") from error


def account_of(number: int) -> Account:
    """Return the account of that number.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    found = Account.objects.filter(pk=number).first()
    if found is None:
        raise NotFoundError("there is no such account.")
    return found


def find_account(username: str) -> Account:
    """Return the account of that name.

    Raises
    ------
    StoreError
        When there is none.
    """
    try:
        return Account.objects.get_by_natural_key(username)
    except Account.DoesNotExist as error:
        raise StoreError(f"there is no account {username!r}; 'peelian user list' shows them.") from error


def accounts() -> tuple[Account, ...]:
    """Return all accounts, closed ones too, by name."""
    return tuple(Account.objects.order_by("username"))


def _names(roles: Iterable[Role]) -> str:
    return ", ".join(sorted(r.value for r in roles))


_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
