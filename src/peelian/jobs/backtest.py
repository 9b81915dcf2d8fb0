"""The backtest: replay every method from what was known at each cutoff, judge it, and say what may be claimed.

Safe to kill and to repeat: keys that are done stay done. The inputs are a snapshot, so an ingest in between
changes nothing.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from peelian import __version__
from peelian.errors import EvaluationError
from peelian.evaluation.ground import Ground
from peelian.evaluation.precision import check_unit
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.fingerprint import fingerprint
from peelian.events.log import EventLog
from peelian.events.replay import Replay, known_when_it_occurred
from peelian.forecasts.verdicts import Verdict
from peelian.jobs.disparity import ResidentsFile, weigh_burden
from peelian.jobs.executors import map_keys
from peelian.jobs.forecasting import Drawing
from peelian.jobs.methods import model_of
from peelian.jobs.outside import check_outside, outside_method, snapshot_name
from peelian.jobs.plans import FLOATING, OUTSIDE, Method, Plan, check_plan, with_baseline_first
from peelian.jobs.replaying import replay_key
from peelian.jobs.terms import Terms
from peelian.jobs.verdict import verdict_of, write_results
from peelian.places.areas import AreaLayer
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.places.grid import Grid
from peelian.sources.outside_forecasts import read_outside
from peelian.store.areas import AreaStore
from peelian.store.backtests import BacktestFolder
from peelian.store.events import EventStore
from peelian.store.locks import lock

BASELINE = "recent-counts"
#: Where no crime type is named: the commonest of the last year before the test, this many at most.
MOST_TYPES = 6
SHIFT_HOURS = (6, 14, 22)
#: Lines on which boxes float, a quarter of the usual cell.
LATTICE_M = 62.5
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What is asked for; None and empty take the settings' or the feed's own."""

    first: date
    last: date
    methods: tuple[Method, ...] = ()
    name: str | None = None
    force: str | None = None
    level: str | None = None
    horizon: str | None = None
    shift_hours: tuple[int, ...] = SHIFT_HOURS
    crime_types: tuple[str, ...] = ()
    count: int | None = None
    timing: str = "recorded"
    refit_days: int = 7
    baseline: str = BASELINE
    outside: tuple[Path, ...] = ()
    outside_crs: str | None = None
    residents: ResidentsFile | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BacktestInputs:
    """What a backtest is made from: a force, its log, and how its areas are made from what was known."""

    force: Force
    log: EventLog
    layer_at: Callable[[Events], AreaLayer]
    bundles: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))


def run_backtest(
    settings: Terms,
    request: BacktestRequest,
    *,
    executor: str | None = None,
    progress: Progress = lambda _: None,
) -> tuple[Verdict, BacktestFolder]:
    """Make or finish a backtest of a force of the home, and return its verdict and where it is kept.

    Raises
    ------
    EvaluationError
        When what is asked cannot be judged, or would mislead.
    StoreError
        When the home holds no such force, or a backtest of that name was asked otherwise.
    LockedError
        When the same backtest is being made by another process.
    """
    force, store = _force(settings, request)
    progress(f"{force.name}: reading the log")

    def layer_at(known: Events) -> AreaLayer:
        areas = AreaStore(settings.home)
        bounds = (float(known.x.min()), float(known.y.min()), float(known.x.max()), float(known.y.max()))
        grid = Grid.covering(force.crs, settings.night.cell_size_m, bounds)
        level = request.level or settings.night.level or areas.default_level(force, known)
        return areas.layer(force, level, grid, known)

    inputs = BacktestInputs(force, store.log(force.id), layer_at, settings.bundles)
    return backtest(settings, inputs, request, executor=executor, progress=progress)


def backtest(
    settings: Terms,
    inputs: BacktestInputs,
    request: BacktestRequest,
    *,
    executor: str | None = None,
    progress: Progress = lambda _: None,
) -> tuple[Verdict, BacktestFolder]:
    """Make or finish a backtest from these inputs; errors as in ``run_backtest``."""
    began = time.perf_counter()
    log = inputs.log if request.timing == "recorded" else known_when_it_occurred(inputs.log)
    replay = Replay.of(log)
    plan, layer = _plan(settings, inputs, request, replay)
    folder = BacktestFolder.of(settings.home, request.name or f"{plan.force.id}_{plan.first}_{plan.last}")
    with lock(settings.home, f"backtest-{folder.path.name}"):
        folder.begin(plan.to_json(), replay, layer)
        _keep_outside(folder, plan, layer, request)
        keys = plan.keys()
        missing = [key for key in keys if not folder.is_done(key)]
        left = len(missing)

        def told(_: str) -> None:
            nonlocal left
            left -= 1
            progress(f"{inputs.force.name}: {len(keys) - left} of {len(keys)} parts judged")

        map_keys(
            replay_key,
            str(folder.path.resolve()),
            missing,
            executor=executor or settings.executor,
            workers=settings.workers,
            done=told,
        )
        progress(f"{inputs.force.name}: weighing")
        verdict = verdict_of(folder, plan, layer, time.perf_counter() - began)
        if request.residents:
            places, people = weigh_burden(folder, plan, request.residents)
            verdict = replace(verdict, burden=places, burden_by_group=people)
        write_results(folder, verdict)
    return verdict, folder


def _plan(settings: Terms, inputs: BacktestInputs, request: BacktestRequest, replay: Replay) -> tuple[Plan, AreaLayer]:
    """Return the plan and the areas, both checked; areas are those known before the first cutoff."""
    force = inputs.force
    monthly = force.date_precision is DatePrecision.MONTH
    latest = replay.last_recorded_at
    if latest is None:
        raise EvaluationError(f"{force.name}: the log is empty; bring events in with 'peelian ingest SOURCE PATH'.")
    judged_at = _last_instant(inputs.log, latest)
    methods = with_baseline_first(
        (
            *(request.methods or (_nights_own(settings, force),)),
            *map(outside_method, request.outside),
        ),
        request.baseline,
    )
    for method in methods:
        if method.boxes != OUTSIDE:
            model_of(method, force.date_precision)
    _check_floating(methods, force)
    draft = Plan(
        force=force,
        level="",
        grid=Grid(force.crs, settings.night.cell_size_m, 0, 0, 1, 1),
        first=request.first,
        last=request.last,
        horizon=request.horizon or ("month" if monthly else "day"),
        start_hour=settings.night.start_hour,
        shift_hours=request.shift_hours,
        lead_hours=float(settings.night.lead_hours),
        timing=request.timing,
        refit_days=request.refit_days,
        count=request.count or settings.night.count,
        methods=methods,
        bundles=(),
        baseline=request.baseline,
        judged_at=judged_at,
        fingerprint=_fingerprint(replay, judged_at),
        seed=settings.night.seed,
        version=__version__,
    )
    check_plan(draft)
    check_unit(settings.night.cell_size_m, force.location_precision, "boxes")
    cutoffs = [draft.cutoff(period) for period in draft.periods()]
    known = replay.as_known_at(cutoffs[0])
    if not len(known):
        # The range may begin before the record: those periods are rows with their reason, if later ones are not.
        known = replay.as_known_at(cutoffs[-1])
    if not len(known):
        raise EvaluationError(
            f"{force.name}: no event was known at the last cutoff, {cutoffs[-1]:%Y-%m-%d %H:%M} UTC; the first was "
            f"recorded at {replay.first_recorded_at:%Y-%m-%d %H:%M} UTC. Choose a later range."
        )
    layer = inputs.layer_at(known)
    bundles = _bundles(settings, inputs, request, known)
    plain = {**draft.to_json(), "level": layer.level}
    plan = Plan.from_json({**plain, "grid": _grid(layer.grid), "bundles": [_bundle(b) for b in bundles]})
    return plan, layer


def _nights_own(settings: Terms, force: Force) -> Method:
    """Return the method by which the night itself draws."""
    if Drawing.of(force, settings.night).is_floating:
        return Method(f"{settings.night.model}@{FLOATING}", settings.night.model, FLOATING)
    return Method(settings.night.model, settings.night.model)


def _check_floating(methods: tuple[Method, ...], force: Force) -> None:
    """Refuse boxes that float over snapped points.

    Such points stand on a few spots many metres apart: a box moved a little takes one more spot in, whatever happened
    in the streets around, and looks brilliant for nothing.
    """
    afloat = [m.label for m in methods if m.boxes == FLOATING]
    precise = (LocationPrecision.EXACT, LocationPrecision.BLOCK)
    if afloat and force.location_precision not in precise:
        raise EvaluationError(
            f"{afloat[0]}: boxes that float on {LATTICE_M:g} m lines cannot be judged on a feed that is "
            f"{force.location_precision.value}: its points are moved further than the boxes are, so they would fit the "
            "moving. Compare on the grid."
        )


def _bundles(settings: Terms, inputs: BacktestInputs, request: BacktestRequest, known: Events) -> tuple[Bundle, ...]:
    """Return the crime types and bundles asked for, or the commonest known before the test, by name."""
    named = request.crime_types or settings.night.crime_types
    if not named:
        recent = known.since(known.known_at - timedelta(days=365))
        counts = (recent if len(recent) else known).table.group_by("crime_type").len()
        order = counts.sort(["len", "crime_type"], descending=[True, False])
        named = tuple(sorted(order.get_column("crime_type").head(MOST_TYPES).to_list()))
    return tuple(
        Bundle.from_mapping(name, inputs.bundles[name]) if name in inputs.bundles else Bundle.of(name) for name in named
    )


def _keep_outside(folder: BacktestFolder, plan: Plan, layer: AreaLayer, request: BacktestRequest) -> None:
    """Read and check each outside forecast, and keep its shapes beside the plan."""
    for file in request.outside:
        method = outside_method(file)
        table = read_outside(file, plan.force.crs, request.outside_crs)
        check_outside(table, method, plan, Ground.of(layer))
        folder.write_result(snapshot_name(method), table)


def _force(settings: Terms, request: BacktestRequest) -> tuple[Force, EventStore]:
    store = EventStore(settings.home)
    forces = store.forces()
    if request.force:
        return store.force(request.force), store
    if len(forces) != 1:
        known = ", ".join(f.id for f in forces) or "none: run 'peelian ingest' first"
        raise EvaluationError(f"name the force to judge with --force; the home holds {known}.")
    return forces[0], store


def _last_instant(log: EventLog, latest: datetime) -> datetime:
    """Return when the record ends: its last recording, by the log's own clock whatever timing is asked."""
    recorded = log.table.get_column("recorded_at").max()
    return max(recorded, latest) if isinstance(recorded, datetime) else latest


def _fingerprint(replay: Replay, judged_at: datetime) -> str:
    """Return a hash of every version and of when it stood: what a rerun must find again."""
    known = replay.as_known_at(judged_at)
    digest = hashlib.sha256(fingerprint(known).encode())
    digest.update(replay.stands_from.astype("<i8").tobytes())
    digest.update(replay.stands_until.astype("<i8").tobytes())
    return digest.hexdigest()


def _grid(grid: Grid) -> dict[str, str | float | int]:
    names = ("crs", "cell_size_m", "column_min", "row_min", "n_columns", "n_rows")
    return {name: getattr(grid, name) for name in names}


def _bundle(bundle: Bundle) -> dict[str, object]:
    return {"name": bundle.name, "weights": [list(pair) for pair in bundle.weights]}
