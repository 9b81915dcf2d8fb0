"""An area with one crime a month: is its ranking stable, and is it any good? St. Louis burglary, thinned.

Each of the six districts keeps about one burglary a month (of nearly fifty). Boxes are drawn from two such thinned
records that share no burglary; ``overlap`` is the share of boxes that both choose. Hits count all burglaries of the
following 180 days, thinned or not, so they judge the choice and not the luck of a few events. Two grounds: only
burglary is rare ("other crime as it was"), or every crime type is ("all crime rare").
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.events import Bundle, EventLog, Events
from peelian.events.replay import known_when_it_occurred
from peelian.models.catalogue import model as model_named
from peelian.places import AreaLayer, Grid
from peelian.places.periods import Period
from peelian.selection.top import rank_cells

EXAMPLES = Path(__file__).parents[2] / "examples" / "st-louis"
CUTOFF, END = datetime(2018, 7, 4, 5, tzinfo=UTC), datetime(2018, 12, 31, 6, tzinfo=UTC)
PAIRS, BOXES, BURGLARY = 6, 10, Bundle.of("burglary")
MODELS = ("recent-counts", "counts-365", "all-history", "smoothed-counts", "mixture")


def run() -> list[dict[str, object]]:
    """Return rows of name, measured and unit."""
    log = _log()
    whole = log.as_known_at(END)
    layer = _layer(whole)
    known, later = log.as_known_at(CUTOFF), whole.since(CUTOFF).of_types(["burglary"])
    rows: list[dict[str, object]] = []
    for ground, all_rare in (("other crime as it was", False), ("all crime rare", True)):
        sums = {name: np.zeros(3) for name in MODELS}
        rng = np.random.default_rng(12)
        for _ in range(PAIRS):
            pair = _thinned_pair(known, rng, all_rare=all_rare)
            for name in MODELS:
                one, other = (_chosen(history, layer, name) for history in pair)
                hits = sum(_share_of(chosen, later, layer) for chosen in (one, other)) / 2
                events = np.mean([len(BURGLARY.select(h)) for h in pair])
                sums[name] += (np.isin(one, other).mean(), hits, float(events))
        dense = _chosen(known, layer, "mixture")
        rows.append(
            {
                "name": f"{ground}: burglaries kept, 42 months, six districts",
                "measured": sums["mixture"][2] / PAIRS,
                "unit": "events",
            }
        )
        for name in MODELS:
            rows.append({"name": f"{ground}: {name}", "measured": sums[name][0] / PAIRS, "unit": "overlap of boxes"})
            rows.append({"name": f"{ground}: {name}", "measured": sums[name][1] / PAIRS, "unit": "hit rate, 180 days"})
        rows.append(
            {
                "name": "mixture on every burglary",
                "measured": _share_of(dense, later, layer),
                "unit": "hit rate, 180 days",
            }
        )
    return rows


def _log() -> EventLog:
    from peelian.jobs.ingest import ingest
    from peelian.sources.slmpd import ASSUMED_DELAY, Slmpd
    from peelian.store.events import EventStore

    with tempfile.TemporaryDirectory() as folder:
        files = sorted(EXAMPLES.glob("*.csv")) + sorted(EXAMPLES.glob("crimes_*.parquet"))
        ingest(Path(folder), Slmpd(ASSUMED_DELAY), files, datetime(2019, 2, 1, tzinfo=UTC))
        return known_when_it_occurred(EventStore(Path(folder)).log("st-louis"))


def _layer(events: Events) -> AreaLayer:
    sound = np.abs(events.x - np.median(events.x)) < 30_000
    sound &= np.abs(events.y - np.median(events.y)) < 30_000
    x, y = events.x[sound], events.y[sound]
    grid = Grid.covering(events.crs, 250.0, (x.min(), y.min(), x.max(), y.max()))
    return AreaLayer.from_districts("district", grid, events.x, events.y, events.table["district"].to_list())


def _thinned_pair(known: Events, rng: np.random.Generator, *, all_rare: bool) -> tuple[Events, Events]:
    """Two records that share no rare event; about one burglary a month and district in each."""
    n_burglaries = len(BURGLARY.select(known))
    months = 42 * 6
    share = months / n_burglaries
    draw = rng.random(len(known))
    thinned = np.ones(len(known), dtype=np.bool_) if all_rare else (known.table["crime_type"] == "burglary").to_numpy()
    halves = (draw < share, (draw >= share) & (draw < 2 * share))
    one, other = (known.table.filter(pl.Series(half | ~thinned)) for half in halves)
    return Events(one, known.crs, known.known_at), Events(other, known.crs, known.known_at)


def _chosen(history: Events, layer: AreaLayer, name: str) -> NDArray[np.int64]:
    forecast = model_named(name).fit(history, BURGLARY, layer.region).forecast(Period(CUTOFF, END))
    return np.concatenate([rank_cells(forecast.expected, area.cells, BOXES) for area in layer.areas])


def _share_of(chosen: NDArray[np.int64], later: Events, layer: AreaLayer) -> float:
    cell = layer.grid.cell_of(later.x, later.y)
    cell = cell[(cell >= 0) & layer.is_inside[np.maximum(cell, 0)]]
    return float(np.isin(cell, chosen).mean())
