"""How often something may be asked for: counted in the database, so that it holds across processes and restarts.

A window opens with the first take of a key and ends ``window_s`` later; so many takes are allowed in it. Two windows
back to back may let twice as many through around their border, which is known and accepted.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.db import connection, models

#: A row whose window ended so long ago is taken out by whoever opens a new window.
_KEPT_S = 3600
_LONGEST_KEY = 300
# One statement: no other process comes between the look and the count.
_TAKE = """
INSERT INTO rate_limit (key, ends_at, taken) VALUES (%s, %s, 1)
ON CONFLICT (key) DO UPDATE SET
  taken = CASE WHEN rate_limit.ends_at <= %s THEN 1 ELSE rate_limit.taken + 1 END,
  ends_at = CASE WHEN rate_limit.ends_at <= %s THEN excluded.ends_at ELSE rate_limit.ends_at END
RETURNING taken, ends_at
"""


class RateLimit(models.Model):
    """One key's present window: when it ends, in seconds since 1970, and how often it was asked."""

    key = models.CharField(max_length=_LONGEST_KEY, primary_key=True)
    ends_at = models.BigIntegerField(db_index=True)
    taken = models.BigIntegerField()

    class Meta:
        """A count starts at one."""

        db_table = "rate_limit"
        constraints = (models.CheckConstraint(condition=models.Q(taken__gte=1), name="rate_limit_counts_from_one"),)

    def __str__(self) -> str:
        """Key and count."""
        return f"{self.key}: {self.taken}"


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to one take: true where it is allowed; else ``wait_s`` says in how many seconds the window ends."""

    is_allowed: bool
    left: int
    wait_s: int

    def __bool__(self) -> bool:
        """Whether it is allowed."""
        return self.is_allowed


def take(key: str, limit: int, window_s: int, now: datetime) -> Taken:
    """Count one asking of a key and tell whether it is among the first ``limit`` of its window."""
    at = now.timestamp()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [key[:_LONGEST_KEY], int(at) + window_s, int(at), int(at)])
        taken, ends_at = cursor.fetchall()[0]
    if taken == 1:
        RateLimit.objects.filter(ends_at__lt=int(at) - _KEPT_S).delete()
    return Taken(taken <= limit, max(0, limit - taken), max(1, ceil(ends_at - at)))


def give_back(*keys: str) -> None:
    """Forget what was counted for these keys: somebody who can vouch for the asker said so."""
    RateLimit.objects.filter(key__in=[k[:_LONGEST_KEY] for k in keys]).delete()
