"""Charts of a backtest as inline SVG: intervals of gains, share caught by coverage, calibration, the map of misses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import shapely
from markupsafe import Markup, escape

from peelian.delivery.frame import Frame, px
from peelian.delivery.ground import shape_path
from peelian.delivery.marks import draw_scale_bar, svg
from peelian.delivery.outlines import drawn_outline
from peelian.delivery.words import MINUS, NBSP, percent
from peelian.places.areas import AreaLayer

_LINE = 15.0
#: So many lines can carry their own name at their end; of more, only ours, the baseline's and chance do.
_MOST_NAMED = 7


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of a chart of intervals; ``kind`` is "ours" or "theirs"."""

    name: str
    value: float
    low: float
    high: float
    kind: str


def intervals_chart(rows: Sequence[Interval], label: str) -> Markup:
    """Return horizontal intervals of ratios against the line of no difference; more to the right."""
    told = [r for r in rows if np.isfinite(r.value)]
    if not told:
        return Markup("")
    ends = [e for r in told for e in (r.value, r.low, r.high) if np.isfinite(e)]
    low, high = min(1.0, *ends), max(1.0, *ends)
    step = next(s for s in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 1e9) if (high - low) / s <= 7)  # noqa: PLR2004
    low, high = float(np.floor(low / step + 1e-9) * step), float(np.ceil(high / step - 1e-9) * step)
    left, right, top, row_height = 210.0, 640.0, 26.0, 26.0
    bottom = top + row_height * len(told)

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    parts = [
        f'<path class="{"zero" if abs(t - 1) < 1e-9 else "grid"}" d="M{px(at(t))} {px(top - 6)}V{px(bottom)}"/>'  # noqa: PLR2004
        f'<text class="tick" x="{px(at(t))}" y="{px(bottom + 16)}">{_change(t)}</text>'
        for t in np.arange(low, high + step / 2, step).tolist()
    ]
    for i, r in enumerate(told):
        y = top + row_height * (i + 0.5)
        if np.isfinite(r.low) and np.isfinite(r.high):
            parts.append(f'<path class="{r.kind}-bar" d="M{px(at(r.low))} {px(y)}H{px(at(r.high))}"/>')
        parts.append(f'<circle class="{r.kind}" cx="{px(at(r.value))}" cy="{px(y)}" r="5"/>')
        parts.append(
            f'<text class="name {r.kind}-name" x="{px(left - 16)}" y="{px(y)}" dy=".35em">{escape(r.name)}</text>'
        )
    return svg(
        f'<svg class="chart intervals" viewBox="0 0 660 {px(bottom + 24)}" role="img" aria-label="{escape(label)}">'
        f'<text class="tick ends" x="{px(at(1) - 8)}" y="12">catches less</text>'
        f'<text class="tick starts" x="{px(at(1) + 8)}" y="12">catches more</text>{"".join(parts)}</svg>'
    )


def _change(value: float) -> str:
    change = round((value - 1) * 100)
    return "same" if not change else f"{'+' if change > 0 else MINUS}{abs(change)}{NBSP}%"


def curves_chart(curves: pl.DataFrame, best: str, baseline: str, boxed: float, label: str) -> Markup:
    """Return the share caught at each coverage from 0 to 20 %; ``best`` with its band, chance dotted.

    ``boxed`` is the share that the boxes cover: a thin line stands there.
    """
    methods = list(dict.fromkeys(curves.get_column("method").to_list()))
    if best not in methods:
        return Markup("")
    top_share = float(np.ceil(max(0.25, float(curves.get_column("hit_rate").max() or 0)) * 5) / 5)  # type: ignore[arg-type]  # of floats
    left, right, top, bottom, most = 42.0, 400.0, 12.0, 250.0, 0.20

    def x(coverage: float) -> float:
        return left + coverage / most * (right - left)

    def y(share: float) -> float:
        return bottom - share / top_share * (bottom - top)

    parts = [_band(curves.filter(pl.col("method") == best).sort("coverage"), x, y)]
    for t in np.arange(0, top_share + 1e-9, 0.2 if top_share > 0.4 else 0.1).tolist():  # noqa: PLR2004 - few lines
        parts.append(f'<path class="grid" d="M{px(left)} {px(y(t))}H{px(right)}"/>')
        parts.append(
            f'<text class="tick ends" x="{px(left - 6)}" y="{px(y(t))}" dy=".35em">{t * 100:.0f}{NBSP}%</text>'
        )
    parts += [
        f'<text class="tick" x="{px(x(t))}" y="{px(bottom + 17)}">{t * 100:.0f}{NBSP}%</text>'
        for t in (0.0, 0.05, 0.10, 0.15, 0.20)
    ]
    if 0 < boxed < most:
        parts.append(f'<path class="boxed" d="M{px(x(boxed))} {px(top)}V{px(bottom)}"/>')
        parts.append(f'<text class="tick starts" x="{px(x(boxed) + 5)}" y="{px(top + 8)}">the boxes’ share</text>')
    parts.append(f'<path class="chance" d="M{px(left)} {px(y(0))}L{px(right)} {px(y(most))}"/>')
    ends = [("chance", y(most), "tick")]
    others = [m for m in methods if m not in (best, baseline)]
    for method in dict.fromkeys([*others, *(m for m in (baseline, best) if m in methods)]):
        rows = curves.filter(pl.col("method") == method).sort("coverage")
        kind = "best" if method == best else "base" if method == baseline else "other"
        parts.append(_line(rows, kind, x, y))
        if kind != "other" or len(methods) <= _MOST_NAMED:
            ends.append((method, y(rows.get_column("hit_rate").to_list()[-1]), f"{kind}-name"))
    if len(methods) > _MOST_NAMED:
        parts.append(
            f'<text class="tick starts" x="{px(right + 8)}" y="{px(bottom + 17)}">thin: the other {len(others)}</text>'
        )
    for name, height, kind in _apart(ends, bottom):
        parts.append(f'<text class="end {kind}" x="{px(right + 8)}" y="{px(height)}" dy=".35em">{escape(name)}</text>')
    return svg(
        f'<svg class="chart curves" viewBox="0 0 600 292" role="img" aria-label="{escape(label)}">{"".join(parts)}'
        f'<text class="tick" x="{px((left + right) / 2)}" y="{px(bottom + 36)}">share of the area that is boxed</text>'
        "</svg>"
    )


def _line(rows: pl.DataFrame, kind: str, x: Callable[[float], float], y: Callable[[float], float]) -> str:
    """Return one method's line."""
    points = zip(rows.get_column("coverage").to_list(), rows.get_column("hit_rate").to_list(), strict=True)
    return f'<path class="line {kind}" d="M{"L".join(f"{px(x(c))} {px(y(r))}" for c, r in points)}"/>'


def _band(rows: pl.DataFrame, x: Callable[[float], float], y: Callable[[float], float]) -> str:
    """Return the interval around a method's line; it lies below all lines."""
    at = [x(c) for c in rows.get_column("coverage").to_list()]
    low, high = ([y(v) for v in rows.get_column(n).to_list()] for n in ("low", "high"))
    around = [*zip(at, high, strict=True), *zip(at[::-1], low[::-1], strict=True)]
    return f'<polygon class="band" points="{" ".join(f"{px(a)},{px(b)}" for a, b in around)}"/>'


def _apart(ends: list[tuple[str, float, str]], bottom: float) -> list[tuple[str, float, str]]:
    """Move labels at the ends of lines apart, from below, so that none stands on another."""
    placed: list[tuple[str, float, str]] = []
    lowest = bottom + _LINE / 2
    for name, height, kind in sorted(ends, key=lambda e: -e[1]):
        lowest = min(height, lowest - _LINE) if placed else min(height, bottom)
        placed.append((name, lowest, kind))
    return placed


def calibration_chart(rows: pl.DataFrame, label: str) -> Markup:
    """Return expected beside observed by tenths of the expected total: on the line, what was said came true."""
    if not rows.height:
        return Markup("")
    left, right, top, bottom = 46.0, 300.0, 12.0, 250.0
    most = float(max(rows.get_column("expected").to_numpy().max(), rows.get_column("high").to_numpy().max())) * 1.05

    def x(value: float) -> float:
        return left + value / most * (right - left)

    def y(value: float) -> float:
        return bottom - value / most * (bottom - top)

    step = _round_step(most)
    parts = [f'<path class="zero" d="M{px(x(0))} {px(y(0))}L{px(x(most))} {px(y(most))}"/>']
    for t in np.arange(0, most, step).tolist():
        parts.append(f'<path class="grid" d="M{px(left)} {px(y(t))}H{px(right)}"/>')
        parts.append(f'<text class="tick ends" x="{px(left - 6)}" y="{px(y(t))}" dy=".35em">{t:g}</text>')
        parts.append(f'<text class="tick" x="{px(x(t))}" y="{px(bottom + 17)}">{t:g}</text>')
    for r in rows.iter_rows(named=True):
        parts.append(f'<path class="ours-bar" d="M{px(x(r["expected"]))} {px(y(r["low"]))}V{px(y(r["high"]))}"/>')
        parts.append(f'<circle class="ours" cx="{px(x(r["expected"]))}" cy="{px(y(r["observed"]))}" r="4"/>')
    return svg(
        f'<svg class="chart calibration" viewBox="0 0 320 292" role="img" aria-label="{escape(label)}">{"".join(parts)}'
        f'<text class="tick" x="{px((left + right) / 2)}" y="{px(bottom + 36)}">events expected, each tenth</text>'
        f'<text class="tick starts" x="{px(left + 6)}" y="{px(top + 6)}">events that came</text></svg>'
    )


def _round_step(most: float) -> float:
    power = 10.0 ** np.floor(np.log10(most / 3))
    return float(next(m * power for m in (1, 2, 5, 10) if most / (m * power) <= 5))  # noqa: PLR2004 - five ticks


def misses_map(rows: pl.DataFrame, layer: AreaLayer, label: str) -> Markup:
    """Return where events were caught (solid) and missed (rings) over the whole range, by grid cell.

    The area of a mark is in proportion to its events; a cell's ring lies around its disc.
    """
    shapes = [drawn_outline(a, layer.grid) for a in layer.areas if a.n_cells]
    if not shapes or not rows.height:
        return Markup("")
    x_min, y_min, x_max, y_max = shapely.total_bounds(np.array(shapes, dtype=np.object_)).tolist()
    frame = Frame.around((x_min, y_min, x_max, y_max), 430.0, 420.0, 12.0)
    edges = "".join(f'<path class="inside edge-thin" d="{shape_path(s, frame)}"/>' for s in shapes)
    x, y = layer.grid.centres(rows.get_column("cell").to_numpy())
    caught, missed = rows.get_column("caught").to_numpy(), rows.get_column("missed").to_numpy()
    across, down = frame.x(x).tolist(), frame.y(y).tolist()
    cell_px = layer.grid.cell_size_m * frame.pixels_per_m
    # The busiest cell fills a little more than its own square.
    scale = 0.6 * cell_px / np.sqrt(max(float((caught + missed).max()), 1.0))
    rings = "".join(
        f'<circle class="miss" cx="{px(a)}" cy="{px(b)}" r="{scale * np.sqrt(n):.2f}"/>'
        for a, b, n in zip(across, down, (caught + missed).tolist(), strict=True)
    )
    discs = "".join(
        f'<circle class="catch" cx="{px(a)}" cy="{px(b)}" r="{scale * np.sqrt(n):.2f}"/>'
        for a, b, n in zip(across, down, caught.tolist(), strict=True)
        if n > 0
    )
    size = f"0 0 {px(frame.width)} {px(frame.height + 28)}"
    bar = draw_scale_bar(frame, 14.0, frame.height + 16, 90.0)
    return svg(
        f'<svg class="chart misses" viewBox="{size}" role="img" aria-label="{escape(label)}">'
        f"{edges}{rings}{discs}{bar}</svg>"
    )


def rate_bar(rate: float, low: float, high: float, most: float, kind: str) -> Markup:
    """Return a small bar of a hit rate's interval for a table's cell, on an axis from nought to ``most``."""
    if not np.isfinite(rate) or most <= 0:
        return Markup("")
    width = 150.0

    def at(share: float) -> float:
        return 6 + min(share / most, 1.0) * (width - 12)

    return svg(
        f'<svg class="chart rate" viewBox="0 0 {px(width)} 16" width="{px(width)}" height="16" aria-hidden="true">'
        f'<path class="grid" d="M6 8H{px(width - 6)}"/><path class="{kind}-bar" d="M{px(at(low))} 8H{px(at(high))}"/>'
        f'<circle class="{kind}" cx="{px(at(rate))}" cy="8" r="4"/></svg>'
    )


def said_aloud(rows: Sequence[Interval]) -> str:
    """Return the intervals as words, for those who hear the chart."""
    parts = []
    for r in rows:
        if np.isfinite(r.value):
            known = np.isfinite(r.low) and np.isfinite(r.high)
            parts.append(f"{r.name} {_change(r.value)}" + (f", {_change(r.low)} to {_change(r.high)}" if known else ""))
    return "; ".join(parts)


def calibration_words(rows: pl.DataFrame) -> str:
    """Return in a sentence whether what was expected came."""
    expected, observed = (float(rows.get_column(n).sum()) for n in ("expected", "observed"))
    off = int(
        (
            (rows.get_column("low") > rows.get_column("expected"))
            | (rows.get_column("high") < rows.get_column("expected"))
        ).sum()
    )
    share = observed / expected if expected else float("nan")
    well = "In every tenth the expected count lies within its interval." if not off else (
        f"In {off} of {rows.height} tenths the expected count lies outside its interval."
    )  # fmt: skip
    return f"{expected:,.0f} events were expected and {observed:,.0f} came, {percent(share, 0)} of them. {well}"
