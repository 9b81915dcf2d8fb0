"""The ground of one area's maps: frame, outline, streets. Drawn once a page and used by every map on it."""

from dataclasses import dataclass

import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray

from peelian.delivery.frame import Frame, px
from peelian.delivery.marks import svg
from peelian.delivery.outlines import drawn_outline
from peelian.delivery.streets import Line, path, street_lines
from peelian.forecasts.nights import Night
from peelian.places.areas import StudyArea

MAP_WIDTH = 760.0
MOST_HEIGHT = 700.0
_MARGIN_PX = 34.0
#: A part of an area smaller than this share of it, and without a box, may lie outside the picture.
_LEAST_PART = 0.03
#: A line label needs room; of this many lines, the longest, names are tried.
_NAMED_LINES = 60


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What lies below every map of one area; ``anchor`` begins the ids of its parts on the page."""

    anchor: str
    frame: Frame
    shape: shapely.Geometry
    lines: tuple[Line, ...]
    is_whole: bool

    @property
    def definitions(self) -> Markup:
        """The parts as SVG paths without colour: minor streets, main streets, the outline."""
        minor = path([line.points for line in self.lines if not line.is_main], self.frame)
        main = path([line.points for line in self.lines if line.is_main], self.frame)
        return svg(
            f'<path id="minor-{self.anchor}" d="{minor}"/><path id="main-{self.anchor}" d="{main}"/>'
            f'<path id="edge-{self.anchor}" d="{shape_path(self.shape, self.frame)}"/>'
            f'<clipPath id="clip-{self.anchor}"><use href="#edge-{self.anchor}"/></clipPath>'
        )

    @property
    def streets(self) -> str:
        """The streets of the page, drawn."""
        return f'<use href="#minor-{self.anchor}" class="minor"/><use href="#main-{self.anchor}" class="main"/>'

    @property
    def inside(self) -> str:
        """The area's white and the streets on it and beyond."""
        return f'<use href="#edge-{self.anchor}" class="inside"/><g class="below">{self.streets}</g>'


def ground_of(night: Night, area: StudyArea, anchor: str) -> Ground:
    """Return the ground of the area's maps; its frame holds the outline and every box in it."""
    shape = drawn_outline(area, night.layer.grid)
    main = _main_parts(shape)
    frame = Frame.around(bounds_of(night, area, main), MAP_WIDTH, MOST_HEIGHT, _MARGIN_PX)
    lines = street_lines(night.streets, frame.bounds, night.force.location_precision)
    is_whole = shapely.covers(shapely.box(*frame.bounds), shape)
    return Ground(anchor, frame, shape, lines, bool(is_whole))


def _main_parts(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the outline without its specks: a lone cell far away would make all else small."""
    parts = shapely.get_parts(shape)
    sizes = shapely.area(parts)
    return shapely.union_all(parts[sizes >= _LEAST_PART * sizes.sum()]) if len(parts) > 1 else shape


def bounds_of(night: Night, area: StudyArea, shape: shapely.Geometry) -> tuple[float, float, float, float]:
    """Return what an area's map must show, in metres; the whole grid where the area is empty."""
    shapes = [] if shapely.is_empty(shape) else [tuple(shapely.bounds(shape).tolist())]
    for a in night.areas:
        if a.area.id == area.id and a.boxes.table.height:
            squares = a.boxes.all_squares
            shapes.append(
                (
                    float(squares.x_min.min()),
                    float(squares.y_min.min()),
                    float(squares.x_min.max()) + squares.size_m,
                    float(squares.y_min.max()) + squares.size_m,
                )
            )
    if not shapes:
        grid = night.layer.grid
        x, y = grid.centres(np.array([0, grid.n_cells - 1]))
        return float(x[0]), float(y[0]), float(x[1]), float(y[1])
    low, high = np.array(shapes)[:, :2].min(axis=0), np.array(shapes)[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def shape_path(shape: shapely.Geometry, frame: Frame) -> str:
    """Return the rings of a polygon or multipolygon as one SVG path, simplified to half a pixel."""
    simple = shapely.simplify(shape, 0.5 / frame.pixels_per_m)
    rings = shapely.get_rings(shapely.get_parts(simple))
    parts = []
    for ring in rings:
        coordinates = shapely.get_coordinates(ring)
        x, y = frame.x(coordinates[:-1, 0]).tolist(), frame.y(coordinates[:-1, 1]).tolist()
        parts.append("M" + "L".join(f"{px(a)} {px(b)}" for a, b in zip(x, y, strict=True)) + "Z")
    return "".join(parts)


def named_lines(lines: tuple[Line, ...], first: list[str], frame: Frame) -> list[tuple[str, NDArray[np.float64]]]:
    """Return (name, pixels) of the lines worth a label: streets that name a box first, then the longest, each once."""
    wanted = {name: i for i, name in enumerate(first)}
    ordered = sorted(
        (line for line in lines if line.street in wanted), key=lambda line: (wanted[line.street], -line.length_m)
    )
    ordered += [line for line in lines if line.street not in wanted][:_NAMED_LINES]
    seen: set[str] = set()
    named = []
    for line in ordered:
        if line.street in seen:
            continue
        pixels = np.column_stack([frame.x(line.points[:, 0]), frame.y(line.points[:, 1])])
        inside = (pixels > 0).all(axis=1) & (pixels[:, 0] < frame.width) & (pixels[:, 1] < frame.height)
        if inside.sum() > 1:
            seen.add(line.street)
            named.append((line.street, pixels[inside]))
    return named
