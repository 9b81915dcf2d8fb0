"""Records: what a source hands on, in one form for all feeds. Still in the feed's own CRS; not yet events.

A record has an ``identity``: what stays the same when the feed publishes it again, corrected. Rows
of one file with the same identity are separate events (one per victim); ``reconcile`` numbers them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import polars as pl

from peelian.events.events import INSTANT
from peelian.places.forces import DatePrecision, LocationPrecision

RECORD_SCHEMA = pl.Schema(
    {
        "identity": pl.String(),
        "crime_type": pl.String(),
        "x": pl.Float64(),
        "y": pl.Float64(),
        "occurred_from": INSTANT,
        "occurred_to": INSTANT,
        "recorded_at": INSTANT,
        "is_recorded_given": pl.Boolean(),
        "district": pl.String(),
        "street": pl.String(),
        "is_retraction": pl.Boolean(),
        "line": pl.Int64(),
    }
)


@dataclass(frozen=True, slots=True)
class Takebacks:
    """How a feed's retraction names what it takes back.

    ``group`` and ``rank`` are patterns with one capture, searched in identities: a retraction takes
    back events of its own group whose rank is not above its own. With ``one_each`` a retraction
    takes back exactly one event, the latest that stands; else all of the group (an id has one).
    ``is_dated``: the feed's own rule says when a retraction was made, though it writes no time.
    """

    group: str = r"^(.*?)(?:#\d+)?$"
    rank: str = r"^()"
    one_each: bool = False
    is_dated: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """What all records of one feed share.

    ``has_versions``: a record comes again under its id with a later time of recording when it changes.
    """

    source: str
    force_id: str
    force_name: str
    crs: str
    time_zone: str
    location_precision: LocationPrecision
    date_precision: DatePrecision
    delay_note: str
    takebacks: Takebacks = field(default_factory=Takebacks)
    has_versions: bool = False
    metric_crs: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows of one file: records in ``RECORD_SCHEMA`` and refusals in ``REFUSAL_SCHEMA``."""

    file: str
    records: pl.DataFrame
    refused: pl.DataFrame


class Source(Protocol):
    """A kind of feed: tells its files, and turns each into batches of records."""

    def why_refused(self, path: Path) -> str | None:
        """Return why this file is no forecast input at all; None when it may be read."""

    def feed_of(self, paths: tuple[Path, ...]) -> Feed:
        """Return what the records of these files share."""

    def batches(self, path: Path) -> Iterator[Batch]:
        """Yield the file's records, batch by batch, so that memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Delay:
    """The assumed time from an event (or its span's end) to its record, where a feed gives none."""

    hours: float

    @property
    def duration(self) -> timedelta:
        """The delay as a duration."""
        return timedelta(hours=self.hours)

    def __str__(self) -> str:
        """Return the delay in the words of a page."""
        if self.hours >= 48 and self.hours % 24 == 0:  # noqa: PLR2004 - two days and more are told in days
            return f"{self.hours / 24:g} days"
        return f"{self.hours:g} hours"


def in_record_order(table: pl.DataFrame, columns: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Return the columns of ``RECORD_SCHEMA`` made by these expressions, the missing ones null or false."""
    absent = {"is_retraction": pl.lit(value=False), "is_recorded_given": pl.lit(value=False)}
    return table.select(
        columns.get(name, absent.get(name, pl.col(name) if name in table.columns else pl.lit(None)))
        .cast(dtype)
        .alias(name)
        for name, dtype in RECORD_SCHEMA.items()
    )
