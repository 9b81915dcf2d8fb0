"""One crime type of a backtest's report: its table of methods, its areas, and its three pictures."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from markupsafe import Markup

from peelian.delivery import words
from peelian.delivery.backtest_charts import calibration_chart, calibration_words, curves_chart, misses_map, rate_bar
from peelian.forecasts.verdicts import Verdict

HEADS = (
    "Caught", "95 % interval", "Ties by lot", "At random", "Best fixed cells, hindsight", "A box a period", "at random",
    "Bits an event", "95 % interval", "New ground a period",
)  # fmt: skip
AREA_HEADS = ("Events", "Caught", "95 % interval", "At random", "PAI", "PEI", "Hits a km²", "Bits an event")
_MOST_AREA_ROWS = 120


@dataclass(frozen=True, slots=True, eq=False)
class MethodRow:
    """One line of a table."""

    name: str
    cells: tuple[str, ...]
    is_best: bool = False
    bar: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One crime type."""

    name: str
    anchor: str
    headline: str
    lead: str
    caption: str
    rows: tuple[MethodRow, ...]
    areas: tuple[MethodRow, ...]
    curves: Markup
    calibration: Markup
    calibration_words: str
    misses: Markup
    misses_words: str


def section(verdict: Verdict, crime_type: str, best: str) -> Section:
    """Return one crime type; ``best`` is the method that the report is about."""
    rows = verdict.pooled.filter(pl.col("crime_type") == crime_type)
    own = rows.filter(pl.col("method") == best).row(0, named=True)
    name = words.heading(crime_type)
    curves = verdict.curves.filter(pl.col("crime_type") == crime_type)
    calibration = verdict.calibration.filter(pl.col("crime_type") == crime_type, pl.col("method") == best)
    missed = verdict.misses.filter(pl.col("crime_type") == crime_type, pl.col("method") == best)
    ends = np.array([*rows.get_column("hit_rate_high").to_list(), own["hindsight_fixed_rate"], 0.05])
    most = float(np.nanmax(ends[ends < 1.0])) if (ends < 1.0).any() else 1.0
    return Section(
        name=name,
        anchor=f"type-{verdict.terms.crime_types.index(crime_type) + 1}",
        headline=_caught(own, crime_type, best),
        lead=_ceilings(own, best),
        caption=f"{own['events']:,.0f} {words.nouns(crime_type)[1]} in {own['periods']} {verdict.terms.horizon}s.",
        rows=tuple(_method_row(r, most, best) for r in rows.iter_rows(named=True)),
        areas=_area_rows(verdict, crime_type, best),
        curves=curves_chart(curves, best, verdict.terms.baseline, own["coverage"], f"{name}: share caught by coverage"),
        calibration=calibration_chart(calibration, f"{name}: expected and observed"),
        calibration_words=f"{best}. {calibration_words(calibration)}" if calibration.height else "",
        misses=misses_map(missed, verdict.layer, f"{name}: where events were caught and missed"),
        misses_words=f"{best}, by grid cell over the whole range. Disc: caught. Ring around it: missed.",
    )


def _caught(own: dict[str, float], crime_type: str, best: str) -> str:
    if not own["events"]:
        return f"{words.heading(crime_type)}: none was recorded, so nothing can be said."
    return (
        f"{best} caught {words.percent(own['hit_rate'])} of {words.nouns(crime_type)[1]} in "
        f"{words.percent(own['coverage'])} of the area."
    )


def _ceilings(own: dict[str, float], best: str) -> str:
    if not own["events"]:
        return ""
    said = (
        f"About {words.odds(own['hits_per_box'])} boxes held one in a period; a box at random, "
        f"{words.odds(own['random_per_box'])}. The best cells chosen once with hindsight would have caught "
        f"{words.percent(own['hindsight_fixed_rate'])}."
    )
    if np.isfinite(own["own_ceiling_rate"]):
        luck = ""
        if np.isfinite(own["own_ceiling_low"]):
            band = words.percent_range(own["own_ceiling_low"], own["own_ceiling_high"])
            luck = f", and luck alone would move that within {band}"
        said += (
            f" The honest ceiling: drawn anew from {best}’s own rates, somebody who knew them would catch "
            f"{words.percent(own['own_ceiling_rate'])}{luck}. Told each period’s events beforehand, it would be "
            f"{words.percent(own['hindsight_rate'])}."
        )
    return said


def _method_row(r: dict[str, float], most: float, best: str) -> MethodRow:
    is_best = str(r["method"]) == best
    cells = (
        words.percent(r["hit_rate"]),
        words.percent_range(r["hit_rate_low"], r["hit_rate_high"]) if r["events"] else "–",
        words.percent(r["ties_at_random_rate"]),
        words.percent(r["coverage"]),
        words.percent(r["hindsight_fixed_rate"]),
        words.percent(r["hits_per_box"]),
        words.percent(r["random_per_box"]),
        words.decimal(r["bits"]),
        f"{words.decimal(r['bits_low'])} to {words.decimal(r['bits_high'])}" if np.isfinite(r["bits_low"]) else "–",
        words.percent(r["churn"], 0),
    )
    bar = rate_bar(r["hit_rate"], r["hit_rate_low"], r["hit_rate_high"], most, "ours" if is_best else "theirs")
    return MethodRow(str(r["method"]), cells, is_best, bar)


def _area_rows(verdict: Verdict, crime_type: str, best: str) -> tuple[MethodRow, ...]:
    """The best method and the baseline in every area; the rest is in scores.parquet."""
    names = {a.id: a.name for a in verdict.layer.areas}
    shown = (best, verdict.terms.baseline) if best != verdict.terms.baseline else (best,)
    rows = verdict.measures.filter(
        pl.col("crime_type") == crime_type, pl.col("area") != "", pl.col("method").is_in(shown)
    ).sort("area", "method")
    return tuple(
        MethodRow(
            r["method"],
            (
                words.digits(r["events"]),
                words.percent(r["hit_rate"]),
                words.percent_range(r["hit_rate_low"], r["hit_rate_high"]) if r["events"] else "–",
                words.percent(r["coverage"]),
                words.digits(r["pai"]),
                words.decimal(r["pei"]),
                words.digits(r["ser"]),
                words.decimal(r["bits"]),
            ),
            area=names[r["area"]],
        )
        for r in rows.head(_MOST_AREA_ROWS).iter_rows(named=True)
    )
