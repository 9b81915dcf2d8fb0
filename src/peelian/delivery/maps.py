"""The maps of a page as inline SVG: tonight, the morning after, one box. Same ground, same marks, words beside."""

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from peelian.delivery.frame import Frame, px
from peelian.delivery.ground import Ground, named_lines
from peelian.delivery.labels import Label, Room
from peelian.delivery.marks import draw_boxes, draw_dots, draw_labels, draw_scale_bar, marks_of
from peelian.delivery.reasons import Reasons
from peelian.delivery.words import days_old, percent
from peelian.forecasts.nights import AreaNight, TrackRecord
from peelian.places.forces import DatePrecision
from peelian.places.grid import Grid
from peelian.places.squares import Squares

_MOST_NAMES = 26
_BOX_MAP = (340.0, 220.0)
_BOX_MAP_ACROSS_M = 780.0
_SPOKEN_CRIMES = 4
#: The three ages of a dot on a box's map, in thirds of the recent window: dark and large is new.
AGES = ("new", "middle", "old")


def place_streets(area_night: AreaNight) -> list[str]:
    """Return the streets that name the chosen boxes, in order of rank."""
    chosen = area_night.place_names[: len(area_night.boxes)]
    return [street for place in chosen for street in place.split(" and ")]


def kinds_of(area_night: AreaNight) -> list[str]:
    """Return for each row of ``boxes.table`` whether the box is firm, unsure, or was nearly chosen."""
    firm = ["firm" if f else "unsure" for f in area_night.boxes.is_firm]
    return firm + ["nearly"] * (area_night.boxes.table.height - len(firm))


def night_map(ground: Ground, area_night: AreaNight, grid: Grid) -> Markup:
    """Return tonight's map: ground, version 1, streets, outline, nearly chosen, boxes, labels, scale bar."""
    frame, a = ground.frame, ground.anchor
    marks = marks_of(area_night.boxes.all_squares, area_night.boxes.table["rank"], kinds_of(area_night), frame)
    room = _room(ground, [m.rectangle for m in marks], np.empty((0, 2)))
    boxes = draw_boxes(marks, room)
    labels = _street_labels(ground, place_streets(area_night), room)
    # Cells reach past a boundary and are cut there; where the feed has none, they are the area itself.
    clip = f'clip-path="url(#clip-{a})" ' if area_night.area.boundary is not None else ""
    shading = Markup("").join(
        Markup('<path class="shade-{}" d="{}"/>').format(step, _cells_path(area_night, grid, step, frame))
        for step in (1, 2, 3)
    )
    return Markup("").join(
        [
            _ground(ground),
            Markup(f'<g {clip}class="shades">{shading}</g>'),  # noqa: S704 - built above
            Markup(f'<g class="again">{_streets(a)}</g><use href="#edge-{a}" class="edge"/>'),  # noqa: S704 - as above
            boxes,
            draw_labels(labels),
            draw_scale_bar(frame, 22, frame.height - 14),
        ]
    )


def morning_map(ground: Ground, record: TrackRecord, size_m: float) -> Markup:
    """Return the map of the last period: the boxes as they stood, the plain count's inset, and where crimes fell."""
    frame = ground.frame
    boxes = marks_of(
        _squares(record.last_boxes, size_m), record.last_boxes["rank"], ["past"] * record.last_boxes.height, frame
    )
    plain = marks_of(
        _squares(record.last_baseline, size_m),
        record.last_baseline["rank"],
        ["plain"] * record.last_baseline.height,
        frame,
    )
    x, y = frame.x(record.last_events["x"].to_numpy()), frame.y(record.last_events["y"].to_numpy())
    caught = record.last_events["in_box"].to_numpy()
    room = _room(ground, [m.rectangle for m in boxes], np.column_stack([x, y]))
    drawn = draw_boxes(boxes, room)
    inset = min(4.0, boxes[0].side * 0.18) if boxes else 4.0
    for m in plain:
        side = px(max(m.side - 2 * inset, 2.0))
        drawn += Markup(
            f'<rect class="plain" x="{px(m.x + inset)}" y="{px(m.y + inset)}" width="{side}" height="{side}"/>'
        )  # noqa: S704 - numbers
    said: list[Label | None] = []
    if record.last_events.height <= _SPOKEN_CRIMES:
        both = record.last_events["in_baseline"].to_numpy()
        for i in range(record.last_events.height):
            said.append(room.beside(_fate(bool(caught[i]), bool(both[i])), float(x[i]), float(y[i]), 13.0))
    labels = _street_labels(ground, [], room)
    return Markup("").join(
        [
            _ground(ground),
            Markup(f'<use href="#edge-{ground.anchor}" class="edge"/>'),  # noqa: S704 - an anchor of ours
            drawn,
            draw_labels(labels),
            draw_dots(x[~caught], y[~caught], "missed"),
            draw_dots(x[~caught], y[~caught], "missed-middle"),
            draw_dots(x[caught], y[caught], "caught-edge"),
            draw_dots(x[caught], y[caught], "caught"),
            draw_labels([s for s in said if s], "fate"),
            draw_scale_bar(frame, 22, frame.height - 14),
        ]
    )


def box_map(ground: Ground, area_night: AreaNight, index: int, why: Reasons, precision: DatePrecision) -> Markup:
    """Return one box's own map: its streets, every known crime around it by age, and the share of the told ones."""
    width, height = _BOX_MAP
    squares = area_night.boxes.all_squares[slice(index, index + 1)]
    centre_x, centre_y = (float(c[0]) for c in squares.centres)
    half = _BOX_MAP_ACROSS_M / 2
    scale = width / _BOX_MAP_ACROSS_M
    frame = Frame(centre_x - half, centre_y + height / 2 / scale, scale, width, height)
    zoom = scale / ground.frame.pixels_per_m
    shift = (float(ground.frame.x(frame.west)), float(ground.frame.y(frame.north)))
    mark = marks_of(squares, [int(area_night.boxes.table["rank"][index])], ["past"], frame)[0]
    x, y, age = _near(area_night, frame)
    told_x, told_y = frame.x(np.array([p.x for p in why.told])), frame.y(np.array([p.y for p in why.told]))
    told = np.column_stack([told_x, told_y])
    room = Room.of(width, height, [(mark.x, mark.y, mark.x + 22, mark.y + 22), (0, height - 22, 110, height)], told)
    names = []
    for part, tx, ty in zip(why.told, told_x.tolist(), told_y.tolist(), strict=True):
        if 0 < tx < width and 0 < ty < height and _far_from(names, tx, ty):
            names.append(
                room.beside(
                    f"{percent(part.share)}, {days_old(part.age_days, precision).removesuffix(' ago')}", tx, ty, 13.0
                )
            )
    lines = [(n, p) for n, p in named_lines(ground.lines, area_night.place_names[index].split(" and "), frame)[:12]]
    streets = [room.along(n, p, 5) for n, p in lines]
    thirds = np.digitize(age, np.array([1 / 3, 2 / 3, 1.0]) * area_night.recent_days)
    dots = Markup("").join(
        [draw_dots(x[thirds == 3], y[thirds == 3], f"event older{end}") for end in ("", "-middle")]  # noqa: PLR2004
        + [
            draw_dots(x[thirds == t], y[thirds == t], f"event {AGES[t]}{end}")
            for t in (2, 1, 0)
            for end in ("-edge", "")
        ]
    )
    a = ground.anchor
    placed = f'transform="scale({zoom:.4g}) translate({-shift[0]:.5g} {-shift[1]:.5g})"'
    return Markup("").join(
        [
            Markup(f'<g {placed}><use href="#minor-{a}" class="near-minor" stroke-width="{4 / zoom:.3g}"/>'),  # noqa: S704 - numbers
            Markup(f'<use href="#main-{a}" class="near-main" stroke-width="{7 / zoom:.3g}"/></g>'),  # noqa: S704 - numbers
            Markup(
                f'<rect class="looked" x="{px(mark.x)}" y="{px(mark.y)}" width="{px(mark.side)}" height="{px(mark.side)}"/>'
            ),  # noqa: S704 - numbers
            draw_labels([s for s in streets if s]),
            dots,
            Markup(
                f'<rect class="tab" x="{px(mark.x)}" y="{px(mark.y)}" width="22" height="18"/>'
                f'<text class="number firm-number" x="{px(mark.x + 11)}" y="{px(mark.y + 9)}" dy=".35em" font-size="12">{mark.number}</text>'
            ),  # noqa: S704 - numbers
            draw_labels([n for n in names if n], "share"),
            draw_scale_bar(frame, 8, height - 8, 80),
        ]
    )


def _ground(ground: Ground) -> Markup:
    return Markup(f'<use href="#edge-{ground.anchor}" class="inside"/>') + Markup(  # noqa: S704 - an anchor of ours
        f'<g class="below">{_streets(ground.anchor)}</g>'
    )


def _streets(anchor: str) -> str:
    return f'<use href="#minor-{anchor}" class="minor"/><use href="#main-{anchor}" class="main"/>'


def _room(ground: Ground, rectangles: list[tuple[float, float, float, float]], points: NDArray[np.float64]) -> Room:
    """Return the room for words: the boxes, the crimes, the scale bar's corner and the area's edge are taken."""
    frame = ground.frame
    corner = (0.0, frame.height - 34, 215.0, frame.height)
    return Room.of(frame.width, frame.height, [*rectangles, corner], points)


def _street_labels(ground: Ground, first: list[str], room: Room) -> list[Label]:
    labels: list[Label] = []
    for name, line in named_lines(ground.lines, first, ground.frame):
        if len(labels) >= _MOST_NAMES:
            break
        label = room.along(name, line)
        if label:
            labels.append(label)
    return labels


def _cells_path(area_night: AreaNight, grid: Grid, step: int, frame: Frame) -> str:
    """Return the cells of one step as rectangles a row, neighbours in a row drawn as one."""
    cells = np.sort(area_night.area.cells[area_night.shading.step[area_night.area.cells] == step])
    if not cells.size:
        return ""
    columns, _ = grid.columns_and_rows(cells)
    breaks = np.flatnonzero((np.diff(cells) != 1) | (np.diff(columns) != 1)) + 1
    first = cells[np.concatenate([[0], breaks])]
    length = np.diff(np.concatenate([[0], breaks, [cells.size]]))
    squares = grid.squares(first)
    side = grid.cell_size_m * frame.pixels_per_m
    x, y = frame.x(squares.x_min).tolist(), frame.y(squares.y_min + grid.cell_size_m).tolist()
    return "".join(
        f"M{px(a)} {px(b)}h{px(n * side)}v{px(side)}h{px(-n * side)}z"
        for a, b, n in zip(x, y, length.tolist(), strict=True)
    )


def _near(area_night: AreaNight, frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x = frame.x(area_night.events["x"].to_numpy())
    y = frame.y(area_night.events["y"].to_numpy())
    inside = (x > 0) & (x < frame.width) & (y > 0) & (y < frame.height)
    return x[inside], y[inside], area_night.events["age_days"].to_numpy()[inside]


def _far_from(labels: list[Label | None], x: float, y: float) -> bool:
    return all(label is None or abs(label.x - x) + abs(label.y - y) > 20 for label in labels)  # noqa: PLR2004


def _squares(table: object, size_m: float) -> Squares:
    return Squares(table["x_min"].to_numpy(), table["y_min"].to_numpy(), size_m)  # type: ignore[index]


def _fate(in_box: bool, in_plain: bool) -> str:  # noqa: FBT001
    if in_box and in_plain:
        return "in a box and a plain-count box"
    if in_box:
        return "in a box"
    return "in a plain-count box only" if in_plain else "in no box"
