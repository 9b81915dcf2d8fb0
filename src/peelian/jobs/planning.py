"""From what is asked to the plan of a backtest: defaults taken from the settings and the feed, refusals made.

The areas are those that could be drawn from what was known at the first cutoff.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from peelian import __version__
from peelian.errors import EvaluationError
from peelian.evaluation.precision import check_unit
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.fingerprint import fingerprint
from peelian.events.log import EventLog
from peelian.events.replay import Replay
from peelian.jobs.disparity import ResidentsFile
from peelian.jobs.forecasting import Drawing
from peelian.jobs.methods import model_of
from peelian.jobs.outside import outside_method
from peelian.jobs.plans import FLOATING, OUTSIDE, Method, Plan, check_plan, with_baseline_first
from peelian.jobs.terms import Terms
from peelian.places.areas import AreaLayer
from peelian.places.covariates import PlaceLayers
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.places.grid import Grid

BASELINE = "recent-counts"
#: Where no crime type is named: the commonest of the last year before the test, this many at most.
MOST_TYPES = 6
SHIFT_HOURS = (6, 14, 22)
#: Lines on which boxes float, a quarter of the usual cell.
LATTICE_M = 62.5


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
    origins: int = 1


class LayerAt(Protocol):
    """How areas are made from what was known, on the force's grid or on one shifted by parts of a cell."""

    def __call__(self, known: Events, shift: tuple[float, float] = (0.0, 0.0)) -> AreaLayer:
        """Return the areas."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class BacktestInputs:
    """What a backtest is made from: a force, its log, and how its areas are made from what was known."""

    force: Force
    log: EventLog
    layer_at: LayerAt
    bundles: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    places: PlaceLayers | None = None


def plan_of(
    settings: Terms, inputs: BacktestInputs, request: BacktestRequest, replay: Replay
) -> tuple[Plan, tuple[AreaLayer, ...]]:
    """Return the plan and the areas of each origin, checked; areas are those known before the first cutoff."""
    force = inputs.force
    monthly = force.date_precision is DatePrecision.MONTH
    latest = replay.last_recorded_at
    if latest is None:
        raise EvaluationError(f"{force.name}: the log is empty; bring events in with 'peelian ingest SOURCE PATH'.")
    judged_at = _last_instant(inputs.log, latest)
    methods = with_baseline_first(
        (
            *(request.methods or (Drawing.of(force, settings.night).method,)),
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
        places=inputs.places.fingerprint if inputs.places else "",
        origins=request.origins,
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
    layers = tuple(inputs.layer_at(known, shift) for shift in draft.shifts)
    layer = layers[0]
    bundles = _bundles(settings, inputs, request, known)
    plain = {**draft.to_json(), "level": layer.level}
    plan = Plan.from_json({**plain, "grid": _grid(layer.grid), "bundles": [_bundle(b) for b in bundles]})
    return plan, layers


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
