"""Tonight's map as inline SVG; from below: ground, version 1, streets, outline, walks, boxes, names, scale bar."""

import numpy as np
import polars as pl
from markupsafe import Markup
from numpy.typing import NDArray

from peelian.delivery.frame import Frame, px
from peelian.delivery.ground import Ground, named_lines
from peelian.delivery.labels import Label, Room
from peelian.delivery.marks import draw_ages, draw_boxes, draw_labels, draw_plain, draw_scale_bar, marks_of, svg
from peelian.delivery.walks import draw_walks, walks_of
from peelian.forecasts.nights import AreaNight
from peelian.places.grid import Grid
from peelian.places.squares import Squares

SCALE_BAR_X = 22.0
_SCALE_BAR_ROOM = (215.0, 34.0)
_MOST_NAMES = 26


def place_streets(area_night: AreaNight) -> list[str]:
    """Return the streets that name the chosen boxes, in order of rank."""
    chosen = area_night.place_names[: len(area_night.boxes)]
    return [street for place in chosen for street in place.split(" and ")]


def kinds_of(area_night: AreaNight) -> list[str]:
    """Return for each row of ``boxes.table`` whether the box is firm, unsure, or was nearly chosen."""
    firm = ["firm" if f else "unsure" for f in area_night.boxes.is_firm]
    return firm + ["nearly"] * (area_night.boxes.table.height - len(firm))


def night_map(ground: Ground, area_night: AreaNight, grid: Grid) -> Markup:
    """Return tonight's map of one area and bundle on the area's ground."""
    frame, anchor = ground.frame, ground.anchor
    numbers = area_night.boxes.table["rank"].to_list()
    marks = marks_of(area_night.boxes.all_squares, numbers, kinds_of(area_night), frame)
    room = free_room(ground, [m.rectangle for m in marks], np.empty((0, 2)))
    boxes = draw_boxes(marks, room)
    walks = draw_walks(walks_of(area_night), frame, room)
    labels = street_labels(ground, place_streets(area_night), room)
    # Cells reach past a boundary and are cut there; where the feed has none, they are the area itself.
    clip = f'clip-path="url(#clip-{anchor})" ' if area_night.area.boundary is not None else ""
    shades = "".join(
        f'<path class="shade-{step}" d="{_cells_path(area_night, grid, step, frame)}"/>' for step in (1, 2, 3)
    )
    return Markup("").join(
        [
            svg(f'{ground.inside}<g {clip}class="shades">{shades}</g>'),
            svg(f'<g class="again">{ground.streets}</g><use href="#edge-{anchor}" class="edge"/>'),
            walks,
            boxes,
            draw_labels(labels),
            draw_scale_bar(frame, SCALE_BAR_X, frame.height - 14),
        ]
    )


def plain_boxes(ground: Ground, area_night: AreaNight) -> Markup:
    """Return the boxes that a plain recent count would have chosen, to be laid on tonight's map."""
    table = area_night.baseline_squares
    squares = Squares(table["x_min"].to_numpy(), table["y_min"].to_numpy(), area_night.boxes.size_m)
    return draw_plain(marks_of(squares, table["rank"].to_list(), ["plain"] * table.height, ground.frame))


def recent_crimes(ground: Ground, area_night: AreaNight) -> Markup:
    """Return the recent crimes as dots, dark and large where new, to be laid on tonight's map."""
    recent = area_night.events.filter(pl.col("age_days") < area_night.recent_days)
    x, y = ground.frame.x(recent["x"].to_numpy()), ground.frame.y(recent["y"].to_numpy())
    return draw_ages(x, y, recent["age_days"].to_numpy(), area_night.recent_days)


def free_room(ground: Ground, rectangles: list[tuple[float, float, float, float]], points: NDArray[np.float64]) -> Room:
    """Return the room for words: the boxes, the crimes and the scale bar's corner are taken."""
    frame = ground.frame
    corner = (0.0, frame.height - _SCALE_BAR_ROOM[1], _SCALE_BAR_ROOM[0], frame.height)
    return Room.of(frame.width, frame.height, [*rectangles, corner], points)


def street_labels(ground: Ground, first: list[str], room: Room) -> list[Label]:
    """Return the street names that find room; ``first`` have the first claim."""
    labels: list[Label] = []
    for name, line in named_lines(ground.lines, first, ground.frame):
        if len(labels) >= _MOST_NAMES:
            break
        label = room.along(name, line)
        if label:
            labels.append(label)
    return labels


def _cells_path(area_night: AreaNight, grid: Grid, step: int, frame: Frame) -> str:
    """Return the cells of one step as rectangles, neighbours in a row drawn as one."""
    cells = np.sort(area_night.area.cells[area_night.shading.step[area_night.area.cells] == step])
    if not cells.size:
        return ""
    columns, _ = grid.columns_and_rows(cells)
    breaks = np.flatnonzero((np.diff(cells) != 1) | (np.diff(columns) != 1)) + 1
    first = cells[np.concatenate([[0], breaks])]
    length = np.diff(np.concatenate([[0], breaks, [cells.size]])).tolist()
    squares = grid.squares(first)
    side = grid.cell_size_m * frame.pixels_per_m
    x, y = frame.x(squares.x_min).tolist(), frame.y(squares.y_min + grid.cell_size_m).tolist()
    return "".join(
        f"M{px(a)} {px(b)}h{px(n * side)}v{px(side)}h{px(-n * side)}z" for a, b, n in zip(x, y, length, strict=True)
    )
