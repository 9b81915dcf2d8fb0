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

        ``history`` is the whole record, not one crime type: a type's first event does not begin the record.
        """
        if not len(history):
            return self.days
        end = self.end(history)
        oldest = float(history.seconds_before(end)[0].max()) / 86_400
        return min(max(oldest, 1.0), self.days)
