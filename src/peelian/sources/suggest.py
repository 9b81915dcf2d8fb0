"""A drafted mapping for a file never seen before: what its columns and values say, and what a person must confirm."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from peelian.errors import RefusedSourceError, SourceError
from peelian.places.projections import WGS84
from peelian.sources.date_columns import date_columns, words_of
from peelian.sources.delimited import UTF8, Dialect, sniff
from peelian.sources.files import chunks, column_names, is_parquet
from peelian.sources.ground import zone_places
from peelian.sources.police_found import names_police_found, why_police_activity

#: Looked at to draft a mapping; the whole file is read by the ingest.
ROWS_LOOKED_AT = 20_000
_MOST_TYPES = 400
#: What a heading may say behind a coordinate's name.
_GRID = r"( (osgb|bng|m|metres|wgs ?84))?"
_NAMES = {
    "x": rf"^(lon|lng|long|longitude|x|east|easting|eastings|x ?coord.*|coord ?x|point ?x|x ?.*feet){_GRID}$",
    "y": rf"^(lat|latitude|y|north|northing|northings|y ?coord.*|coord ?y|point ?y|y ?.*feet){_GRID}$",
    "crime_type": r"(crime|offen[cs]e) ?(type|class|category|group)?$|^primary type$|^(category|ucr.*|type)$",
    "described": r"^(description|details? of crime|crime description)$",
    "occurred_to": r"(^| )(to|end|ended|until|latest|finish)( |$)",
    "recorded_at": r"record|report|entered|entry|added|created|logged",
    "occurred_from": r"occur|from|start|began|earliest|committed|incident|offen[cs]e|date|month|time",
    "id": r"(^| )(id|ref|reference|number|no|nr|case|complaint|urn|crn)( |$)",
    "street": r"street|road|location|block|address|place",
    "district": r"district|borough|division|precinct",
    "beat": r"beat|ward|sector|neighbou?rhood",
    "status": r"status|disposition|state$|cancel",
    "origin": r"origin|how (found|reported)|source|initiat|method",
}


def suggest_mapping(path: Path) -> str:
    """Return a drafted mapping as commented TOML; every guess to be confirmed carries the word CONFIRM.

    Raises
    ------
    SourceError
        When the file cannot be read at all.
    """
    dialect = UTF8 if is_parquet(path) else sniff(path)
    names = [name for name in column_names(path, dialect) if name]
    if not names:
        raise SourceError(f"{path}, line 1: no column has a name; a feed begins with a line of column names.")
    police_activity = why_police_activity(names)
    if police_activity is not None:
        raise RefusedSourceError(f"{path}: {police_activity}")
    table = next(chunks(path, {name: name for name in names}, dialect)).table.head(ROWS_LOOKED_AT).drop("line")
    if table.height == 0:
        raise SourceError(f"{path}: no sound row below the column names; nothing to draft a mapping from.")
    text = table.with_columns(
        (pl.col(c).dt.to_string("%Y-%m-%d %H:%M:%S") if table.schema[c].is_temporal() else pl.col(c).cast(pl.String))
        .str.strip_chars()
        .alias(c)
        for c in table.columns
    )
    return "\n".join(map(_in_comment, _Draft(path, dialect, text).lines())) + "\n"


class _Draft:
    """The guesses about one file."""

    def __init__(self, path: Path, dialect: Dialect, table: pl.DataFrame) -> None:
        self._path = path
        self._dialect = dialect
        self._table = table
        dates = date_columns(table)
        self._recorded = _pick("recorded_at", [d.column for d in dates])
        rest = [d.column for d in dates if d.column != self._recorded]
        self._to = _pick("occurred_to", rest)
        begins = [name for name in rest if name != self._to]
        self._from = _pick("occurred_from", begins) or (begins[0] if begins else self._recorded)
        used = {self._recorded, self._to, self._from}
        self._dates = [d for d in dates if d.column in used]
        used |= {d.time_column for d in self._dates}
        numbers = [name for name in table.columns if _is_numeric(table.get_column(name))]
        # Where a feed gives feet and degrees too, degrees need no CRS to be confirmed.
        numbers.sort(key=lambda name: not _like_degrees(table.get_column(name)))
        self._x, self._y = _pick("x", numbers), _pick("y", numbers)
        words = [n for n in table.columns if n not in {*used, self._x, self._y} and "flag" not in words_of(n)]
        few = [n for n in words if table.get_column(n).n_unique() <= min(_MOST_TYPES, max(2, table.height // 2))]
        # Labels in words tell more than codes; a code is taken where there are no words.
        lettered = [n for n in few if table.get_column(n).str.contains("[A-Za-z]{3}").any()]
        self._type = _pick("crime_type", lettered) or _pick("described", lettered) or _pick("crime_type", few)
        self._others = {key: self._other(key, words, few) for key in ("id", "street", "district", "status", "origin")}

    def lines(self) -> Iterator[str]:
        """Yield the lines of the TOML."""
        yield f"# Drafted from {self._path.name} ({self._table.height:,} rows). Read every line marked CONFIRM."
        yield "# A column that is not named below is never read: leave out all that tell of a person."
        yield from (
            "",
            "[force]",
            'id = "my-force"  # CONFIRM: lower-case letters, digits, hyphens',
            'name = "My force"  # CONFIRM',
        )
        crs, crs_note, zone = self._ground()
        yield f'time_zone = "{zone}"  # CONFIRM: the zone in which the times below are written'
        yield 'location_precision = "exact"  # CONFIRM: exact, block, street-snapped or area'
        yield f'date_precision = "{self._precision()}"'
        yield from (
            "",
            "[file]",
            f'encoding = "{self._dialect.encoding}"',
            f"delimiter = {_quoted(self._dialect.delimiter)}",
        )
        yield from ("", "[place]", f'crs = "{crs}"  # {crs_note}')
        yield '# metric_crs = "EPSG:27700"  # chosen from the data when left out'
        yield from self._time_lines()
        yield from self._column_lines()
        yield from self._type_lines()

    def _time_lines(self) -> Iterator[str]:
        forms = list(dict.fromkeys(form for d in self._dates for form in (d.form, *d.others)))
        yield from ("", "[time]", f"formats = [{', '.join(_quoted(f) for f in forms)}]")
        for dates in self._dates:
            if dates.rival:
                yield f"# CONFIRM: {dates.column!r} can as well be {_quoted(dates.rival)}: day or month first?"
        if not forms:
            yield '# CONFIRM: no column was read as dates; write their format, such as "%d/%m/%Y %H:%M"'
        yield "assumed_delay_hours = 24  # CONFIRM: from a crime to its record, where no recording time is given"

    def _column_lines(self) -> Iterator[str]:
        found = {
            "crime_type": self._type,
            "x": self._x,
            "y": self._y,
            "occurred_from": self._from,
            "occurred_to": self._to,
            "recorded_at": self._recorded if self._recorded != self._from else None,
        }
        yield from ("", "[columns]")
        for key, name in found.items():
            if name is not None:
                both = next((d.columns for d in self._dates if d.column == name), (name,))
                yield f"{key} = {_quoted(name) if len(both) == 1 else f'[{_quoted(both[0])}, {_quoted(both[1])}]'}"
            elif key in ("crime_type", "x", "y", "occurred_from"):
                yield f'{key} = ""  # CONFIRM: not found; the columns are {", ".join(self._table.columns)}'
        for key, name in self._others.items():
            if name is None:
                continue
            if key in ("status", "origin"):
                values = ", ".join(sorted({str(v) for v in self._table.get_column(name).drop_nulls().unique()})[:6])
                yield f"# {key} = {_quoted(name)}  # CONFIRM: its values are {values}"
            else:
                yield f"{key} = {_quoted(name)}"

    def _type_lines(self) -> Iterator[str]:
        yield from ("", "[crime_types]  # the feed's label = our name, with the rows that carry it")
        if self._type is None:
            yield '"*" = "crime"  # CONFIRM: no column of crime types was found; all rows are of one type'
            return
        counts = (
            self._table.get_column(self._type)
            .drop_nulls()
            .value_counts(sort=True, name="n")
            .sort("n", self._type, descending=[True, False])
        )
        refused = []
        for label, n in counts.head(_MOST_TYPES).iter_rows():
            if names_police_found(label):
                refused.append(f"# {_quoted(label)}  # {n:,} rows")
            elif label:
                yield f"{_quoted(label)} = {_quoted(_kebab(label))}  # {n:,}"
        if refused:
            yield "# Found by police, so refused whatever stands here (docs/methods/police-found-crime.md):"
            yield from refused

    def _ground(self) -> tuple[str, str, str]:
        """Return (CRS, its comment, time zone), guessed from the numbers."""
        if self._x is None or self._y is None:
            return WGS84, "CONFIRM", "UTC"
        x, y = (_numbers(self._table.get_column(c)) for c in (self._x, self._y))
        good = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))
        if not good.any():
            return WGS84, "CONFIRM: no readable coordinate was found", "UTC"
        lon, lat = float(np.median(x[good])), float(np.median(y[good]))
        if abs(lon) <= 180 and abs(lat) <= 90:  # noqa: PLR2004 - degrees
            return WGS84, f"degrees; the middle is {lon:.3f} east, {lat:.3f} north", _zone_near(lon, lat)
        if 0 < lon < 700_000 and 0 < lat < 1_300_000:  # noqa: PLR2004 - the National Grid
            note = "CONFIRM: metres or feet; British National Grid if this is Great Britain, else name the CRS"
            return "EPSG:27700", note, "Europe/London"
        return (
            "EPSG:27700",
            f"CONFIRM: x about {lon:,.0f}, y about {lat:,.0f} are metres or feet of some grid: name it",
            "UTC",
        )

    def _precision(self) -> str:
        form = next((d.form for d in self._dates if d.column == self._from), "%H")
        if any(mark in form for mark in ("%H", "%I")):
            return "minute"
        return "day" if "%d" in form else "month"

    def _other(self, key: str, words: Sequence[str], few: Sequence[str]) -> str | None:
        pool = [n for n in (few if key in ("district", "status", "origin") else words) if n != self._type]
        if key == "street":
            pool = [n for n in pool if self._table.get_column(n).str.contains("[A-Za-z]{2}").any()]
        name = _pick(key, pool)
        if key == "district" and name is None:
            name = _pick("beat", pool)
        if key == "id" and name is not None:
            column = self._table.get_column(name)
            if column.null_count() or column.n_unique() < 0.9 * column.len():
                return None
        return name


def _pick(key: str, names: Sequence[str]) -> str | None:
    """Return the first of the names that looks like the key."""
    return next((name for name in names if re.search(_NAMES[key], words_of(name))), None)


def _is_numeric(column: pl.Series) -> bool:
    filled = column.drop_nulls().filter(column.drop_nulls() != "")
    return filled.len() > 0 and filled.cast(pl.Float64, strict=False).is_not_null().sum() > 0.9 * filled.len()


def _like_degrees(column: pl.Series) -> bool:
    return bool((column.cast(pl.Float64, strict=False).abs() <= 180).drop_nulls().all())  # noqa: PLR2004 - degrees


def _numbers(column: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()


def _zone_near(longitude: float, latitude: float) -> str:
    """Return the time zone whose city is nearest; a guess, for borders do not follow distances."""
    zones = zone_places()
    lon, lat = np.radians(np.array(list(zones.values())).T)
    here_lon, here_lat = np.radians([longitude, latitude])
    near = np.sin(lat) * np.sin(here_lat) + np.cos(lat) * np.cos(here_lat) * np.cos(lon - here_lon)
    return list(zones)[int(near.argmax())]


def _kebab(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "crime"


def _quoted(text: str) -> str:
    """Return the text as a TOML basic string, which escapes as JSON does (and DEL too)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _in_comment(text: str) -> str:
    """Return the text fit for a comment: one line without control characters."""
    return re.sub(r"[\x00-\x1f\x7f]", "?", text)
