"""Attachments as values: what hangs on a record."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a record. ``sha256`` is of the bytes kept, ``original_sha256`` of those that came.

    ``captured_at`` is what the camera's clock said; ``text_note`` tells why its words are not searched, if so.
    """

    id: int
    record: int
    name: str
    content_type: str
    size: int
    sha256: str
    original_sha256: str
    captured_at: str
    version: int
    text_note: str
    scanned_by: str
    recorded_at: datetime
    recorder: str
