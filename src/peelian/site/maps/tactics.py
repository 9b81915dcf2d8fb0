"""What helps in a box of a crime type: the suggestions that come with Peelian, each with its source."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Tactics:
    """Suggestions, one a line, for the boxes of one crime type; ``"*"`` for all without their own."""

    crime_type: str
    lines: tuple[str, ...]
    source: str
    review_by: date

    def is_due(self, day: date) -> bool:
        """Tell whether they are past their review: still shown, and said to be so."""
        return day > self.review_by


def tactics_for(crime_type: str) -> Tactics:
    """Return the suggestions for a crime type, the general ones where it has none of its own."""
    shipped = _shipped()
    return shipped.get(crime_type, shipped["*"])


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Tactics]:
    read = tomllib.loads((files("peelian.site.maps") / "tactics.toml").read_text(encoding="utf-8"))
    return {
        name: Tactics(
            name,
            tuple(line for line in entry["text"].strip().splitlines() if line),
            entry["source"],
            entry["review_by"],
        )
        for name, entry in read["tactics"].items()
    }
