"""JSON files of records: what SDM documents and FollowTheMoney lines have in common."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from peelian.errors import SourceError
from peelian.records.drafts import LinkDraft, RecordDraft
from peelian.sources.pole.feed import Batch, Refusal

#: A document is read whole: one larger than this is cut by its maker, or sent as CSV.
MOST_BYTES = 512 << 20

Made = tuple[int, RecordDraft | LinkDraft | Refusal]


def read_document(path: Path) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON file's content.

    Raises
    ------
    SourceError
        When it cannot be read, is larger than half a gigabyte, or is no JSON.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SourceError(f"{path}: {path.stat().st_size:,} bytes; at most {MOST_BYTES:,}. Cut it into several.")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: no JSON ({error}). Fetch the file again.") from error


def fingerprint(path: Path) -> str:
    """Return what tells this file from another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cut(made: Iterator[Made], after: int, size: int) -> Iterator[Batch]:
    """Cut drafts and refusals, each with its row's number, into batches of about so many rows."""
    batch: list[Made] = []
    rows: dict[int, None] = {}
    last = after
    for number, found in made:
        if number <= after:
            continue
        if len(rows) >= size and number not in rows:
            yield _batch(batch, len(rows), last)
            batch, rows = [], {}
        rows[number] = None
        batch.append((number, found))
        last = number
    if batch:
        yield _batch(batch, len(rows), last)


def _batch(made: Sequence[Made], n_rows: int, last: int) -> Batch:
    return Batch(
        [(number, found) for number, found in made if isinstance(found, RecordDraft)],
        [(number, found) for number, found in made if isinstance(found, LinkDraft)],
        [found for _, found in made if isinstance(found, Refusal)],
        n_rows,
        last,
    )
