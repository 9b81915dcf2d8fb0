"""The optional basemap: one PMTiles file in the home folder, given out in the ranges that the map asks for."""

import re
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from peelian.errors import NotFoundError
from peelian.site.configuration import site_settings
from peelian.site.rules import SIGNED_IN, allow

NAME = "basemap.pmtiles"
_KIND = "application/octet-stream"
#: A tile is far smaller; a longer range is answered in part, as HTTP allows.
MOST_BYTES = 8 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


def basemap_path() -> Path | None:
    """Return where the basemap lies, or None where the home has none."""
    path = site_settings().home / NAME
    return path if path.is_file() else None


@allow(SIGNED_IN)
@require_safe
def basemap(request: HttpRequest) -> HttpResponseBase:
    """Return the range of bytes that was asked for, or the whole file where none was."""
    path = basemap_path()
    if path is None:
        raise NotFoundError("this site has no basemap; docs/guide/site.md says how to make one.")
    told = path.stat()
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{told.st_size:x}-{told.st_mtime_ns:x}"',
        "Cache-Control": "private, max-age=3600",
    }
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if not asked:
        return FileResponse(path.open("rb"), content_type=_KIND, headers=headers)
    first = int(asked[1])
    last = min(int(asked[2]) if asked[2] else told.st_size - 1, told.st_size - 1, first + MOST_BYTES - 1)
    if last < first:
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{told.st_size}"})
    with path.open("rb") as file:
        file.seek(first)
        content = file.read(last - first + 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{told.st_size}"
    return HttpResponse(content, status=206, content_type=_KIND, headers=headers)
