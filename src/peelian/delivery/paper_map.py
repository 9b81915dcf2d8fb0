"""The map of a briefing: black on white, no shading, made for a bad photocopier. Standalone SVG for the typesetter."""

import numpy as np
import shapely
from markupsafe import Markup

from peelian.delivery.frame import Frame
from peelian.delivery.ground import named_lines, shape_path
from peelian.delivery.labels import Label, Room
from peelian.delivery.maps import kinds_of, place_streets
from peelian.delivery.marks import draw_boxes, draw_labels, draw_scale_bar, marks_of, svg
from peelian.delivery.outlines import drawn_outline
from peelian.delivery.streets import path, street_lines
from peelian.delivery.walks import draw_walks, walks_of
from peelian.forecasts.nights import AreaNight, Night

PAPER_WIDTH = 830.0
_MARGIN_M = 550.0
_MOST_NAMES = 24

#: Every rule names the map, so that the same drawing may stand on a page with rules of its own.
_STYLE = """
.paper-map text{font-family:'Peelian Sans','Peelian Sans Ext','Source Sans 3',sans-serif;font-size:14px;font-style:normal;text-anchor:middle;fill:#000}
.paper-map .minor,.paper-map .main,.paper-map .edge,.paper-map .leader,.paper-map .scale-bar{fill:none;stroke-linejoin:round;stroke-linecap:round}
.paper-map .minor{stroke:#c4c4c4;stroke-width:1}.paper-map .main{stroke:#b0b0b0;stroke-width:3}
.paper-map .edge{stroke:#000;stroke-width:1.6;stroke-dasharray:10 3 2 3}
.paper-map rect.firm{fill:#1c1c1c;stroke:#fff;stroke-width:1.6}.paper-map rect.unsure{fill:#fff;stroke:#000;stroke-width:2.4}
.paper-map rect.nearly{fill:none;stroke:#000;stroke-width:1;stroke-dasharray:4 3}.paper-map .leader{stroke:#000;stroke-width:1.2}
.paper-map .walk{fill:none;stroke:#000;stroke-width:1.4;stroke-linejoin:round}
.paper-map .walk-name{font-weight:600;paint-order:stroke;stroke:#fff;stroke-width:4;stroke-linejoin:round}
.paper-map .number{font-weight:700}.paper-map .firm-number{fill:#fff}.paper-map .unsure-number{fill:#000}
.paper-map .street-name{paint-order:stroke;stroke:#fff;stroke-width:4;stroke-linejoin:round}
.paper-map .scale-bar{stroke:#000;stroke-width:1.4}
.paper-map .scale-words{text-anchor:start;paint-order:stroke;stroke:#fff;stroke-width:4}
"""  # noqa: E501 - one rule a line


def paper_map(night: Night, area_night: AreaNight, height: float) -> str:
    """Return the map of one area and bundle, zoomed to its boxes; ``height`` in pixels of a picture 830 wide."""
    squares = area_night.boxes.squares
    shape = drawn_outline(area_night.area, night.layer.grid)
    frame = Frame.filled(_bounds(area_night, shape), PAPER_WIDTH, height, _MARGIN_M)
    kinds = kinds_of(area_night)[: len(area_night.boxes)]
    marks = marks_of(squares, area_night.boxes.chosen["rank"], kinds, frame)
    room = Room.of(
        frame.width, frame.height, [*(m.rectangle for m in marks), (0, height - 34, 190, height)], np.empty((0, 2))
    )
    lines = street_lines(night.streets, frame.bounds, night.force.location_precision)
    boxes = draw_boxes(marks, room)
    walks = draw_walks(walks_of(area_night), frame, room)
    labels: list[Label] = []
    for name, line in named_lines(lines, place_streets(area_night), frame):
        label = room.along(name, line) if len(labels) < _MOST_NAMES else None
        if label:
            labels.append(label)
    minor, main = (path([line.points for line in lines if line.is_main is main], frame) for main in (False, True))
    drawn = Markup("").join(
        [
            svg(f'<path class="minor" d="{minor}"/><path class="main" d="{main}"/>'),
            svg(f'<path class="edge" d="{shape_path(shape, frame)}"/>'),
            walks,
            boxes,
            draw_labels(labels),
            draw_scale_bar(frame, 16, height - 14, 120),
        ]
    )
    size = f'viewBox="0 0 {PAPER_WIDTH:g} {height:g}" width="{PAPER_WIDTH:g}" height="{height:g}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="paper-map" {size}><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{drawn}</svg>'
    )


def _bounds(area_night: AreaNight, shape: shapely.Geometry) -> tuple[float, float, float, float]:
    squares = area_night.boxes.squares
    if len(squares):
        x, y, size = squares.x_min, squares.y_min, squares.size_m
        return float(x.min()), float(y.min()), float(x.max() + size), float(y.max() + size)
    x_min, y_min, x_max, y_max = (
        (0.0, 0.0, 1000.0, 1000.0) if shapely.is_empty(shape) else shapely.bounds(shape).tolist()
    )
    return float(x_min), float(y_min), float(x_max), float(y_max)
