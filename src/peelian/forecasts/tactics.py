"""What to do in a box: the words for one crime type, who agreed on them, and until when they may be trusted."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Tactics:
    """Suggestions, one a line, for the boxes of one crime type or bundle (``"*"``: all without their own).

    ``at`` is None for those that come with Peelian, and nobody of this force agreed on them yet.
    """

    crime_type: str
    lines: tuple[str, ...]
    source: str
    review_by: date
    by: str = ""
    at: datetime | None = None

    @property
    def is_shipped(self) -> bool:
        """Whether they came with the program."""
        return self.at is None

    def is_due(self, day: date) -> bool:
        """Tell whether they are past their review: still shown, and said to be so."""
        return day > self.review_by
