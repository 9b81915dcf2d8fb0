"""The second factor of a sign-in: codes from a phone (TOTP) and one-time recovery codes, kept by django-otp."""

from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from peelian.records.access import Act, Actor, Role
from peelian.store import audit, sessions
from peelian.store.accounts import Account

#: How many recovery codes are made at a time.
CODES = 10
_NAME = "phone"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator program must be told: the secret in words, and as an address for a picture."""

    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a code: the id of the device that knew it, or none and how long to wait before the next try."""

    device: str = ""
    wait_s: int = 0

    def __bool__(self) -> bool:
        """Whether the code was right."""
        return bool(self.device)


def is_enrolled(account: Account) -> bool:
    """Tell whether the account has a confirmed phone."""
    return bool(TOTPDevice.objects.filter(user_id=account.pk, confirmed=True).exists())


def is_needed(account: Account) -> bool:
    """Tell whether a sign-in must show a second factor: administrators always, others once they have one."""
    return account.role == Role.ADMINISTRATOR.value or is_enrolled(account)


def codes_left(account: Account) -> int:
    """Return how many recovery codes were not used yet."""
    return int(StaticToken.objects.filter(device__user_id=account.pk).count())


def begin(account: Account) -> Enrolment:
    """Return the secret for a phone to come, the same until it is confirmed."""
    with transaction.atomic():
        # The account's row is the queue: two requests at once make one secret.
        Account.objects.select_for_update().get(pk=account.pk)
        device, _ = TOTPDevice.objects.get_or_create(user_id=account.pk, confirmed=False, defaults={"name": _NAME})
    secret = b32encode(device.bin_key).decode("ascii")
    return Enrolment(" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)), device.config_url)


def confirm(by: Actor, account: Account, code: str, *, at: datetime) -> tuple[Answer, tuple[str, ...]]:
    """Confirm the phone with its first code; return the answer and new recovery codes, shown once and never again.

    An earlier phone and earlier recovery codes end with it, and so do the account's sessions.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user_id=account.pk, confirmed=False).first()
        if device is None:
            return Answer(), ()
        answer = _tried(device, code)
        if not answer:
            return answer, ()
        TOTPDevice.objects.filter(user_id=account.pk, confirmed=True).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        sessions.end_all(account.pk)
        audit.record(
            by, Act.ALTERED, f"set up two-factor for {account.username}", record=f"account/{account.pk}", at=at
        )
        return answer, _new_codes(account)


def check(account: Account, code: str) -> Answer:
    """Try a code from the phone, else a recovery code; each is good once, and after wrong ones the wait doubles."""
    with transaction.atomic():
        phone = TOTPDevice.objects.select_for_update().filter(user_id=account.pk, confirmed=True).first()
        paper = StaticDevice.objects.select_for_update().filter(user_id=account.pk, confirmed=True).first()
        plain = "".join(code.split()).lower()
        # A code of six digits is the phone's, any other a recovery code: one try counts against one of them.
        device = phone if plain.isdecimal() or paper is None else paper
        return Answer() if device is None else _tried(device, plain)


def new_codes(by: Actor, account: Account, *, at: datetime) -> tuple[str, ...]:
    """Return new recovery codes; the earlier ones end."""
    with transaction.atomic():
        audit.record(
            by, Act.ALTERED, f"made new recovery codes for {account.username}", record=f"account/{account.pk}", at=at
        )
        return _new_codes(account)


def reset(by: Actor, account: Account, *, at: datetime) -> bool:
    """Take the second factor away, for a lost phone; the sessions end. Return whether there was one."""
    with transaction.atomic():
        phones, _ = TOTPDevice.objects.filter(user_id=account.pk).delete()
        papers, _ = StaticDevice.objects.filter(user_id=account.pk).delete()
        sessions.end_all(account.pk)
        audit.record(
            by, Act.ALTERED, f"took away the two-factor of {account.username}", record=f"account/{account.pk}", at=at
        )
        return bool(phones or papers)


def _tried(device: TOTPDevice | StaticDevice, code: str) -> Answer:
    allowed, why = device.verify_is_allowed()
    if not allowed:
        until = (why or {}).get("locked_until")
        left = 1.0 if until is None else (until - timezone.now()).total_seconds()
        return Answer(wait_s=max(1, ceil(left)))
    return Answer(device.persistent_id) if device.verify_token("".join(code.split())) else Answer()


def _new_codes(account: Account) -> tuple[str, ...]:
    StaticDevice.objects.filter(user_id=account.pk).delete()
    paper = StaticDevice.objects.create(user_id=account.pk, name="paper", confirmed=True)
    codes = tuple(StaticToken.random_token() for _ in range(CODES))
    StaticToken.objects.bulk_create(StaticToken(device=paper, token=code) for code in codes)
    return codes
