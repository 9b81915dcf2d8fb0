"""The frame of a map: from metres of the force's CRS to pixels of a picture, north up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of ``width`` x ``height`` pixels whose upper left corner is (``west``, ``north``) in metres."""

    west: float
    north: float
    pixels_per_m: float
    width: float
    height: float

    @classmethod
    def around(
        cls, bounds: tuple[float, float, float, float], width: float, most_height: float, margin_px: float
    ) -> "Frame":
        """Return the frame that holds ``(x_min, y_min, x_max, y_max)``, as wide as asked and no higher than allowed."""
        x_min, y_min, x_max, y_max = bounds
        across, up = max(x_max - x_min, 1.0), max(y_max - y_min, 1.0)
        scale = min((width - 2 * margin_px) / across, (most_height - 2 * margin_px) / up)
        height = up * scale + 2 * margin_px
        west = (x_min + x_max) / 2 - width / 2 / scale
        return cls(west, y_max + margin_px / scale, scale, width, height)

    @classmethod
    def filled(cls, bounds: tuple[float, float, float, float], width: float, height: float, margin_m: float) -> "Frame":
        """Return the frame of exactly that size that holds the bounds and a margin in its middle."""
        x_min, y_min, x_max, y_max = bounds
        scale = min(width / (x_max - x_min + 2 * margin_m), height / (y_max - y_min + 2 * margin_m))
        west, north = (x_min + x_max) / 2 - width / 2 / scale, (y_min + y_max) / 2 + height / 2 / scale
        return cls(west, north, scale, width, height)

    def x(self, x: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return pixels from the left."""
        return np.asarray((np.asarray(x) - self.west) * self.pixels_per_m)

    def y(self, y: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return pixels from the top."""
        return np.asarray((self.north - np.asarray(y)) * self.pixels_per_m)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """What the picture shows, ``(x_min, y_min, x_max, y_max)`` in metres."""
        across, down = self.width / self.pixels_per_m, self.height / self.pixels_per_m
        return self.west, self.north - down, self.west + across, self.north

    def scale_bar(self, most_px: float) -> tuple[float, str]:
        """Return the length in pixels and the words of a round scale bar no longer than ``most_px``."""
        most_m = most_px / self.pixels_per_m
        power = 10.0 ** np.floor(np.log10(most_m))
        metres = max(m * power for m in (1, 2, 5) if m * power <= most_m)
        return metres * self.pixels_per_m, f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"  # noqa: PLR2004 - a kilometre


def px(value: float) -> str:
    """Return a pixel to a tenth, as short as it goes."""
    text = f"{value:.1f}"
    return "0" if text in ("-0.0", "0.0") else text.removesuffix(".0")
