"""A force: one feed's home ground, with the CRS, the time zone and the precision all its events share."""

import re
from dataclasses import dataclass
from enum import StrEnum

from peelian.errors import PlaceError
from peelian.places.periods import zone


class LocationPrecision(StrEnum):
    """How exactly a feed says where: on the map beside every box."""

    EXACT = "exact"
    BLOCK = "block"
    STREET_SNAPPED = "street-snapped"
    AREA = "area"


class DatePrecision(StrEnum):
    """How exactly a feed says when; a month-dated feed is forecast by the month and says so."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Force:
    """What every event of one force shares.

    ``delay_note`` is one plain sentence for every page: where the times of recording come from, or
    which delay is assumed where the feed gives none; empty when the feed gives them all.
    """

    id: str
    name: str
    crs: str
    time_zone: str
    location_precision: LocationPrecision
    date_precision: DatePrecision
    delay_note: str = ""

    def __post_init__(self) -> None:
        """Refuse an id that cannot name a folder, and a time zone that does not exist."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", self.id):
            raise PlaceError(f"force id {self.id!r}: use lower-case letters, digits and hyphens, such as 'st-louis'.")
        zone(self.time_zone)
