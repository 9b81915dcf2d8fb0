"""Records and links out of CSV files, by a mapping. Each row becomes one draft or one refusal."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from peelian.errors import RecordError, SourceError
from peelian.places.periods import zone
from peelian.places.projections import Projection
from peelian.records.catalogue import Catalogue, Kind
from peelian.records.drafts import UNKNOWN, LinkDraft, RecordDraft
from peelian.records.marking import Marking
from peelian.records.points import Point
from peelian.sources.delimited import Chunk, Dialect, read_chunks, read_header
from peelian.sources.pole.feed import Batch, Refusal
from peelian.sources.pole.mapping import Columns, LinksPart, RecordMapping, RecordsPart


@dataclass(frozen=True, slots=True)
class CsvFeed:
    """The files of a folder that a mapping names."""

    mapping: RecordMapping
    catalogue: Catalogue
    files: Mapping[str, RecordsPart | LinksPart]
    folder: Path

    @property
    def source(self) -> str:
        """Whose records these are."""
        return self.mapping.source

    def fingerprint(self) -> str:
        """Names, sizes and times of the files: content need not be read to know that they are the same."""
        told = hashlib.sha256()
        for name in self.files:
            stat = (self.folder / name).stat()
            told.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
        return told.hexdigest()

    def parts(self) -> Sequence[str]:
        """The files, those of records first."""
        return tuple(self.files)

    def batches(self, part: str, after: int, size: int) -> Iterator[Batch]:
        """The file's rows after the first ``after``."""
        spec = self.files[part]
        make = self._record_maker(spec) if isinstance(spec, RecordsPart) else self._link_maker(spec)
        path = self.folder / part
        wanted = _wanted(spec)
        dialect = Dialect(self.mapping.encoding, self.mapping.delimiter)
        lacking = sorted(set(wanted) - set(read_header(path, dialect)))
        if lacking:
            raise SourceError(f"{path}: no column {lacking[0]!r}; it has {', '.join(read_header(path, dialect))}.")
        seen = 0
        for chunk in read_chunks(path, wanted, dialect, size):
            n_rows = chunk.table.height + chunk.refused.height
            seen += n_rows
            if seen <= after:
                continue
            yield _batch(chunk, make, n_rows, seen)

    def _record_maker(self, spec: RecordsPart) -> Callable[[pl.DataFrame], Iterator[tuple[int, Any]]]:
        record_type = self.catalogue.type(spec.type)
        kinds = {name: record_type.property(name).kind for name in (*spec.values, *spec.constants)}

        def make(table: pl.DataFrame) -> Iterator[tuple[int, Any]]:
            # A point in two columns is x and y as the mapping says; in one it is written as statements keep it.
            pairs = {n: c for n, c in spec.values.items() if kinds[n] is Kind.POINT and len(c.names) > 1}
            points = {name: self._points(table, columns) for name, columns in pairs.items()}
            for at, row in enumerate(table.iter_rows(named=True)):
                try:
                    yield row["line"], self._draft(spec, kinds, row, {n: found[at] for n, found in points.items()})
                except RecordError as error:
                    yield row["line"], error

        return make

    def _draft(
        self, spec: RecordsPart, kinds: Mapping[str, Kind], row: Mapping[str, Any], points: Mapping[str, str]
    ) -> RecordDraft:
        values: dict[str, tuple[str | None, ...]] = {name: (value,) for name, value in spec.constants.items()}
        for name, columns in spec.values.items():
            told = _cell(row, columns)
            if told in self.mapping.unknown:
                values[name] = (UNKNOWN,)
            elif told and name in points:
                if not points[name]:
                    raise RecordError(f"{name} is no place that {self.mapping.crs} knows")
                values[name] = (points[name],)
            elif told:
                several = told.split(columns.split) if columns.split else [told]
                values[name] = tuple(self._date(v, columns) if kinds[name] is Kind.DATE else v for v in several)
        key = "/".join(row[c] or "" for c in spec.key).strip("/")
        marking = Marking(area=(row[spec.area] or "").strip()) if spec.area else Marking()
        return RecordDraft(spec.type, key, MappingProxyType(values), marking).checked(self.catalogue)

    def _link_maker(self, spec: LinksPart) -> Callable[[pl.DataFrame], Iterator[tuple[int, Any]]]:
        self.catalogue.link(spec.type)

        def make(table: pl.DataFrame) -> Iterator[tuple[int, Any]]:
            for row in table.iter_rows(named=True):
                start, end = ("/".join(row[c] or "" for c in side).strip("/") for side in (spec.start, spec.end))
                detail = (row[spec.detail] or "").strip() if spec.detail else ""
                try:
                    yield row["line"], LinkDraft(spec.type, start, end, detail).checked(self.catalogue)
                except RecordError as error:
                    yield row["line"], error

        return make

    def _points(self, table: pl.DataFrame, columns: Columns) -> list[str]:
        """Points as statements keep them; an empty text where none can be read."""
        x, y = (
            table.get_column(name).str.strip_chars().cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
            for name in columns.names
        )
        mapping = self.mapping
        east, north = Projection(mapping.metric_crs).from_crs(mapping.crs, x, y)
        sound = np.isfinite(east) & np.isfinite(north) & ~((x == 0) & (y == 0))
        return [
            Point(mapping.metric_crs, float(e), float(n), mapping.precision).text if ok else ""
            for e, n, ok in zip(east, north, sound, strict=True)
        ]

    def _date(self, text: str, columns: Columns) -> str:
        for form in columns.formats:
            try:
                read = datetime.strptime(text, form)  # noqa: DTZ007 - the feed's own zone is given to it below
            except ValueError:
                continue
            if "%H" in form or "%I" in form:
                return read.replace(tzinfo=zone(self.mapping.time_zone)).isoformat(timespec="minutes")
            return f"{read:%Y-%m-%d}" if "%d" in form else f"{read:%Y-%m}"
        return text


def open_feed(mapping: RecordMapping, catalogue: Catalogue, folder: Path) -> CsvFeed:
    """Return the feed of a folder's files; a part of the mapping whose file is not there is an error.

    Raises
    ------
    SourceError
        When the folder or a file of the mapping is missing.
    RecordError
        When the mapping names an unknown type, property or link.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder} is no folder; name the one that holds the files of the mapping.")
    found: dict[str, RecordsPart | LinksPart] = {}
    specs: list[RecordsPart | LinksPart] = [*mapping.records, *mapping.links]
    for spec in specs:
        names = sorted(p.name for p in folder.glob(spec.file) if p.is_file())
        if not names:
            raise SourceError(f"{folder}: no file {spec.file!r}, which the mapping reads as {spec.type}.")
        found |= dict.fromkeys(names, spec)
        if isinstance(spec, RecordsPart):
            for name in spec.values:
                catalogue.type(spec.type).property(name)
        else:
            catalogue.link(spec.type)
    return CsvFeed(mapping, catalogue, MappingProxyType(found), folder)


def _wanted(spec: RecordsPart | LinksPart) -> tuple[str, ...]:
    if isinstance(spec, LinksPart):
        names = (*spec.start, *spec.end, *((spec.detail,) if spec.detail else ()))
    else:
        told = (name for columns in spec.values.values() for name in columns.names)
        names = (*spec.key, *told, *((spec.area,) if spec.area else ()))
    return tuple(dict.fromkeys(names))


def _cell(row: Mapping[str, Any], columns: Columns) -> str:
    return columns.join.join(cell.strip() for name in columns.names if (cell := row[name]) and cell.strip())


def _batch(chunk: Chunk, make: Callable[[pl.DataFrame], Iterator[tuple[int, Any]]], n_rows: int, last: int) -> Batch:
    made = list(make(chunk.table))
    refused = [Refusal(r["line"], r["reason"], r["value"]) for r in chunk.refused.iter_rows(named=True)]
    refused += [Refusal(line, str(found)) for line, found in made if isinstance(found, RecordError)]
    return Batch(
        [(line, found) for line, found in made if isinstance(found, RecordDraft)],
        [(line, found) for line, found in made if isinstance(found, LinkDraft)],
        refused,
        n_rows,
        last,
    )
