"""The verdict of a backtest: what was compared, how each method did, and what may be claimed. Drawn by delivery."""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from peelian.errors import ForecastError
from peelian.places.areas import AreaLayer
from peelian.places.forces import Force

#: One method over one crime type and area ("" pools all areas). Rates are NaN where no event fell.
MEASURE_SCHEMA = pl.Schema(
    {
        "crime_type": pl.String(),
        "area": pl.String(),
        "method": pl.String(),
        "periods": pl.Int64(),  # judged
        "periods_unanswered": pl.Int64(),  # failed, or nothing was known: no part of the other columns
        "events": pl.Float64(),
        "hits": pl.Float64(),
        "hit_rate": pl.Float64(),
        "hit_rate_low": pl.Float64(),
        "hit_rate_high": pl.Float64(),
        "coverage": pl.Float64(),
        "pai": pl.Float64(),
        "pei": pl.Float64(),
        "ser": pl.Float64(),
        "hits_per_box": pl.Float64(),
        "random_per_box": pl.Float64(),
        "ties_at_random_rate": pl.Float64(),
        "hindsight_rate": pl.Float64(),  # of the best choice made anew each period
        "hindsight_fixed_rate": pl.Float64(),  # of the best one choice of grid cells for the whole range
        "own_ceiling_rate": pl.Float64(),  # were its rates the truth, by simulation: mean, and middle 95 %
        "own_ceiling_low": pl.Float64(),
        "own_ceiling_high": pl.Float64(),
        "expected_hits": pl.Float64(),
        "expected_events": pl.Float64(),
        "bits": pl.Float64(),
        "bits_low": pl.Float64(),
        "bits_high": pl.Float64(),
        "place_bits": pl.Float64(),
        "brier_skill": pl.Float64(),
        "churn": pl.Float64(),
        "compactness": pl.Float64(),
    }
)
#: A method beside the baseline: ratio of hits in the same area, and difference in bits. crime_type "*" pools types.
COMPARISON_SCHEMA = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "baseline": pl.String(),
        "periods": pl.Int64(),
        "ratio": pl.Float64(),
        "ratio_low": pl.Float64(),
        "ratio_high": pl.Float64(),
        "difference": pl.Float64(),  # of hit rates
        "difference_low": pl.Float64(),
        "difference_high": pl.Float64(),
        "bits": pl.Float64(),
        "bits_low": pl.Float64(),
        "bits_high": pl.Float64(),
        "sentence": pl.String(),
    }
)
#: Share caught when the best share ``coverage`` of every area is boxed; grid cells, ties at random.
CURVE_SCHEMA = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "coverage": pl.Float64(),
        "hit_rate": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
#: Expected beside observed, cells sorted by expected count and cut into tenths of the expected total.
CALIBRATION_SCHEMA = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "decile": pl.Int32(),
        "cells": pl.Int64(),
        "expected": pl.Float64(),
        "observed": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
#: Where events fell over the whole test, by grid cell: how many a method caught and how many it missed.
MISS_SCHEMA = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "cell": pl.Int64(),
        "caught": pl.Float64(),
        "missed": pl.Float64(),
    }
)
#: A method over grids that begin elsewhere within a cell: the mean, the least and the most of them. The ratio to the
#: baseline is of mean hits, with its interval over periods; crime_type "*" pools types and has the ratio alone.
ORIGIN_SCHEMA = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "origins": pl.Int64(),
        "hit_rate": pl.Float64(),
        "hit_rate_least": pl.Float64(),
        "hit_rate_most": pl.Float64(),
        "ties_at_random_rate": pl.Float64(),
        "ties_at_random_rate_least": pl.Float64(),
        "ties_at_random_rate_most": pl.Float64(),
        "bits": pl.Float64(),
        "bits_least": pl.Float64(),
        "bits_most": pl.Float64(),
        "ratio": pl.Float64(),
        "ratio_low": pl.Float64(),
        "ratio_high": pl.Float64(),
        "ratio_least": pl.Float64(),
        "ratio_most": pl.Float64(),
    }
)
#: Periods that have no answer, with the reason: never skipped in silence.
TROUBLE_SCHEMA = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "status": pl.String(),
        "reason": pl.String(),
        "periods": pl.Int64(),
        "first": pl.Datetime("us", "UTC"),
        "last": pl.Datetime("us", "UTC"),
    }
)


@dataclass(frozen=True, slots=True)
class BacktestTerms:
    """What was asked: everything that a reader needs to ask the same again."""

    name: str
    force: Force
    level: str
    first: date
    last: date
    horizon: str
    n_periods: int
    timing: str  # "recorded" or "occurred"
    lead_hours: float
    refit_days: int
    count: int
    cell_size_m: float
    methods: tuple[str, ...]
    baseline: str
    crime_types: tuple[str, ...]
    judged_at: datetime
    fingerprint: str
    version: str
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The tables of one backtest. Every score stands beside its baseline, interval, chance and ceiling."""

    terms: BacktestTerms
    layer: AreaLayer
    measures: pl.DataFrame
    comparisons: pl.DataFrame
    curves: pl.DataFrame
    calibration: pl.DataFrame
    misses: pl.DataFrame
    troubles: pl.DataFrame
    events_outside: float  # events of all types and periods that fell in no area: nobody's hit or miss
    seconds: float
    burden: pl.DataFrame | None = None  # by crime type, model and neighbourhood, where residents are given
    burden_by_group: pl.DataFrame | None = None
    origins: pl.DataFrame | None = None  # where the grid was made to begin at several places

    def __post_init__(self) -> None:
        """Hold each table to its schema."""
        for name, schema in (
            ("measures", MEASURE_SCHEMA),
            ("comparisons", COMPARISON_SCHEMA),
            ("curves", CURVE_SCHEMA),
            ("calibration", CALIBRATION_SCHEMA),
            ("misses", MISS_SCHEMA),
            ("troubles", TROUBLE_SCHEMA),
        ):
            if getattr(self, name).schema != schema:
                raise ForecastError(f"verdict's {name} has columns {getattr(self, name).schema}; wanted {schema}.")
        if self.origins is not None and self.origins.schema != ORIGIN_SCHEMA:
            raise ForecastError(f"verdict's origins have columns {self.origins.schema}; wanted {ORIGIN_SCHEMA}.")

    @property
    def pooled(self) -> pl.DataFrame:
        """The measures over all areas."""
        return self.measures.filter(pl.col("area") == "")

    @property
    def is_complete(self) -> bool:
        """Whether every method answered for every period."""
        return self.troubles.height == 0
