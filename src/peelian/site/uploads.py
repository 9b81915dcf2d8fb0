"""Files on their way in: refused as soon as they prove larger than any attachment may be."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from peelian.site.configuration import site_settings

_MEBIBYTE = 1 << 20
#: The form around a file: its fields and borders.
_FORM = _MEBIBYTE


def sentence() -> str:
    """Return why a file was refused, with the limit."""
    return f"The file is larger than {site_settings().records.attachment_limit_mb:,} MiB; nothing was kept."


class Limited(TemporaryFileUploadHandler):
    """Writes a file to a temporary place, up to the limit for attachments and no further."""

    taken = 0

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ANN401 - Django's own stream
        META: dict[str, Any],  # noqa: N803 - Django's own name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Refuse a form that says itself that it is too large."""
        del input_data, META, boundary, encoding
        self.limit = site_settings().records.attachment_limit_mb * _MEBIBYTE
        if content_length > self.limit + _FORM:
            raise RequestDataTooBig(sentence())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Refuse a file that proves larger than it may be."""
        self.taken += len(raw_data)
        if self.taken > self.limit:
            raise RequestDataTooBig(sentence())
        super().receive_data_chunk(raw_data, start)
