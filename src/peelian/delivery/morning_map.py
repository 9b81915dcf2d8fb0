"""The map of the morning after: the boxes as they stood, a plain count's inset in them, and where the crimes fell."""

import numpy as np
import polars as pl
from markupsafe import Markup
from numpy.typing import NDArray

from peelian.delivery.frame import px
from peelian.delivery.ground import Ground
from peelian.delivery.labels import Label, Room, text_width
from peelian.delivery.maps import SCALE_BAR_X, free_room, street_labels
from peelian.delivery.marks import draw_boxes, draw_dots, draw_labels, draw_plain, draw_scale_bar, marks_of, svg
from peelian.forecasts.nights import TrackRecord
from peelian.places.squares import Squares

#: Up to this many crimes each one's fate stands beside it in words; of more, the legend and the sentence tell.
_SPOKEN_CRIMES = 4
#: More than this many and the dots are drawn smaller.
_CROWD = 60
_FATE_PX = 13.5
_STANDS_OFF_PX = 20.0
_REACH_PX = 110.0


def morning_map(ground: Ground, record: TrackRecord, size_m: float) -> Markup:
    """Return the map of the last period on the area's ground."""
    frame = ground.frame
    boxes = marks_of(_squares(record.last_boxes, size_m), *_kind(record.last_boxes, "past"), frame)
    plain = marks_of(_squares(record.last_baseline, size_m), *_kind(record.last_baseline, "plain"), frame)
    x, y = frame.x(record.last_events["x"].to_numpy()), frame.y(record.last_events["y"].to_numpy())
    caught = record.last_events["in_box"].to_numpy()
    room = free_room(ground, [m.rectangle for m in boxes], np.column_stack([x, y]))
    drawn = draw_boxes(boxes, room) + draw_plain(plain)
    fates, leaders = _fates(record, room, x, y)
    labels = street_labels(ground, [], room)
    return Markup("").join(
        [
            svg(f'{ground.inside}<use href="#edge-{ground.anchor}" class="edge"/>'),
            drawn,
            draw_labels(labels),
            leaders,
            svg(f'<g class="{"crowd" if x.size > _CROWD else "few"}">'),
            draw_dots(x[~caught], y[~caught], "missed"),
            draw_dots(x[~caught], y[~caught], "missed-middle"),
            draw_dots(x[caught], y[caught], "caught-edge"),
            draw_dots(x[caught], y[caught], "caught"),
            svg("</g>"),
            draw_labels(fates, "fate"),
            draw_scale_bar(frame, SCALE_BAR_X, frame.height - 14),
        ]
    )


def _fates(
    record: TrackRecord, room: Room, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[list[Label], Markup]:
    """Return, where the crimes are few, each one's fate in words, and the line to a label that had to stand off."""
    if record.last_events.height > _SPOKEN_CRIMES:
        return [], Markup("")
    labels: list[Label] = []
    leaders: list[str] = []
    for at_x, at_y, event in zip(x.tolist(), y.tolist(), record.last_events.iter_rows(named=True), strict=True):
        text = _fate(in_box=event["in_box"], in_plain=event["in_baseline"])
        label = room.beside(text, at_x, at_y, _FATE_PX, _REACH_PX)
        if label is None:
            continue
        labels.append(label)
        off_x = abs(label.x - at_x) - text_width(text, _FATE_PX) / 2
        if abs(label.y - at_y) > _STANDS_OFF_PX or off_x > _STANDS_OFF_PX:
            leaders.append(f"M{px(at_x)} {px(at_y)}L{px(label.x)} {px(label.y)}")
    return labels, svg(f'<path class="leader" d="{"".join(leaders)}"/>') if leaders else Markup("")


def _fate(*, in_box: bool, in_plain: bool) -> str:
    if in_box and in_plain:
        return "in a box and a plain-count box"
    if in_box:
        return "in a box"
    return "in a plain-count box only" if in_plain else "in no box"


def _kind(table: pl.DataFrame, kind: str) -> tuple[list[int], list[str]]:
    return table["rank"].to_list(), [kind] * table.height


def _squares(table: pl.DataFrame, size_m: float) -> Squares:
    return Squares(table["x_min"].to_numpy(), table["y_min"].to_numpy(), size_m)
