"""What a report draws of a backtest: hit-rate curves, calibration, and where events were caught and missed."""

import numpy as np
import polars as pl
from scipy.sparse import csr_array
from scipy.special import gammaincinv

from peelian.evaluation.ground import caught_at
from peelian.evaluation.summary import Judged, groups_of
from peelian.forecasts.verdicts import CALIBRATION_SCHEMA, CURVE_SCHEMA, MISS_SCHEMA

CURVE_COVERAGE = np.asarray(np.arange(0, 41) * 0.005, dtype=np.float64)


def curves(events: pl.DataFrame, judged: Judged) -> pl.DataFrame:
    """Return the ``CURVE_SCHEMA`` rows: the share caught at each coverage from 0 to 20 %, with its band.

    Grid cells, best first in every area, ties at random, whatever the method's boxes; from ``EVENT_OUTCOMES`` rows.
    """
    rows = []
    periods = judged.scores.get_column("period_start").unique().sort()
    weights = judged.weights(periods.len()) if periods.len() else np.zeros((1, 0))
    ranked = events.filter(pl.col("stands_low").is_not_nan())
    for (crime_type, method), group in groups_of(ranked, judged):
        weight = group.get_column("weight").to_numpy()
        low, high = (group.get_column(n).to_numpy() for n in ("stands_low", "stands_high"))
        caught = caught_at(CURVE_COVERAGE, low[:, None], high[:, None]) * weight[:, None]
        at = periods.search_sorted(group.get_column("period_start")).to_numpy()
        of_period = csr_array((np.ones(at.size), (at, np.arange(at.size))), shape=(periods.len(), at.size))
        by_period = of_period @ caught
        happened = np.bincount(at, weight, minlength=periods.len())
        drawn = (weights @ by_period) / np.maximum(weights @ happened, 1e-12)[:, None]
        bands = np.quantile(drawn, [0.025, 0.975], axis=0)
        for i, coverage in enumerate(CURVE_COVERAGE):
            rate = float(by_period[:, i].sum() / happened.sum())
            rows.append((crime_type, method, float(coverage), rate, float(bands[0, i]), float(bands[1, i])))
    return pl.DataFrame(rows, schema=CURVE_SCHEMA, orient="row")


def calibration(bins: pl.DataFrame, judged: Judged) -> pl.DataFrame:
    """Return the ``CALIBRATION_SCHEMA`` rows from binned sums (crime_type, method, bin, cells, expected, observed).

    The bins, by rising expected count of a cell, are gathered into ten parts of nearly equal expected total; the
    interval is the exact one of a Poisson count (Garwood 1936, doi 10.1093/biomet/28.3-4.437), which takes
    events as independent.
    """
    rows = []
    for (crime_type, method), group in groups_of(bins, judged):
        summed = group.group_by("bin").agg(pl.col("cells", "expected", "observed").sum()).sort("bin")
        expected = summed.get_column("expected").to_numpy()
        if not expected.sum():
            continue
        middle = (np.cumsum(expected) - expected / 2) / expected.sum()
        tenth = np.minimum((middle * 10).astype(np.int64), 9)
        for decile in np.unique(tenth):
            part = summed.filter(pl.Series(tenth == decile))
            observed = float(part.get_column("observed").sum())
            low, high = poisson_interval(observed)
            cells, total = int(part.get_column("cells").sum()), float(part.get_column("expected").sum())
            rows.append((crime_type, method, int(decile) + 1, cells, total, observed, low, high))
    return pl.DataFrame(rows, schema=CALIBRATION_SCHEMA, orient="row")


def poisson_interval(count: float, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a Poisson mean given one count; weighted counts are taken as they are."""
    tail = (1 - level) / 2
    low = float(gammaincinv(count, tail)) if count > 0 else 0.0
    return low, float(gammaincinv(count + 1, 1 - tail))


def misses(events: pl.DataFrame) -> pl.DataFrame:
    """Return the ``MISS_SCHEMA`` rows: caught and missed by grid cell over the whole test."""
    weight = pl.col("weight")
    return (
        events.group_by("crime_type", "method", "cell")
        .agg(caught=weight.filter("is_hit").sum(), missed=weight.filter(~pl.col("is_hit")).sum())
        .sort("crime_type", "method", "cell")
        .cast(dict(MISS_SCHEMA))  # type: ignore[arg-type]  # polars' own Schema is not a Mapping of its union of keys
    )
