"""The stretch of past that a counting model looks at: how many days, and back from when.

A feed dated to the month is months late: "the last 21 days" would be empty every night. Such a feed
is counted back from the end of its latest known month, and the night says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from peelian.errors import ForecastError
from peelian.events.events import Events
from peelian.places.periods import Period

#: St. Louis: 534 of 139,634 events known in July 2018 happened before the record's first month, the oldest two years
#: before. Taken at its word the oldest makes a record of 42 months one of 66, and every long-run rate a third too low.
_STRAGGLERS, _MANY = 200, 1_000


class Anchor(StrEnum):
    """Where a window ends: at the cutoff, or where the known record ends."""

    CUTOFF = "cutoff"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Window:
    """``days`` of 24 hours back from the anchor."""

    days: float
    anchor: Anchor = Anchor.CUTOFF

    def __post_init__(self) -> None:
        """Refuse a window without length."""
        if not self.days > 0:
            raise ForecastError(f"window of {self.days!r} days: a window is longer than nothing.")

    def end(self, history: Events) -> datetime:
        """Return the instant at which the window ends; the cutoff where no event is known."""
        if self.anchor is Anchor.LATEST and len(history):
            latest = history.table.get_column("occurred_to").max()
            if isinstance(latest, datetime):
                return min(latest.astimezone(UTC), history.known_at)
        return history.known_at

    def period(self, history: Events) -> Period:
        """Return the window as a period. It is half-open: an event at the very cutoff is not in it."""
        end = self.end(history)
        return Period(end - timedelta(days=self.days), end)

    def days_on_record(self, history: Events) -> float:
        """Return how many days of the window the record covers; at least one, the whole window when it is empty.

        ``history`` is the whole record, not one crime type: a type's first event does not begin the record. Nor do
        stragglers: a few crimes happen long before the first month of a feed and are recorded in it, so in a record
        of many events the oldest one in 200 are passed over.
        """
        if not len(history):
            return self.days
        return min(history.once(("days on record", self.anchor), lambda: self._all_days(history)), self.days)

    def _all_days(self, history: Events) -> float:
        """Days from the oldest event that counts to the window's end; at least one."""
        began = history.seconds_before(self.end(history))[0]
        passed = began.size // _STRAGGLERS if began.size >= _MANY else 0
        # Events stand in order of their beginning.
        return max(float(began[passed]) / 86_400, 1.0)
