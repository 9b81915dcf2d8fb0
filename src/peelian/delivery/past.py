"""What became of one box's square before: a strip of past periods, the sentence above it and the rows below."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
from markupsafe import Markup

from peelian.delivery import words
from peelian.delivery.frame import px
from peelian.delivery.marks import svg
from peelian.forecasts.nights import AreaNight, Night

WIDTH, HEIGHT = 660.0, 148.0
_LEFT, _RIGHT = 58.0, 34.0
_BAND = (14.0, 74.0)
_NOT_CHOSEN, _PINS, _DATES = 94.0, 122.0, 144.0


@dataclass(frozen=True, slots=True)
class Past:
    """One box's past; ``rows`` are (when, at which rank, what was recorded) of periods that have either."""

    sentence: str
    strip: Markup
    rows: tuple[tuple[str, str, str], ...]
    rest: str


def past_of(night: Night, area_night: AreaNight, index: int) -> Past | None:
    """Return the past of one row of ``boxes.table``, or None where no past period was judged."""
    history = area_night.history.filter(square=index)
    if not history.height:
        return None
    zone = ZoneInfo(night.force.time_zone)
    period = words.period_words(area_night.period, zone)
    chosen, fell = history.filter(pl.col("rank").is_not_null()).height, float(history["n_events"].sum())
    one, many = words.nouns(area_night.bundle.name)
    n, over = len(area_night.boxes), history.height
    times = f"{words.number(over)} {period.many if over != 1 else period.one}"
    often = "never" if not chosen else "each time" if chosen == over else f"on {words.number(chosen)}"
    is_whole = abs(fell - round(fell)) < 1e-9  # noqa: PLR2004 - spans of an unknown hour fall into a night in part
    recorded = words.counted(fell, area_night.bundle.name) if is_whole else f"{words.digits(fell)} {many}"
    verb = "was" if is_whole and round(fell) in (0, 1) else "were"
    is_month = words.is_month(area_night.period, zone)
    told = history.filter(pl.col("rank").is_not_null() | (pl.col("n_events") > 0)).reverse()
    quiet = over - told.height
    return Past(
        f"Of the last {times} it was among the {words.number(n)} {often}. "
        f"{recorded.capitalize()} {verb} recorded in it in that time.",
        _strip(area_night, index, history, _ends(history, zone, period.now, is_month=is_month)),
        tuple(
            (
                _when(row["period_start"], zone, is_month=is_month),
                "not chosen" if row["rank"] is None else f"rank {row['rank']}",
                f"{words.digits(row['n_events'])} {one if row['n_events'] <= 1 else many}" if row["n_events"] else "–",
            )
            for row in told.iter_rows(named=True)
        ),
        f"On the other {words.number(quiet)} {period.many if quiet != 1 else period.one} it was not chosen, and "
        f"no {one} is on record in it."
        if quiet
        else "",
    )


def _ends(history: pl.DataFrame, zone: ZoneInfo, now: str, *, is_month: bool) -> tuple[str, str]:
    """Return the words below the two ends of the strip."""
    return _when(history["period_start"][0], zone, is_month=is_month), now


def _strip(area_night: AreaNight, index: int, history: pl.DataFrame, ends: tuple[str, str]) -> Markup:
    """Return the strip: rank of each period in which it was chosen, a tick where not, a pin where something fell."""
    n_limit, steps = max(len(area_night.boxes), 2), history.height
    step = (WIDTH - _LEFT - _RIGHT) / max(steps, 1)
    own = int(area_night.boxes.table["rank"][index])

    def down(rank: int) -> float:
        top, bottom = _BAND
        return top + (min(rank, n_limit) - 1) / (n_limit - 1) * (bottom - top)

    band = f'width="{px(WIDTH - _LEFT - _RIGHT + 28)}" height="{px(_BAND[1] - _BAND[0] + 16)}"'
    axis = (("1", _BAND[0]), (str(len(area_night.boxes)), _BAND[1]), ("not in", _NOT_CHOSEN))
    parts = [f'<rect class="ten" x="{px(_LEFT - 8)}" y="{px(_BAND[0] - 8)}" {band}/>']
    parts += [f'<text class="axis" x="{px(_LEFT - 14)}" y="{px(y)}" dy=".35em">{said}</text>' for said, y in axis]
    for i, (rank, n_events) in enumerate(zip(history["rank"].to_list(), history["n_events"].to_list(), strict=True)):
        x = _LEFT + i * step
        parts.append(
            f'<path class="out" d="M{px(x)} {px(_NOT_CHOSEN - 3)}v6"/>'
            if rank is None
            else f'<circle class="in" cx="{px(x)}" cy="{px(down(rank))}" r="4"/>'
        )
        if n_events:
            pin = f'<circle class="fell" cx="{px(x)}" cy="{px(_PINS)}" r="5"/>'
            parts.append(f'<path class="fell" d="M{px(x)} {px(_PINS - 14)}v14"/>{pin}')
    x = _LEFT + steps * step
    if own <= len(area_night.boxes):
        parts.append(f'<circle class="now" cx="{px(x)}" cy="{px(down(own))}" r="5.5"/>')
    first, now = ends
    return Markup("").join(
        [
            svg("".join(parts)),
            Markup('<text class="axis starts" x="{}" y="{}">{}</text>').format(px(_LEFT - 4), px(_DATES), first),
            Markup('<text class="axis" x="{}" y="{}">{}</text>').format(px(WIDTH - 4), px(_DATES), now),
        ]
    )


def _when(start: datetime, zone: ZoneInfo, *, is_month: bool) -> str:
    if is_month:
        return words.month(start.astimezone(zone).date())
    return words.instant(start, zone).rsplit(" ", 1)[0]
