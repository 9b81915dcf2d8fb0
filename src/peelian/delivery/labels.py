"""Where words may stand on a map: over no box, no dot, no edge and no other word. A label with no room is left out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_TEXT_PX = 12.0
_CHARACTER_PX = 5.9  # a letter of Source Sans 3 at 12 px, on average, in italics or upright
_REACH_PX = 7.5
_FIRST_WIDE = "\u2e80"  # from here on mostly Chinese, Japanese and Korean signs
_WIDE = 1.75


@dataclass(frozen=True, slots=True)
class Label:
    """A word on the map, centred at (x, y), turned by ``angle`` degrees."""

    text: str
    x: float
    y: float
    angle: float


def text_width(text: str, size_px: float = _TEXT_PX) -> float:
    """Return about how wide the text is: wide letters and letters beyond Latin count for more."""
    letters = sum(
        _WIDE if c > _FIRST_WIDE else 1.3 if c in "MWmw" else 0.6 if c in "iljtfr.,' I" else 1.0 for c in text
    )
    return letters * _CHARACTER_PX * size_px / _TEXT_PX


@dataclass(slots=True)
class Room:
    """The free room of one map; every label that is placed takes some of it.

    ``rectangles`` are (x_min, y_min, x_max, y_max) in pixels and ``points`` (x, y): neither may be written over.
    """

    width: float
    height: float
    rectangles: NDArray[np.float64]
    points: NDArray[np.float64]
    taken: list[NDArray[np.float64]] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        width: float,
        height: float,
        rectangles: Iterable[tuple[float, float, float, float]],
        points: NDArray[np.float64],
    ) -> "Room":
        """Return the room of a picture with these obstacles."""
        listed = np.array(list(rectangles), dtype=np.float64).reshape(-1, 4)
        return cls(width, height, listed, np.asarray(points, dtype=np.float64).reshape(-1, 2))

    def is_free(self, x: float, y: float, angle: float, width_px: float) -> bool:
        """Tell whether a label of that width fits there."""
        beads = _beads(x, y, angle, width_px)
        edge = _REACH_PX
        bx, by = beads[:, 0], beads[:, 1]
        if bx.min() < edge or by.min() < edge or bx.max() > self.width - edge or by.max() > self.height - edge:
            return False
        r = self.rectangles
        if r.size:
            over = (bx[:, None] > r[:, 0] - edge) & (bx[:, None] < r[:, 2] + edge)
            over &= (by[:, None] > r[:, 1] - edge) & (by[:, None] < r[:, 3] + edge)
            if over.any():
                return False
        return not any(_touch(beads, other, 2 * edge) for other in self.taken) and not _touch(
            beads, self.points, edge + 2
        )

    def take(self, x: float, y: float, angle: float, width_px: float) -> None:
        """Take the room of a label."""
        self.taken.append(_beads(x, y, angle, width_px))

    def along(self, text: str, line: NDArray[np.float64], tries: int = 7) -> Label | None:
        """Place the text along a line of pixels (n, 2), as near its middle as is free; None if nowhere."""
        width = text_width(text)
        legs = np.hypot(*np.diff(line, axis=0).T)
        reach = np.concatenate([[0.0], np.cumsum(legs)])
        if reach[-1] < width * 0.6:
            return None
        for share in sorted(np.linspace(0.12, 0.88, tries), key=lambda s: (abs(s - 0.5), s)):
            at = share * reach[-1]
            x, y = np.interp(at, reach, line[:, 0]), np.interp(at, reach, line[:, 1])
            a, b = max(at - width / 2, 0.0), min(at + width / 2, reach[-1])
            dx = np.interp(b, reach, line[:, 0]) - np.interp(a, reach, line[:, 0])
            dy = np.interp(b, reach, line[:, 1]) - np.interp(a, reach, line[:, 1])
            angle = float(np.degrees(np.arctan2(dy, dx)))
            angle = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle  # noqa: PLR2004
            if self.is_free(float(x), float(y), angle, width):
                self.take(float(x), float(y), angle, width)
                return Label(text, round(float(x), 1), round(float(y), 1), round(angle, 1))
        return None

    def beside(self, text: str, x: float, y: float, size_px: float = _TEXT_PX, reach: float = 0.0) -> Label | None:
        """Place the text beside a point: right, left, below, above; further off up to ``reach``; None if no room."""
        width = text_width(text, size_px)
        for off in np.arange(0.0, reach + 1.0, 18.0).tolist():
            sides = ((width / 2 + 9 + off, 0.0), (-width / 2 - 9 - off, 0.0), (0.0, 18 + off), (0.0, -18 - off))
            corners = (
                (width / 2 + 6 + off, 16 + off),
                (width / 2 + 6 + off, -16 - off),
                (-width / 2 - 6 - off, 16 + off),
            )
            for dx, dy in (*sides, *corners):
                if self.is_free(x + dx, y + dy, 0.0, width):
                    self.take(x + dx, y + dy, 0.0, width)
                    return Label(text, round(x + dx, 1), round(y + dy, 1), 0.0)
        return None


def _beads(x: float, y: float, angle: float, width_px: float) -> NDArray[np.float64]:
    """Return the label as beads on a string, closer together than they are wide."""
    n = max(int(np.ceil(width_px / 8)), 2)
    along = np.linspace(-width_px / 2, width_px / 2, n)
    turn = np.radians(angle)
    return np.column_stack([x + along * np.cos(turn), y + along * np.sin(turn)])


def _touch(beads: NDArray[np.float64], others: NDArray[np.float64], reach: float) -> bool:
    if not others.size:
        return False
    apart = np.abs(beads[:, None, :] - others[None, :, :])
    return bool(((apart[..., 0] < reach) & (apart[..., 1] < reach)).any())
