"""Delimited text in chunks of strings, with line numbers: bounded memory, and every damage named or counted.

Only the wanted columns leave this module, so that a column about a person is never even held.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO, cast

import polars as pl

from peelian.errors import SourceError
from peelian.sources.refusals import REFUSAL_SCHEMA, Reason

CHUNK_ROWS = 200_000
#: A quoted cell longer than this many lines is a quotation mark that nobody closed.
_MOST_LINES_IN_A_ROW = 50
#: Bytes looked at to tell encoding and delimiter.
_SNIFFED = 1_000_000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Rows of a file: ``table`` holds the wanted columns as found and ``line`` (the header is line 1)."""

    table: pl.DataFrame
    refused: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","


#: How most feeds are written.
UTF8 = Dialect()


class _Reader(Protocol):
    """What ``csv.reader`` gives: rows, and the number of the last line read."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def sniff(path: Path) -> Dialect:
    """Return how a text file looks to be written, from its first bytes: encoding and delimiter.

    Raises
    ------
    SourceError
        When the file cannot be read or is empty.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            start = gzip.GzipFile(fileobj=raw).read(_SNIFFED) if packed else raw.read(_SNIFFED)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path}: cannot be read ({error}). Check the path, or fetch the file again.") from error
    if start[:2] in _UTF16:
        return Dialect("utf-16", _delimiter(start.decode("utf-16", "replace")))
    try:
        # A character may be cut in two where the reading stopped.
        start[: start.rfind(b"\n") + 1].decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        # A file that begins with UTF-8's own mark is UTF-8 with a damaged row, and the row is refused by its line.
        encoding = "utf-8" if start.startswith(codecs.BOM_UTF8) else "cp1252"
    return Dialect(encoding, _delimiter(start.decode(encoding, "replace")))


def _delimiter(text: str) -> str:
    header = text.lstrip("\ufeff").split("\n", 1)[0]
    return max(",;\t|", key=lambda mark: (header.count(mark), mark == ","))


@contextmanager
def _open_text(path: Path, dialect: Dialect) -> Iterator[TextIO]:
    """Open the file, unpacked where it is gzip by its first bytes; the name decides nothing."""
    encoding = "utf-8-sig" if dialect.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else dialect.encoding
    try:
        with path.open("rb") as raw:
            start = raw.read(4)
            raw.seek(0)
            packed = start[:2] == b"\x1f\x8b"
            if start[:2] in _UTF16 and "16" not in encoding:
                raise SourceError(f"{path}: begins with a UTF-16 mark. Say --encoding utf-16, or save it as UTF-8.")
            stream = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
            with io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="") as text:
                yield text
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"{path}: the gzip archive is broken ({error}). Fetch the file again; nothing was kept."
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not {dialect.encoding} at byte {error.start}. Name its encoding.") from error
    except LookupError as error:
        raise SourceError(
            f"encoding {dialect.encoding!r} is not known; write 'utf-8', 'cp1252' or 'latin-1'."
        ) from error
    except OSError as error:
        raise SourceError(
            f"{path}: cannot be read ({error.strerror or error}). Check the path and its rights."
        ) from error


def read_header(path: Path, dialect: Dialect) -> tuple[str, ...]:
    """Return the column names of the file, stripped.

    Raises
    ------
    SourceError
        When the file cannot be opened, is empty, or has a name twice.
    """
    with _open_text(path, dialect) as text:
        return _header(path, csv.reader(_clean_lines(text, {}), delimiter=dialect.delimiter))


def read_chunks(path: Path, wanted: Sequence[str], dialect: Dialect, chunk_rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
    """Yield the wanted columns of the file as strings, chunk by chunk, and the rows that are damaged.

    Raises
    ------
    SourceError
        When the file cannot be read at all: broken archive, no such column, an unclosed quotation mark.
    """
    with _open_text(path, dialect) as text:
        damaged: dict[int, Reason] = {}
        reader = csv.reader(_clean_lines(text, damaged), delimiter=dialect.delimiter)
        header = _header(path, reader)
        wants = [header.index(name) for name in wanted]
        pick = itemgetter(*wants, *wants[:1])  # one more than asked, so that one column is a tuple too
        rows: list[tuple[str, ...]] = []
        lines: list[int] = []
        refused: list[tuple[str, int, str, str]] = []
        for first, last, row in _rows(path, reader):
            if len(row) == len(header) and not damaged:
                rows.append(pick(row))
                lines.append(first)
            else:
                harm = _harm(row, len(header), damaged, range(first, last + 1))
                row_of = dict(zip(wanted, pick(row), strict=False)) if len(row) >= len(header) else {}
                if harm is None:
                    rows.append(pick(row))
                    lines.append(first)
                else:
                    refused.append((str(path), first, str(harm), _shown(harm, row, row_of, len(header))[:80]))
                damaged.clear()
            if len(rows) >= chunk_rows or len(refused) >= chunk_rows:
                yield _chunk(wanted, rows, lines, refused)
                rows, lines, refused = [], [], []
        yield _chunk(wanted, rows, lines, refused)


def _clean_lines(text: TextIO, damaged: dict[int, Reason]) -> Iterator[str]:
    """Yield the lines; note by number those with NUL or bytes of another encoding, and spell these out."""
    for number, line in enumerate(text, 1):
        clean = line
        if "\0" in clean:
            damaged[number] = Reason.NUL
            clean = clean.replace("\0", r"\x00")
        if not clean.isascii():
            as_read = clean.encode("utf-8", "surrogateescape")
            clean = as_read.decode("utf-8", "backslashreplace")
            if len(clean) != len(line) and number not in damaged:
                damaged[number] = Reason.MISENCODED
        yield clean


def _header(path: Path, reader: Iterator[list[str]]) -> tuple[str, ...]:
    try:
        names = tuple(cell.strip() for cell in next(reader))
    except StopIteration:
        raise SourceError(f"{path}: the file is empty; a feed begins with a line of column names.") from None
    except csv.Error as error:
        raise SourceError(f"{path}, line 1: {error}. This is no delimited text with a line of column names.") from error
    twice = sorted({name for name in names if names.count(name) > 1 and name})
    if twice:
        raise SourceError(f"{path}, line 1: column {twice[0]!r} stands twice; rename one of the two.")
    return names


def _rows(path: Path, reader: _Reader) -> Iterator[tuple[int, int, list[str]]]:
    """Yield (first line, last line, cells) of each row that is not blank."""
    first = reader.line_num + 1
    try:
        for row in reader:
            last = reader.line_num
            if last - first > _MOST_LINES_IN_A_ROW:
                raise SourceError(
                    f"{path}, line {first}: a quotation mark opened here is not closed within {_MOST_LINES_IN_A_ROW} "
                    "lines. Mend the quote, or fetch the file again: it may have been cut off."
                )
            if row:
                yield first, last, row
            first = last + 1
    except csv.Error as error:
        raise SourceError(f"{path}, line {first}: {error}; a quotation mark is open, or this is no text.") from error


def _harm(row: list[str], n_columns: int, damaged: dict[int, Reason], lines: range) -> Reason | None:
    """Tell what is wrong with a row: damaged bytes in its lines, or another number of cells."""
    for line in lines:
        if line in damaged:
            return damaged[line]
    # A lone delimiter at the end of a line is a habit of some exports, not another column.
    return None if len(row) >= n_columns and not any(cell.strip() for cell in row[n_columns:]) else Reason.RAGGED


def _shown(harm: Reason, row: list[str], wanted: dict[str, str], n_columns: int) -> str:
    """Return what to show of a refused row: never a cell that was not asked for (it may name a person)."""
    if harm is Reason.RAGGED:
        return f"{len(row)} cells where the header has {n_columns}"
    for name, cell in wanted.items():
        if r"\x" in cell:
            return f"{name} = {cell}"
    return "in a column that is not read"


def _chunk(
    wanted: Sequence[str], rows: list[tuple[str, ...]], lines: list[int], refused: list[tuple[str, int, str, str]]
) -> Chunk:
    columns = list(zip(*rows, strict=True)) or [()] * (len(wanted) + 1)
    series = [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(wanted, columns, strict=False)]
    table = pl.DataFrame([*series, pl.Series("line", lines, dtype=pl.Int64)])
    return Chunk(table, pl.DataFrame(refused, schema=REFUSAL_SCHEMA, orient="row"))
