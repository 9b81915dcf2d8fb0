"""Photographs: taken apart to pixels and written anew, so that no place, camera or hidden content of the file stays."""

import io
import struct
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from peelian.errors import SourceError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.Image import Transpose

MOST_PIXELS = 50_000_000
_FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
_TAKEN, _EXIF, _HELD = 0x9003, 0x8769, 0x0112


@dataclass(frozen=True, slots=True)
class Photograph:
    """The new bytes, and when the camera says it was taken (its own clock, no zone); empty where it does not."""

    content: bytes
    captured_at: str


def rewritten(path: Path, kind: str) -> Photograph:
    """Return a photograph written anew, upright, without anything that its camera added.

    Raises
    ------
    SourceError
        When it cannot be opened, or has more pixels than any camera makes.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=(_FORMATS[kind],)) as opened:
            _check_size(opened.size)
            held, taken = _camera(opened)
            upright = opened.transpose(turn) if (turn := _turns().get(held)) is not None else opened
            mode = "RGBA" if kind != "jpeg" and "A" in upright.getbands() else "RGB"
            bare = Image.new(mode, upright.size)
            bare.paste(upright.convert(mode))
            out = io.BytesIO()
            bare.save(out, _FORMATS[kind], **({"quality": 90} if kind != "png" else {}))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise SourceError(f"the picture cannot be opened ({type(error).__name__}); photograph it again.") from error
    return Photograph(out.getvalue(), _captured(taken))


def _camera(opened: "Picture") -> tuple[int, str]:
    """Return how the camera was held and when it says the picture was taken; damaged notes of its cost no picture."""
    try:
        told = opened.getexif()
        return int(told.get(_HELD, 1)), str(told.get_ifd(_EXIF).get(_TAKEN, ""))
    except (ValueError, TypeError, KeyError, AttributeError, SyntaxError, OSError, struct.error):
        return 1, ""


def _turns() -> "dict[int, Transpose]":
    """Return what makes a picture upright, by the number that EXIF has for how the camera was held."""
    from PIL.Image import Transpose

    return {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }


def _check_size(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MOST_PIXELS:
        raise SourceError(f"the picture has {size[0]} x {size[1]} pixels; at most {MOST_PIXELS:,}.")


def _captured(text: str) -> str:
    try:
        return datetime.strptime(text.strip("\0 "), "%Y:%m:%d %H:%M:%S").isoformat()  # noqa: DTZ007 - a camera's clock has no zone
    except ValueError:
        return ""
