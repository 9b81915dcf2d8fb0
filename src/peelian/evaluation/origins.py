"""The grid's luck: the same methods judged on grids that begin elsewhere within a cell.

Where a grid's lines lie was nobody's choice, and they part a hot corner or hold it whole: the modifiable areal unit
problem (Gehlke & Biehl 1934, doi 10.2307/2277827), of which a hit rate on one grid holds its share.
Each origin has its own cells and areas of whole cells; a method is compared with the baseline of its own origin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from peelian.evaluation.comparisons import Series
from peelian.evaluation.summary import ANSWERED, Judged, compared, comparisons, groups_of, series_of
from peelian.forecasts.verdicts import ORIGIN_SCHEMA

_RATES = ("hit_rate", "ties_at_random_rate", "bits")


@dataclass(frozen=True, slots=True, eq=False)
class OriginRecord:
    """What is kept of one origin: rates by (crime type, method), ratios to the baseline, and both period by period."""

    rates: pl.DataFrame
    ratios: pl.DataFrame
    series: dict[str, dict[str, Series]]


def origin_record(judged: Judged) -> OriginRecord:
    """Return what is kept of an origin's rows."""
    answered = Judged(
        judged.scores.filter(pl.col("status") == ANSWERED),
        judged.methods,
        judged.crime_types,
        judged.baseline,
        judged.seed,
    )
    rows = []
    for (crime_type, method), group in groups_of(answered.scores, answered):
        events = pl.col("events").sum()
        shares = group.select(
            hit_rate=pl.col("hits").sum() / events,
            ties_at_random_rate=pl.col("hits_ties_at_random").sum() / events,
            bits=pl.col("gain_bits").sum() / events,
        )
        rows.append(shares.select(pl.lit(crime_type).alias("crime_type"), pl.lit(method).alias("method"), pl.all()))
    ratios = comparisons(judged).select("crime_type", "method", "ratio")
    return OriginRecord(pl.concat(rows) if rows else _NO_RATES, ratios, series_of(judged))


_NO_RATES = pl.DataFrame(
    schema={"crime_type": pl.String(), "method": pl.String(), **dict.fromkeys(_RATES, pl.Float64())}
)


def over_origins(records: Sequence[OriginRecord], here: Judged) -> pl.DataFrame:
    """Return the ``ORIGIN_SCHEMA`` rows: each method over all origins, and its ratio pooled over crime types.

    ``records`` are the origins', the one that the boxes stand on first; ``here`` are that one's rows. Rates are means
    over origins with the least and the most. The ratio is that of the mean hits to the baseline's mean hits, period by
    period, its interval by the same blocks of periods as every other.
    """
    rates = pl.concat([r.rates for r in records])
    by = ["crime_type", "method"]
    spread = rates.group_by(by).agg(
        *(pl.col(n).mean() for n in _RATES),
        *(pl.col(n).min().alias(f"{n}_least") for n in _RATES),
        *(pl.col(n).max().alias(f"{n}_most") for n in _RATES),
    )
    ratios = pl.concat([r.ratios for r in records])
    between = ratios.group_by(by).agg(
        pl.col("ratio").min().alias("ratio_least"), pl.col("ratio").max().alias("ratio_most")
    )
    mean = {
        method: {crime_type: _mean([r.series[method][crime_type] for r in records]) for crime_type in types}
        for method, types in records[0].series.items()
    }
    average = compared(mean, here).select(*by, "ratio", "ratio_low", "ratio_high")
    at = {name: n for n, name in enumerate((*here.crime_types, "*"))}, {n: i for i, n in enumerate(here.methods)}
    order = [pl.col(c).replace_strict(places, return_dtype=pl.Int64) for c, places in zip(by, at, strict=True)]
    joined = spread.join(average, on=by, how="full", coalesce=True).join(between, on=by, how="left")
    whole = joined.with_columns(pl.lit(len(records), dtype=pl.Int64()).alias("origins"))
    numbers = pl.col(pl.Float64()).fill_null(float("nan"))
    return whole.sort(order).with_columns(numbers).select(ORIGIN_SCHEMA.names())


def _mean(series: Sequence[Series]) -> Series:
    """Return the mean over origins, period by period, where all of them were answered."""
    return Series(
        np.mean([s.hits for s in series], axis=0),
        np.mean([s.baseline_hits for s in series], axis=0),
        np.mean([s.events for s in series], axis=0),
        np.mean([s.gain_bits for s in series], axis=0),
        np.mean([s.baseline_bits for s in series], axis=0),
        np.all([s.is_answered for s in series], axis=0),
    )
