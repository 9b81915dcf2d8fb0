"""Sessions: who is signed in, since when, from where. Django's own store of them, with an end that nothing moves.

``SESSION_ENGINE`` names this module. A session ends when nobody used it for a while (``SESSION_IDLE_AGE``), and in any
case so long after the sign-in (``SESSION_COOKIE_AGE``); both are held here, where a session is read, and nowhere else.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as _Store
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q

#: A use is written down at most so often: every page would be a write otherwise.
_NOTED = timedelta(minutes=1)


class Session(AbstractBaseSession):
    """One browser that has been here, signed in or not."""

    # ``Account`` stands above this module: its name is enough.
    account = models.ForeignKey("store.Account", models.CASCADE, null=True, related_name="+")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    address = models.CharField(max_length=45, default="")
    browser = models.CharField(max_length=200, default="")

    class Meta(AbstractBaseSession.Meta):
        """In the order in which they were used, newest first."""

        db_table = "session"
        ordering = ("-seen_at",)

    @classmethod
    def get_session_store_class(cls) -> "type[SessionStore]":
        """Return what reads and writes these rows."""
        return SessionStore


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as its owner and an administrator may see it: never its key."""

    opened_at: datetime
    seen_at: datetime
    address: str
    browser: str
    is_this: bool


class SessionStore(_Store):
    """Django's store, with the columns of ``Session`` and its two ends."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the table."""
        return Session

    def load(self) -> dict[str, Any]:
        """Return what a session holds; nothing where it has ended."""
        row = self._get_session_from_db()  # type: ignore[attr-defined] # Django's own, which its stubs leave out
        if row is None:
            return {}
        now = datetime.now(UTC)
        if _has_ended(row, now):
            self._session_key = None
            return {}
        if now - row.seen_at > _NOTED:
            Session.objects.filter(pk=row.pk).update(seen_at=now)
        read: dict[str, Any] = self.decode(row.session_data)
        return read

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row for what the session holds."""
        now = datetime.now(UTC)
        account = data.get(SESSION_KEY)
        if account is not None:
            data.setdefault("opened_at", now.timestamp())
        row = super().create_model_instance(data)
        assert isinstance(row, Session)  # noqa: S101 - of the table named above
        row.account_id = None if account is None else int(account)
        row.opened_at = datetime.fromtimestamp(data.get("opened_at", now.timestamp()), UTC)
        row.seen_at = now
        row.address = str(data.get("address", ""))[:45]
        row.browser = str(data.get("browser", ""))[:200]
        return row


def of_account(account_id: int, present_key: str | None = None) -> tuple[Seen, ...]:
    """Return the sessions in which an account is signed in now, the last used first."""
    rows = Session.objects.filter(account_id=account_id)
    now = datetime.now(UTC)
    return tuple(
        Seen(row.opened_at, row.seen_at, row.address, row.browser, row.pk == present_key)
        for row in rows
        if not _has_ended(row, now)
    )


def end_all(account_id: int, *, but: str | None = None) -> int:
    """End the sessions of an account, all or all but one; return how many."""
    ended, _ = Session.objects.filter(account_id=account_id).exclude(pk=but or "").delete()
    return ended


def sweep() -> int:
    """Take out what has ended; return how many rows."""
    now = datetime.now(UTC)
    swept, _ = Session.objects.filter(
        Q(expire_date__lt=now)
        | Q(account__isnull=False, seen_at__lt=now - _idle())
        | Q(account__isnull=False, opened_at__lt=now - _whole())
    ).delete()
    return swept


def browser_words(agent: str) -> str:
    """Return a browser and its system in words, as its owner would name them."""
    browser = next((words for mark, words in _BROWSERS if mark in agent), "another program")
    system = next((words for mark, words in _SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser


# Of several marks in one agent the first here is the true one.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def _has_ended(row: Session, now: datetime) -> bool:
    if row.account_id is None:
        return bool(row.expire_date < now)
    return now - row.seen_at > _idle() or now - row.opened_at > _whole()


def _idle() -> timedelta:
    return timedelta(seconds=getattr(settings, "SESSION_IDLE_AGE", settings.SESSION_COOKIE_AGE))


def _whole() -> timedelta:
    return timedelta(seconds=settings.SESSION_COOKIE_AGE)
