"""St. Louis Metropolitan Police Department: monthly records, exact to the minute, with retractions as ``Count = -1``.

Times are local. A record is known by report number, crime code and the month it was coded in; a
retraction takes back the latest record of the same number and code that still stands (97.6 % of
the 2,565 retractions of 2015-2018 have one in these years; nearly all others take back one of 2014).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from peelian.errors import SourceError
from peelian.places.forces import DatePrecision, LocationPrecision
from peelian.sources.delimited import Chunk, Dialect
from peelian.sources.files import chunks, column_names
from peelian.sources.police_found import is_police_found_code
from peelian.sources.records import Batch, Delay, Feed, Takebacks, in_record_order
from peelian.sources.refusals import Reason, Sieve
from peelian.sources.streets import street_names
from peelian.sources.times import US_FORMATS, local_times, month_start, not_before, to_utc

TIME_ZONE = "America/Chicago"
#: NAD83 State Plane Missouri East in US survey feet, as the feed publishes it.
CRS = "ESRI:102696"
#: Occurrence to entry, median of the one month (May 2017) that gives entry times: 3.6 h.
ASSUMED_DELAY = Delay(4.0)
#: A date longer before its record than this is a slip (1900-01-01) or too old to bear on the coming weeks.
MOST_YEARS_BEFORE = 2

_UCR = {
    "01": "homicide",
    "02": "rape",
    "03": "robbery",
    "04": "aggravated-assault",
    "05": "burglary",
    "06": "larceny",
    "07": "vehicle-theft",
    "08": "arson",
    "09": "simple-assault",
    "10": "forgery",
    "11": "fraud",
    "12": "embezzlement",
    "14": "criminal-damage",
    "17": "sex-offences",
    "20": "family-offences",
    "24": "disorderly-conduct",
}
_NEEDED = {
    "complaint": "complaint",
    "codedmonth": "coded_month",
    "dateoccur": "date_occur",
    "count": "count",
    "crime": "code",
    "xcoord": "x",
    "ycoord": "y",
}
_OPTIONAL = {"district": "district", "ileadsstreet": "street", "description": "description", "ileadsadd": "entered"}


@dataclass(frozen=True, slots=True)
class Slmpd:
    """The feed's reader. ``delay`` is assumed where a month gives no entry time."""

    delay: Delay = ASSUMED_DELAY

    def why_refused(self, path: Path) -> str | None:
        """Return None: this feed publishes nothing but recorded crime."""
        del path
        return None

    def feed_of(self, paths: tuple[Path, ...]) -> Feed:
        """Return what all records share; the files do not matter."""
        del paths
        return Feed(
            source="slmpd",
            force_id="st-louis",
            force_name="St. Louis",
            crs=CRS,
            time_zone=TIME_ZONE,
            location_precision=LocationPrecision.BLOCK,
            date_precision=DatePrecision.MINUTE,
            delay_note=(
                f"Where the feed gives no entry time, a crime is assumed recorded {self.delay} after it happened, or "
                "when the month it was coded in begins, whichever is later; a retraction at the end of its month."
            ),
            takebacks=Takebacks(group=r"^([^/]+/[^/]+)/", rank=r"^[^/]+/[^/]+/([^#]+)", one_each=True, is_dated=True),
        )

    def batches(self, path: Path) -> Iterator[Batch]:
        """Yield the file's records.

        Raises
        ------
        SourceError
            When the file is broken, or lacks a column that the feed always has.
        """
        wanted = _columns(path)
        for chunk in chunks(path, wanted, Dialect()):
            yield self._batch(str(path), chunk)

    def _batch(self, file: str, chunk: Chunk) -> Batch:
        sieve = Sieve.over(file, _read(chunk.table))
        sieve.refuse(Reason.POLICE_FOUND, is_police_found_code("slmpd", pl.col("code")), _told("code", "description"))
        sieve.refuse(Reason.UNREADABLE_DATE, pl.col("occurred").is_null(), pl.col("occurred_text"))
        sieve.refuse(Reason.UNREADABLE_DATE, pl.col("coded").is_null(), pl.col("coded_month"))
        sieve.refuse(Reason.NO_ID, pl.col("complaint").fill_null("") == "", pl.lit(""))
        sieve.refuse(Reason.UNKNOWN_STATUS, ~pl.col("count").is_in([1, -1]).fill_null(value=False), pl.col("count"))
        long_before = pl.col("occurred") < pl.col("coded").dt.offset_by(f"-{MOST_YEARS_BEFORE}y")
        sieve.refuse(Reason.LONG_BEFORE, long_before, _told("occurred_text", "coded_month"))
        # A retraction needs no place: 1,100 of those at 0,0 take back a record that has one.
        here = pl.col("count") == 1
        sieve.refuse(
            Reason.UNREADABLE_NUMBER, here & (pl.col("x").is_null() | pl.col("y").is_null()), pl.col("xy_text")
        )
        sieve.refuse(Reason.NOT_GEOCODED, here & ((pl.col("x") == 0) | (pl.col("y") == 0)), pl.lit("0, 0"))
        return Batch(file, self._records(sieve.table), pl.concat([chunk.refused, sieve.refused]))

    def _records(self, rows: pl.DataFrame) -> pl.DataFrame:
        occurred = to_utc(pl.col("occurred"), TIME_ZONE)
        assumed = pl.max_horizontal(occurred + self.delay.duration, to_utc(pl.col("coded"), TIME_ZONE))
        entered = not_before(to_utc(pl.col("entered"), TIME_ZONE), occurred)
        month_end = to_utc(pl.col("coded").dt.offset_by("1mo"), TIME_ZONE)
        taken_back = pl.col("count") == -1
        return in_record_order(
            rows,
            {
                "identity": pl.format("{}/{}/{}", "complaint", "code", pl.col("coded").dt.strftime("%Y-%m")),
                "crime_type": _crime_type(),
                "occurred_from": occurred,
                "occurred_to": occurred,
                "recorded_at": pl.when(taken_back).then(month_end).otherwise(pl.coalesce(entered, assumed)),
                "is_recorded_given": pl.col("entered").is_not_null() & ~taken_back,
                "is_retraction": taken_back,
            },
        )


def _columns(path: Path) -> dict[str, str]:
    """Return our names of the columns against the file's, whatever its spelling ('Flag-Crime', 'XCoord')."""
    spelled = {re.sub(r"[^a-z]", "", name.lower()): name for name in column_names(path, Dialect())}
    missing = [name for name in _NEEDED if name not in spelled]
    if missing:
        raise SourceError(
            f"{path}: no column {missing[0]!r}: this is not a monthly file of the St. Louis police. "
            "For another feed write a mapping: peelian ingest csv FILE --suggest."
        )
    return {ours: spelled[theirs] for theirs, ours in (_NEEDED | _OPTIONAL).items() if theirs in spelled}


def _read(table: pl.DataFrame) -> pl.DataFrame:
    """Return the columns as numbers, naive local times and clean text."""
    for name in ("district", "street", "description", "entered"):
        if name not in table.columns:
            table = table.with_columns(pl.lit(None, pl.String).alias(name))
    number = {name: pl.col(name).cast(pl.String).str.strip_chars() for name in ("x", "y", "count", "district")}
    return table.select(
        "line",
        "description",
        pl.col("complaint").str.strip_chars(),
        pl.col("coded_month").str.strip_chars(),
        month_start(pl.col("coded_month")).alias("coded"),
        local_times(table, "date_occur", US_FORMATS).alias("occurred"),
        pl.col("date_occur").cast(pl.String).alias("occurred_text"),
        local_times(table, "entered", US_FORMATS).alias("entered"),
        number["count"].cast(pl.Float64, strict=False).cast(pl.Int64, strict=False),
        pl.col("code").cast(pl.String).str.strip_chars().str.zfill(6),
        number["x"].cast(pl.Float64, strict=False),
        number["y"].cast(pl.Float64, strict=False),
        pl.format("{}, {}", pl.col("x").cast(pl.String).fill_null(""), pl.col("y").cast(pl.String).fill_null("")).alias(
            "xy_text"
        ),
        # District 0 is "unknown".
        pl.when(~number["district"].is_in(["0", ""])).then(number["district"]).alias("district"),
        street_names(table.get_column("street")).alias("street"),
    )


def _crime_type() -> pl.Expr:
    code = pl.col("code")
    return (
        pl.when(code == "265321")
        .then(pl.lit("leaving-scene"))
        .when(code.str.starts_with("2665"))
        .then(pl.lit("trespass"))
        .otherwise(code.str.slice(0, 2).replace_strict(_UCR, default="other", return_dtype=pl.String))
    )


def _told(first: str, second: str) -> pl.Expr:
    return pl.concat_str(
        pl.col(first).cast(pl.String), pl.col(second).cast(pl.String), separator=" ", ignore_nulls=True
    )
