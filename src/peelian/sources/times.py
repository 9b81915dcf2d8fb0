"""Local times, as feeds write them, to instants in UTC. Dates that cannot be read become null, never a guess."""

from collections.abc import Sequence

import polars as pl

from peelian.events.events import INSTANT

#: Tried in this order where a feed writes dates in no fixed way (month first, as in the United States).
US_FORMATS = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S%.f", "%m/%d/%Y")


def local_times(table: pl.DataFrame, column: str, formats: Sequence[str]) -> pl.Expr:
    """Return the column as naive local times by the first format that reads it; null where none does."""
    dtype = table.schema[column]
    if dtype.is_temporal():
        return pl.col(column).cast(pl.Datetime("us"))
    text = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.coalesce(text.str.to_datetime(f, time_unit="us", strict=False) for f in formats)


def to_utc(naive: pl.Expr, time_zone: str) -> pl.Expr:
    """Return naive local times as instants in UTC.

    A time that the clock shows twice (autumn) is taken as the first of the two; one that it never
    shows (spring) is moved on by the hour that the clock jumped, as a clock put right late would be.
    """
    jumped = (naive + pl.duration(hours=1)).dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    shown = naive.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    return shown.fill_null(jumped).dt.convert_time_zone("UTC").cast(INSTANT)


def not_before(recorded: pl.Expr, occurred: pl.Expr) -> pl.Expr:
    """Return the time of recording, but not before the event, whatever the clocks said; null where none was given."""
    return pl.when(recorded.is_not_null()).then(pl.max_horizontal(recorded, occurred))


def month_start(text: pl.Expr) -> pl.Expr:
    """Return the first naive instant of a month written as YYYY-MM; null where it cannot be read."""
    return (text.cast(pl.String).str.strip_chars() + "-01").str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
