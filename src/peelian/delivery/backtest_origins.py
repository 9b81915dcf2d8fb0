"""What the grid's place is worth, as the rows of a backtest's report: each method over grids that begin elsewhere."""

import numpy as np
import polars as pl

from peelian.delivery import words
from peelian.forecasts.verdicts import Verdict

_BY_PLACE = "least to most"
HEADS = (
    "Caught here", "mean", _BY_PLACE, "Bits an event, mean", _BY_PLACE,
    "Times the baseline", "95 % interval", _BY_PLACE,
)  # fmt: skip
POOLED = "*"


def origins_lead(verdict: Verdict, best: str) -> str:
    """Return what the table says of the method that the report is about, in two sentences; "" without one."""
    if verdict.origins is None:
        return ""
    n = int(verdict.origins.get_column("origins")[0])
    said = (
        f"Where a grid’s lines lie was nobody’s choice. The same nights on grids that begin at {n} places within a "
        "cell, each with its own cells, areas and baseline: what differs between them is luck of place."
    )
    own = verdict.origins.filter(pl.col("crime_type") == POOLED, pl.col("method") == best)
    if own.height and np.isfinite(own["ratio"][0]):
        r = own.row(0, named=True)
        said += (
            f" {best} catches {words.decimal(r['ratio'])} times what {verdict.terms.baseline} does on average, "
            f"95{words.NBSP}% interval {_span(r['ratio_low'], r['ratio_high'])}; by place it is "
            f"{_span(r['ratio_least'], r['ratio_most'])}."
        )
    return said


def origin_rows(verdict: Verdict) -> tuple[tuple[str, ...], ...]:
    """Return a row a crime type and method, and those that pool the types at the end; none without several origins."""
    if verdict.origins is None:
        return ()
    here = {(r["crime_type"], r["method"]): r["hit_rate"] for r in verdict.pooled.iter_rows(named=True)}
    return tuple(
        (
            "All, pooled" if r["crime_type"] == POOLED else words.heading(r["crime_type"]),
            r["method"],
            words.percent(here.get((r["crime_type"], r["method"]), float("nan"))),
            words.percent(r["hit_rate"]),
            words.percent_range(r["hit_rate_least"], r["hit_rate_most"]) if np.isfinite(r["hit_rate"]) else "–",
            words.decimal(r["bits"]),
            _span(r["bits_least"], r["bits_most"]),
            words.decimal(r["ratio"]),
            _span(r["ratio_low"], r["ratio_high"]),
            _span(r["ratio_least"], r["ratio_most"]),
        )
        for r in verdict.origins.iter_rows(named=True)
    )


def _span(low: float, high: float) -> str:
    return f"{words.decimal(low)} to {words.decimal(high)}" if np.isfinite(low) and np.isfinite(high) else "–"
