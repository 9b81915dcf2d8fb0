"""Which model tonight, area by area: from past scores only, shrunk so that a sparse ward does not flip-flop.

Over all areas one method is best. An area may do better with another, or a few lucky nights may make it look so.
Its own gain is therefore shrunk towards the gain over all areas, by how much areas really differ (empirical Bayes,
Efron & Morris 1975, doi 10.1080/01621459.1975.10479864), and another method is taken only where what is left
exceeds its standard error. A method that was chosen before stays unless the new one beats it by as much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import EvaluationError
from peelian.forecasts.choices import Choice

#: Where the log score is not defined (weights make harm of counts) hits decide.
MEASURES = {"gain_bits": "bits", "hits": "hits"}


@dataclass(frozen=True, slots=True, eq=False)
class Gains:
    """Each area's gain of every method over the best one, per event; all (n_areas, n_methods).

    ``standard_error`` is that of ``own``; ``shrunk`` and ``shrunk_error`` are what is left after shrinking.
    """

    own: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    shrunk: NDArray[np.float64]
    shrunk_error: NDArray[np.float64]


def choose(
    scores: pl.DataFrame, methods: Sequence[str], standing: Mapping[tuple[str, str], str], by: str = "bits"
) -> tuple[list[Choice], str]:
    """Return a choice for every area and crime type of the scores, and the measure they rest on.

    ``scores`` are answered rows (crime_type, method, area, period_start, events, gain_bits, hits) of the past;
    ``methods`` are the candidates, ties going to the first; ``standing`` is what was chosen before. ``by`` is "bits"
    (hits where there are none) or "hits".

    Raises
    ------
    EvaluationError
        When there is no score of any candidate, or no such measure.
    """
    if by not in MEASURES.values():
        raise EvaluationError(f"by {by!r}: models are chosen by {' or '.join(MEASURES.values())}.")
    rows = scores.filter(pl.col("method").is_in(list(methods)))
    if not rows.height:
        raise EvaluationError(f"none of {', '.join(methods)} has a past score; run 'peelian backtest' first.")
    measure = "hits" if by == "hits" or rows.get_column("gain_bits").is_nan().any() else "gain_bits"
    choices = []
    for crime_type in rows.get_column("crime_type").unique().sort().to_list():
        own = rows.filter(pl.col("crime_type") == crime_type)
        choices += _choose_type(own, crime_type, [m for m in methods if m in own["method"].unique()], measure, standing)
    return choices, MEASURES[measure]


def gains_over_best(gained: NDArray[np.float64], events: NDArray[np.float64], best: int) -> Gains:
    """Return each area's gains over the method ``best``.

    ``gained`` (n_areas, n_methods, n_periods) sums over events; ``events`` (n_areas, n_periods). The variance of an
    area's sum is taken from its periods as if they were independent, and never less than as many events have on the
    average of all areas: four events that agree by luck are still four. Areas without events are left to the others.
    """
    difference = gained - gained[:, best : best + 1, :]
    n_periods = difference.shape[2]
    happened = events.sum(axis=1)
    some = happened > 0
    total = np.where(some, happened, 1.0)[:, None]
    own = difference.sum(axis=2) / total
    variance = n_periods * (difference.var(axis=2, ddof=1) if n_periods > 1 else np.full(own.shape, np.inf))
    per_event = variance.sum(axis=0) / max(float(happened.sum()), 1e-12)
    error = np.sqrt(np.maximum(variance / total**2, per_event / total))
    pooled = difference.sum(axis=(0, 2)) / max(float(happened.sum()), 1e-12)
    shrunk, left = np.empty_like(own), np.empty_like(own)
    for m in range(own.shape[1]):
        between = _between(own[some, m], error[some, m], float(pooled[m]))
        noise = error[:, m] ** 2
        share = np.where(some & (between + noise > 0), between / np.maximum(between + noise, 1e-300), 0.0)
        shrunk[:, m] = pooled[m] + share * (np.where(some, own[:, m], pooled[m]) - pooled[m])
        left[:, m] = np.sqrt(np.where(share > 0, share * noise, between))
    return Gains(own, error, shrunk, left)


def _between(own: NDArray[np.float64], error: NDArray[np.float64], pooled: float) -> float:
    """Return the variance by which areas really differ: what is left of their spread when noise is taken out.

    By weighted moments (DerSimonian & Laird 1986, doi 10.1016/0197-2456(86)90046-2), so that a noisy area has
    little say in it.
    """
    sure = np.isfinite(error) & (error > 0)
    if sure.sum() < 2:  # noqa: PLR2004 - one area cannot differ
        return 0.0
    weight = error[sure] ** -2.0
    excess = float((weight * (own[sure] - pooled) ** 2).sum()) - (int(sure.sum()) - 1)
    return max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))


def _choose_type(
    rows: pl.DataFrame,
    crime_type: str,
    methods: Sequence[str],
    measure: str,
    standing: Mapping[tuple[str, str], str],
) -> list[Choice]:
    areas = rows.get_column("area").unique().sort().to_list()
    gained, events = _arrays(rows, areas, methods, measure)
    totals = gained.sum(axis=(0, 2))
    best = int(np.argmax(totals))
    gains = gains_over_best(gained, events, best)
    choices = []
    for a, area in enumerate(areas):
        happened = float(events[a].sum())
        taken = best
        before = standing.get((area, crime_type))
        holder = methods.index(before) if before in methods else best
        for m in np.argsort(-gains.shrunk[a], kind="stable"):
            challenger = int(m)
            lead = gains.shrunk[a, challenger] - gains.shrunk[a, holder]
            doubt = max(gains.shrunk_error[a, challenger], gains.shrunk_error[a, holder])
            if challenger != holder and lead > doubt:
                taken = challenger
                break
        else:
            taken = holder
        choices.append(
            Choice(
                area=area,
                crime_type=crime_type,
                method=methods[taken],
                best_over_all=methods[best],
                gain=float(gains.shrunk[a, taken]),
                standard_error=float(gains.shrunk_error[a, taken]),
                events=happened,
                periods=int(gained.shape[2]),
                why=_why(
                    methods, (taken, best, holder if before in methods else best), gains, a, MEASURES[measure], happened
                ),
            )
        )
    return choices


def _why(
    methods: Sequence[str], places: tuple[int, int, int], gains: Gains, area: int, unit: str, happened: float
) -> str:
    """Return the reason in a sentence."""
    taken, best, holder = places
    here = f"{happened:,.0f} events here"
    if taken == best and holder == best:
        return f"best over all areas; nothing in the {here} says otherwise with enough weight"
    gain, error = gains.shrunk[area, taken], gains.shrunk_error[area, taken]
    told = f"{gain:+.3f} {unit} an event against {methods[best]}, give or take {error:.3f} ({here}, shrunk)"
    if taken == holder:
        return f"chosen before, and not clearly beaten: {told}"
    return f"better here: {told}"


def _arrays(
    rows: pl.DataFrame, areas: Sequence[str], methods: Sequence[str], measure: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gained (n_areas, n_methods, n_periods) and events (n_areas, n_periods) over periods all have answered."""
    answered = rows.group_by("period_start").agg(pl.col("method").n_unique())
    common = answered.filter(pl.col("method") == len(methods)).get_column("period_start").sort()
    kept = rows.filter(pl.col("period_start").is_in(common.implode()))
    at = common.search_sorted(kept.get_column("period_start")).to_numpy()
    area = np.array([areas.index(a) for a in kept.get_column("area").to_list()], dtype=np.int64)
    method = np.array([methods.index(m) for m in kept.get_column("method").to_list()], dtype=np.int64)
    gained = np.zeros((len(areas), len(methods), common.len()))
    gained[area, method, at] = kept.get_column(measure).to_numpy()
    events = np.zeros((len(areas), common.len()))
    events[area, at] = kept.get_column("events").to_numpy()
    return gained, events
