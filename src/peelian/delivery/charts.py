"""The two small charts of a page, as inline SVG: the range of a rank, and the caught record on one axis."""

from collections.abc import Callable

import numpy as np
from markupsafe import Markup

from peelian.delivery.frame import px
from peelian.delivery.marks import svg
from peelian.delivery.words import percent
from peelian.forecasts.nights import ScoreRow, TrackRecord
from peelian.places.forces import DatePrecision

_BAR = (104.0, 16.0)
_CHART_WIDTH = 300.0
_ROW_HEIGHT = 34.0
_TOP = 40.0
_FAR = 1.6
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.25)
_MOST_STEPS = 4.5
_NAME_WIDTH = 172.0
#: The methods whose hit rate has an interval: the others are exact, or a ceiling.
_UNCERTAIN = ("boxes", "recent-counts", "all-history")
METHODS = ("boxes", "recent-counts", "all-history", "random", "hindsight")


def method_name(method: str, precision: DatePrecision) -> str:
    """Return what a method is called; a feed of months has no 21 days to count."""
    return {
        "boxes": "these boxes",
        "recent-counts": "plain recent count" if precision is DatePrecision.MONTH else "plain 21-day count",
        "all-history": "all history counted",
        "random": "boxes at random",
        "hindsight": "best possible, with hindsight",
    }[method]


def rank_bar(rank: int, low: int, high: int, n_boxes: int, n_shown: int) -> Markup:
    """Return the bar of a rank's range against the dotted line at the last chosen rank; an arrow where it runs on."""
    width, height = _BAR
    left, right, middle = 6.0, width - 10.0, height / 2
    last = max(n_shown, n_boxes + 1, 2)

    def at(r: int) -> float:
        return left + (min(r, last) - 1) / (last - 1) * (right - left)

    arrow = f'<path class="arrow" d="M{px(right + 1)} {px(middle - 4)}l7 4l-7 4z"/>' if high > last else ""
    size = f'viewBox="0 0 {px(width)} {px(height)}" width="{px(width)}" height="{px(height)}"'
    return svg(
        f'<svg class="rank" {size} aria-hidden="true"><path class="track" d="M{px(left)} {px(middle)}H{px(right)}"/>'
        f'<path class="limit" d="M{px(at(n_boxes) + 3)} 0V{px(height)}"/>'
        f'<path class="range" d="M{px(at(low))} {px(middle)}H{px(max(at(high), at(low) + 0.1))}"/>{arrow}'
        f'<circle class="point" cx="{px(at(rank))}" cy="{px(middle)}" r="4"/></svg>'
    )


def caught_chart(record: TrackRecord, precision: DatePrecision) -> Markup:
    """Return the pooled hit rates and intervals on one axis, chance dotted, hindsight thin; "" without events."""
    rows = [r for r in (record.row(m, pooled=True) for m in _UNCERTAIN) if r is not None and np.isfinite(r.hit_rate)]
    if not rows:
        return Markup("")
    chance, best = record.row("random", pooled=True), record.row("hindsight", pooled=True)
    top, step = _axis(rows, chance, best)
    left, right, bottom = 8.0, _CHART_WIDTH - 22.0, _TOP + _ROW_HEIGHT * len(rows)

    def at(share: float) -> float:
        return left + share / top * (right - left)

    parts = [
        f'<path class="grid" d="M{px(at(t))} {px(_TOP - 8)}V{px(bottom)}"/>'
        f'<text class="tick" x="{px(at(t))}" y="{px(bottom + 16)}">{t * 100:.0f}\u00a0%</text>'
        for t in np.arange(0, top + step / 2, step).tolist()
    ]
    parts += _line(chance, "chance", "boxes at random", 11, (at, bottom))
    if best is not None and np.isfinite(best.hit_rate) and best.hit_rate > top:
        said = f"with hindsight {percent(best.hit_rate)} \u2192"
        parts.append(f'<text class="tick ends" x="{px(right + 14)}" y="27">{said}</text>')
    else:
        parts += _line(best, "best", "with hindsight", 27, (at, bottom))
    parts += [_row(r, method_name(r.method, precision), _TOP + _ROW_HEIGHT * i + 22, at) for i, r in enumerate(rows)]
    return svg(
        f'<svg class="caught-chart" viewBox="0 0 {px(_CHART_WIDTH)} {px(bottom + 22)}" role="img" '
        f'aria-label="{_aloud(record, precision)}">{"".join(parts)}</svg>'
    )


def _axis(rows: list[ScoreRow], chance: ScoreRow | None, best: ScoreRow | None) -> tuple[float, float]:
    """Return the end of the axis and its step. A ceiling far beyond all intervals would press them into a corner."""
    ends = [r.hit_rate_high for r in rows] + [r.hit_rate for r in rows] + ([chance.hit_rate] if chance else [])
    highest = max(e for e in ends if np.isfinite(e))
    if best is not None and np.isfinite(best.hit_rate) and best.hit_rate <= _FAR * highest:
        highest = max(highest, best.hit_rate)
    step = next((s for s in _STEPS if highest / s <= _MOST_STEPS), _STEPS[-1])
    return max(float(np.ceil(highest / step)) * step, step), step


def _row(row: ScoreRow, name: str, y: float, at: Callable[[float], float]) -> str:
    kind = "ours" if row.method == "boxes" else "theirs"
    interval = ""
    if np.isfinite(row.hit_rate_low) and np.isfinite(row.hit_rate_high):
        interval = f'<path class="{kind}-bar" d="M{px(at(row.hit_rate_low))} {px(y)}H{px(at(row.hit_rate_high))}"/>'
    words_at = min(max(at(row.hit_rate) - 40, 8.0), _CHART_WIDTH - _NAME_WIDTH)
    return (
        f'{interval}<circle class="{kind}" cx="{px(at(row.hit_rate))}" cy="{px(y)}" r="5"/>'
        f'<text class="{kind}-name" x="{px(words_at)}" y="{px(y - 9)}">'
        f"{name} {percent(row.hit_rate)}</text>"
    )


def _line(
    row: ScoreRow | None, kind: str, name: str, y: float, place: tuple[Callable[[float], float], float]
) -> list[str]:
    at, bottom = place
    if row is None or not np.isfinite(row.hit_rate):
        return []
    x = at(row.hit_rate)
    ends = x > _CHART_WIDTH / 2
    words_at, kept = (x - 5, "ends") if ends else (x + 5, "starts")
    return [
        f'<path class="{kind}" d="M{px(x)} {px(y - 9)}V{px(bottom)}"/>',
        f'<text class="tick {kept}" x="{px(words_at)}" y="{px(y)}">{name} {percent(row.hit_rate)}</text>',
    ]


def _aloud(record: TrackRecord, precision: DatePrecision) -> str:
    said = []
    for row in record.pooled:
        if row.method in METHODS and np.isfinite(row.hit_rate):
            low, high = row.hit_rate_low * 100, row.hit_rate_high * 100
            known = row.method in _UNCERTAIN and np.isfinite(low) and np.isfinite(high)
            interval = f", {low:.1f} to {high:.1f}\u00a0%" if known else ""
            said.append(f"{method_name(row.method, precision)} {percent(row.hit_rate)}{interval}")
    return "Share caught: " + "; ".join(said)
