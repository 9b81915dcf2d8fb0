"""A verdict as tables and sentences for a terminal. Words and layout only."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

from peelian.forecasts.verdicts import Verdict

_MOST_TROUBLES = 10
_WIDE = 150


def print_verdict(verdict: Verdict, folder: Path) -> None:
    """Print every method beside the baseline, chance and hindsight, what may be claimed, and what has no answer."""
    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width: give the table the room it needs.
        console = Console(width=140)
    console.print(_table(verdict, is_wide=console.width >= _WIDE))
    if verdict.origins is not None:
        console.print(_origins(verdict, verdict.origins, is_wide=console.width >= _WIDE))
    for row in verdict.comparisons.filter(pl.col("crime_type") == "*").iter_rows(named=True):
        console.print(row["sentence"], highlight=False)
    single = verdict.comparisons.filter(pl.col("crime_type") != "*")
    if verdict.comparisons.height == single.height:
        for row in single.iter_rows(named=True):
            console.print(row["sentence"], highlight=False)
    if verdict.events_outside:
        n = f"{verdict.events_outside:g} event" + ("" if verdict.events_outside == 1 else "s")
        console.print(f"{n} fell in no area: nobody's hit or miss.", highlight=False)
    for row in verdict.troubles.head(_MOST_TROUBLES).iter_rows(named=True):
        console.print(
            f"no answer: {row['method']}, {row['crime_type']}, {row['periods']} periods from {row['first']:%Y-%m-%d}: "
            f"{row['reason']}",
            highlight=False,
        )
    console.print(f"{verdict.seconds:.1f} s. Report: {folder / 'report.html'}", highlight=False, soft_wrap=True)


def _table(verdict: Verdict, *, is_wide: bool) -> Table:
    terms = verdict.terms
    flattering = "" if terms.timing == "recorded" else " · timing as it occurred, which flatters every method"
    table = Table(
        title=f"{terms.force.name}: {terms.first} to {terms.last}, {terms.n_periods} {terms.horizon}s · "
        f"{terms.count} boxes of {terms.cell_size_m:g} m an area ({terms.level}){flattering}",
        title_justify="left",
        caption="hit rate: share of events inside boxes, 95 % Clopper-Pearson. best: hindsight. bits: log score per "
        "event over uniform. v. base: caught in the same area, the baseline's ties by lot. "
        "A box is a reason to be seen there.",
        caption_justify="left",
        box=None if not is_wide else ROUNDED,
    )
    table.add_column("", no_wrap=True)
    for name, _ in _columns(is_wide=is_wide):
        table.add_column(name, justify="right", no_wrap=True)
    ratios = {(r["crime_type"], r["method"]): r["ratio"] for r in verdict.comparisons.iter_rows(named=True)}
    for crime_type in terms.crime_types:
        rows = verdict.pooled.filter(pl.col("crime_type") == crime_type)
        events = float(rows.get_column("events").to_numpy().max(initial=0.0))
        table.add_row(f"[bold]{crime_type}[/bold], {events:g} events")
        for row in rows.iter_rows(named=True):
            told = {**row, "ratio": ratios.get((crime_type, row["method"]))}
            table.add_row(f"  {row['method']}", *(write(told) for _, write in _columns(is_wide=is_wide)))
    return table


def _origins(verdict: Verdict, origins: pl.DataFrame, *, is_wide: bool) -> Table:
    """Every method over grids that begin elsewhere within a cell, beside what it caught on this one."""
    table = Table(
        title=f"the grid's luck: {origins.get_column('origins')[0]} places within a cell at which it may begin",
        title_justify="left",
        caption="mean over places, and least to most. v. base: mean hits against the baseline's, 95 % over periods.",
        caption_justify="left",
        box=ROUNDED if is_wide else None,
    )
    table.add_column("", no_wrap=True)
    columns = _origin_columns(is_wide=is_wide)
    for name, _ in columns:
        table.add_column(name, justify="right", no_wrap=True)
    here = {(r["crime_type"], r["method"]): r["hit_rate"] for r in verdict.pooled.iter_rows(named=True)}
    for (crime_type,), rows in origins.partition_by("crime_type", as_dict=True, maintain_order=True).items():
        table.add_row("[bold]all, pooled[/bold]" if crime_type == "*" else f"[bold]{crime_type}[/bold]")
        for row in rows.iter_rows(named=True):
            told = {**row, "here": here.get((crime_type, row["method"]), float("nan"))}
            table.add_row(f"  {row['method']}", *(write(told) for _, write in columns))
    return table


def _origin_columns(*, is_wide: bool) -> list[tuple[str, Callable[[dict[str, Any]], str]]]:
    rates: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("here", lambda r: _rate(r["here"])),
        ("hit rate", lambda r: _rate(r["hit_rate"])),
        ("by place", lambda r: _span(100 * r["hit_rate_least"], 100 * r["hit_rate_most"], 1)),
    ]
    bits: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("bits", lambda r: _number(r["bits"], 2)),
        ("by place", lambda r: _span(r["bits_least"], r["bits_most"], 2)),
    ]
    ratios: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("v. base", lambda r: _number(r["ratio"], 2)),
        ("95 %", lambda r: _span(r["ratio_low"], r["ratio_high"], 2)),
        ("by place", lambda r: _span(r["ratio_least"], r["ratio_most"], 2)),
    ]
    return [*rates, *bits, *ratios] if is_wide else [*rates, *ratios[:2]]


def _columns(*, is_wide: bool) -> list[tuple[str, Callable[[dict[str, Any]], str]]]:
    """Name and way of writing of each column; a narrow terminal is given those that must never be parted."""
    narrow = ("hit rate", "95 %", "random", "best", "bits", "v. base")
    columns: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("hit rate", lambda r: _rate(r["hit_rate"])),
        ("95 %", lambda r: f"{100 * r['hit_rate_low']:.1f} to {100 * r['hit_rate_high']:.1f}"),
        ("ties by lot", lambda r: _rate(r["ties_at_random_rate"])),
        ("random", lambda r: _rate(r["coverage"])),
        ("best", lambda r: _rate(r["hindsight_rate"])),
        ("PAI", lambda r: _number(r["pai"], 1)),
        ("PEI", lambda r: _number(r["pei"], 2)),
        ("bits", lambda r: _number(r["bits"], 2)),
        ("bits 95 %", lambda r: f"{_number(r['bits_low'], 2)} to {_number(r['bits_high'], 2)}"),
        ("churn", lambda r: _number(r["churn"], 2)),
        ("v. base", lambda r: "1" if r["ratio"] is None else _number(r["ratio"], 2)),
    ]
    return columns if is_wide else [c for c in columns if c[0] in narrow]


def _rate(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def _span(low: float, high: float, digits: int) -> str:
    return "–" if math.isnan(low) or math.isnan(high) else f"{_number(low, digits)} to {_number(high, digits)}"


def _number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}".replace("-", "\u2212")
