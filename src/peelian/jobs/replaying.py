"""One key of a backtest: a bundle and a block of periods, replayed by every method from what was known, and judged.

All methods look at the same night before the next one comes: what several of them read of a history is read once. A
pure function of the backtest's folder and the key's name; it writes the key's own part and nothing else.
"""

import difflib
from dataclasses import dataclass, field, replace
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
def bench_of(path: str, origin: int = 0) -> Bench:
    """Return the bench of a backtest's folder, with the grid beginning at that origin."""
    folder = BacktestFolder(Path(path))
    plan = Plan.from_json(folder.plan())
    plan = replace(plan, grid=plan.grid.shifted(*plan.shifts[origin]))
    replay = folder.replay(plan.force.crs)
    layer = folder.layer(plan.level, plan.grid, origin)
    lattice = layer.region.nested(LATTICE)
    for grid in (layer.grid, lattice.grid):
        replay.lay_on(grid)
    known_now = replay.as_known_at(plan.judged_at)
    begins, ends = (known_now.table.get_column(n).dt.epoch("us").to_numpy() for n in ("occurred_from", "occurred_to"))
    return Bench(
        folder,
        plan,
        replay,
        layer,
        Ground.of(layer),
        layer.region,
        lattice,
        plan.grid.parent_cells(LATTICE),
        folder.places(),
        known_now,
        begins,
        ends,
    )


def replay_key(path: str, key: str) -> str:
    """Replay and judge one key, write its part, and return the key."""
    block, bundle, *origin = (int(part) for part in key.split("-"))
    bench = bench_of(path, *origin)
    bench.folder.write_part(key, _replay(bench, bench.plan.blocks()[block], bench.plan.bundles[bundle]))
    return key


@dataclass(frozen=True, slots=True, eq=False)
class _Night:
    """One period of one bundle as all methods meet it.

    ``history`` is None where nothing of the bundle was known, or nothing is on record to judge by.
    """

    bundle: Bundle
    period: Period
    cutoff: datetime
    fallen: Fallen
    has_records: bool
    is_known: bool
    history: Events | None
    uniform_per_day: float | None
    is_refit: bool

    @classmethod
    def of(cls, bench: Bench, bundle: Bundle, period: Period, *, is_refit: bool) -> "_Night":
        """Return the night with what was known at its cutoff."""
        cutoff, has_records = bench.plan.cutoff(period), bench.has_records(period)
        is_known = bench.knows(bundle, cutoff)
        history = bench.replay.as_known_at(cutoff) if is_known and has_records else None
        uniform = None if history is None else bench.uniform_per_day(bundle, history)
        fallen = bench.fallen(bundle, period)
        return cls(bundle, period, cutoff, fallen, has_records, is_known, history, uniform, is_refit)


@dataclass(slots=True, eq=False)
class _Run:
    """One method on its way through a block: what it has learned, the boxes that stand, the rows so far."""

    method: Method
    rows: PartRows
    fitted: FittedModel | None = None
    held: Incumbents | None = None


def _replay(bench: Bench, periods: tuple[Period, ...], bundle: Bundle) -> dict[str, pl.DataFrame]:
    """Return the key's tables: a score row for every method and area of every period, whatever became of it."""
    runs = [_Run(method, PartRows(bundle, method, bench.ground)) for method in bench.plan.methods]
    for index, period in enumerate(periods):
        night = _Night.of(bench, bundle, period, is_refit=index % bench.plan.refit_every == 0)
        for run in runs:
            run.rows.add(_row(bench, night, run))
    tables = [run.rows.tables() for run in runs]
    return {name: pl.concat([table[name] for table in tables]) for name in tables[0]}


def _row(bench: Bench, night: _Night, run: _Run) -> PeriodRow:
    """Return what became of one night of one method; the method learns anew where it is time to."""
    answer, status, reason = None, NOTHING_KNOWN, ""
    is_outside = run.method.boxes == OUTSIDE
    try:
        if not night.has_records and (is_outside or night.is_known):
            status, reason = NO_RECORDS, "no crime of any type is on record for this period: the feed has a gap"
        else:
            if is_outside:
                answer = outside_answer(bench.folder, bench.ground, night.bundle, run.method, night.period)
            elif night.history is not None:
                if run.fitted is None or night.is_refit:
                    run.fitted = _fit(bench, night.history, night.bundle, run.method)
                else:
                    run.fitted = run.fitted.conditioned_on(night.history)
                answer = _answer(bench, run.fitted.forecast(night.period), run.method, run.held)
                run.held = _incumbents(answer, run.method)
            status, reason = (ANSWERED, "") if answer else (NOTHING_KNOWN, _nothing(bench, run.method, night.bundle))
    except Exception as error:  # noqa: BLE001 - whatever a model does on one night, the rest goes on and the row says why
        answer, run.fitted = None, None
        status, reason = FAILED, f"{type(error).__name__}: {error}"
    uniform = night.uniform_per_day if answer and not is_outside else None
    judgement = judge_answer(answer or NO_ANSWER, night.fallen, bench.ground, night.period, uniform)
    return PeriodRow(night.period, night.cutoff, status, reason, answer, night.fallen, judgement)


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
