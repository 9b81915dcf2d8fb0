"""Any incident file, read by a mapping: this is how a force that we have never seen gets in."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from peelian.errors import SourceError
from peelian.events.events import INSTANT
from peelian.places.forces import DatePrecision, LocationPrecision
from peelian.sources.delimited import Chunk, Dialect
from peelian.sources.files import chunks, column_names
from peelian.sources.mapping import ANY, FeedMapping
from peelian.sources.police_found import bare, is_police_found_label, names_police_found, why_police_activity
from peelian.sources.records import Batch, Delay, Feed, in_record_order
from peelian.sources.refusals import Reason, Sieve
from peelian.sources.streets import street_names
from peelian.sources.times import not_before, to_utc

_DATES = ("occurred_from", "occurred_to", "recorded_at")
_SINGLES = ("crime_type", "x", "y", "street", "district", "status", "origin")


@dataclass(frozen=True, slots=True)
class Mapped:
    """The reader of a mapped feed."""

    mapping: FeedMapping

    def why_refused(self, path: Path) -> str | None:
        """Return why a file is no forecast input where its columns tell of police activity."""
        return why_police_activity(column_names(path, self._dialect))

    def feed_of(self, paths: tuple[Path, ...]) -> Feed:
        """Return what the mapping says of all records."""
        del paths
        force, time = self.mapping.force, self.mapping.time
        delay = Delay(time.assumed_delay_hours)
        note = (
            f"The feed gives the time of recording; where it is blank, {delay} after the crime are assumed."
            if self.mapping.columns.recorded_at
            else f"The feed gives no recording time: a crime is assumed recorded {delay} after it happened."
        )
        return Feed(
            source="csv",
            force_id=force.id,
            force_name=force.name,
            crs=self.mapping.place.crs,
            time_zone=force.time_zone,
            location_precision=LocationPrecision(force.location_precision),
            date_precision=DatePrecision(force.date_precision),
            delay_note=note,
            metric_crs=self.mapping.place.metric_crs or None,
            has_versions=bool(self.mapping.columns.id and self.mapping.columns.recorded_at),
        )

    def batches(self, path: Path) -> Iterator[Batch]:
        """Yield the file's records.

        Raises
        ------
        SourceError
            When the file is broken, or lacks a column that the mapping names.
        """
        columns = self.mapping.columns
        wanted = {name: getattr(columns, name) for name in _SINGLES if getattr(columns, name)}
        wanted |= {f"{name}.{i}": theirs for name in (*_DATES, "id") for i, theirs in enumerate(getattr(columns, name))}
        _check_no_column_twice(path, wanted, column_names(path, self._dialect))
        # One column of the file may serve twice (a date as from and to), so it is read once and copied.
        firsts = {theirs: ours for ours, theirs in reversed(wanted.items())}
        for chunk in chunks(path, {ours: theirs for theirs, ours in firsts.items()}, self._dialect):
            copied = chunk.table.with_columns(pl.col(firsts[theirs]).alias(ours) for ours, theirs in wanted.items())
            yield self._batch(str(path), Chunk(copied, chunk.refused))

    @property
    def _dialect(self) -> Dialect:
        return Dialect(self.mapping.file.encoding, self.mapping.file.delimiter)

    def _batch(self, file: str, chunk: Chunk) -> Batch:
        sieve = Sieve.over(file, self._read(chunk.table))
        self._refuse_by_origin(sieve)
        if self.mapping.columns.id:
            sieve.refuse(Reason.NO_ID, pl.col("id").fill_null("") == "", pl.lit("blank"))
        # A retraction needs nothing but the id of what it takes back.
        here = ~pl.col("is_retraction")
        sieve.refuse(Reason.UNKNOWN_TYPE, here & pl.col("our_type").is_null(), pl.col("crime_type"))
        for name in _DATES[: 3 if self.mapping.columns.recorded_at else 2]:
            written = pl.col(f"{name}_text").fill_null("") != ""
            is_needed = name == "occurred_from"
            unread = pl.col(name).is_null() & (pl.lit(value=True) if is_needed else written)
            sieve.refuse(
                Reason.UNREADABLE_DATE,
                here & unread,
                pl.format("{}: {}", pl.lit(name), pl.col(f"{name}_text").fill_null("")),
            )
        years = self.mapping.time.most_years_before
        long_before = here & (pl.col("occurred_from") < pl.col("recorded_at") - pl.duration(days=365.25 * years))
        sieve.refuse(Reason.LONG_BEFORE, long_before, pl.col("occurred_from_text"))
        sieve.refuse(Reason.LONG_BEFORE, pl.col("occurred_from").dt.year() < 1970, pl.col("occurred_from_text"))  # noqa: PLR2004 - a slip of the pen
        point = pl.format("{}, {}", pl.col("x_text").fill_null(""), pl.col("y_text").fill_null(""))
        blank = (pl.col("x_text").fill_null("") == "") | (pl.col("y_text").fill_null("") == "")
        sieve.refuse(Reason.NOT_GEOCODED, here & (blank | ((pl.col("x") == 0) & (pl.col("y") == 0))), point)
        unread = ~(pl.col("x").is_finite() & pl.col("y").is_finite()).fill_null(value=False)
        sieve.refuse(Reason.UNREADABLE_NUMBER, here & unread, point)
        return Batch(file, self._records(sieve.table), pl.concat([chunk.refused, sieve.refused]))

    def _refuse_by_origin(self, sieve: Sieve) -> None:
        """Refuse what police found: by its label, by our name for it, or by the feed's own word on its origin."""
        ours = {label: name for label, name in self.mapping.crime_types.items() if names_police_found(name)}
        found = is_police_found_label(pl.col("crime_type")) | pl.col("crime_type").is_in(list(ours))
        if self.mapping.columns.origin:
            origins = [o.strip().casefold() for o in self.mapping.refuse.origins]
            found |= pl.col("origin").str.to_lowercase().is_in(origins)
        sieve.refuse(Reason.POLICE_FOUND, found, pl.col("crime_type"))
        unwanted = [label.strip() for label in self.mapping.refuse.crime_types]
        sieve.refuse(Reason.UNWANTED, pl.col("crime_type").is_in(unwanted), pl.col("crime_type"))

    def _read(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return clean text, numbers and instants, with what the file wrote beside them."""
        clean = table.with_columns(
            pl.col(c).cast(pl.String).str.strip_chars() for c in _SINGLES if c in table.columns
        ).with_columns(
            *(_joined(table, name, " ").alias(f"{name}_text") for name in _DATES), _joined(table, "id", "/").alias("id")
        )
        spans = [clean.select(*self._span(name)) for name in _DATES]
        numbers = clean.select(
            *(pl.col(c).alias(f"{c}_text") for c in ("x", "y")),
            *(pl.col(c).cast(pl.Float64, strict=False) for c in ("x", "y")),
        )
        rest = {k: v for k, v in self.mapping.crime_types.items() if k != ANY}
        default = self.mapping.crime_types.get(ANY)
        our_type = pl.col("crime_type").replace_strict(rest, default=default, return_dtype=pl.String)
        retracted = [value.strip() for value in self.mapping.status.retracted]
        status = pl.col("status") if self.mapping.columns.status else pl.lit(None, pl.String)
        absent = [pl.lit(None, pl.String).alias(c) for c in _SINGLES if c not in table.columns]
        extra = clean.select(
            pl.when(bare(pl.col("crime_type")) != "").then(our_type).alias("our_type"),
            status.is_in(retracted).fill_null(value=False).alias("is_retraction"),
        )
        kept = clean.drop("x", "y").with_columns(absent)
        read = pl.concat([kept, numbers, extra, *spans], how="horizontal")
        # An event without an end is the instant, the day or the month that its start names.
        return read.with_columns(
            pl.when(pl.col("occurred_to_text").fill_null("") == "")
            .then("occurred_from_end")
            .otherwise("occurred_to_end")
            .alias("occurred_end")
        )

    def _span(self, name: str) -> Iterator[pl.Expr]:
        """Yield the instant that a date column names, and the end of it: its own, or the day's, or the month's."""
        zone, precision = self.mapping.force.time_zone, self.mapping.force.date_precision
        text = pl.col(f"{name}_text")
        exact, dated = _by_formats(text, self.mapping.time.formats, zone)
        day_end = to_utc(dated.dt.offset_by("1d"), zone)
        starts, ends = pl.coalesce(exact, to_utc(dated, zone)), pl.coalesce(exact, day_end)
        if name != "recorded_at" and precision != DatePrecision.MINUTE:
            unit = "1mo" if precision == DatePrecision.MONTH else "1d"
            first = starts.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.truncate(unit)
            starts, ends = to_utc(first, zone), to_utc(first.dt.offset_by(unit), zone)
        yield starts.cast(INSTANT).alias(name)
        yield ends.cast(INSTANT).alias(f"{name}_end")

    def _records(self, rows: pl.DataFrame) -> pl.DataFrame:
        delay = Delay(self.mapping.time.assumed_delay_hours).duration
        assumed = pl.col("occurred_end") + delay
        # "#2" marks the second event of one identity, so a feed's own "#" is written as in an address.
        given_id = rows.get_column("id").str.replace_all("#", "%23", literal=True)
        identity = given_id if self.mapping.columns.id else _identities(rows)
        streets = street_names(rows.get_column("street"))
        given = pl.col("recorded_at").is_not_null()
        return in_record_order(
            rows.with_columns(identity.alias("identity"), streets.alias("street")),
            {
                "crime_type": pl.col("our_type"),
                "occurred_to": pl.col("occurred_end"),
                "recorded_at": pl.coalesce(not_before(pl.col("recorded_at"), pl.col("occurred_from")), assumed),
                "is_recorded_given": given,
                "district": pl.when(pl.col("district") != "").then("district"),
                "is_retraction": pl.col("is_retraction"),
            },
        )


def _joined(table: pl.DataFrame, name: str, separator: str) -> pl.Expr:
    """Return the text of a date or an id that stands in one column or in several; null where in none."""
    columns = sorted(c for c in table.columns if c.startswith(f"{name}."))
    if not columns:
        return pl.lit(None, pl.String)
    texts = [
        (
            pl.col(c).dt.to_string("%Y-%m-%d %H:%M:%S") if table.schema[c].is_temporal() else pl.col(c).cast(pl.String)
        ).str.strip_chars()
        for c in columns
    ]
    return pl.concat_str(texts, separator=separator, ignore_nulls=True).str.strip_chars()


def _by_formats(text: pl.Expr, formats: Sequence[str], zone: str) -> tuple[pl.Expr, pl.Expr]:
    """Return (the exact instant, the naive first instant of a day or month) by the first format that reads the text."""
    exact: list[pl.Expr] = []
    dated: list[pl.Expr] = []
    for form in formats:
        if "%z" in form:
            exact.append(text.str.to_datetime(form, time_unit="us", strict=False).dt.convert_time_zone("UTC"))
        elif any(mark in form for mark in ("%H", "%I", "%T", "%R")):
            exact.append(to_utc(text.str.to_datetime(form, time_unit="us", strict=False), zone))
        elif "%d" in form or "%j" in form or "%e" in form or "%F" in form or "%D" in form:
            dated.append(text.str.to_datetime(form, time_unit="us", strict=False))
        else:
            dated.append((text + "-01").str.to_datetime(f"{form}-%d", time_unit="us", strict=False))
    return (
        pl.coalesce(exact or [pl.lit(None, INSTANT)]).cast(INSTANT),
        pl.coalesce(dated or [pl.lit(None, pl.Datetime("us"))]),
    )


def _identities(rows: pl.DataFrame) -> pl.Series:
    """Return a digest of what a row says, where the feed gives no id: the same row again is the same event."""
    told = rows.select(
        pl.concat_str(
            pl.col("crime_type", "x_text", "y_text", "occurred_from_text", "occurred_to_text", "street").fill_null(""),
            separator="|",
        )
    ).to_series()
    texts = told.unique()
    digests = pl.Series([hashlib.blake2b(t.encode(), digest_size=8).hexdigest() for t in texts], dtype=pl.String)
    return told.replace_strict(texts, digests, return_dtype=pl.String)


def _check_no_column_twice(path: Path, wanted: dict[str, str], names: Sequence[str]) -> None:
    if wanted["x"] == wanted["y"]:
        raise SourceError(f"{path}: x and y are both column {wanted['x']!r}; the file has {', '.join(names[:20])}.")
