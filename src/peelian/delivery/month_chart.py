"""Share caught, month by month, as inline SVG: our boxes and the plain count side by side, each with its interval."""

from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup

from peelian.delivery.frame import px
from peelian.delivery.marks import svg
from peelian.delivery.words import percent
from peelian.forecasts.nights import ScoreRow
from peelian.forecasts.reviews import ReviewMonth

_LEFT, _TOP, _BOTTOM, _APART = 44.0, 14.0, 200.0, 46.0
_STEPS = (0.05, 0.1, 0.2, 0.25)
_MOST_STEPS = 5
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month_chart(months: Sequence[ReviewMonth], label: str) -> Markup:
    """Return the chart; a month without an event gets a question mark, never a nought. "" without months."""
    if not months:
        return Markup("")
    told = [(m, _row(m, "boxes"), _row(m, "recent-counts"), _row(m, "random")) for m in months]
    ends = [r.hit_rate_high for _, ours, plain, _ in told for r in (ours, plain) if r is not None and r.events]
    step = next((s for s in _STEPS if max(ends, default=0.1) / s <= _MOST_STEPS), _STEPS[-1])
    top = max(float(np.ceil(max(ends, default=0.1) / step - 1e-9)) * step, step)
    right = _LEFT + _APART * max(len(months), 6)

    def at(share: float) -> float:
        return _BOTTOM - share / top * (_BOTTOM - _TOP)

    parts = [
        f'<path class="grid" d="M{px(_LEFT)} {px(at(t))}H{px(right)}"/>'
        f'<text class="tick ends" x="{px(_LEFT - 8)}" y="{px(at(t))}" dy=".35em">{t * 100:.0f}\u00a0%</text>'
        for t in np.arange(0, top + step / 2, step).tolist()
    ]
    parts.append(f'<text class="tick ends italic" x="{px(_LEFT - 8)}" y="{px(_BOTTOM + 36)}">n</text>')
    year = None
    for index, (month, ours, plain, chance) in enumerate(told):
        x = _LEFT + _APART * (index + 0.5)
        name = _MONTHS[month.month.month - 1]
        parts.append(f'<text class="tick" x="{px(x)}" y="{px(_BOTTOM + 18)}">{name}</text>')
        if month.month.year != year:
            year = month.month.year
            parts.append(f'<text class="tick" x="{px(x)}" y="{px(_BOTTOM + 54)}">{year}</text>')
        if ours is None or not ours.events:
            parts.append(f'<text class="tick" x="{px(x)}" y="{px(_BOTTOM - 8)}">?</text>')
            parts.append(f'<text class="tick" x="{px(x)}" y="{px(_BOTTOM + 36)}">0</text>')
            continue
        parts.append(f'<text class="tick" x="{px(x)}" y="{px(_BOTTOM + 36)}">{ours.events:,.0f}</text>')
        if chance is not None:
            parts.append(f'<path class="chance" d="M{px(x - 18)} {px(at(chance.hit_rate))}h36"/>')
        if plain is not None:
            parts.append(_mark(plain, x + 6, "theirs", at))
        parts.append(_mark(ours, x - 6, "ours", at))
    return svg(
        f'<svg class="caught-chart month-chart" viewBox="0 0 {px(right + 4)} {px(_BOTTOM + 60)}" '
        f'style="max-width:{px(right + 4)}px" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )


def _mark(row: ScoreRow, x: float, kind: str, at: Callable[[float], float]) -> str:
    said = f"{percent(row.hit_rate)} of {row.events:,.0f}"
    return (
        f'<g><title>{said}</title><path class="{kind}-bar" d="M{px(x)} {px(at(row.hit_rate_low))}'
        f'V{px(at(row.hit_rate_high))}"/><circle class="{kind}" cx="{px(x)}" cy="{px(at(row.hit_rate))}" r="4.5"/></g>'
    )


def _row(month: ReviewMonth, method: str) -> ScoreRow | None:
    return next((r for r in month.rows if r.method == method), None)
