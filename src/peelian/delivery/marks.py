"""The marks on a map: boxes with their numbers, crimes, words, the scale bar. SVG text; every word is escaped."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from peelian.delivery.frame import Frame, px
from peelian.delivery.labels import Label, Room
from peelian.places.squares import Squares

#: A cell smaller than this many pixels cannot hold a number: the number then stands beside it.
_HOLDS_NUMBER_PX = 17.0
_TAG = (19.0, 15.0)
#: The three ages of a dot, in thirds of the recent window: dark and large is new.
AGES = ("new", "middle", "old")


def svg(text: str) -> Markup:
    """Return text as SVG that needs no escaping: numbers, class names and anchors of ours, never a feed's word."""
    return Markup(text)  # noqa: S704 - the one place where text is taken for markup


@dataclass(frozen=True, slots=True)
class Mark:
    """One square on the map; ``kind`` is "firm", "unsure", "nearly", "plain" or "past"."""

    x: float
    y: float
    side: float
    number: int
    kind: str

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """(x_min, y_min, x_max, y_max) in pixels."""
        return self.x, self.y, self.x + self.side, self.y + self.side


def marks_of(squares: Squares, numbers: Iterable[int], kinds: Iterable[str], frame: Frame) -> list[Mark]:
    """Return the squares as marks in the frame's pixels."""
    side = squares.size_m * frame.pixels_per_m
    x, y = frame.x(squares.x_min).tolist(), frame.y(squares.y_min + squares.size_m).tolist()
    return [Mark(a, b, side, n, k) for a, b, n, k in zip(x, y, numbers, kinds, strict=True)]


def draw_boxes(marks: list[Mark], room: Room) -> Markup:
    """Return the boxes: the nearly chosen below, then the unsure, then the firm; numbers inside or on a tag beside."""
    parts: list[str] = []
    tags: list[str] = []
    for kind in ("nearly", "unsure", "past", "firm"):
        for m in marks:
            if m.kind != kind:
                continue
            inset = {"nearly": 0.7, "unsure": 1.0, "past": 1.0}.get(kind, 0.0)
            side = px(m.side - 2 * inset)
            parts.append(
                f'<rect class="{kind}" x="{px(m.x + inset)}" y="{px(m.y + inset)}" width="{side}" height="{side}"/>'
            )
            if kind == "nearly":
                continue
            if m.side >= _HOLDS_NUMBER_PX:
                size = px(min(15.0, max(11.0, m.side * 0.5)))
                parts.append(
                    f'<text class="number {kind}-number" x="{px(m.x + m.side / 2)}" y="{px(m.y + m.side / 2)}" '
                    f'dy=".35em" font-size="{size}">{m.number}</text>'
                )
            else:
                tags.append(_tag(m, room))
    return svg("".join(parts + tags))


def _tag(mark: Mark, room: Room) -> str:
    """Return the number on a tab beside a small box, tied to it by a line, where there is room."""
    width, height = _TAG
    centre_x, centre_y = mark.x + mark.side / 2, mark.y + mark.side / 2
    for reach in (16.0, 26.0, 38.0, 52.0):
        for dx, dy in ((1, -1), (-1, -1), (1, 1), (-1, 1), (0, -1), (1, 0), (-1, 0), (0, 1)):
            x, y = centre_x + dx * reach, centre_y + dy * reach
            if room.is_free(x, y, 0.0, 8.0):
                room.take(x, y, 0.0, 8.0)
                return (
                    f'<path class="leader" d="M{px(centre_x)} {px(centre_y)}L{px(x)} {px(y)}"/>'
                    f'<rect class="{mark.kind} tag" x="{px(x - width / 2)}" y="{px(y - height / 2)}" '
                    f'width="{px(width)}" height="{px(height)}"/>'
                    f'<text class="number {mark.kind}-number" x="{px(x)}" y="{px(y)}" dy=".35em" font-size="11">'
                    f"{mark.number}</text>"
                )
    return ""


def draw_plain(marks: list[Mark]) -> Markup:
    """Return a plain count's boxes, inset in their cells so that both show where they agree with ours."""
    inset = min(4.0, marks[0].side * 0.18) if marks else 4.0
    return svg(
        "".join(
            f'<rect class="plain" x="{px(m.x + inset)}" y="{px(m.y + inset)}" width="{side}" height="{side}"/>'
            for m in marks
            for side in (px(max(m.side - 2 * inset, 2.0)),)
        )
    )


def draw_labels(labels: Iterable[Label], kind: str = "street-name") -> Markup:
    """Return the words."""
    return Markup("").join(
        Markup('<text class="{}" transform="translate({} {}){}" dy=".35em">{}</text>').format(
            kind,
            px(label.x),
            px(label.y),
            svg(f" rotate({px(label.angle)})") if label.angle else "",
            escape(label.text),
        )
        for label in labels
    )


def draw_dots(x: NDArray[np.float64], y: NDArray[np.float64], kind: str) -> Markup:
    """Return points as one path of round ends: the style gives each its size."""
    d = "".join(f"M{px(a)} {px(b)}h0" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return svg(f'<path class="{kind}" d="{d}"/>') if d else Markup("")


def age_name(age_days: float, recent_days: float) -> str:
    """Return which third of the recent window an event's age falls in."""
    return AGES[min(int(age_days / recent_days * len(AGES)), len(AGES) - 1)]


def draw_ages(
    x: NDArray[np.float64], y: NDArray[np.float64], age_days: NDArray[np.float64], recent_days: float
) -> Markup:
    """Return events as dots, the old ones below: recent ones by thirds of the window, older ones as rings."""
    third = np.digitize(age_days, np.arange(1, len(AGES) + 1) / len(AGES) * recent_days)
    older = third == len(AGES)
    drawn = [draw_dots(x[older], y[older], f"event older{end}") for end in ("", "-middle")]
    for i in reversed(range(len(AGES))):
        drawn += [draw_dots(x[third == i], y[third == i], f"event {AGES[i]}{end}") for end in ("-edge", "")]
    return Markup("").join(drawn)


def draw_scale_bar(frame: Frame, x: float, y: float, most_px: float = 130.0) -> Markup:
    """Return the scale bar with its left end at (x, y)."""
    length, words = frame.scale_bar(most_px)
    return svg(
        f'<path class="scale-bar" d="M{px(x)} {px(y - 5)}v5h{px(length)}v-5"/>'
        f'<text class="scale-words" x="{px(x + length + 8)}" y="{px(y + 1)}">{words}</text>'
    )
