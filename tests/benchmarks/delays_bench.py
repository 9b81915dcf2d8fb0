"""What it buys to know that the last days are not all on record yet: St. Louis 2018 with the delays of May 2017.

The feed publishes when each crime was entered for one month only, May 2017. Each crime of 2015-2018 is given a delay
drawn from that month's records of its own crime type; forecasts then see what would have been on record. The same
nights, areas and boxes for every row: 2018-07-04 to 2018-12-30, six districts, top 10 cells of 250 m, next day, learned
anew every 30 days. ``PEELIAN_BENCH_NIGHTS`` shortens it; ``PEELIAN_BENCH_SLOWER=7`` makes every delay seven
times as long.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.evaluation.ground import Ground
from peelian.evaluation.outcomes import Outcomes
from peelian.evaluation.scores import score, uniform_rate
from peelian.events import Bundle, EventLog, Events
from peelian.events.replay import Replay, known_when_it_occurred
from peelian.models.catalogue import model as model_named
from peelian.models.delay_aware import DelayAware
from peelian.models.delays import EDGES_DAYS, delay_curves
from peelian.models.mixture import KernelMixture
from peelian.models.model import Model
from peelian.places import AreaLayer, Grid
from peelian.places.periods import day_of, days_between
from peelian.selection.top import rank_cells

EXAMPLES = Path(__file__).parents[2] / "examples" / "st-louis"
TYPES = ("aggravated-assault", "burglary", "criminal-damage", "larceny", "robbery", "vehicle-theft")
FIRST, NIGHTS, REFIT, BOXES = date(2018, 7, 4), 180, 30, 10
ZONE = "America/Chicago"
#: (label, model, sees everything at once); "at events" puts the missing where the recorded crimes of the day were.
METHODS = (
    ("21-day count, as recorded", "recent-counts", False),
    ("mixture, as recorded", "mixture", False),
    ("mixture, delay-aware", "mixture-delay-aware", False),
    ("mixture, delay-aware, at events", "at events", False),
    ("mixture, if all were recorded at once", "mixture", True),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over nights of one method and crime type."""

    events: float
    hits: float
    gain_bits: float
    expected: float


def run() -> list[dict[str, object]]:
    """Return rows of name, measured and unit."""
    whole = _log()
    late = _delayed(whole, np.random.default_rng(20170501))
    rows: list[dict[str, object]] = list(_recovery(late))
    known, at_once = Replay.of(late), Replay.of(whole)
    everything = at_once.as_known_at(datetime(2018, 12, 31, 6, tzinfo=UTC))
    layer = _layer(everything)
    nights = int(os.environ.get("PEELIAN_BENCH_NIGHTS", str(NIGHTS)))
    pooled = {label: np.zeros(4) for label, _, _ in METHODS}
    for crime_type in TYPES:
        for label, name, sees_all in METHODS:
            tally = _replay(at_once if sees_all else known, everything, layer, crime_type, (name, nights))
            pooled[label] += (tally.events, tally.hits, tally.gain_bits, tally.expected)
            rows += _rows(
                f"{crime_type}: {label}", np.array([tally.events, tally.hits, tally.gain_bits, tally.expected])
            )
    for label, sums in pooled.items():
        rows += _rows(f"all six types: {label}", sums)
    return rows


def _rows(name: str, sums: NDArray[np.float64]) -> Iterator[dict[str, object]]:
    events, hits, bits, expected = (float(v) for v in sums)
    yield {"name": name, "measured": hits / events, "unit": "hit rate at top 10"}
    yield {"name": name, "measured": bits / events, "unit": "bits per event over uniform"}
    yield {"name": name, "measured": expected / events, "unit": "expected per event that came"}


def _log() -> EventLog:
    """Return every crime that stands at the end, known the moment it happened."""
    from peelian.jobs.ingest import ingest
    from peelian.sources.slmpd import ASSUMED_DELAY, Slmpd
    from peelian.store.events import EventStore

    with tempfile.TemporaryDirectory() as folder:
        files = sorted(EXAMPLES.glob("*.csv")) + sorted(EXAMPLES.glob("crimes_*.parquet"))
        ingest(Path(folder), Slmpd(ASSUMED_DELAY), files, datetime(2019, 2, 1, tzinfo=UTC))
        return known_when_it_occurred(EventStore(Path(folder)).log("st-louis"))


def _may() -> dict[str, NDArray[np.float64]]:
    """Return the delays of May 2017 in days, by crime type."""
    from peelian.sources.slmpd import ASSUMED_DELAY, Slmpd

    batches = Slmpd(ASSUMED_DELAY).batches(EXAMPLES / "2017-05-with-entry-times.csv")
    rows = pl.concat([b.records for b in batches]).filter("is_recorded_given")
    hours = (rows["recorded_at"] - rows["occurred_from"]).dt.total_seconds() / 86_400
    table = rows.select("crime_type").with_columns(delay=hours)
    return {str(k[0]): g["delay"].to_numpy() for k, g in table.group_by("crime_type")}


def _delayed(log: EventLog, rng: np.random.Generator) -> EventLog:
    """Return the log with each event recorded after a delay drawn from its crime type's of May 2017."""
    of_type = _may()
    every = np.concatenate([of_type[t] for t in sorted(of_type)])
    kinds = log.table["crime_type"].to_list()
    draws = rng.random(len(kinds))
    slower = float(os.environ.get("PEELIAN_BENCH_SLOWER", "1"))
    days = [
        slower * of_type.get(k, every)[int(u * of_type.get(k, every).size)] for k, u in zip(kinds, draws, strict=True)
    ]
    recorded = log.table["occurred_from"] + pl.Series([timedelta(days=d) for d in days], dtype=pl.Duration("us"))
    return EventLog(log.table.with_columns(recorded.alias("recorded_at")), log.crs)


def _recovery(late: EventLog) -> Iterator[dict[str, object]]:
    """How far the curve learned at a cutoff lies from the delays it was drawn from."""
    if "PEELIAN_BENCH_SLOWER" in os.environ:
        return
    curves = delay_curves(late.as_known_at(datetime(2018, 7, 4, 5, tzinfo=UTC)))
    of_type = _may()
    for crime_type in TYPES:
        delays = of_type[crime_type][of_type[crime_type] <= EDGES_DAYS[-1]]
        truth = (delays[:, None] <= EDGES_DAYS).mean(axis=0)
        wrong = float(np.abs(curves.at(crime_type, EDGES_DAYS) - truth).max())
        yield {"name": f"{crime_type}: completeness, largest error", "measured": wrong, "unit": "share"}
        for age in (1.0, 7.0):
            share = float(curves.at(crime_type, np.array([age]))[0])
            yield {"name": f"{crime_type}: on record after {age:.0f} d", "measured": share, "unit": "share"}


def _layer(events: Events) -> AreaLayer:
    sound = np.abs(events.x - np.median(events.x)) < 30_000
    sound &= np.abs(events.y - np.median(events.y)) < 30_000
    x, y = events.x[sound], events.y[sound]
    grid = Grid.covering(events.crs, 250.0, (x.min(), y.min(), x.max(), y.max()))
    return AreaLayer.from_districts("district", grid, events.x, events.y, events.table["district"].to_list())


def _model(name: str) -> Model:
    return DelayAware(KernelMixture(), share_at_events=1.0) if name == "at events" else model_named(name)


def _replay(replay: Replay, everything: Events, layer: AreaLayer, crime_type: str, what: tuple[str, int]) -> Tally:
    bundle, ground = Bundle.of(crime_type), Ground.of(layer)
    outcomes = Outcomes.of(everything, bundle, ground)
    uniform = everything
    sums = np.zeros(4)
    fitted = None
    name, nights = what
    for index, day in enumerate(days_between(FIRST, FIRST + timedelta(days=nights - 1))):
        period = day_of(day, ZONE)
        history = replay.as_known_at(period.start)
        if fitted is None or index % REFIT == 0:
            fitted = _model(name).fit(history, bundle, layer.region)
        else:
            fitted = fitted.conditioned_on(history)
        expected = fitted.forecast(period).expected
        fallen = outcomes.during(period)
        # One reference for every row, from the whole record of the year before: bits compare across rows.
        reference = uniform_rate(
            Events(uniform.table.filter(pl.col("occurred_from") < period.start), uniform.crs, period.start),
            bundle,
            ground,
        )
        scored = score(expected, reference, fallen, ground, period)
        chosen = np.zeros(layer.grid.n_cells, dtype=np.bool_)
        for area in layer.areas:
            chosen[rank_cells(expected, area.cells, BOXES)] = True
        hits = float(fallen.weight[chosen[fallen.cell]].sum())
        sums += (fallen.weight.sum(), hits, scored.gain_bits.sum(), expected[ground.cells].sum())
    return Tally(*(float(v) for v in sums))
