"""On whom the boxes fall, as the rows of a backtest's report: by group of residents, and by neighbourhood."""

import polars as pl

from peelian.delivery import words
from peelian.forecasts.verdicts import Verdict

#: A park with nine residents has a rate per 1,000 that means nothing.
_FEWEST_RESIDENTS, _MOST_BURDENED = 200, 10


def burden_by_group(verdict: Verdict, best: str) -> tuple[tuple[str, ...], ...]:
    """What the average resident of each group lives with: boxes and crime, against all residents."""
    if verdict.burden_by_group is None:
        return ()
    return tuple(
        (
            words.heading(r["crime_type"]),
            words.crime_name(r["group"]),
            f"{r['people']:,.0f}",
            words.digits(r["box_hours_per_1000"]),
            words.decimal(r["burden_ratio"]),
            words.digits(r["events_per_1000"]),
            words.decimal(r["victim_ratio"]),
        )
        for r in verdict.burden_by_group.filter(pl.col("model") == best).iter_rows(named=True)
    )


def most_burdened(verdict: Verdict, best: str) -> tuple[tuple[str, ...], ...]:
    """The neighbourhoods with the most hours of boxes for each resident, all crime types together."""
    if verdict.burden is None:
        return ()
    own = verdict.burden.filter(pl.col("model") == best)
    summed = own.group_by("neighbourhood").agg(pl.col("residents").first(), pl.col("box_hours", "events").sum())
    rated = summed.filter(pl.col("residents") >= _FEWEST_RESIDENTS).with_columns(
        rate=pl.col("box_hours") / pl.col("residents"), crime=pl.col("events") / pl.col("residents")
    )
    top = rated.sort(["rate", "neighbourhood"], descending=[True, False]).head(_MOST_BURDENED)
    return tuple(
        (
            r["neighbourhood"],
            f"{r['residents']:,.0f}",
            words.digits(1000 * r["rate"]),
            words.digits(1000 * r["crime"]),
        )
        for r in top.iter_rows(named=True)
    )
