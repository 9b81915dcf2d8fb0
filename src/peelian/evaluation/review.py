"""From judged nights to a review: pooled, by month, by night. What was first known of a night is never lost."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import polars as pl

from peelian.evaluation.differences import paired_difference
from peelian.evaluation.hits import hit_rate, pai, pei, proportion_interval
from peelian.evaluation.track import BASELINE, OURS, score_rows
from peelian.forecasts.nights import ScoreRow
from peelian.forecasts.reviews import INSTANT, REVIEW_SCHEMA, Review, ReviewMonth, ReviewNight

_KEY = ["period_start", "area_id", "bundle", "method"]
_MAP = ["area_id", "bundle"]


def with_new_judgements(kept: pl.DataFrame, judged: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Return ``REVIEW_SCHEMA`` rows: new judgements take the place of old ones of the same night, first figures stay.

    ``judged`` holds ``JUDGED_SCHEMA`` and ``is_replayed``; ``at`` is the instant up to which its records were known.
    """
    first = kept.select(*_KEY, "first_hits", "first_events", "first_judged_at")
    renewed = judged.join(first, on=_KEY, how="left").with_columns(
        first_hits=pl.coalesce("first_hits", "hits"),
        first_events=pl.coalesce("first_events", "events"),
        first_judged_at=pl.coalesce("first_judged_at", pl.lit(at).cast(INSTANT)),
    )
    standing = kept.join(judged.select(_KEY), on=_KEY, how="anti")
    rows = pl.concat([standing, renewed.select(REVIEW_SCHEMA.names()).cast(REVIEW_SCHEMA)])
    return rows.sort(*_KEY)


def with_new_events(kept: pl.DataFrame, fell: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Return ``FELL_SCHEMA`` rows with those of the nights judged anew in place of what was known of them before."""
    again = judged.select("period_start", *_MAP).unique()
    standing = kept.join(again, on=["period_start", *_MAP], how="anti")
    new = fell.group_by("period_start", *_MAP, "cell").agg(pl.col("weight").sum())
    return pl.concat([standing, new.select(kept.columns)]).sort("period_start", *_MAP, "cell")


def reviews(rows: pl.DataFrame, fell: pl.DataFrame, zone: str, seed: int) -> Iterator[Review]:
    """Yield the review of every area and bundle on record, by area and bundle.

    Months are cut in the area's own ``zone``. Intervals are Clopper-Pearson's on pooled events, the difference to the
    plain count a block bootstrap over nights: as on the page of a night (``track``).
    """
    local = pl.col("period_start").dt.convert_time_zone(zone)
    by_month = _months(rows.with_columns(month=local.dt.truncate("1mo").dt.date()))
    fallen = fell.partition_by(_MAP, as_dict=True)
    for key, judged in sorted(rows.partition_by(_MAP, as_dict=True).items()):
        area_id, bundle = str(key[0]), str(key[1])
        ours = judged.filter(method=OURS).sort("period_start")
        plain = judged.filter(method=BASELINE).sort("period_start")
        both = ours.join(plain.select("period_start", plain_hits="hits"), on="period_start", how="left").sort(
            "period_start"
        )
        paired = both.drop_nulls("plain_hits")
        difference = paired_difference(
            paired["hits"].to_numpy(),
            paired["plain_hits"].to_numpy(),
            paired["events"].to_numpy(),
            np.random.default_rng([seed, *bundle.encode(), *area_id.encode()]),
        )
        yield Review(
            area_id=area_id,
            bundle=bundle,
            n_periods=ours.height,
            n_published=int((~ours["is_replayed"]).sum()),
            pooled=score_rows(judged, fallen.get(key, fell.clear())),
            difference=difference.value,
            difference_low=difference.low,
            difference_high=difference.high,
            months=by_month.get((area_id, bundle), ()),
            nights=tuple(_night(row) for row in both.iter_rows(named=True)),
        )


def _night(row: dict[str, object]) -> ReviewNight:
    plain = row["plain_hits"]
    return ReviewNight(
        period_start=row["period_start"],  # type: ignore[arg-type] # polars gives the kinds of the schema
        is_replayed=bool(row["is_replayed"]),
        events=float(row["events"]),  # type: ignore[arg-type] # as above
        hits=float(row["hits"]),  # type: ignore[arg-type] # as above
        plain_hits=float("nan") if plain is None else float(plain),  # type: ignore[arg-type] # as above
        first_events=float(row["first_events"]),  # type: ignore[arg-type] # as above
        first_hits=float(row["first_hits"]),  # type: ignore[arg-type] # as above
        first_judged_at=row["first_judged_at"],  # type: ignore[arg-type] # as above
    )


def _months(rows: pl.DataFrame) -> dict[tuple[str, str], tuple[ReviewMonth, ...]]:
    """Return each map's months; one pass over all of them, since a force may have thousands of maps."""
    pooled = (
        rows.group_by(*_MAP, "month", "method")
        .agg(
            pl.col("hits", "events", "expected", "most_hits").sum(),
            pl.col("coverage").mean(),
            pl.col("n_boxes").max(),
            chance=(pl.col("events") * pl.col("coverage")).sum(),
            n_periods=pl.len(),
        )
        .filter(pl.col("method").is_in([OURS, BASELINE]))
        .sort(*_MAP, "month", "method")
    )
    found: dict[tuple[str, str], dict[object, list[ScoreRow]]] = {}
    for row in pooled.iter_rows(named=True):
        month = found.setdefault((row["area_id"], row["bundle"]), {}).setdefault(row["month"], [])
        month.append(_score(row))
        if row["method"] == OURS:
            month.append(_at_random(row))
    return {
        key: tuple(ReviewMonth(month, tuple(scores)) for month, scores in months.items())  # type: ignore[arg-type] # dates
        for key, months in found.items()
    }


def _score(row: dict[str, float]) -> ScoreRow:
    interval = proportion_interval(row["hits"], row["events"])
    return ScoreRow(
        method=str(row["method"]),
        n_periods=int(row["n_periods"]),
        n_boxes=int(row["n_boxes"]),
        hits=row["hits"],
        events=row["events"],
        expected=row["expected"],
        coverage=row["coverage"],
        hit_rate=hit_rate(row["hits"], row["events"]),
        hit_rate_low=interval.low,
        hit_rate_high=interval.high,
        pai=pai(row["hits"], row["events"], row["coverage"], 1.0) if row["coverage"] > 0 else float("nan"),
        pei=pei(row["hits"], row["most_hits"]),
    )


def _at_random(row: dict[str, float]) -> ScoreRow:
    """Boxes at random: of each night's events they catch the share of ground that ours covered."""
    rate = hit_rate(row["chance"], row["events"]) if row["events"] else row["coverage"]
    return ScoreRow(
        "random",
        int(row["n_periods"]),
        int(row["n_boxes"]),
        row["chance"],
        row["events"],
        row["chance"],
        row["coverage"],
        rate,
        rate,
        rate,
        1.0,
        pei(row["chance"], row["most_hits"]),
    )
