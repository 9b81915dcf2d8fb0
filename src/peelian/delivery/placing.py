"""Places for an analyst's boxes: from words or numbers to a square, from a square to its name, and onto the picture.

All from a night's own documents (``site_documents``): the ground's outline and streets, and its frame.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray

from peelian.delivery.frame import Frame, px
from peelian.delivery.marks import svg
from peelian.errors import PlaceError
from peelian.forecasts.edits import BoxEdit, EditKind
from peelian.places.projections import Projection

#: Streets are drawn through known points: two that cross may miss each other by this much.
_MEET_M = 120.0
#: A box stands on lines a quarter of its side apart, as boxes that float do.
_LATTICE = 4
#: Names of streets considered for a box.
_MOST_STREETS = 5
_NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True, eq=False)
class KnownGround:
    """An area's outline and its named streets, in metres of the force's CRS."""

    projection: Projection
    outline: shapely.Geometry
    names: tuple[str, ...]
    streets: NDArray[np.object_]  # one MultiLineString a name

    @classmethod
    def of(cls, document: Mapping[str, Any], crs: str) -> "KnownGround":
        """Return the ground that a night's document tells of."""
        projection = Projection(crs)

        def placed(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(projection.to_metres(points[:, 0].copy(), points[:, 1].copy()))

        lines: dict[str, list[shapely.Geometry]] = {}
        for feature in document["streets"]["features"]:
            line = shapely.LineString(placed(np.asarray(feature["geometry"]["coordinates"], dtype=np.float64)))
            lines.setdefault(feature["properties"]["name"], []).append(line)
        outline = shapely.transform(shapely.geometry.shape(document["outline"]), placed)
        names = tuple(sorted(lines))
        streets = np.array([shapely.multilinestrings(lines[n]) for n in names], dtype=np.object_)
        return cls(projection, outline, names, streets)

    def crossing(self, one: str, other: str) -> tuple[float, float]:
        """Return where two streets meet, in metres.

        Raises
        ------
        PlaceError
            When a name is not known, could be several, or the two do not meet.
        """
        first, second = self._street(one), self._street(other)
        if first == second:
            raise PlaceError(f"{self.names[first]} crosses itself nowhere; name two streets.")
        line = shapely.shortest_line(self.streets[first], self.streets[second])
        if shapely.length(line) > _MEET_M:
            raise PlaceError(
                f"{self.names[first]} and {self.names[second]} do not meet here: they come no nearer than "
                f"{shapely.length(line):.0f} m. Name another pair, or give coordinates."
            )
        middle = shapely.line_interpolate_point(line, 0.5, normalized=True)
        return float(shapely.get_x(middle)), float(shapely.get_y(middle))

    def crossing_name(self, one: str, other: str) -> str:
        """Return what a crossing is called: its streets' whole names."""
        return f"{self.names[self._street(one)]} and {self.names[self._street(other)]}"

    def point(self, text: str) -> tuple[float, float]:
        """Return the point written as "latitude, longitude" in degrees, or as easting and northing in metres.

        Raises
        ------
        PlaceError
            When the text holds no two such numbers.
        """
        found = [float(n.replace("−", "-")) for n in _NUMBER.findall(text)]
        if len(found) != 2:  # noqa: PLR2004 - a point has two
            raise PlaceError(f"{text!r} is no point; write latitude and longitude, such as 38.5921, -90.2304.")
        one, other = found
        if abs(one) <= 90 and abs(other) <= 180:  # noqa: PLR2004 - degrees, not metres
            return self.of_degrees(other, one)
        return one, other

    def of_degrees(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Return a point of a map that moves, in metres.

        Raises
        ------
        PlaceError
            When it cannot be projected.
        """
        x, y = self.projection.to_metres(np.array([longitude]), np.array([latitude]))
        if not (np.isfinite(x[0]) and np.isfinite(y[0])):
            raise PlaceError(f"{latitude:g}, {longitude:g} lies off this force's map.")
        return float(x[0]), float(y[0])

    def square_around(self, point: tuple[float, float], size_m: float) -> tuple[float, float]:
        """Return the south-west corner of the box with that point in its middle, on lines a quarter of a side apart.

        Raises
        ------
        PlaceError
            When the point lies outside the area: such a box would be another area's to add.
        """
        if not shapely.contains_xy(self.outline, *point):
            raise PlaceError("that place lies outside this area; choose the area it lies in, or another place.")
        step = size_m / _LATTICE
        x, y = (math.floor((c - size_m / 2) / step + 0.5) * step for c in point)
        return x, y

    def name_of(self, corner: tuple[float, float], size_m: float, taken: Iterable[str] = ()) -> str:
        """Return the two streets that cross in a box, or the one in it; where none is known, its middle in degrees."""
        x, y = corner
        box = shapely.box(x, y, x + size_m, y + size_m)
        inside = shapely.intersection(self.streets, box) if self.streets.size else self.streets
        lengths = shapely.length(inside)
        longest = [int(i) for i in np.lexsort((np.arange(lengths.size), -lengths))[:_MOST_STREETS] if lengths[i] > 0]
        crossing = [p for p in combinations(longest, 2) if shapely.distance(inside[p[0]], inside[p[1]]) < _MEET_M / 4]
        names = [f"{self.names[a]} and {self.names[b]}" for a, b in crossing] + [self.names[i] for i in longest]
        held = set(taken)
        longitude, latitude = self.projection.to_degrees(np.array([x + size_m / 2]), np.array([y + size_m / 2]))
        return next((n for n in names if n not in held), f"{latitude[0]:.4f}, {longitude[0]:.4f}")

    def ring(self, corner: tuple[float, float], size_m: float) -> list[list[float]]:
        """Return a box as a closed ring of (longitude, latitude), counter-clockwise from the south-west."""
        return ring_of(self.projection, corner, size_m)

    def _street(self, text: str) -> int:
        wanted = _plain(text)
        exact = [i for i, name in enumerate(self.names) if _plain(name) == wanted]
        near = exact or [i for i, name in enumerate(self.names) if wanted and wanted in _plain(name)]
        if len(near) == 1:
            return near[0]
        if not near:
            raise PlaceError(f"no street {text!r} is known in this area; look at the names on the map.")
        some = ", ".join(self.names[i] for i in near[:5])
        raise PlaceError(f"{text!r} could be several streets: {some}. Write the whole name.")


def ring_of(projection: Projection, corner: tuple[float, float], size_m: float) -> list[list[float]]:
    """Return a square of metres as a closed ring of (longitude, latitude), to a seventh of a degree's decimals."""
    x, y = corner
    longitude, latitude = projection.to_degrees(
        x + size_m * np.array([0.0, 1.0, 1.0, 0.0, 0.0]), y + size_m * np.array([0.0, 0.0, 1.0, 1.0, 0.0])
    )
    return [[round(a, 7), round(b, 7)] for a, b in zip(longitude.tolist(), latitude.tolist(), strict=True)]


def edit_marks(document: Mapping[str, Any], edits: Sequence[BoxEdit]) -> Markup:
    """Return edits as marks for the ground's picture: added boxes with their letter, suppressed ones struck through."""
    if "frame" not in document:
        return svg("")  # a night made before its ground told where it lies
    frame = Frame(width=document["width"], height=document["height"], **document["frame"])
    parts = []
    for edit in edits:
        side = edit.size_m * frame.pixels_per_m
        x, y = float(frame.x(edit.x_min)), float(frame.y(edit.y_min + edit.size_m))
        if edit.kind is EditKind.ADD:
            size = px(min(15.0, max(11.0, side * 0.5)))
            parts.append(
                f'<rect class="added" x="{px(x + 1)}" y="{px(y + 1)}" width="{px(side - 2)}" height="{px(side - 2)}" '
                f'rx="{px(side / 5)}"/><text class="number added-number" x="{px(x + side / 2)}" '
                f'y="{px(y + side / 2)}" dy=".35em" font-size="{size}">{edit.letter}</text>'
            )
        else:
            cross = f"M{px(x)} {px(y)}l{px(side)} {px(side)}M{px(x + side)} {px(y)}l{px(-side)} {px(side)}"
            parts.append(f'<path class="struck" d="{cross}"/><path class="struck over" d="{cross}"/>')
    return svg("".join(parts))


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", name).casefold().split())
