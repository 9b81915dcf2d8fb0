"""The night as a table for a terminal, and as JSON for a program. Words and layout only."""

import json
import math
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from peelian.forecasts.nights import AreaNight, Night, ScoreRow
from peelian.jobs.night import NightOutcome


def print_outcomes(outcomes: Sequence[NightOutcome], *, most_rows: int = 40) -> None:
    """Print what became of each night, and the last published one in full."""
    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width: give the table the room it needs.
        console = Console(width=140)
    for outcome in outcomes:
        where = f": {outcome.folder / 'index.html'}" if outcome.folder else f": {outcome.message}"
        console.print(
            f"{outcome.force} {outcome.night} {outcome.status}{where}", soft_wrap=True, highlight=False, markup=False
        )
        if outcome.folder and outcome.message:
            console.print(outcome.message, soft_wrap=True, highlight=False, markup=False)
    values = [o.value for o in outcomes if o.value is not None]
    if values:
        console.print(night_table(values[-1], most_rows))
        for crime_type, reason in values[-1].withheld:
            console.print(f"withheld: {crime_type}: {reason}", highlight=False, markup=False)


def night_table(night: Night, most_rows: int) -> Table:
    """Return one row per map: what is expected, and how the last boxes and the record did beside the baselines."""
    n = max((a.record.n_periods for a in night.areas if a.record), default=0)
    unit = f"{'month' if night.force.date_precision == 'month' else 'night'}{'' if n == 1 else 's'}"
    table = Table(
        title=f"{night.force.name}, {night.night}: {night.model}, records known at {night.cutoff:%Y-%m-%d %H:%M} UTC",
        title_justify="left",
        caption=_caption(night, most_rows, f"{n} {unit}"),
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for name in ("area", "crime type"):
        table.add_column(name, no_wrap=True)
    for name in ("expect", "in boxes", "last", "counts", "caught", "95 %", "counts", "random"):
        table.add_column(name, justify="right", no_wrap=True)
    for area in night.areas[:most_rows]:
        table.add_row(*_cells(area))
    return table


def _cells(area: AreaNight) -> list[str]:
    record = area.record
    cells = [area.area.name, area.bundle.name, f"{area.expected_in_area:.2f}", f"{area.boxes.expected_total:.2f}"]
    if record is None:
        return [*cells, *["–"] * 6]
    last = [record.row(m, pooled=False) for m in ("boxes", "recent-counts")]
    pooled = [record.row(m, pooled=True) for m in ("boxes", "recent-counts", "random")]
    ours = pooled[0]
    interval = f"{100 * ours.hit_rate_low:.0f} to {100 * ours.hit_rate_high:.0f}" if ours and ours.events else "–"
    return [*cells, _caught(last[0]), _hits(last[1]), _rate(ours), interval, _rate(pooled[1]), _rate(pooled[2])]


def _caught(row: ScoreRow | None) -> str:
    return "–" if row is None else f"{row.hits:g} of {row.events:g}"


def _hits(row: ScoreRow | None) -> str:
    return "–" if row is None else f"{row.hits:.2g}"


def _rate(row: ScoreRow | None) -> str:
    return "–" if row is None or math.isnan(row.hit_rate) else f"{100 * row.hit_rate:.1f} %"


def _caption(night: Night, most_rows: int, record: str) -> str:
    rest = len(night.areas) - most_rows
    more = f"{rest} more maps are in night.json. " if rest > 0 else ""
    largest = max((night.coverage(a) for a in night.areas if a.area.n_cells), default=0.0)
    words = (
        f"{more}expect: events in the area, and in its {night.parameters['count']} boxes",
        f"(at most {100 * largest:.1f} % of an area). last: of the last period's events, caught in boxes;",
        f"then by plain counts. caught, 95 %, counts, random: share over {record}. {night.delay_note}",
        "A box is a reason to be seen there. It gives no ground for stop and search.",
    )
    return " ".join(words)


def outcomes_as_json(outcomes: Sequence[NightOutcome]) -> str:
    """Return the outcomes as JSON; the whole night stands in its night.json."""
    rows = [
        {
            "force": o.force,
            "night": str(o.night),
            "status": o.status,
            "folder": str(o.folder) if o.folder else None,
            "message": o.message,
            "maps": o.maps,
            "withheld": [list(w) for w in o.withheld],
        }
        for o in outcomes
    ]
    return json.dumps(rows, indent=2)
