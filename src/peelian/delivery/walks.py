"""Walks as shapes: an outline around the boxes that are near enough to walk between, with its letter beside it."""

from dataclasses import dataclass

import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree

from peelian.delivery.frame import Frame
from peelian.delivery.ground import shape_path
from peelian.delivery.labels import Label, Room
from peelian.delivery.making import walk_names
from peelian.delivery.marks import draw_labels, svg
from peelian.forecasts.nights import AreaNight
from peelian.places.squares import Squares

#: The outline keeps this share of a box's side from the boxes, so that their own edges stay to be seen.
_AROUND = 0.13
_NAME_PX = 12.0
#: So far from the outline its name may stand.
_REACH_PX = 36.0


@dataclass(frozen=True, slots=True)
class Side:
    """An outermost point of an outline, in metres; ``name`` is "east", "north", "west" or "south"."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Boxes joined into one walk: its letter, their ranks, and the outline around them in metres.

    ``sides`` are where its name may stand: the outline's outermost points, the one furthest from other boxes first.
    """

    name: str
    ranks: tuple[int, ...]
    shape: shapely.Geometry
    sides: tuple[Side, ...]


def walks_of(area_night: AreaNight) -> tuple[Walk, ...]:
    """Return the walks in the order of their letters; boxes that stand alone are on none."""
    names = np.array(walk_names(area_night))
    ranks = area_night.boxes.chosen.get_column("rank").to_numpy()
    every = area_night.boxes.all_squares.shapes
    walks = []
    for name in dict.fromkeys(names[names != ""].tolist()):
        own = np.flatnonzero(names == name)
        shape = _around(area_night.boxes.squares[own])
        walks.append(Walk(str(name), tuple(ranks[own].tolist()), shape, _sides(shape, np.delete(every, own))))
    return tuple(walks)


def draw_walks(walks: tuple[Walk, ...], frame: Frame, room: Room) -> Markup:
    """Return the outlines, and the names that find room; they lie below the boxes and reach over none."""
    outlines = svg("".join(f'<path class="walk" d="{shape_path(w.shape, frame)}"/>' for w in walks))
    labels = [label for w in walks if (label := _label(w, frame, room))]
    return outlines + draw_labels(labels, "walk-name")


def _around(squares: Squares) -> shapely.Geometry:
    """Return the boxes with the ground between each and the nearest other, so that the walk is one piece."""
    x, y, boxes = squares.x_min, squares.y_min, squares.shapes
    apart = np.maximum(np.abs(np.subtract.outer(x, x)), np.abs(np.subtract.outer(y, y)))
    one, other = minimum_spanning_tree(csr_array(apart)).nonzero()
    between = [shapely.union(boxes[a], boxes[b]).convex_hull for a, b in zip(one, other, strict=True)]
    return shapely.buffer(shapely.union_all([*boxes, *between]), squares.size_m * _AROUND, quad_segs=3)


def _sides(shape: shapely.Geometry, others: NDArray[np.object_]) -> tuple[Side, ...]:
    points = shapely.get_coordinates(shape)
    x, y = points[:, 0], points[:, 1]
    ends = (("east", x.argmax()), ("north", y.argmax()), ("west", x.argmin()), ("south", y.argmin()))
    sides = [Side(name, float(x[i]), float(y[i])) for name, i in ends]
    far = {s: float(shapely.distance(shapely.Point(s.x, s.y), others).min(initial=np.inf)) for s in sides}
    return tuple(sorted(sides, key=lambda s: -far[s]))


def _label(walk: Walk, frame: Frame, room: Room) -> Label | None:
    """Return the walk's name beside the outermost points of its outline, where one of them has room."""
    for side in walk.sides:
        label = room.beside(f"walk {walk.name}", float(frame.x(side.x)), float(frame.y(side.y)), _NAME_PX, _REACH_PX)
        if label:
            return label
    return None
