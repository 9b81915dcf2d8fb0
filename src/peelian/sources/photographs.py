"""Photographs: taken apart to pixels and written anew, so that no place, camera or hidden content of the file stays."""

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from peelian.errors import SourceError

MOST_PIXELS = 50_000_000
_FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
_TAKEN, _EXIF = 0x9003, 0x8769


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
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=(_FORMATS[kind],)) as opened:
            _check_size(opened.size)
            taken = str(opened.getexif().get_ifd(_EXIF).get(_TAKEN, ""))
            upright = ImageOps.exif_transpose(opened)
            mode = "RGBA" if kind != "jpeg" and "A" in upright.getbands() else "RGB"
            bare = Image.new(mode, upright.size)
            bare.paste(upright.convert(mode))
            out = io.BytesIO()
            bare.save(out, _FORMATS[kind], **({"quality": 90} if kind != "png" else {}))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise SourceError(f"the picture cannot be opened ({type(error).__name__}); photograph it again.") from error
    return Photograph(out.getvalue(), _captured(taken))


def _check_size(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MOST_PIXELS:
        raise SourceError(f"the picture has {size[0]} x {size[1]} pixels; at most {MOST_PIXELS:,}.")


def _captured(text: str) -> str:
    try:
        return datetime.strptime(text.strip("\0 "), "%Y:%m:%d %H:%M:%S").isoformat()  # noqa: DTZ007 - a camera's clock has no zone
    except ValueError:
        return ""
