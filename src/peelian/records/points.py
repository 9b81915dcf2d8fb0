"""Points as they are known: metres in a projected CRS, with how exactly the place is told."""

import math
from dataclasses import dataclass

from peelian.errors import RecordError
from peelian.places.forces import LocationPrecision

#: Search looks for what is near square by square.
SQUARE_M = 1000.0


@dataclass(frozen=True, slots=True)
class Point:
    """A place in metres of ``crs``. Written ``EPSG:27700 383819.1 398052.4 exact``."""

    crs: str
    x: float
    y: float
    precision: LocationPrecision

    @property
    def text(self) -> str:
        """The point as a statement keeps it."""
        return f"{self.crs} {self.x:.1f} {self.y:.1f} {self.precision}"


def read_point(text: str) -> Point:
    """Return the point that a text writes.

    Raises
    ------
    RecordError
        When it is no CRS, two finite numbers and a precision.
    """
    parts = text.split()
    try:
        crs, x, y, precision = parts
        point = Point(crs, float(x), float(y), LocationPrecision(precision))
    except ValueError as error:
        raise RecordError(
            f"point {text!r} cannot be read; write 'EPSG:27700 383819.1 398052.4 exact' "
            f"(or {', '.join(LocationPrecision)} for how exactly it is known)."
        ) from error
    if not (math.isfinite(point.x) and math.isfinite(point.y)) or max(abs(point.x), abs(point.y)) > 1e8:  # noqa: PLR2004 - no metric CRS reaches so far
        raise RecordError(f"point {text!r} lies nowhere; give finite metres.")
    return point


def square_of(x: float, y: float) -> int:
    """Return the number of the kilometre square that holds a point."""
    return math.floor(x / SQUARE_M) * 1_000_000 + math.floor(y / SQUARE_M)


def squares_around(x: float, y: float, radius_m: float) -> tuple[int, ...]:
    """Return the numbers of every kilometre square that a circle touches or nearly does."""
    columns = range(math.floor((x - radius_m) / SQUARE_M), math.floor((x + radius_m) / SQUARE_M) + 1)
    rows = range(math.floor((y - radius_m) / SQUARE_M), math.floor((y + radius_m) / SQUARE_M) + 1)
    return tuple(column * 1_000_000 + row for column in columns for row in rows)
