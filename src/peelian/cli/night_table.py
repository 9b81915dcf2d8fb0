"""The night as a table for a terminal, and as JSON for a program. Words and layout only."""

import json
import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from peelian.forecasts.nights import AreaNight, Night, ScoreRow
from peelian.jobs.night import NightOutcome


def print_outcomes(outcomes: Sequence[NightOutcome], *, most_rows: int = 40) -> None:
    """Print what became of each night, and the last published one in full."""
    console = Console()
    for outcome in outcomes:
        where = f": {outcome.folder / 'index.html'}" if outcome.folder else f": {outcome.message}"
        console.print(f"{outcome.force} {outcome.night} {outcome.status}{where}", soft_wrap=True, highlight=False)
    values = [o.value for o in outcomes if o.value is not None]
    if values:
        console.print(night_table(values[-1], most_rows))
        for crime_type, reason in values[-1].withheld:
            console.print(f"withheld: {crime_type}: {reason}", highlight=False)


def night_table(night: Night, most_rows: int) -> Table:
    """Return one row per map: what is expected, and how the last boxes and the record did beside the baselines."""
    table = Table(
        title=f"{night.force.name}: {night.night} · records known at {night.cutoff:%Y-%m-%d %H:%M} UTC · {night.model}",
        title_justify="left",
        caption=_caption(night, most_rows),
        caption_justify="left",
    )
    n = max((a.record.n_periods for a in night.areas if a.record), default=0)
    unit = "months" if night.force.date_precision == "month" else "nights"
    for name in ("area", "crime type"):
        table.add_column(name, no_wrap=True)
    for name in (
        "boxes",
        "of area",
        "expected",
        "in boxes",
        "last: caught",
        "counts",
        "random",
        f"{n} {unit}: rate",
        "95 %",
        "counts",
        "random",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for area in night.areas[:most_rows]:
        table.add_row(*_cells(night, area))
    return table


def _cells(night: Night, area: AreaNight) -> list[str]:
    record = area.record
    cells = [
        area.area.name,
        area.bundle.name,
        str(len(area.boxes)),
        f"{100 * night.coverage(area):.1f} %",
        f"{area.expected_in_area:.2f}",
        f"{area.boxes.expected_total:.2f}",
    ]
    if record is None:
        return [*cells, *["–"] * 7]
    last = [record.row(m, pooled=False) for m in ("boxes", "recent-counts", "random")]
    pooled = [record.row(m, pooled=True) for m in ("boxes", "recent-counts", "random")]
    ours = pooled[0]
    interval = f"{100 * ours.hit_rate_low:.1f} to {100 * ours.hit_rate_high:.1f}" if ours and ours.events else "–"
    return [
        *cells,
        _caught(last[0]),
        _hits(last[1]),
        _hits(last[2]),
        _rate(ours),
        interval,
        _rate(pooled[1]),
        _rate(pooled[2]),
    ]


def _caught(row: ScoreRow | None) -> str:
    return "–" if row is None else f"{row.hits:g} of {row.events:g}"


def _hits(row: ScoreRow | None) -> str:
    return "–" if row is None else f"{row.hits:.2g}"


def _rate(row: ScoreRow | None) -> str:
    return "–" if row is None or math.isnan(row.hit_rate) else f"{100 * row.hit_rate:.1f} %"


def _caption(night: Night, most_rows: int) -> str:
    rest = len(night.areas) - most_rows
    more = f"{rest} more maps are in night.json. " if rest > 0 else ""
    return f"{more}{night.delay_note} A box is a reason to be seen there. It gives no ground for stop and search."


def outcomes_as_json(outcomes: Sequence[NightOutcome]) -> str:
    """Return the outcomes as JSON; the whole night stands in its night.json."""
    rows = [
        {
            "force": o.force,
            "night": str(o.night),
            "status": o.status,
            "folder": str(o.folder) if o.folder else None,
            "message": o.message,
            "maps": len(o.value.areas) if o.value else 0,
            "withheld": [list(w) for w in o.value.withheld] if o.value else [],
        }
        for o in outcomes
    ]
    return json.dumps(rows, indent=2)
