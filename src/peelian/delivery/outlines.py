"""The outline of a study area: its boundary where there is one, else the edge of its cells."""

import numpy as np
import shapely
from numpy.typing import NDArray

from peelian.places.areas import StudyArea
from peelian.places.grid import Grid

_LEAST_HOLE_CELLS = 12


def outline(area: StudyArea, grid: Grid) -> shapely.Geometry:
    """Return the area's boundary in the grid's CRS; the union of its cells where it has none; may be empty."""
    if area.boundary is not None and not shapely.is_empty(area.boundary):
        return area.boundary
    return cells_union(area.cells, grid)


def drawn_outline(area: StudyArea, grid: Grid) -> shapely.Geometry:
    """Return the outline as a map draws it: around cells, gaps of up to two cells are closed and corners cut.

    A picture of where the area's crimes fall. It adds no cell to the area, and counts nothing.
    """
    shape = outline(area, grid)
    if area.boundary is not None or shapely.is_empty(shape):
        return shape
    size = grid.cell_size_m
    closed = shapely.buffer(shapely.buffer(shape, size, join_style="mitre"), -size, join_style="mitre")
    holes_gone = [
        shapely.Polygon(
            part.exterior, [r for r in part.interiors if shapely.Polygon(r).area > _LEAST_HOLE_CELLS * size**2]
        )
        for part in shapely.get_parts(shapely.coverage_union_all([closed]))
        if part.area > 0
    ]
    return shapely.simplify(shapely.union_all(holes_gone), size * 0.45)


def cells_union(cells: NDArray[np.int64], grid: Grid) -> shapely.Geometry:
    """Return the cells joined into as few polygons as they make."""
    squares = grid.squares(cells)
    x, y, size = squares.x_min, squares.y_min, squares.size_m
    return shapely.coverage_union_all(shapely.box(x, y, x + size, y + size))
