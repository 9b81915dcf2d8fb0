"""The files of an ingest: which ones, in which order, of which form; one way to read them all in chunks."""

import difflib
import glob
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import polars as pl

from peelian.errors import SourceError
from peelian.sources.delimited import Chunk, Dialect, read_chunks, read_header
from peelian.sources.refusals import REFUSAL_SCHEMA

_T = TypeVar("_T")
_ENDINGS = (".csv", ".csv.gz", ".txt", ".txt.gz", ".tsv", ".tsv.gz", ".parquet")
PARQUET_CHUNK_ROWS = 500_000


def expand(paths: Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the files that these paths, folders and patterns mean, each once, sorted by name.

    Raises
    ------
    SourceError
        When a path does not exist, a pattern meets nothing, or a folder holds no readable file.
    """
    found: list[Path] = []
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            inside = [p for p in path.rglob("*") if p.is_file() and p.name.lower().endswith(_ENDINGS)]
            if not inside:
                raise SourceError(f"{path}: no file in this folder ends in {', '.join(_ENDINGS)}.")
            found.extend(inside)
        elif path.exists():
            found.append(path)
        else:
            met = [Path(p) for p in glob.glob(str(path), recursive=True) if Path(p).is_file()]  # noqa: PTH207 - absolute patterns
            if not met:
                raise SourceError(f"{path}: there is no such file or folder.")
            found.extend(met)
    return tuple(sorted(dict.fromkeys(found), key=lambda p: (p.name, str(p))))


def is_parquet(path: Path) -> bool:
    """Tell whether the file is Parquet, by its first bytes.

    Raises
    ------
    SourceError
        When the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}). Check the path and its rights.") from error


def column_names(path: Path, dialect: Dialect) -> tuple[str, ...]:
    """Return the names of the file's columns."""
    if not is_parquet(path):
        return read_header(path, dialect)
    return tuple(_parquet(path, lambda: pl.read_parquet_schema(path)))


def chunks(path: Path, wanted: Mapping[str, str], dialect: Dialect) -> Iterator[Chunk]:
    """Yield the wanted columns of a file under our names, chunk by chunk; ``wanted`` maps ours to the file's.

    Raises
    ------
    SourceError
        When the file is broken or lacks a wanted column.
    """
    names = column_names(path, dialect)
    for theirs in wanted.values():
        if theirs not in names:
            raise SourceError(_no_column(path, theirs, names))
    renamed = {theirs: ours for ours, theirs in wanted.items()}
    if is_parquet(path):
        yield from _parquet_chunks(path, renamed)
        return
    for chunk in read_chunks(path, list(renamed), dialect):
        yield Chunk(chunk.table.rename(renamed), chunk.refused)


def _parquet_chunks(path: Path, renamed: Mapping[str, str]) -> Iterator[Chunk]:
    height = _parquet(path, lambda: pl.scan_parquet(path).select(pl.len()).collect()).item()
    for offset in range(0, max(height, 1), PARQUET_CHUNK_ROWS):
        part = pl.scan_parquet(path).select(list(renamed)).rename(dict(renamed)).slice(offset, PARQUET_CHUNK_ROWS)
        table = _parquet(path, part.collect)
        # Row 1 of the table is told as line 2, as in the delimited file that it stands for.
        lines = pl.int_range(offset + 2, offset + 2 + table.height, dtype=pl.Int64).alias("line")
        yield Chunk(table.with_columns(lines), pl.DataFrame(schema=REFUSAL_SCHEMA))


def _parquet(path: Path, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0][:160]
        raise SourceError(
            f"{path}: the Parquet file is broken ({reason}). Fetch it again; nothing was kept."
        ) from error


def _no_column(path: Path, name: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        mark = next((m for m in (";", "\t", "|", ",") if m in names[0]), None)
        if mark:
            shown = names[0][:60]
            return (
                f"{path}, line 1: one column {shown!r}; it looks delimited by {mark!r}. Say so in the mapping's [file]."
            )
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names[:20])}."
    return f"{path}: no column {name!r}; {hint}"
