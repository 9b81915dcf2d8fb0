"""Walks as shapes: an outline around the boxes that are near enough to walk between, with its letter beside it."""

from dataclasses import dataclass

import numpy as np
import shapely
from markupsafe import Markup
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


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Boxes joined into one walk: its letter, their ranks, and the outline around them in metres."""

    name: str
    ranks: tuple[int, ...]
    shape: shapely.Geometry


def walks_of(area_night: AreaNight) -> tuple[Walk, ...]:
    """Return the walks in the order of their letters; boxes that stand alone are on none."""
    names = np.array(walk_names(area_night))
    ranks = area_night.boxes.chosen.get_column("rank").to_numpy()
    return tuple(
        Walk(str(name), tuple(ranks[names == name].tolist()), _around(area_night.boxes.squares[names == name]))
        for name in dict.fromkeys(names[names != ""].tolist())
    )


def draw_walks(walks: tuple[Walk, ...], frame: Frame, room: Room) -> Markup:
    """Return the outlines, and the names that find room; they lie below the boxes and reach over none."""
    outlines = svg("".join(f'<path class="walk" d="{shape_path(w.shape, frame)}"/>' for w in walks))
    labels = [label for w in walks if (label := _label(w, frame, room))]
    return outlines + draw_labels(labels, "walk-name")


def _around(squares: Squares) -> shapely.Geometry:
    """Return the boxes with the ground between each and the nearest other, so that the walk is one piece."""
    x, y, size = squares.x_min, squares.y_min, squares.size_m
    boxes = shapely.box(x, y, x + size, y + size)
    apart = np.maximum(np.abs(np.subtract.outer(x, x)), np.abs(np.subtract.outer(y, y)))
    one, other = minimum_spanning_tree(csr_array(apart)).nonzero()
    between = [shapely.union(boxes[a], boxes[b]).convex_hull for a, b in zip(one, other, strict=True)]
    return shapely.buffer(shapely.union_all([*boxes, *between]), size * _AROUND, quad_segs=3)


def _label(walk: Walk, frame: Frame, room: Room) -> Label | None:
    """Return the walk's name beside the outermost points of its outline, where one of them has room."""
    points = shapely.get_coordinates(walk.shape)
    outermost = (points[:, 0].argmax(), points[:, 1].argmax(), points[:, 0].argmin(), points[:, 1].argmin())
    for x, y in points[list(outermost)]:
        label = room.beside(f"walk {walk.name}", float(frame.x(x)), float(frame.y(y)), _NAME_PX, _REACH_PX)
        if label:
            return label
    return None
