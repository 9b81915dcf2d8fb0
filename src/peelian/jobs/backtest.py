"""The backtest: replay every method from what was known at each cutoff, judge it, and say what may be claimed.

Safe to kill and to repeat: keys that are done stay done. The inputs are a snapshot, so an ingest in between
changes nothing.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from peelian.errors import EvaluationError
from peelian.evaluation.ground import Ground
from peelian.events.events import Events
from peelian.events.replay import Replay, known_when_it_occurred
from peelian.forecasts.verdicts import Verdict
from peelian.jobs.disparity import weigh_burden
from peelian.jobs.executors import map_keys
from peelian.jobs.layers import layer_files, read_layers
from peelian.jobs.outside import check_outside, outside_method, snapshot_name
from peelian.jobs.planning import BacktestInputs, BacktestRequest, plan_of
from peelian.jobs.plans import Plan
from peelian.jobs.replaying import replay_key
from peelian.jobs.terms import Terms
from peelian.jobs.verdict import verdict_of, write_results
from peelian.places.areas import AreaLayer
from peelian.places.forces import Force
from peelian.places.grid import Grid
from peelian.sources.outside_forecasts import read_outside
from peelian.store.areas import AreaStore
from peelian.store.backtests import BacktestFolder
from peelian.store.events import EventStore
from peelian.store.locks import lock

Progress = Callable[[str], None]


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

    def layer_at(known: Events, shift: tuple[float, float] = (0.0, 0.0)) -> AreaLayer:
        areas = AreaStore(settings.home)
        bounds = (float(known.x.min()), float(known.y.min()), float(known.x.max()), float(known.y.max()))
        grid = Grid.covering(force.crs, settings.night.cell_size_m, bounds).shifted(*shift)
        level = request.level or settings.night.level or areas.default_level(force, known)
        return areas.layer(force, level, grid, known)

    places = read_layers(layer_files(settings.home, settings.layers), force.crs)
    inputs = BacktestInputs(force, store.log(force.id), layer_at, settings.bundles, places)
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
    plan, layers = plan_of(settings, inputs, request, replay)
    folder = BacktestFolder.of(settings.home, request.name or f"{plan.force.id}_{plan.first}_{plan.last}")
    with lock(settings.home, f"backtest-{folder.path.name}"):
        folder.begin(plan.to_json(), replay, layers, inputs.places)
        _keep_outside(folder, plan, layers[0], request)
        keys = plan.all_keys()
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
        verdict = verdict_of(folder, plan, layers[0], time.perf_counter() - began)
        if request.residents:
            places, people = weigh_burden(folder, plan, request.residents)
            verdict = replace(verdict, burden=places, burden_by_group=people)
        write_results(folder, verdict)
    return verdict, folder


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
