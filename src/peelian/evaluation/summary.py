"""From judged rows to a verdict's tables: measures, comparisons and troubles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.evaluation.ceiling import simulated_ceiling
from peelian.evaluation.comparisons import Series, compare, comparison_table
from peelian.evaluation.ground import caught_at
from peelian.evaluation.hits import proportion_interval
from peelian.evaluation.judgement import AREA_SCORES
from peelian.evaluation.resampling import block_weights, interval, ratio
from peelian.forecasts.verdicts import MEASURE_SCHEMA, TROUBLE_SCHEMA

INSTANT = pl.Datetime("us", "UTC")
ANSWERED = "answered"
#: One method, bundle, period and area: its score, whether there was an answer, and how its boxes moved.
SCORE_SCHEMA = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "cutoff": INSTANT,
        "period_start": INSTANT,
        "period_end": INSTANT,
        "status": pl.String(),  # "answered", "failed", "nothing known" or "no records"
        "reason": pl.String(),
        **AREA_SCORES,
        "baseline_hits": pl.Float64(),  # what the baseline catches in the same area of the same place and period
        "baseline_bits": pl.Float64(),
        "events_outside": pl.Float64(),  # of the whole bundle and period, the same in every area's row
        "churn": pl.Float64(),
        "compactness": pl.Float64(),
    }
)
#: One event of one period as one method met it.
EVENT_OUTCOMES = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "period_start": INSTANT,
        "area": pl.String(),
        "x": pl.Float64(),
        "y": pl.Float64(),
        "cell": pl.Int64(),
        "weight": pl.Float64(),
        "is_hit": pl.Boolean(),
        "stands_low": pl.Float64(),
        "stands_high": pl.Float64(),
    }
)
_SUMS = (
    "events",
    "hits",
    "hits_ties_at_random",
    "hits_at_random",
    "most_hits",
    "chosen_m2",
    "area_m2",
    "expected_in_area",
    "expected_in_boxes",
    "gain_bits",
    "place_bits",
    "brier",
    "brier_uniform",
    "n_boxes",
)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """All rows of a backtest, in any order, with the order in which methods and crime types are told."""

    scores: pl.DataFrame
    methods: Sequence[str]
    crime_types: Sequence[str]
    baseline: str
    seed: int

    def weights(self, n_periods: int) -> NDArray[np.float64]:
        """Return the resampling of periods: the same for every method, type and table."""
        return block_weights(n_periods, np.random.default_rng(self.seed))


def with_baseline(scores: pl.DataFrame, events: pl.DataFrame, baseline: str) -> pl.DataFrame:
    """Return the score rows with ``baseline_hits`` and ``baseline_bits`` beside each.

    The baseline is given the same share of the same area in the same period, its ties broken at random: neither
    the order of cell ids nor a larger choice may decide a comparison. NaN where it has no answer.
    """
    key = ["crime_type", "period_start", "area"]
    theirs = scores.filter((pl.col("method") == baseline) & (pl.col("status") == ANSWERED)).select(
        *key, pl.col("gain_bits").alias("baseline_bits")
    )
    stands = events.filter(pl.col("method") == baseline).select(*key, "weight", "stands_low", "stands_high")
    share = (pl.col("chosen_m2") / pl.col("area_m2")).alias("share")
    faced = scores.select(*key, "method", share).join(stands, on=key, how="inner")
    caught = caught_at(*(faced.get_column(c).to_numpy() for c in ("share", "stands_low", "stands_high")))
    hits = (
        faced.with_columns(baseline_hits=pl.Series(caught * faced.get_column("weight").to_numpy(), dtype=pl.Float64))
        .group_by(*key, "method")
        .agg(pl.col("baseline_hits").sum())
    )
    joined = scores.join(theirs, on=key, how="left").join(hits, on=[*key, "method"], how="left")
    answered = pl.col("baseline_bits").is_not_null()
    return joined.with_columns(
        baseline_hits=pl.when(answered).then(pl.col("baseline_hits").fill_null(0.0)).otherwise(float("nan")),
        baseline_bits=pl.col("baseline_bits").fill_null(float("nan")),
    )


def measures(judged: Judged, events: pl.DataFrame) -> pl.DataFrame:
    """Return the ``MEASURE_SCHEMA`` rows by crime type, area and method, and those with all areas pooled.

    ``events`` are ``EVENT_OUTCOMES`` rows, of which the best one choice of cells for the whole range is made.
    """
    rows = []
    totals = _totals_by_cell(events, judged.baseline)
    for (crime_type, method), group in _groups(judged):
        for area in ("", *group.get_column("area").unique().sort().to_list()):
            own = group if area == "" else group.filter(pl.col("area") == area)
            fixed = _hindsight_fixed(own, {a: c for (t, a), c in totals.items() if t == crime_type})
            measured = {**_measure(own, judged, area), "hindsight_fixed_rate": fixed}
            rows.append({"crime_type": crime_type, "area": area, "method": method, **measured})
    return pl.DataFrame(rows, schema=MEASURE_SCHEMA, orient="row")


def _totals_by_cell(events: pl.DataFrame, baseline: str) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Return each crime type's and area's events by cell over the whole range, largest first."""
    once = events.filter(pl.col("method") == baseline)
    summed = once.group_by("crime_type", "area", "cell").agg(pl.col("weight").sum())
    grouped = summed.sort("weight", descending=True).partition_by("crime_type", "area", as_dict=True)
    return {(str(t), str(a)): rows.get_column("weight").to_numpy() for (t, a), rows in grouped.items()}


def _hindsight_fixed(own: pl.DataFrame, totals: dict[str, NDArray[np.float64]]) -> float:
    """Return the share that as many cells as the method boxes could catch, were they chosen once with hindsight."""
    caught = happened = 0.0
    answered = own.filter(pl.col("status") == ANSWERED)
    sizes = answered.group_by("area").agg(
        k=(pl.col("chosen_m2") * pl.col("cells") / pl.col("area_m2")).mean().round(0), events=pl.col("events").sum()
    )
    for area, k, _ in sizes.iter_rows():
        counts = totals.get(area, np.empty(0))
        caught += float(counts[: int(k or 0)].sum())
        happened += float(counts.sum())
    return _over(caught, happened)


def _measure(own: pl.DataFrame, judged: Judged, area: str) -> dict[str, float | int]:
    answered = own.filter(pl.col("status") == ANSWERED)
    periods = int(answered.get_column("period_start").n_unique())
    unanswered = int(own.get_column("period_start").n_unique()) - periods
    total = {name: float(answered.get_column(name).cast(pl.Float64).sum()) for name in _SUMS}
    events, hits = total["events"], total["hits"]
    band = proportion_interval(hits, events)
    coverage = _over(total["chosen_m2"], total["area_m2"])
    bits_low = bits_high = float("nan")
    if area == "" and events:
        by_period = answered.group_by("period_start").agg(pl.col("gain_bits", "events").sum()).sort("period_start")
        weights = judged.weights(by_period.height)
        drawn = [weights @ by_period.get_column(name).to_numpy() for name in ("gain_bits", "events")]
        bits_low, bits_high = interval(ratio(*drawn))
    ceiling = simulated_ceiling(
        answered.get_column("expected_in_boxes").to_numpy(),
        answered.get_column("expected_in_area").to_numpy(),
        np.random.default_rng([judged.seed, *area.encode()]),
        counts_events=not answered.get_column("gain_bits").is_nan().any(),
    )
    return {
        "periods": periods,
        "periods_unanswered": unanswered,
        "events": events,
        "hits": hits,
        "hit_rate": _over(hits, events),
        "hit_rate_low": band.low,
        "hit_rate_high": band.high,
        "coverage": coverage,
        "pai": _over(_over(hits, events), coverage),
        "pei": _over(hits, total["most_hits"]),
        "ser": _over(hits, total["chosen_m2"] / 1e6),
        "hits_per_box": _over(hits, total["n_boxes"]),
        "random_per_box": _over(total["hits_at_random"], total["n_boxes"]),
        "ties_at_random_rate": _over(total["hits_ties_at_random"], events),
        "hindsight_rate": _over(total["most_hits"], events),
        "own_ceiling_rate": ceiling.rate,
        "own_ceiling_low": ceiling.low,
        "own_ceiling_high": ceiling.high,
        "expected_hits": total["expected_in_boxes"],
        "expected_events": total["expected_in_area"],
        "bits": _over(total["gain_bits"], events),
        "bits_low": bits_low,
        "bits_high": bits_high,
        "place_bits": _over(total["place_bits"], events),
        "brier_skill": 1 - _over(total["brier"], total["brier_uniform"]),
        "churn": _mean(answered, "churn"),
        "compactness": _mean(answered, "compactness"),
    }


def comparisons(judged: Judged) -> pl.DataFrame:
    """Return the ``COMPARISON_SCHEMA`` rows of every method but the baseline."""
    return compared(series_of(judged), judged)


def compared(by_method: Mapping[str, Mapping[str, Series]], judged: Judged) -> pl.DataFrame:
    """Return the ``COMPARISON_SCHEMA`` rows of each method's series by crime type; all are as long."""
    n_periods = judged.scores.get_column("period_start").n_unique()
    weights = judged.weights(n_periods) if n_periods else np.zeros((1, 0))
    rows = [row for method, types in by_method.items() for row in compare(method, judged.baseline, types, weights)]
    return comparison_table(rows)


def series_of(judged: Judged) -> dict[str, dict[str, Series]]:
    """Return every method but the baseline period by period, by method and crime type."""
    by_method: dict[str, dict[str, Series]] = {m: {} for m in judged.methods if m != judged.baseline}
    periods = judged.scores.get_column("period_start").unique().sort()
    for (crime_type, method), group in _groups(judged):
        if method == judged.baseline:
            continue
        answered = (pl.col("status") == ANSWERED) & pl.col("baseline_hits").is_not_nan()
        summed = group.group_by("period_start").agg(
            pl.col("hits", "baseline_hits", "events", "gain_bits", "baseline_bits").sum(), answered.all().alias("both")
        )
        aligned = (
            pl.DataFrame({"period_start": periods}).join(summed, on="period_start", how="left").sort("period_start")
        )
        column = {name: aligned.get_column(name).fill_null(0.0).to_numpy() for name in _SERIES}
        both = aligned.get_column("both").fill_null(value=False).to_numpy()
        by_method[method][crime_type] = Series(
            column["hits"],
            column["baseline_hits"],
            column["events"],
            column["gain_bits"],
            column["baseline_bits"],
            both,
        )
    return by_method


_SERIES = ("hits", "baseline_hits", "events", "gain_bits", "baseline_bits")


def troubles(scores: pl.DataFrame) -> pl.DataFrame:
    """Return the ``TROUBLE_SCHEMA`` rows: unanswered periods by method, crime type and reason."""
    return (
        scores.filter(pl.col("status") != ANSWERED)
        .group_by("crime_type", "method", "status", "reason")
        .agg(
            periods=pl.col("period_start").n_unique().cast(pl.Int64),
            first=pl.col("period_start").min(),
            last=pl.col("period_start").max(),
        )
        .sort("crime_type", "method", "status", "reason")
        .select(TROUBLE_SCHEMA.names())
    )


def events_outside(scores: pl.DataFrame) -> float:
    """Return the events of all crime types and periods that fell in no area."""
    once = scores.unique(["crime_type", "period_start"], keep="first", maintain_order=True)
    return float(once.get_column("events_outside").sum())


def _groups(judged: Judged) -> list[tuple[tuple[str, str], pl.DataFrame]]:
    return groups_of(judged.scores, judged)


def groups_of(rows: pl.DataFrame, judged: Judged) -> list[tuple[tuple[str, str], pl.DataFrame]]:
    """Rows by (crime type, method), in the order in which they are told."""
    by_key = rows.partition_by("crime_type", "method", as_dict=True)
    keys = [(t, m) for t in judged.crime_types for m in judged.methods]
    return [(key, by_key[key]) for key in keys if key in by_key]


def _over(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")


def _mean(rows: pl.DataFrame, column: str) -> float:
    values = rows.get_column(column).to_numpy()
    sound = values[np.isfinite(values)]
    return float(sound.mean()) if sound.size else float("nan")
