"""Attachments at rest: files named by their content under ``HOME/attachments``, and the rows that name them."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from peelian.errors import NotFoundError, RecordError, StoreError
from peelian.records.access import Act, Actor
from peelian.records.attachments import Attached
from peelian.records.marking import need_reader
from peelian.records.purpose import Purpose
from peelian.records.writing import clean
from peelian.store import audit
from peelian.store.files import flush_folder, write_whole, writing
from peelian.store.records import index
from peelian.store.records.bulk import chunks
from peelian.store.records.reading import need_row, record_name
from peelian.store.records.tables import Attachment
from peelian.store.records.writing import By, kept

_PART = 1 << 20
_INCOMING = ".incoming-"
_LONGEST_NAME = 200
#: What an upload that was killed leaves is swept away after a day.
_STALE_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Came:
    """A file that has been read to its end, not yet checked."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of a file once it is checked; ``content`` replaces the bytes that came (a photograph anew)."""

    record: int
    name: str
    content_type: str
    content: bytes | None
    captured_at: str
    words: str
    text_note: str
    scanned_by: str


def need_place(record: int, name: str, actor: Actor) -> None:
    """Let through an attachment that could be kept: the record is the actor's to read, the name is a file's name.

    Raises
    ------
    RecordError
        When it is not.
    """
    need_reader(actor)
    need_row(record, actor)
    if not name or len(name) > _LONGEST_NAME or clean(name) != name or "/" in name or "\\" in name or "\n" in name:
        raise RecordError(f"{name[:60]!r} is no name of a file: 1 to {_LONGEST_NAME} plain characters, no folder.")


@contextmanager
def incoming(home: Path, stream: BinaryIO, limit: int) -> Iterator[Came]:
    """Read a stream to a file of its own, which is gone again at the end unless it was kept.

    Raises
    ------
    RecordError
        When it is empty, or as soon as it proves larger than the limit.
    StoreError
        When the disk is full.
    """
    folder = home / "attachments"
    path = folder / f"{_INCOMING}{uuid4().hex}"
    told, size = hashlib.sha256(), 0
    with writing(path):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with writing(path), path.open("wb") as file:
            while part := stream.read(_PART):
                size += len(part)
                if size > limit:
                    raise RecordError(f"the file is larger than {limit // _PART:,} MiB; nothing was kept.")
                told.update(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        if not size:
            raise RecordError("the file is empty; nothing was kept.")
        yield Came(path, size, told.hexdigest())
    finally:
        path.unlink(missing_ok=True)


def keep(home: Path, came: Came, checked: Checked, by: By) -> Attached:
    """Keep a checked file: bytes, row, words and the log's line; all or none. The same name again is a new version.

    Killed before the row stands, at most a file that no row names is left; ``sweep`` takes it.
    """
    content, digest = checked.content, came.sha256
    if content is not None:
        digest = hashlib.sha256(content).hexdigest()
    place = file_of(home, digest)
    with kept():
        earlier = Attachment.objects.filter(record=checked.record, name=checked.name).order_by("-version").first()
        if earlier is not None and earlier.original_sha256 == came.sha256:
            return _value(earlier)
        row = Attachment.objects.create(
            record_id=checked.record,
            name=checked.name,
            content_type=checked.content_type,
            size=came.size if content is None else len(content),
            sha256=digest,
            original_sha256=came.sha256,
            captured_at=checked.captured_at,
            version=earlier.version + 1 if earlier else 1,
            replaces=earlier,
            text_note=checked.text_note,
            scanned_by=checked.scanned_by,
            recorded_at=by.at,
            recorder=by.actor.name,
        )
        if checked.words.strip():
            index.put_attachment_text(checked.record, row.pk, checked.name, checked.words)
        audit.record(
            by.actor,
            Act.COLLECTED,
            "attached a file",
            record=record_name(checked.record),
            details={"attachment": row.pk, "version": row.version, "sha256": digest},
            at=by.at,
        )
        if content is not None:
            write_whole(place, content)
        else:
            with writing(place):
                place.parent.mkdir(parents=True, exist_ok=True)
                came.path.replace(place)
                flush_folder(place.parent)
    return _value(row)


def attached(record: int, actor: Actor, purpose: Purpose) -> tuple[Attached, ...]:
    """Return what hangs on a record, every version, by name."""
    need_reader(actor)
    need_row(record, actor)
    with kept():
        audit.record(
            actor,
            Act.CONSULTED,
            "read the list of a record's attachments",
            record=record_name(record),
            purpose=purpose.text,
        )
        return tuple(_value(r) for r in Attachment.objects.filter(record=record).order_by("name", "-version"))


def open_attachment(home: Path, attachment: int, actor: Actor, purpose: Purpose) -> tuple[Attached, BinaryIO]:
    """Return an attachment and its bytes to read, and leave a line in the log.

    Raises
    ------
    NotFoundError
        When there is none.
    StoreError
        When its bytes are not those that were kept.
    """
    need_reader(actor)
    row = Attachment.objects.filter(pk=attachment).first() if attachment < 2**62 else None
    if row is None:
        raise NotFoundError(f"there is no attachment {attachment}.")
    need_row(row.record_id, actor)
    path = file_of(home, row.sha256)
    with kept():
        if not path.exists() or digest_of(path) != row.sha256:
            raise StoreError(f"the bytes of attachment {attachment} are missing or changed; restore {path.name}.")
        audit.record(
            actor,
            Act.CONSULTED,
            "opened an attachment",
            record=record_name(row.record_id),
            purpose=purpose.text,
            details={"attachment": attachment},
        )
    return _value(row), path.open("rb")


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_of(home: Path, digest: str) -> Path:
    """Return where the bytes of a digest stand."""
    return home / "attachments" / digest[:2] / digest


def drop_files(home: Path, digests: Iterable[str]) -> int:
    """Delete the files that no attachment names any more; return how many.

    Nobody keeps a file meanwhile: the same bytes kept anew would be deleted with what was disposed of.
    """
    gone = 0
    for part in chunks(sorted(set(digests))):
        with kept():
            held = set(Attachment.objects.filter(sha256__in=part).values_list("sha256", flat=True))
            for digest in part:
                path = file_of(home, digest)
                if digest not in held and path.exists():
                    path.unlink()
                    flush_folder(path.parent)
                    gone += 1
    return gone


def sweep(home: Path) -> int:
    """Delete what killed uploads and disposals left: stale incoming files, and files that no row names."""
    folder = home / "attachments"
    if not folder.is_dir():
        return 0
    stale = [p for p in folder.glob(f"{_INCOMING}*") if time.time() - p.stat().st_mtime > _STALE_SECONDS]
    for path in stale:
        path.unlink(missing_ok=True)
    files = [p for p in folder.glob("??/*") if time.time() - p.stat().st_mtime > _STALE_SECONDS]
    return len(stale) + drop_files(home, (p.name for p in files))


def _value(row: Attachment) -> Attached:
    return Attached(
        row.pk,
        row.record_id,
        row.name,
        row.content_type,
        row.size,
        row.sha256,
        row.original_sha256,
        row.captured_at,
        row.version,
        row.text_note,
        row.scanned_by,
        row.recorded_at,
        row.recorder,
    )
