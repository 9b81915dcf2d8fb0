"""One key of a backtest: a method, a bundle and a block of periods, replayed from what was known and judged.

A pure function of the backtest's folder and the key's name; it writes the key's own part and nothing else.
"""

import difflib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.evaluation.ground import Ground
from peelian.evaluation.judgement import Answer, judge_answer
from peelian.evaluation.outcomes import Fallen, Outcomes
from peelian.evaluation.scores import uniform_rate
from peelian.evaluation.summary import ANSWERED
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.replay import Replay
from peelian.forecasts.forecast import Forecast
from peelian.jobs.methods import model_of
from peelian.jobs.outside import outside_answer
from peelian.jobs.parts import PartRows, PeriodRow
from peelian.jobs.plans import FLOATING, OUTSIDE, Method, Plan
from peelian.models.model import FittedModel
from peelian.places.areas import AreaLayer
from peelian.places.covariates import PlaceLayers
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares
from peelian.selection.floating import place_floating
from peelian.selection.hysteresis import Incumbents
from peelian.selection.top import TopCells, choose_cells
from peelian.store.backtests import BacktestFolder

#: Floating boxes stand on lines a quarter of a cell apart (62.5 m in 250 m).
LATTICE = 4
#: Histories that a process keeps; a year of a city's crime is some 15 MB each.
MOST_HISTORIES = 8
FAILED, NOTHING_KNOWN, NO_RECORDS = "failed", "nothing known", "no records"


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What every key of one backtest stands on, read once in a process."""

    folder: BacktestFolder
    plan: Plan
    replay: Replay
    layer: AreaLayer
    ground: Ground
    region: Region
    lattice: Region
    parents: NDArray[np.int64]
    places: PlaceLayers | None
    known_now: Events
    begins_us: NDArray[np.int64]
    ends_us: NDArray[np.int64]
    of_bundle: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    outcomes: dict[str, Outcomes] = field(default_factory=dict)
    uniform: dict[tuple[str, datetime], float] = field(default_factory=dict)
    histories: dict[datetime, Events] = field(default_factory=dict)

    @property
    def crime_types(self) -> set[str]:
        """Every crime type that the log knows."""
        return set(self.replay.table.get_column("crime_type").unique().to_list())

    def has_records(self, period: Period) -> bool:
        """Tell whether any crime of any type is on record for the period: a gap in a feed is not a quiet night."""
        start, end = (round(at.timestamp() * 1_000_000) for at in (period.start, period.end))
        # Events stand in order of their beginning; spans of an unknown hour may reach in from before.
        last = int(np.searchsorted(self.begins_us, end, side="left"))
        return bool((self.ends_us[:last] >= start).any())

    def fallen(self, bundle: Bundle, period: Period) -> Fallen:
        """Return what fell, as it is known now."""
        if bundle.name not in self.outcomes:
            self.outcomes[bundle.name] = Outcomes.of(self.known_now, bundle, self.ground)
        return self.outcomes[bundle.name].during(period)

    def knows(self, bundle: Bundle, cutoff: datetime) -> bool:
        """Tell whether any event of the bundle was known at the cutoff."""
        if bundle.name not in self.of_bundle:
            is_of = self.replay.table.get_column("crime_type").is_in(list(bundle.crime_types))
            self.of_bundle[bundle.name] = is_of.to_numpy()
        return bool((self.replay.stands_at(cutoff) & self.of_bundle[bundle.name]).any())

    def uniform_per_day(self, bundle: Bundle, history: Events) -> float | None:
        """Return the log score's reference; None where weights make expected counts no counts of events."""
        if not bundle.counts_events:
            return None
        key = (bundle.name, history.known_at)
        if key not in self.uniform:
            self.uniform[key] = uniform_rate(history, bundle, self.ground)
        return self.uniform[key]


@lru_cache(maxsize=1)
def bench_of(path: str) -> Bench:
    """Return the bench of a backtest's folder."""
    folder = BacktestFolder(Path(path))
    plan = Plan.from_json(folder.plan())
    replay = folder.replay(plan.force.crs)
    layer = folder.layer(plan.level, plan.grid)
    known_now = replay.as_known_at(plan.judged_at)
    begins, ends = (known_now.table.get_column(n).dt.epoch("us").to_numpy() for n in ("occurred_from", "occurred_to"))
    return Bench(
        folder,
        plan,
        replay,
        layer,
        Ground.of(layer),
        layer.region,
        layer.region.nested(LATTICE),
        plan.grid.parent_cells(LATTICE),
        folder.places(),
        known_now,
        begins,
        ends,
    )


def replay_key(path: str, key: str) -> str:
    """Replay and judge one key, write its part, and return the key."""
    bench = bench_of(path)
    plan = bench.plan
    block, bundle, method = (int(part) for part in key.split("-"))
    periods = plan.blocks()[block]
    if not set(bench.histories) <= {plan.cutoff(period) for period in periods}:
        bench.histories.clear()
    tables = _replay(bench, periods, plan.bundles[bundle], plan.methods[method])
    bench.folder.write_part(key, tables)
    return key


def _replay(bench: Bench, periods: tuple[Period, ...], bundle: Bundle, method: Method) -> dict[str, pl.DataFrame]:
    """Return the key's tables: a score row for every area of every period, whatever became of it."""
    rows = PartRows(bundle, method, bench.ground)
    fitted: FittedModel | None = None
    held: Incumbents | None = None
    for index, period in enumerate(periods):
        cutoff = bench.plan.cutoff(period)
        fallen = bench.fallen(bundle, period)
        answer, uniform, status, reason = None, None, NOTHING_KNOWN, ""
        try:
            is_known = method.boxes == OUTSIDE or bench.knows(bundle, cutoff)
            if is_known and not bench.has_records(period):
                status, reason = NO_RECORDS, "no crime of any type is on record for this period: the feed has a gap"
            elif method.boxes == OUTSIDE:
                answer = outside_answer(bench.folder, bench.ground, bundle, method, period)
            elif is_known:
                history = _history(bench, cutoff)
                uniform = bench.uniform_per_day(bundle, history)
                is_stale = index % bench.plan.refit_every == 0
                fitted = (
                    _fit(bench, history, bundle, method)
                    if fitted is None or is_stale
                    else fitted.conditioned_on(history)
                )
                answer = _answer(bench, fitted.forecast(period), method, held)
                held = _incumbents(answer, method)
            if status != NO_RECORDS:
                status, reason = (ANSWERED, "") if answer else (NOTHING_KNOWN, _nothing(bench, method, bundle))
        except Exception as error:  # noqa: BLE001 - whatever a model does on one key, the rest goes on and the row says why
            answer, fitted = None, None
            status, reason = FAILED, f"{type(error).__name__}: {error}"
        judgement = judge_answer(answer or NO_ANSWER, fallen, bench.ground, period, uniform if answer else None)
        rows.add(PeriodRow(period, cutoff, status, reason, answer, fallen, judgement))
    return rows.tables()


def _history(bench: Bench, cutoff: datetime) -> Events:
    """Return what was known; kept for the block, since all its methods and bundles stand on the same histories.

    When there is no room, the first of the block stay and the others are made again: each is asked for once a key, in
    order, so that to make room for the newest would keep none until it is asked for again.
    """
    if cutoff in bench.histories:
        return bench.histories[cutoff]
    history = bench.replay.as_known_at(cutoff)
    if len(bench.histories) < MOST_HISTORIES:
        bench.histories[cutoff] = history
    return history


NO_ANSWER = Answer(None, {}, is_floating=False)


def _fit(bench: Bench, history: Events, bundle: Bundle, method: Method) -> FittedModel:
    region = bench.lattice if method.boxes == FLOATING else bench.region
    model = model_of(method, bench.plan.force.date_precision, bench.places, region.grid)
    return model.fit(history, bundle, region)


def _incumbents(answer: Answer, method: Method) -> Incumbents | None:
    """Return the boxes that stand, where the method lets them keep their places."""
    squares = [s for s, _ in answer.boxes.values() if len(s)]
    if not method.keep or not squares:
        return None
    west, south = (np.concatenate([getattr(s, name) for s in squares]) for name in ("x_min", "y_min"))
    return Incumbents(Squares(west, south, squares[0].size_m), method.keep)


def _answer(bench: Bench, forecast: Forecast, method: Method, held: Incumbents | None) -> Answer:
    """Return the forecast's boxes, and its expected counts on the layer's grid."""
    choice = TopCells(bench.plan.count, 0)
    if method.boxes == FLOATING:
        placed = place_floating(forecast, bench.layer, choice, held)
        expected = np.bincount(bench.parents, forecast.expected, minlength=bench.plan.grid.n_cells)
        boxes = {area_id: (own.squares, own.expected) for area_id, own in placed.items()}
        return Answer(expected.astype(np.float64), boxes, is_floating=True)
    chosen = choose_cells(forecast, bench.layer, choice, held)
    boxes = {i: (forecast.grid.squares(cells), forecast.expected[cells]) for i, cells in chosen.items()}
    return Answer(forecast.expected, boxes, is_floating=False)


def _nothing(bench: Bench, method: Method, bundle: Bundle) -> str:
    """Return why there is no answer, with the nearest name where nothing of that name was ever recorded."""
    if method.boxes == OUTSIDE:
        return f"the outside forecast has no boxes of {bundle.name} for this period"
    known = bench.crime_types
    near = [] if set(bundle.crime_types) & known else difflib.get_close_matches(bundle.name, sorted(known), n=1)
    return f"no event of {bundle.name} was known at the cutoff" + (f"; did you mean {near[0]!r}?" if near else "")
