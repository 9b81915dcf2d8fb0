"""A review: how one area's and bundle's boxes did over all nights on record, by month and by night."""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from peelian.forecasts.nights import ScoreRow

INSTANT = pl.Datetime("us", "UTC")
#: One method's boxes over one period, as judged last; ``first_*`` is what the first judgement of it knew.
REVIEW_SCHEMA = pl.Schema(
    {
        "period_start": INSTANT,
        "area_id": pl.String(),
        "bundle": pl.String(),
        "method": pl.String(),
        "n_boxes": pl.Int64(),
        "hits": pl.Float64(),
        "events": pl.Float64(),
        "expected": pl.Float64(),
        "coverage": pl.Float64(),
        "most_hits": pl.Float64(),
        "is_replayed": pl.Boolean(),
        "first_hits": pl.Float64(),
        "first_events": pl.Float64(),
        "first_judged_at": INSTANT,
    }
)
#: What fell in which cell of the layer's grid, by period: what hindsight chooses from.
FELL_SCHEMA = pl.Schema(
    {
        "period_start": INSTANT,
        "area_id": pl.String(),
        "bundle": pl.String(),
        "cell": pl.Int64(),
        "weight": pl.Float64(),
    }
)


@dataclass(frozen=True, slots=True)
class ReviewMonth:
    """One month: the boxes, the plain count and boxes at random."""

    month: date
    rows: tuple[ScoreRow, ...]


@dataclass(frozen=True, slots=True)
class ReviewNight:
    """One night: what fell, what was caught, and what was known of both when it was first judged."""

    period_start: datetime
    is_replayed: bool
    events: float
    hits: float
    plain_hits: float
    first_events: float
    first_hits: float
    first_judged_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """All nights on record of one area and bundle; rows as in ``ScoreRow``, months and nights in order of time."""

    area_id: str
    bundle: str
    n_periods: int
    n_published: int
    pooled: tuple[ScoreRow, ...]
    difference: float
    difference_low: float
    difference_high: float
    months: tuple[ReviewMonth, ...]
    nights: tuple[ReviewNight, ...]
