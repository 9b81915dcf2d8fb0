"""Export: all that an actor may read of the store, in a folder or a file that appears whole."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peelian.delivery import record_files
from peelian.errors import StoreError
from peelian.records.access import Actor
from peelian.records.catalogue import Catalogue
from peelian.records.purpose import Purpose
from peelian.store.files import flush_folder, writing
from peelian.store.records.dump import Dumped, dump

FORMATS = ("csv", "sdm", "followthemoney")


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written where; ``left`` are records and links for which the format has no word."""

    path: str
    records: int
    links: int
    left: int


def export_records(
    catalogue: Catalogue, form: str, path: Path, actor: Actor, purpose: Purpose, types: tuple[str, ...] = ()
) -> ExportReport:
    """Write the records in a format; ``path`` is a new folder for CSV and a new file for the others.

    Raises
    ------
    StoreError
        When something stands at ``path`` already, or the disk is full; nothing half-written is left.
    NotAllowedError
        When the actor is no keeper of records.
    """
    if path.exists():
        raise StoreError(f"{path} exists already; name a new {'folder' if form == 'csv' else 'file'}.")
    parts = dump(catalogue, actor, purpose, types)
    with _beside(path) as making:
        if form == "csv":
            counts = _write_csv(catalogue, parts, making, f"export of {path.name}")
        else:
            lines = _sdm(catalogue, parts) if form == "sdm" else _ftm(parts)
            counts = _write_lines(lines, making)
    return ExportReport(str(path), *counts)


def _write_csv(catalogue: Catalogue, parts: Iterator[Dumped], folder: Path, source: str) -> tuple[int, int, int]:
    folder.mkdir()
    begun: dict[str, None] = {}
    n_records = n_links = 0

    def add(name: str, header: Callable[[], str], lines: str) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            if name not in begun:
                begun[name] = None
                file.write(header())
            file.write(lines)

    for part in parts:
        for kind in sorted({r.type for r in part.records}):
            of_kind = [r for r in part.records if r.type == kind]
            lines = record_files.csv_rows(catalogue, kind, of_kind)
            add(f"records-{kind}.csv", lambda kind=kind: record_files.csv_rows(catalogue, kind, None), lines)  # type: ignore[misc] # the name is bound at once
            n_records += len(of_kind)
        for kind in sorted({link.type for link in part.links}):
            tied = [link for link in part.links if link.type == kind]
            add(f"links-{kind}.csv", lambda: record_files.csv_links(None), record_files.csv_links(tied))
            n_links += len(tied)
    kinds = sorted(name[8:-4] for name in begun if name.startswith("records-"))
    ties = sorted(name[6:-4] for name in begun if name.startswith("links-"))
    (folder / "mapping.toml").write_text(record_files.csv_mapping(catalogue, kinds, ties, source), encoding="utf-8")
    return n_records, n_links, 0


def _write_lines(lines: Iterator[tuple[str, int, int, int]], path: Path) -> tuple[int, int, int]:
    totals = [0, 0, 0]
    with path.open("w", encoding="utf-8") as file:
        for text, *counts in lines:
            file.write(text)
            totals = [t + c for t, c in zip(totals, counts, strict=True)]
        file.flush()
        os.fsync(file.fileno())
    return totals[0], totals[1], totals[2]


def _sdm(catalogue: Catalogue, parts: Iterator[Dumped]) -> Iterator[tuple[str, int, int, int]]:
    """Yield a JSON:API document piece by piece; types of ends are known once every part was seen, so parts are held."""
    held = list(parts)
    types = {r.key: r.type for part in held for r in part.records}
    yield '{"jsonapi": {"version": "1.0"}, "data": [', 0, 0, 0
    comma = ""
    for part in held:
        links: dict[str, list[Any]] = {}
        for link in part.links:
            links.setdefault(link.start_key, []).append(link)
        for draft in part.records:
            told = record_files.sdm_resource(catalogue, draft, links.get(draft.key, []), types)
            yield f"{comma}\n{json.dumps(told, ensure_ascii=False)}", 1, len(links.get(draft.key, [])), 0
            comma = ","
    yield "\n]}\n", 0, 0, 0


def _ftm(parts: Iterator[Dumped]) -> Iterator[tuple[str, int, int, int]]:
    held = list(parts)
    types = {r.key: r.type for part in held for r in part.records}
    for part in held:
        for draft in part.records:
            told = list(record_files.ftm_entities(draft))
            yield "".join(f"{json.dumps(t, ensure_ascii=False)}\n" for t in told), len(told), 0, int(not told)
        for link in part.links:
            tie = record_files.ftm_link(link, types)
            yield (f"{json.dumps(tie, ensure_ascii=False)}\n" if tie else ""), 0, int(tie is not None), int(tie is None)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a place beside ``path`` to write to, and rename it in when all is well; leave nothing when it is not."""
    making = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield making
            making.rename(path)
            flush_folder(path.parent)
        finally:
            if making.is_dir():
                shutil.rmtree(making, ignore_errors=True)
            else:
                making.unlink(missing_ok=True)
