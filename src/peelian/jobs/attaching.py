"""Attach a document or photograph to a record: read, checked, scanned, kept, its words made searchable."""

import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from peelian.jobs.scanning import scan
from peelian.jobs.terms import RecordTerms
from peelian.records.attachments import Attached
from peelian.sources import documents
from peelian.sources.photographs import rewritten
from peelian.store.records import attachments
from peelian.store.records.writing import By

_SECONDS = 60


def attach(home: Path, record: int, name: str, stream: BinaryIO, by: By, terms: RecordTerms) -> Attached:
    """Attach a file that is read from a stream, and return what was kept.

    A file larger than the limit is refused while it is read. Nothing is kept before all checks have passed.

    Raises
    ------
    RecordError
        When there is no such record for this by.actor, or the file is empty, too large or badly named.
    SourceError
        When it is of no known kind, of another than its name says, no whole picture, or carries a virus.
    StoreError
        When the disk is full, or the virus scanner does not answer.
    """
    attachments.need_place(record, name, by.actor)
    with attachments.incoming(home, stream, terms.attachment_limit_mb * documents.MEBIBYTE) as came:
        kind = documents.kind_of(came.path, name)
        scanned = scan(came.path, terms.clamd) if terms.clamd else ""
        photograph = rewritten(came.path, kind) if documents.KINDS[kind].is_image else None
        words, note = ("", "") if photograph else _words(came.path, kind)
        return attachments.keep(
            home,
            came,
            attachments.Checked(
                record,
                name,
                documents.KINDS[kind].media_type,
                photograph.content if photograph else None,
                photograph.captured_at if photograph else "",
                words,
                note,
                scanned,
            ),
            by,
        )


def _words(path: Path, kind: str) -> tuple[str, str]:
    """Return the words of a document, or a note why there are none; a process of its own reads it."""
    try:
        done = subprocess.run(  # noqa: S603 - our own module, a path of our own making
            [sys.executable, "-m", "peelian.sources.documents", str(path), kind],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", "its words are not searched: reading it took too long"
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return "", (told[-1] if done.returncode == 1 and told else "its words are not searched: it broke its reader")[
            :300
        ]
    return done.stdout.decode("utf-8", "replace").replace("\0", " "), ""
