"""The two small charts of a page, as inline SVG: the range of a rank, and the caught record on one axis."""

import numpy as np
from markupsafe import Markup

from peelian.delivery.frame import px
from peelian.delivery.words import percent
from peelian.forecasts.nights import ScoreRow, TrackRecord

_BAR = (104.0, 16.0)
_CHART_WIDTH = 300.0
_ROW_HEIGHT = 34.0
_TOP = 40.0
NAMES = {
    "boxes": "these boxes",
    "recent-counts": "plain 21-day count",
    "all-history": "all history counted",
    "random": "boxes at random",
    "hindsight": "best possible, with hindsight",
}


def rank_bar(rank: int, low: int, high: int, n_boxes: int, n_shown: int) -> Markup:
    """Return the bar of a rank's range against the dotted line at the last chosen rank; an arrow where it runs on."""
    width, height = _BAR
    left, right, middle = 6.0, width - 10.0, height / 2
    last = max(n_shown, n_boxes + 1, 2)

    def at(r: int) -> float:
        return left + (min(r, last) - 1) / (last - 1) * (right - left)

    arrow = f'<path class="arrow" d="M{px(right + 1)} {px(middle - 4)}l7 4l-7 4z"/>' if high > last else ""
    return Markup(  # noqa: S704 - numbers of ours only
        f'<svg class="rank" viewBox="0 0 {px(width)} {px(height)}" width="{px(width)}" height="{px(height)}" aria-hidden="true">'
        f'<path class="track" d="M{px(left)} {px(middle)}H{px(right)}"/>'
        f'<path class="limit" d="M{px(at(n_boxes) + 3)} 0V{px(height)}"/>'
        f'<path class="range" d="M{px(at(low))} {px(middle)}H{px(max(at(high), at(low) + 0.1))}"/>{arrow}'
        f'<circle class="point" cx="{px(at(rank))}" cy="{px(middle)}" r="4"/></svg>'
    )


def caught_chart(record: TrackRecord) -> Markup:
    """Return the pooled hit rates with their intervals on one axis, chance dotted, hindsight thin; "" without events."""
    rows = [r for r in (record.row(m, pooled=True) for m in ("boxes", "recent-counts", "all-history")) if r is not None]
    rows = [r for r in rows if np.isfinite(r.hit_rate)]
    if not rows:
        return Markup("")
    chance, best = record.row("random", pooled=True), record.row("hindsight", pooled=True)
    highest = max([r.hit_rate_high for r in rows if np.isfinite(r.hit_rate_high)] + [r.hit_rate for r in rows])
    if best is not None and np.isfinite(best.hit_rate):
        highest = max(highest, best.hit_rate)
    step = 0.1 if highest <= 0.45 else 0.25  # noqa: PLR2004
    top = max(np.ceil(highest / step) * step, step)
    left, right = 8.0, _CHART_WIDTH - 22.0
    bottom = _TOP + _ROW_HEIGHT * len(rows)

    def at(share: float) -> float:
        return left + share / float(top) * (right - left)

    parts = [
        f'<path class="grid" d="M{px(at(t))} {px(_TOP - 8)}V{px(bottom)}"/>'
        f'<text class="tick" x="{px(at(t))}" y="{px(bottom + 16)}">{t * 100:.0f}\u00a0%</text>'
        for t in np.arange(0, float(top) + step / 2, step).tolist()
    ]
    parts += _line(chance, "chance", "boxes at random", 11, at, bottom) + _line(
        best, "best", "with hindsight", 27, at, bottom
    )
    for i, row in enumerate(rows):
        y = _TOP + _ROW_HEIGHT * i + 22
        kind = "ours" if row.method == "boxes" else "theirs"
        interval = (
            f'<path class="{kind}-bar" d="M{px(at(row.hit_rate_low))} {px(y)}H{px(at(row.hit_rate_high))}"/>'
            if np.isfinite(row.hit_rate_low) and np.isfinite(row.hit_rate_high) else ""
        )  # fmt: skip
        parts.append(
            f'{interval}<circle class="{kind}" cx="{px(at(row.hit_rate))}" cy="{px(y)}" r="5"/>'
            f'<text class="{kind}-name" x="{px(_words_at(at(row.hit_rate)))}" y="{px(y - 9)}">'
            f"{NAMES[row.method]} {percent(row.hit_rate)}</text>"
        )
    height = bottom + 22
    return Markup(  # noqa: S704 - numbers and words of ours only
        f'<svg class="caught-chart" viewBox="0 0 {px(_CHART_WIDTH)} {px(height)}" role="img" aria-label="{_aloud(record)}">'
        f"{''.join(parts)}</svg>"
    )


def _line(row: ScoreRow | None, kind: str, name: str, y: float, at: object, bottom: float) -> list[str]:
    if row is None or not np.isfinite(row.hit_rate):
        return []
    x = at(row.hit_rate)  # type: ignore[operator]
    ends = x > _CHART_WIDTH / 2
    return [
        f'<path class="{kind}" d="M{px(x)} {px(y - 9)}V{px(bottom)}"/>'
        f'<text class="tick {"ends" if ends else "starts"}" x="{px(x - 5 if ends else x + 5)}" y="{px(y)}">'
        f"{name} {percent(row.hit_rate)}</text>"
    ]


def _words_at(x: float) -> float:
    """Return where a name begins: at its mark, but never so far right that it would run out of the picture."""
    return min(max(x - 40, 8.0), _CHART_WIDTH - 172)


def _aloud(record: TrackRecord) -> str:
    said = [
        f"{NAMES[r.method]} {percent(r.hit_rate)}"
        + (
            f", {r.hit_rate_low * 100:.1f} to {r.hit_rate_high * 100:.1f}\u00a0%"
            if r.method in ("boxes", "recent-counts", "all-history") and np.isfinite(r.hit_rate_low)
            else ""
        )
        for r in record.pooled
        if r.method in NAMES and np.isfinite(r.hit_rate)
    ]
    return "Share caught: " + "; ".join(said)
