"""One box's own map: its streets, every known crime around it by age, and the share of those that count most."""

from dataclasses import dataclass

import numpy as np
import shapely
from markupsafe import Markup

from peelian.delivery.frame import Frame, px
from peelian.delivery.ground import Ground, named_lines
from peelian.delivery.labels import Label, Room
from peelian.delivery.making import streets_behind
from peelian.delivery.marks import Mark, draw_ages, draw_labels, draw_scale_bar, marks_of, svg
from peelian.delivery.reasons import Part, Reasons
from peelian.delivery.streets import path
from peelian.delivery.words import days_old, percent
from peelian.forecasts.nights import AreaNight
from peelian.places.forces import DatePrecision

_TAB = (22.0, 18.0)
_SHARE_PX = 13.0
_APART_PX = 20.0
_STREETS_PX = (4.0, 7.0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a box's map is drawn on: pixels, the metres across, and how many streets may be named."""

    width: float
    height: float
    across_m: float
    most_streets: int
    #: Width and height of a corner at the lower right that the page keeps for its legend.
    legend: tuple[float, float] = (0.0, 0.0)


#: Beside a box's reasons on the night's page; and half of a desktop's screen on the site.
SMALL = Sheet(340.0, 220.0, 780.0, 12)
LARGE = Sheet(690.0, 800.0, 860.0, 22, (215.0, 120.0))


def box_map(
    ground: Ground,
    area_night: AreaNight,
    index: int,
    why: Reasons,
    precision: DatePrecision,
    sheet: Sheet = SMALL,
) -> Markup:
    """Return the map of one row of ``boxes.table``; the page's own streets are used, enlarged."""
    squares = area_night.boxes.all_squares[slice(index, index + 1)]
    frame = _frame(float(squares.centres[0][0]), float(squares.centres[1][0]), sheet)
    mark = marks_of(squares, [int(area_night.boxes.table["rank"][index])], ["past"], frame)[0]
    told_x, told_y = frame.x(np.array([p.x for p in why.told])), frame.y(np.array([p.y for p in why.told]))
    taken = [
        (mark.x, mark.y, mark.x + _TAB[0], mark.y + _TAB[1]),
        (0.0, sheet.height - 22, sheet.width / 4 + 30, sheet.height),
        (sheet.width - sheet.legend[0], sheet.height - sheet.legend[1], sheet.width, sheet.height),
    ]
    room = Room.of(sheet.width, sheet.height, taken, np.column_stack([told_x, told_y]))
    shares = _shares(why.told, told_x.tolist(), told_y.tolist(), room, precision)
    named = named_lines(ground.lines, area_night.place_names[index].split(" and "), frame)[: sheet.most_streets]
    streets = [label for label in (room.along(name, line, 5) for name, line in named) if label]
    return Markup("").join(
        [
            _streets(ground, frame),
            _behind(ground, area_night, index, frame),
            _carrying(area_night, index, frame),
            svg(f'<rect class="looked" {_place(mark)} width="{px(mark.side)}" height="{px(mark.side)}"/>'),
            draw_labels(streets),
            _dots(area_night, frame),
            svg(f'<rect class="tab" {_place(mark)} width="{px(_TAB[0])}" height="{px(_TAB[1])}"/>'),
            svg(
                f'<text class="number firm-number" x="{px(mark.x + _TAB[0] / 2)}" y="{px(mark.y + _TAB[1] / 2)}" '
                f'dy=".35em" font-size="12">{mark.number}</text>'
            ),
            draw_labels(shares, "share"),
            draw_scale_bar(frame, 8, sheet.height - 8, sheet.width / 4),
        ]
    )


def _frame(centre_x: float, centre_y: float, sheet: Sheet) -> Frame:
    scale = sheet.width / sheet.across_m
    return Frame(centre_x - sheet.across_m / 2, centre_y + sheet.height / 2 / scale, scale, sheet.width, sheet.height)


def _place(mark: Mark) -> str:
    return f'x="{px(mark.x)}" y="{px(mark.y)}"'


def _streets(ground: Ground, frame: Frame) -> Markup:
    """Return the page's street paths, moved and enlarged to this frame."""
    zoom = frame.pixels_per_m / ground.frame.pixels_per_m
    x, y = -float(ground.frame.x(frame.west)), -float(ground.frame.y(frame.north))
    uses = "".join(
        f'<use href="#{kind}-{ground.anchor}" class="near-{kind}" stroke-width="{width / zoom:.3g}"/>'
        for kind, width in zip(("minor", "main"), _STREETS_PX, strict=True)
    )
    return svg(f'<g transform="scale({zoom:.4g}) translate({x:.5g} {y:.5g})">{uses}</g>')


def _behind(ground: Ground, area_night: AreaNight, index: int, frame: Frame) -> Markup:
    """Return the streets on which the crimes behind the box were recorded, over the others."""
    names = streets_behind(area_night, index)
    d = path([line.points for line in ground.lines if line.street in names], frame)
    return svg(f'<path class="behind" d="{d}"/>') if d else Markup("")


def _carrying(area_night: AreaNight, index: int, frame: Frame) -> Markup:
    """Return the stretches that carry the box."""
    told = area_night.stretches[index] if index < len(area_night.stretches) else ()
    lines = [shapely.get_coordinates(part) for s in told for part in shapely.get_parts(s.line)]
    d = path(lines, frame)
    return svg(f'<path class="carrying" d="{d}"/>') if d else Markup("")


def share_words(part: Part, precision: DatePrecision) -> str:
    """Return what stands beside an event on the map: its share, and how old it is."""
    return f"{percent(part.share)}, {days_old(part.age_days, precision).removesuffix(' ago')}"


def _shares(
    told: tuple[Part, ...], x: list[float], y: list[float], room: Room, precision: DatePrecision
) -> list[Label]:
    """Return the share and age beside each told event on the map; of events on one spot, the largest."""
    labels: list[Label] = []
    spots: list[tuple[float, float]] = []
    for part, at_x, at_y in zip(told, x, y, strict=True):
        near = any(abs(a - at_x) + abs(b - at_y) < _APART_PX for a, b in spots)
        if near or not (0 < at_x < room.width and 0 < at_y < room.height):
            continue
        label = room.beside(share_words(part, precision), at_x, at_y, _SHARE_PX)
        if label:
            labels.append(label)
            spots.append((at_x, at_y))
    return labels


def _dots(area_night: AreaNight, frame: Frame) -> Markup:
    x, y = frame.x(area_night.events["x"].to_numpy()), frame.y(area_night.events["y"].to_numpy())
    inside = (x > 0) & (x < frame.width) & (y > 0) & (y < frame.height)
    return draw_ages(x[inside], y[inside], area_night.events["age_days"].to_numpy()[inside], area_night.recent_days)
