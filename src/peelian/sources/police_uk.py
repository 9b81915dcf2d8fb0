"""data.police.uk: street-level crime by the month, snapped to anonymised points.

Reads the monthly street CSVs as published, and the same records as its API gives them (columns
``category``, ``month``, ``street_id`` ...) in Parquet. Outcomes and stop and search come in the
same folders; they are recognised by their columns and refused, because neither is recorded crime.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from peelian.errors import SourceError
from peelian.places.forces import DatePrecision, LocationPrecision
from peelian.places.projections import WGS84
from peelian.sources.delimited import UTF8, Chunk, Dialect
from peelian.sources.files import chunks, column_names
from peelian.sources.police_found import is_police_found_label, why_police_activity
from peelian.sources.records import Batch, Delay, Feed, in_record_order
from peelian.sources.refusals import Reason, Sieve
from peelian.sources.streets import street_names
from peelian.sources.times import month_start, to_utc

TIME_ZONE = "Europe/London"
#: A month's files are published about a month after its end.
ASSUMED_DELAY = Delay(31 * 24.0)

_STREET_FILE = {
    "Crime ID": "id",
    "Month": "month",
    "Longitude": "longitude",
    "Latitude": "latitude",
    "Location": "location",
    "Crime type": "label",
}
_API_FILE = {
    "id": "id",
    "month": "month",
    "longitude": "longitude",
    "latitude": "latitude",
    "category": "label",
    "street_id": "street_id",
}
_STREET_NAMES = {"street_id", "street_name"}
#: The API's words for the two labels that it shortens; all others are the label in lower case with hyphens.
_SHORTENED = {"violence-and-sexual-offences": "violent-crime", "criminal-damage-and-arson": "criminal-damage-arson"}
_PUBLISHED_NAME = re.compile(r"^\d{4}-\d{2}-(?P<force>[a-z0-9-]+)-street\.csv", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PoliceUk:
    """The feed's reader. ``force_id`` names the force where the files do not, or several are one."""

    force_id: str | None = None
    delay: Delay = ASSUMED_DELAY
    dialect: Dialect = UTF8

    def why_refused(self, path: Path) -> str | None:
        """Return why a file is no forecast input, told by its columns."""
        columns = set(column_names(path, self.dialect))
        police_activity = why_police_activity(columns)
        if police_activity is not None:
            return police_activity
        if "Outcome type" in columns and "Crime type" not in columns:
            return "outcomes of cases, not crimes; the street file of the month holds the crimes themselves."
        if columns == _STREET_NAMES:
            return "names of streets, read beside the crimes; it holds no crime itself."
        return None

    def feed_of(self, paths: tuple[Path, ...]) -> Feed:
        """Return what the files' records share.

        Raises
        ------
        SourceError
            When the files are of several forces and none was named.
        """
        forces = {self._force_of(path) for path in paths}
        ids = sorted({force_id for force_id, _ in forces})
        if self.force_id is None and len(ids) > 1:
            raise SourceError(
                f"the files are of {len(ids)} forces ({', '.join(ids[:5])}). Give the files of one, such as "
                f"'**/*-{ids[0]}-street.csv', or name the force that they all are with --force."
            )
        name = min(name for force_id, name in forces if force_id == ids[0])
        return Feed(
            source="police-uk",
            force_id=self.force_id or ids[0],
            force_name=name if self.force_id in (None, ids[0]) else str(self.force_id).replace("-", " ").title(),
            crs=WGS84,
            time_zone=TIME_ZONE,
            location_precision=LocationPrecision.STREET_SNAPPED,
            date_precision=DatePrecision.MONTH,
            delay_note=(
                "The feed dates crimes to the month and gives no recording time: a month's crimes are assumed known "
                f"{self.delay} after its end."
            ),
        )

    def batches(self, path: Path) -> Iterator[Batch]:
        """Yield the file's records.

        Raises
        ------
        SourceError
            When the file is broken, or is no file of this feed.
        """
        found = column_names(path, self.dialect)
        layout = _API_FILE if "category" in found else _STREET_FILE
        if layout is _STREET_FILE and "Crime type" not in found and len(found) > 1:
            raise SourceError(
                f"{path}: no column 'Crime type': this is not a street file of data.police.uk. "
                "For another feed write a mapping: peelian ingest csv FILE --suggest."
            )
        streets = _streets_beside(path) if layout is _API_FILE else None
        for chunk in chunks(path, {ours: theirs for theirs, ours in layout.items()}, self.dialect):
            yield self._batch(str(path), chunk, streets)

    def _batch(self, file: str, chunk: Chunk, streets: pl.DataFrame | None) -> Batch:
        rows = chunk.table.with_columns(
            pl.col("label").cast(pl.String).str.strip_chars(),
            month_start(pl.col("month")).alias("start"),
            *(pl.col(c).cast(pl.String).str.strip_chars().alias(f"{c}_text") for c in ("longitude", "latitude")),
            *(_number(chunk.table, c) for c in ("longitude", "latitude")),
        )
        if streets is not None:
            rows = rows.join(streets, on="street_id", how="left", maintain_order="left")
        elif "location" not in rows.columns:
            rows = rows.with_columns(pl.lit(None, pl.String).alias("location"))
        sieve = Sieve.over(file, rows)
        point = pl.format("{}, {}", pl.col("longitude_text").fill_null(""), pl.col("latitude_text").fill_null(""))
        sieve.refuse(Reason.POLICE_FOUND, is_police_found_label(pl.col("label")), pl.col("label"))
        sieve.refuse(Reason.UNKNOWN_TYPE, pl.col("label").fill_null("") == "", pl.lit("blank"))
        sieve.refuse(Reason.UNREADABLE_DATE, pl.col("start").is_null(), pl.col("month").cast(pl.String))
        blank = pl.any_horizontal(pl.col(f"{c}_text").fill_null("") == "" for c in ("longitude", "latitude"))
        sieve.refuse(Reason.NOT_GEOCODED, blank, pl.lit("no coordinates"))
        sieve.refuse(Reason.UNREADABLE_NUMBER, pl.col("longitude").is_null() | pl.col("latitude").is_null(), point)
        return Batch(file, self._records(sieve.table), pl.concat([chunk.refused, sieve.refused]))

    def _records(self, rows: pl.DataFrame) -> pl.DataFrame:
        ends = to_utc(pl.col("start").dt.offset_by("1mo"), TIME_ZONE)
        slug = pl.col("label").str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "-")
        return in_record_order(
            rows.with_columns(_identities(rows), street_names(rows.get_column("location")).alias("street")),
            {
                "crime_type": slug.replace(_SHORTENED),
                "x": pl.col("longitude"),
                "y": pl.col("latitude"),
                "occurred_from": to_utc(pl.col("start"), TIME_ZONE),
                "occurred_to": ends,
                "recorded_at": ends + self.delay.duration,
            },
        )

    def _force_of(self, path: Path) -> tuple[str, str]:
        """Return (id, name) of the force whose file this is: as it says, or as published files are named."""
        columns = column_names(path, self.dialect)
        if "category" in columns:
            return "london", "London"
        named = _PUBLISHED_NAME.match(path.name)
        if "Falls within" not in columns:
            return (named["force"].lower() if named else "unknown"), path.name
        first = next(chunks(path, {"name": "Falls within"}, self.dialect)).table.get_column("name").drop_nulls()
        name = str(first[0]).strip() if first.len() else "unknown"
        slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\b(police|service|constabulary)\b", "", name.lower())).strip("-")
        return (named["force"].lower() if named else slug or "unknown"), name


def _number(table: pl.DataFrame, column: str) -> pl.Expr:
    if table.schema[column].is_numeric():
        return pl.col(column).cast(pl.Float64)
    return pl.col(column).str.strip_chars().cast(pl.Float64, strict=False).alias(column)


def _identities(rows: pl.DataFrame) -> pl.Series:
    """Return the crime's id; where there is none (anti-social behaviour) the month and a digest of the row."""
    ids = rows.get_column("id").cast(pl.String).str.strip_chars()
    blank = (ids.fill_null("") == "").to_numpy()
    if not blank.any():
        return ids.alias("identity")
    told = rows.select(
        pl.format(
            "{}|{}|{}|{}|{}", "month", "label", "longitude_text", "latitude_text", pl.col("location").fill_null("")
        )
    ).to_series()
    months = rows.get_column("month").cast(pl.String)
    texts = told.unique()
    digests = pl.Series([hashlib.blake2b(t.encode(), digest_size=8).hexdigest() for t in texts], dtype=pl.String)
    made = months + "/" + told.replace_strict(texts, digests, return_dtype=pl.String)
    return made.zip_with(pl.Series(blank), ids).alias("identity")


def _streets_beside(path: Path) -> pl.DataFrame | None:
    """Return street names by id from the list beside the file, where there is one; the first spelling stands."""
    beside = path.with_name("streets.parquet")
    if not beside.exists():
        return None
    read = next(chunks(beside, {"street_id": "street_id", "location": "street_name"}, Dialect()))
    return read.table.sort("line").unique("street_id", keep="first").select("street_id", "location")
