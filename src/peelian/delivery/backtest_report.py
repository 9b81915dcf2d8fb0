"""A backtest's report: one page, no script, no network. Draws a ``Verdict`` and computes nothing but layout."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import polars as pl
from markupsafe import Markup

from peelian.delivery import words
from peelian.delivery.backtest_charts import (
    Interval,
    calibration_chart,
    calibration_words,
    curves_chart,
    intervals_chart,
    misses_map,
    rate_bar,
    said_aloud,
)
from peelian.delivery.page import page_style
from peelian.delivery.templating import environment
from peelian.forecasts.verdicts import Verdict

POOLED = "*"
_HEADS = (
    "Caught", "95 % interval", "Ties by lot", "At random", "Best fixed cells, hindsight", "A box a period", "at random",
    "Bits an event", "95 % interval", "New ground a period",
)  # fmt: skip
_AREA_HEADS = ("Events", "Caught", "95 % interval", "At random", "PAI", "PEI", "Hits a km²", "Bits an event")
_MOST_AREA_ROWS = 120
#: A park with nine residents has a rate per 1,000 that means nothing.
_FEWEST_RESIDENTS, _MOST_BURDENED = 200, 10


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


@dataclass(frozen=True, slots=True, eq=False)
class ReportPage:
    """Everything the template prints, as words and pictures."""

    title: str
    style: Markup
    when: str
    headline: str
    lead: str
    notes: tuple[str, ...]
    compared: str
    pooled_chart: Markup
    claims: tuple[str, ...]
    heads: tuple[str, ...]
    area_heads: tuple[str, ...]
    sections: tuple[Section, ...]
    burden: tuple[tuple[str, ...], ...]
    burdened: tuple[tuple[str, ...], ...]
    troubles: tuple[tuple[str, ...], ...]
    terms: tuple[tuple[str, str], ...]
    law: str


def backtest_report(verdict: Verdict) -> str:
    """Return the report as one HTML page."""
    terms = verdict.terms
    best = best_method(verdict)
    chart = _pooled_intervals(verdict, best)
    page = ReportPage(
        title=f"Backtest {terms.name} · {terms.force.name}",
        style=page_style() + _own_style(),
        when=f"{terms.force.name} · {words.day(terms.first)} to {words.day(terms.last)}",
        headline=_headline(verdict, best),
        lead=_lead(verdict, best),
        notes=_notes(verdict),
        compared=_compared(verdict),
        pooled_chart=intervals_chart(chart, said_aloud(chart)),
        claims=tuple(_claims(verdict, best)),
        heads=_HEADS,
        area_heads=_AREA_HEADS,
        sections=tuple(_section(verdict, crime_type, best) for crime_type in terms.crime_types),
        burden=_burden_by_group(verdict, best),
        burdened=_most_burdened(verdict, best),
        troubles=tuple(
            (r["method"], r["crime_type"], str(r["periods"]), f"{r['first']:%Y-%m-%d}", r["reason"])
            for r in verdict.troubles.iter_rows(named=True)
        ),
        terms=_terms(verdict),
        law=words.NO_GROUND_ANY,
    )
    return environment().get_template("backtest.html.j2").render(page=page)


def best_method(verdict: Verdict) -> str:
    """Return the method with the best mean log score over crime types.

    Where weights leave no log score, the one that catches most; the baseline where it stands alone.
    """
    scored = verdict.pooled.filter(pl.col("bits").is_not_nan()).group_by("method").agg(pl.col("bits").mean(), pl.len())
    if not scored.height:
        ratios = verdict.comparisons.filter(pl.col("ratio").is_not_nan()).sort(
            "ratio", "method", descending=[True, False]
        )
        return str(ratios.get_column("method")[0]) if ratios.height else verdict.terms.baseline
    # A method that was silent on some crime types is not the best of all.
    whole = scored.filter(pl.col("len") == scored.get_column("len").max())
    return str(whole.sort(["bits", "method"], descending=[True, False]).get_column("method")[0])


def _headline(verdict: Verdict, best: str) -> str:
    pooled = _comparison(verdict, POOLED, best) or _comparison(verdict, verdict.terms.crime_types[0], best)
    if pooled is None:
        return f"Nothing was compared with {verdict.terms.baseline}."
    return str(pooled["sentence"])


def _lead(verdict: Verdict, best: str) -> str:
    terms = verdict.terms
    unit = f"{terms.n_periods} {terms.horizon}s"
    said = (
        f"{len(terms.methods)} methods over {unit}, {terms.count} boxes of {terms.cell_size_m:g} m in each "
        f"{terms.level}. {best} {_distinction(verdict, best)} of those compared; to pick the best of several flatters "
        "it a little."
    )
    most = _pooled_intervals(verdict, best)[:1]
    if most and most[0].name != best and np.isfinite(most[0].value):
        said += f" {most[0].name} catches the most: {(most[0].value - 1) * 100:.0f}{words.NBSP}% more."
    if verdict.events_outside:
        said += f" {verdict.events_outside:,.0f} events fell in no area and are nobody’s hit or miss."
    return said


def _distinction(verdict: Verdict, best: str) -> str:
    """Return what the method that the report is about is the best in."""
    own = verdict.pooled.filter(pl.col("method") == best).get_column("bits")
    return "has the best log score" if own.is_not_nan().any() else "catches the most"


def _notes(verdict: Verdict) -> tuple[str, ...]:
    notes = []
    if verdict.terms.timing == "occurred":
        notes.append(
            "Timing as it occurred: every event counts as known the moment it happened. That is how most published "
            "figures are made, and it flatters every method. What a force would have seen is --timing recorded."
        )
    if not verdict.is_complete:
        n = int(verdict.troubles.get_column("periods").sum())
        notes.append(f"{n} answers are missing; they are listed at the end with their reasons.")
    if verdict.terms.force.delay_note:
        notes.append(verdict.terms.force.delay_note)
    return tuple(notes)


def _compared(verdict: Verdict) -> str:
    types = words.joined([words.crime_name(t) for t in verdict.terms.crime_types])
    return (
        f"Events caught in the same share of the same areas, against {verdict.terms.baseline}, pooled over {types} by "
        "the geometric mean. Bars are 95 % intervals over blocks of periods; a bar that meets the line claims nothing."
    )


def _pooled_intervals(verdict: Verdict, best: str) -> list[Interval]:
    which = POOLED if len(verdict.terms.crime_types) > 1 else verdict.terms.crime_types[0]
    rows = verdict.comparisons.filter(pl.col("crime_type") == which).sort("ratio", descending=True, nulls_last=True)
    return [
        Interval(r["method"], r["ratio"], r["ratio_low"], r["ratio_high"], "ours" if r["method"] == best else "theirs")
        for r in rows.iter_rows(named=True)
    ]


def _claims(verdict: Verdict, best: str) -> list[str]:
    own = verdict.comparisons.filter(pl.col("method") == best, pl.col("crime_type") != POOLED)
    return own.get_column("sentence").to_list()


def _comparison(verdict: Verdict, crime_type: str, method: str) -> dict[str, object] | None:
    rows = verdict.comparisons.filter(pl.col("crime_type") == crime_type, pl.col("method") == method)
    return rows.row(0, named=True) if rows.height else None


def _section(verdict: Verdict, crime_type: str, best: str) -> Section:
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
        said += (
            f" Were {best}’s rates the truth, its boxes would catch {words.percent(own['own_ceiling_rate'])}: an "
            "honest ceiling as far as those rates are right."
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
        _decimal(r["bits"]),
        f"{_decimal(r['bits_low'])} to {_decimal(r['bits_high'])}" if np.isfinite(r["bits_low"]) else "–",
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
                _decimal(r["pei"]),
                words.digits(r["ser"]),
                _decimal(r["bits"]),
            ),
            area=names[r["area"]],
        )
        for r in rows.head(_MOST_AREA_ROWS).iter_rows(named=True)
    )


def _burden_by_group(verdict: Verdict, best: str) -> tuple[tuple[str, ...], ...]:
    """What the average resident of each group lives with: boxes and crime, against all residents."""
    if verdict.burden_by_group is None:
        return ()
    return tuple(
        (
            words.heading(r["crime_type"]),
            words.crime_name(r["group"]),
            f"{r['people']:,.0f}",
            words.digits(r["box_hours_per_1000"]),
            _decimal(r["burden_ratio"]),
            words.digits(r["events_per_1000"]),
            _decimal(r["victim_ratio"]),
        )
        for r in verdict.burden_by_group.filter(pl.col("model") == best).iter_rows(named=True)
    )


def _most_burdened(verdict: Verdict, best: str) -> tuple[tuple[str, ...], ...]:
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


def _terms(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    t = verdict.terms
    return (
        (
            "Known at each cutoff",
            "what was recorded by then" if t.timing == "recorded" else "what had occurred by then",
        ),
        ("Cutoff", f"{t.lead_hours:g} hours before each {t.horizon} begins"),
        ("Models learn anew", f"every {t.refit_days} days, and stand on the newest records in between"),
        ("Judged by", f"what was recorded until {t.judged_at:%Y-%m-%d %H:%M} UTC"),
        ("Locations", words.PRECISION[t.force.location_precision]),
        ("Methods", ", ".join(t.methods)),
        ("Events’ fingerprint", t.fingerprint),
        ("Version and seed", f"{t.version}, {t.seed}"),
    )


def _decimal(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.2f}".replace("-", words.MINUS)


@lru_cache(maxsize=1)
def _own_style() -> Markup:
    sheet = files("peelian.delivery") / "templates" / "backtest.css"
    return Markup(sheet.read_text(encoding="utf-8"))  # noqa: S704 - our own file
