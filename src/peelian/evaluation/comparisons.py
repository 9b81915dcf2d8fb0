"""Is it better than the baseline, and may that be said? Paired ratios and differences, with a plain sentence each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import EvaluationError
from peelian.evaluation.resampling import interval, ratio
from peelian.forecasts.verdicts import COMPARISON_SCHEMA

#: Stands for all crime types together.
POOLED = "*"
#: Fewer events than this carry no claim, whatever the resampling says.
FEWEST_EVENTS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One method over one crime type, period by period, all areas together; all (n_periods,).

    ``baseline_hits`` are those of the baseline in the same area: at this method's coverage. ``is_answered`` is
    True where both answered.
    """

    hits: NDArray[np.float64]
    baseline_hits: NDArray[np.float64]
    events: NDArray[np.float64]
    gain_bits: NDArray[np.float64]
    baseline_bits: NDArray[np.float64]
    is_answered: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval; NaN where it cannot be told."""

    value: float
    low: float
    high: float


NOT_TOLD = Estimate(float("nan"), float("nan"), float("nan"))


def compare(
    method: str, baseline: str, by_type: Mapping[str, Series], weights: NDArray[np.float64]
) -> list[dict[str, object]]:
    """Return the ``COMPARISON_SCHEMA`` rows of one method: one a crime type, and the types pooled.

    Types are pooled by the geometric mean of their ratios, so that the commonest does not speak for all; the
    same resampled periods are used for every type.

    Raises
    ------
    EvaluationError
        When the series do not tell of the same periods as the weights.
    """
    rows: list[dict[str, object]] = []
    logs, resampled_logs, bits, resampled_bits = [], [], [], []
    for crime_type, series in by_type.items():
        if series.hits.size != weights.shape[1]:
            raise EvaluationError(
                f"{method} for {crime_type}: {series.hits.size} periods, resampled are {weights.shape[1]}."
            )
        mask = series.is_answered
        hits, theirs, events = (np.where(mask, v, 0.0) for v in (series.hits, series.baseline_hits, series.events))
        gained = np.where(mask, series.gain_bits - series.baseline_bits, 0.0)
        total = float(events.sum())
        drawn = ratio(weights @ hits, weights @ theirs)
        value = float(ratio(hits.sum(), theirs.sum()))
        difference = _estimate(float((hits - theirs).sum()), total, weights @ (hits - theirs), weights @ events)
        bit = _estimate(float(gained.sum()), total, weights @ gained, weights @ events)
        low, high = interval(drawn)
        hit = Estimate(value, low, high)
        rows.append(
            {
                "crime_type": crime_type,
                "method": method,
                "baseline": baseline,
                "periods": int(mask.sum()),
                **_spread("ratio", hit),
                **_spread("difference", difference),
                **_spread("bits", bit),
                "sentence": sentence(crime_type, method, baseline, hit, total),
            }
        )
        if np.isfinite(value) and value > 0:
            logs.append(np.log(value))
            with np.errstate(divide="ignore"):
                resampled_logs.append(np.log(drawn))
        if np.isfinite(bit.value):
            bits.append(bit.value)
            resampled_bits.append(ratio(weights @ gained, weights @ events))
    if len(by_type) > 1 and logs:
        pooled = Estimate(float(np.exp(np.mean(logs))), *interval(np.exp(np.mean(resampled_logs, axis=0))))
        bit = Estimate(float(np.mean(bits)), *interval(np.mean(resampled_bits, axis=0))) if bits else NOT_TOLD
        rows.append(
            {
                "crime_type": POOLED,
                "method": method,
                "baseline": baseline,
                "periods": weights.shape[1],
                **_spread("ratio", pooled),
                **_spread("difference", NOT_TOLD),
                **_spread("bits", bit),
                "sentence": sentence(POOLED, method, baseline, pooled, float("inf"), len(logs)),
            }
        )
    return rows


def comparison_table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Return the rows as a table."""
    return pl.DataFrame(list(rows), schema=COMPARISON_SCHEMA, orient="row")


def sentence(crime_type: str, method: str, baseline: str, estimate: Estimate, events: float, n_types: int = 0) -> str:
    """Return what may be said of a ratio of hits in the same area, in one plain sentence."""
    what = f"Over {n_types} crime types" if crime_type == POOLED else "In the same area"
    crime = "" if crime_type == POOLED else " " + crime_type.replace("-", " ").replace("_", " ")
    if not np.isfinite(estimate.value):
        return f"{what}, {baseline} caught no{crime or ' event'}, so no ratio can be given."
    change = f"{abs(estimate.value - 1) * 100:.0f} % {'more' if estimate.value >= 1 else 'less'}"
    if events < FEWEST_EVENTS or not (np.isfinite(estimate.low) and np.isfinite(estimate.high)):
        return f"{what}, {method} caught {change}{crime} than {baseline}; too few events to say whether that is chance."
    span = f"95 % interval {_signed(estimate.low)} to {_signed(estimate.high)} %"
    if estimate.low > 1 or estimate.high < 1:
        return f"{what}, {method} catches {change}{crime} than {baseline}, {span}."
    return f"{what}, {method} and {baseline} cannot be told apart{crime and ' on'}{crime}: {change}, {span}."


def _signed(value: float) -> str:
    percent = round((value - 1) * 100)
    return f"\u2212{-percent}" if percent < 0 else str(percent)


def _estimate(value: float, events: float, drawn: NDArray[np.float64], drawn_events: NDArray[np.float64]) -> Estimate:
    if events <= 0:
        return NOT_TOLD
    return Estimate(value / events, *interval(ratio(drawn, drawn_events)))


def _spread(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
