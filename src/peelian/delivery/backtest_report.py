"""A backtest's report: one page, no script, no network. Draws a ``Verdict`` and computes nothing but layout."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import polars as pl
from markupsafe import Markup

from peelian.delivery import words
from peelian.delivery.backtest_burden import burden_by_group, most_burdened
from peelian.delivery.backtest_charts import Interval, intervals_chart, said_aloud
from peelian.delivery.backtest_origins import HEADS as ORIGIN_HEADS
from peelian.delivery.backtest_origins import origin_rows, origins_lead
from peelian.delivery.backtest_sections import AREA_HEADS, HEADS, Section, section
from peelian.delivery.page import page_style
from peelian.delivery.templating import environment
from peelian.forecasts.verdicts import Verdict

POOLED = "*"


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
    origins_lead: str
    origin_heads: tuple[str, ...]
    origins: tuple[tuple[str, ...], ...]
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
        heads=HEADS,
        area_heads=AREA_HEADS,
        sections=tuple(section(verdict, crime_type, best) for crime_type in terms.crime_types),
        origins_lead=origins_lead(verdict, best),
        origin_heads=ORIGIN_HEADS,
        origins=origin_rows(verdict),
        burden=burden_by_group(verdict, best),
        burdened=most_burdened(verdict, best),
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


@lru_cache(maxsize=1)
def _own_style() -> Markup:
    sheet = files("peelian.delivery") / "templates" / "backtest.css"
    return Markup(sheet.read_text(encoding="utf-8"))  # noqa: S704 - our own file
