"""A street network: stretches between junctions, as lines in metres. The ground that a patrol really walks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from peelian.errors import PlaceError
from peelian.places.forces import LocationPrecision

#: Vertices nearer than this are one: digits lost in projecting do not part a street from its junction.
SAME_PLACE_M = 0.1


def too_coarse(precision: LocationPrecision) -> str:
    """Return why nothing may be told of single stretches from a feed of this precision; "" where it may."""
    if precision in (LocationPrecision.STREET_SNAPPED, LocationPrecision.AREA):
        return (
            f"the feed's places are {precision.value}: many crimes are moved onto one point, so the stretch that holds "
            "the point looks brilliant and means nothing"
        )
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class StreetNetwork:
    """Stretches, none longer than from junction to junction; ``lines`` (n,) LineStrings, ``names`` "" where unnamed.

    ``ends`` (n, 2) are the numbers of the junctions or dead ends at both ends of each stretch.
    """

    crs: str
    lines: NDArray[np.object_]
    names: tuple[str, ...]
    ends: NDArray[np.int64]
    length_m: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse parts of different lengths and a network without a stretch; measure the stretches."""
        if not self.lines.size == len(self.names) == self.ends.shape[0]:
            raise PlaceError(f"{self.lines.size} lines, {len(self.names)} names, {self.ends.shape[0]} pairs of ends.")
        if not self.lines.size:
            raise PlaceError("a street network without a street: the file holds no line of more than a point.")
        object.__setattr__(self, "length_m", shapely.length(self.lines))

    def __len__(self) -> int:
        """Number of stretches."""
        return int(self.lines.size)

    @classmethod
    def of(
        cls, crs: str, lines: Sequence[shapely.Geometry] | NDArray[np.object_], names: Sequence[str]
    ) -> "StreetNetwork":
        """Return the network of these lines (metres of ``crs``), cut wherever two of them share a vertex.

        Lines that cross without a shared vertex (a bridge) stay whole. The two directions of one street are
        one stretch. Stretches keep the order of the lines.
        """
        parts, line_of = shapely.get_parts(np.asarray(lines, dtype=object), return_index=True)
        is_line = (shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING) & (shapely.length(parts) > 0)
        parts, line_of = parts[is_line], line_of[is_line]
        once = _one_direction(parts)
        parts, line_of = parts[once], line_of[once]
        points, part = shapely.get_coordinates(parts, return_index=True)
        if not parts.size:
            return cls(crs, np.empty(0, dtype=object), (), np.empty((0, 2), dtype=np.int64))
        place = np.unique(np.round(points / SAME_PLACE_M).astype(np.int64), axis=0, return_inverse=True)[1].ravel()
        is_end = np.ones(part.size, dtype=np.bool_)
        is_end[1:-1] = (part[1:-1] != part[:-2]) | (part[1:-1] != part[2:])
        cut = ~is_end & _is_junction(place, part, is_end)[place]
        # A line is cut by having the vertex twice: as the end of one stretch and the start of the next.
        twice = np.repeat(np.arange(part.size), 1 + cut)
        second = np.zeros(twice.size, dtype=np.bool_)
        second[1:] = twice[1:] == twice[:-1]
        first_of_part = np.concatenate([[True], part[twice][1:] != part[twice][:-1]])
        stretch = np.cumsum(second | first_of_part) - 1
        stretches: NDArray[np.object_] = np.atleast_1d(np.asarray(shapely.linestrings(points[twice], indices=stretch)))
        starts = np.flatnonzero(second | first_of_part)
        lasts = np.append(starts[1:], twice.size) - 1
        ends = np.column_stack([place[twice[starts]], place[twice[lasts]]])
        kept = _one_of_each(stretches, ends)
        owner = line_of[part[twice[starts]]][kept]
        return cls(
            crs,
            stretches[kept],
            tuple(names[i] for i in owner),
            np.unique(ends[kept], return_inverse=True)[1].reshape(-1, 2),
        )

    def way_between(self) -> csr_array:
        """Return the metres from the middle of each stretch to its two ends, as a graph.

        (n + n_junctions, same): stretches come first, then junctions; symmetric. Two stretches that meet are half
        the length of each apart.
        """
        n = len(self)
        half = np.maximum(self.length_m / 2, SAME_PLACE_M)
        rows = np.repeat(np.arange(n), 2)
        columns = self.ends.ravel() + n
        size = n + int(self.ends.max()) + 1
        values = np.repeat(half, 2)
        # A closed loop meets its junction twice: a sum of the two would double the way.
        first = np.ones(rows.size, dtype=np.bool_)
        first[1::2] = self.ends[:, 0] != self.ends[:, 1]
        both = coo_array((values[first], (rows[first], columns[first])), shape=(size, size))
        return csr_array(both + both.T)


def _one_direction(lines: NDArray[np.object_]) -> NDArray[np.int64]:
    """Rows of the lines without those drawn before, there or back: else each bend would be a junction of the two."""
    points, line = shapely.get_coordinates(lines, return_index=True)
    coarse = shapely.linestrings(np.round(points / SAME_PLACE_M), indices=line)
    keys = shapely.to_wkb(shapely.normalize(coarse))
    return np.sort(np.unique(np.atleast_1d(np.asarray(keys, dtype=np.bytes_)), return_index=True)[1])


def _is_junction(place: NDArray[np.int64], part: NDArray[np.int64], is_end: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which places several lines share, or one line passes and ends at, (n_places,)."""
    pairs = np.unique(np.column_stack([place, part]), axis=0)
    shared = np.bincount(pairs[:, 0], minlength=int(place.max()) + 1) > 1
    shared[place[is_end]] |= np.bincount(place)[place[is_end]] > 1
    return shared


def _one_of_each(stretches: NDArray[np.object_], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the stretches without those drawn before, in either direction; what has no length goes too."""
    length = np.round(shapely.length(stretches) / SAME_PLACE_M).astype(np.int64)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(stretches, 0.5, normalized=True))
    at = np.round(middle / (10 * SAME_PLACE_M)).astype(np.int64)
    key = np.column_stack([ends.min(axis=1), ends.max(axis=1), length // 10, at])
    first = np.unique(key, axis=0, return_index=True)[1]
    return np.sort(first[length[first] > 0])
