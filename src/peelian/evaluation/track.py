"""From judged rows to what a page may say: yesterday, and the pooled record with its baselines and intervals."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from peelian.evaluation.differences import paired_difference
from peelian.evaluation.hits import hit_rate, is_hit, most_hits, pai, pei, proportion_interval
from peelian.forecasts.nights import ScoreRow, TrackRecord
from peelian.places.periods import Period
from peelian.places.squares import Squares

OURS, BASELINE = "boxes", "recent-counts"


def track_record(
    judged: pl.DataFrame,
    track: pl.DataFrame,
    fell: pl.DataFrame,
    periods: Sequence[Period],
    *,
    is_replayed: bool,
    rng: np.random.Generator,
) -> TrackRecord:
    """Return the record of one area and bundle; the three tables hold its rows only, periods in order of time.

    The last period is told by itself, all of them pooled. Beside our boxes stand every other method judged,
    boxes at random (an exact expectation) and hindsight.
    """
    last = periods[-1]
    of_last = track.filter(period_start=last.start)
    ours, baseline = _squares(of_last, OURS), _squares(of_last, BASELINE)
    here = fell.filter(period_start=last.start)
    x, y = here["x"].to_numpy(), here["y"].to_numpy()
    last_events = pl.DataFrame({"x": x, "y": y, "in_box": is_hit(ours, x, y), "in_baseline": is_hit(baseline, x, y)})
    difference = paired_difference(
        _by_period(judged, OURS, "hits"), _by_period(judged, BASELINE, "hits"), _by_period(judged, OURS, "events"), rng
    )
    return TrackRecord(
        last_period=last,
        last=score_rows(judged.filter(period_start=last.start), here),
        last_boxes=_corners(of_last, OURS),
        last_baseline=_corners(of_last, BASELINE),
        last_events=last_events,
        is_replayed=is_replayed,
        n_periods=len(periods),
        first_period_start=periods[0].start,
        pooled=score_rows(judged, fell),
        difference=difference.value,
        difference_low=difference.low,
        difference_high=difference.high,
    )


def score_rows(judged: pl.DataFrame, fell: pl.DataFrame) -> tuple[ScoreRow, ...]:
    """Return one row a method pooled over the periods given, ours first, then baselines, random and hindsight.

    Intervals are Clopper-Pearson on the pooled events: they take nights as independent, which one
    burglar's spree is not, so read them as the least doubt there is.
    """
    methods = sorted(judged["method"].unique().to_list(), key=lambda m: (m != OURS, m != BASELINE, m))
    rows = [_row(method, judged.filter(method=method)) for method in methods]
    if rows:
        own = judged.filter(method=methods[0])
        rows.append(_chance(rows[0], own))
        rows.append(_hindsight(rows[0], fell))
    return tuple(rows)


def _row(method: str, judged: pl.DataFrame) -> ScoreRow:
    hits, events = float(judged["hits"].sum()), float(judged["events"].sum())
    coverage = float(judged["coverage"].to_numpy().mean()) if judged.height else 0.0
    interval = proportion_interval(hits, events)
    return ScoreRow(
        method=method,
        n_periods=judged.height,
        n_boxes=int(judged["n_boxes"].to_numpy().max(initial=0)),
        hits=hits,
        events=events,
        expected=float(judged["expected"].sum()),
        coverage=coverage,
        hit_rate=hit_rate(hits, events),
        hit_rate_low=interval.low,
        hit_rate_high=interval.high,
        pai=pai(hits, events, coverage, 1.0) if coverage > 0 else float("nan"),
        pei=pei(hits, float(judged["most_hits"].sum())),
    )


def _chance(ours: ScoreRow, judged: pl.DataFrame) -> ScoreRow:
    """Boxes at random: of each period's events they catch the share of ground they cover."""
    hits = float((judged["events"] * judged["coverage"]).sum())
    rate = hit_rate(hits, ours.events) if ours.events else ours.coverage
    most = float(judged["most_hits"].sum())
    return ScoreRow(
        "random",
        ours.n_periods,
        ours.n_boxes,
        hits,
        ours.events,
        hits,
        ours.coverage,
        rate,
        rate,
        rate,
        1.0,
        pei(hits, most),
    )


def _hindsight(ours: ScoreRow, fell: pl.DataFrame) -> ScoreRow:
    """The best equally large choice of cells, kept for all the periods together: a ceiling that nobody can see.

    Chosen afresh each period it would catch nearly everything and say nothing.
    """
    by_cell = fell.group_by("cell").agg(pl.col("weight").sum())["weight"].to_numpy()
    hits = most_hits(by_cell, ours.n_boxes)
    rate = hit_rate(hits, ours.events)
    index = pai(hits, ours.events, ours.coverage, 1.0) if ours.coverage > 0 else float("nan")
    return ScoreRow(
        "hindsight",
        ours.n_periods,
        ours.n_boxes,
        hits,
        ours.events,
        hits,
        ours.coverage,
        rate,
        rate,
        rate,
        index,
        pei(hits, hits),
    )


def _by_period(judged: pl.DataFrame, method: str, column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        judged.filter(method=method).sort("period_start")[column].to_numpy()
    )
    return values


def _corners(track: pl.DataFrame, method: str) -> pl.DataFrame:
    return track.filter(method=method).sort("rank").select("rank", "x_min", "y_min")


def _squares(track: pl.DataFrame, method: str) -> Squares:
    rows = track.filter(method=method).sort("rank")
    size = float(rows["size_m"][0]) if rows.height else 1.0
    return Squares(rows["x_min"].to_numpy(), rows["y_min"].to_numpy(), size)
