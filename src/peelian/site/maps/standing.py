"""Whether a map may be shown now, and to whom: a box ends, forecasts can be switched off, a purpose card expires."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from peelian.delivery import words
from peelian.records.access import Actor, Role
from peelian.store.night_folders import Document
from peelian.store.nights import card_for, switched_off

#: Who may look back at what has ended: to judge it, never to act on it.
LOOKS_BACK = frozenset({Role.ADMINISTRATOR, Role.ANALYST, Role.EVALUATOR, Role.OVERSEER})


class Standing(StrEnum):
    """How a night stands to the present instant."""

    COMING = "coming"
    NOW = "now"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why a map is not shown, in a heading and a sentence; ``status`` is the answer's."""

    heading: str
    sentence: str
    status: int = 409


def standing(index: Document, now: datetime) -> Standing:
    """Return how the night of this list stands; its period is half-open."""
    if now >= datetime.fromisoformat(index["valid_to"]):
        return Standing.ENDED
    return Standing.NOW if now >= datetime.fromisoformat(index["valid_from"]) else Standing.COMING


def withheld(actor: Actor, index: Document, crime_type: str, now: datetime) -> Withheld | None:
    """Return why this actor gets no map of that type from that night, or None where they do.

    What has ended is history: who evaluates may read it, whatever became of switch and card since.
    """
    zone = ZoneInfo(index["force"]["time_zone"])
    if standing(index, now) is Standing.ENDED:
        if actor.role in LOOKS_BACK:
            return None
        return Withheld(
            "This period has ended.",
            f"Its boxes ended {index['until']} and mean nothing now. What became of them stands under Morning after.",
            410,
        )
    switch = switched_off(index["force"]["id"])
    if switch is not None:
        since = words.instant(switch.at, zone, with_year=True)
        return Withheld("Forecasts are switched off.", f"{switch.by} switched them off, {since}: {switch.reason}")
    if card_for(crime_type, now.astimezone(zone).date()) is None:
        return Withheld(
            f"No map of {words.crime_name(crime_type)} without a purpose.",
            f"The purpose card for {words.crime_name(crime_type)} has ended or was taken back. An analyst can agree on "
            "a new one; until then no map of it is shown.",
        )
    return None
