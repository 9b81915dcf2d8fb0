"""One key of the night: one bundle of one force, from what was known to the value that is drawn.

A pure function of the night's plan and the bundle's name: it reads the event log and past boxes by their paths, and
writes its own part beside the plan. A part that is there already was made from the same plan.
"""

import json
import os
import pickle
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.evaluation.record import JUDGED_SCHEMA
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.replay import Replay
from peelian.forecasts.edits import BoxEdit, EditKind
from peelian.forecasts.forecast import Parameter
from peelian.forecasts.nights import AreaNight
from peelian.forecasts.reviews import FELL_SCHEMA, INSTANT
from peelian.jobs.assembling import Assembly, StreetCells, area_nights, streets_by_cell
from peelian.jobs.calendar import cutoff_of, period_of
from peelian.jobs.choosing import ModelRule
from peelian.jobs.forecasting import AreaModels, BoxList, BundleDrawing, Subject, boxes_of, draw
from peelian.jobs.judging import PastNights, Record, look_back
from peelian.jobs.layers import LayerFile, read_layers
from peelian.jobs.stretches import rates_in_boxes
from peelian.jobs.terms import NightTerms
from peelian.models.catalogue import MONTHLY_WINDOW_DAYS
from peelian.places.areas import AreaLayer
from peelian.places.covariates import PlaceLayers
from peelian.places.forces import DatePrecision, Force
from peelian.places.grid import Grid
from peelian.places.periods import Period
from peelian.places.squares import Squares
from peelian.places.streets import StreetNetwork, too_coarse
from peelian.selection.naming import Streets
from peelian.store.areas import AreaStore
from peelian.store.choices import ChoiceStore
from peelian.store.events import EventStore
from peelian.store.folders import disk_error
from peelian.store.streets import network_mark, network_of
from peelian.store.tracks import TrackStore

#: The letter's three weeks: crimes this young are told one by one on every page.
RECENT_DAYS = 21.0
#: Street names are taken from the events of so many days.
STREET_DAYS = 730
PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class NightPlan:
    """All that every bundle of a night shares; written once, read by every worker."""

    home: Path
    force_id: str
    night: date
    settings: NightTerms
    bundles: tuple[Bundle, ...]
    layers: tuple[LayerFile, ...] = ()
    variant: str = ""  # "" for the night's own maps, else where another level's past is kept, ending in a slash
    network: str = ""  # SHA-256 of the force's street network as the plan met it; "" where none is used
    edits: tuple[BoxEdit, ...] = ()  # of the nights before, at this level: they are judged, and change no box

    def write(self, folder: Path) -> None:
        """Keep the plan in its folder."""
        plan = asdict(self) | {"home": str(self.home), "night": self.night.isoformat()}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / PLAN).write_text(json.dumps(plan, default=str), encoding="utf-8")
        except OSError as error:
            raise disk_error(folder, error) from error

    @classmethod
    def read(cls, folder: Path) -> "NightPlan":
        """Return the plan of a folder."""
        plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        listed = {name: tuple(plan["settings"][name]) for name in ("crime_types", "levels")}
        night = plan["settings"] | listed
        bundles = tuple(Bundle(b["name"], tuple((t, w) for t, w in b["weights"])) for b in plan["bundles"])
        layers = tuple(LayerFile(**layer) for layer in plan["layers"])
        day, home = date.fromisoformat(plan["night"]), Path(plan["home"])
        edits = tuple(_edit(edit) for edit in plan["edits"])
        terms, network = NightTerms(**night), plan["network"]
        return cls(home, plan["force_id"], day, terms, bundles, layers, plan["variant"], network, edits)


def _edit(plain: dict[str, Any]) -> BoxEdit:
    """Return an edit as a plan's file keeps it."""
    ended = plain["withdrawn_at"]
    times = {
        "night": date.fromisoformat(plain["night"]),
        "at": datetime.fromisoformat(plain["at"]),
        "withdrawn_at": datetime.fromisoformat(ended) if ended else None,
    }
    return BoxEdit(**plain | times | {"kind": EditKind(plain["kind"])})


@dataclass(frozen=True, slots=True, eq=False)
class BundlePart:
    """What one bundle brings to the night."""

    areas: tuple[AreaNight, ...]
    track: pl.DataFrame
    parameters: dict[str, Parameter]
    timings: dict[str, float]
    judged: pl.DataFrame  # JUDGED_SCHEMA of the nights looked back on, with ``is_replayed``
    fell: pl.DataFrame  # what fell in those nights, by cell
    longer: tuple[tuple[AreaNight, ...], pl.DataFrame] | None  # the same of the longer list, where one is asked for


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What was known at a night's cutoff, and the ground it lies on: the same for all bundles of the night."""

    force: Force
    log: Replay
    history: Events
    layer: AreaLayer
    cutoff: datetime
    streets: Streets
    street_cells: StreetCells
    empty_areas: tuple[str, ...]  # names of areas without a cell: nothing can be forecast for them
    places: PlaceLayers | None
    network: StreetNetwork | None  # where the force has one, and its feed says where on a street


def known_for(home: Path, force: Force, night: date, settings: NightTerms, layers: Sequence[LayerFile] = ()) -> Known:
    """Return what was known at the night's cutoff; the layer is empty-handed where nothing was."""
    cutoff = cutoff_of(period_of(force, night, settings), settings)
    log = Replay.of(EventStore(home).log(force.id))
    history = log.as_known_at(cutoff)
    whole = layer_at(home, force, settings, history)
    layer, empty = whole.with_cells(), tuple(a.name for a in whole.areas if not a.n_cells)
    streets = Streets.of(history.since(cutoff - timedelta(days=STREET_DAYS)))
    cells, places = streets_by_cell(streets, layer), read_layers(layers, force.crs)
    network = (
        network_of(home, force) if network_mark(home, force) and not too_coarse(force.location_precision) else None
    )
    return Known(force, log, history, layer, cutoff, streets, cells, empty, places, network)


def layer_at(home: Path, force: Force, settings: NightTerms, history: Events) -> AreaLayer:
    """Return the level's areas from what was known: districts follow their events, polygons stand still.

    An area that the feed has never told of may hold no cell.
    """
    areas = AreaStore(home)
    x, y = history.x, history.y
    bounds = (float(x.min()), float(y.min()), float(x.max()), float(y.max())) if len(history) else (0.0, 0.0, 1.0, 1.0)
    grid = Grid.covering(force.crs, settings.cell_size_m, bounds)
    return areas.layer(force, settings.level or areas.default_level(force, history), grid, history)


def work(folder: str, bundle_name: str) -> str:
    """Make one bundle's part of the night planned in ``folder``, unless it is there; return the part's path."""
    path = part_path(Path(folder), bundle_name)
    if path.exists():
        return str(path)
    plan, known = _planned(folder)
    bundle = next(b for b in plan.bundles if b.name == bundle_name)
    part = bundle_night(plan, known, bundle)
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        beside.write_bytes(pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL))
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise disk_error(path, error) from error
    return str(path)


@lru_cache(maxsize=1)
def _planned(folder: str) -> tuple[NightPlan, Known]:
    """Return a folder's plan and what was known: read once by a process for all the bundles that it makes of it.

    A folder's name is a hash of what is in it (see ``jobs.night``), so a plan that was kept is never out of date.
    """
    plan = NightPlan.read(Path(folder))
    force = EventStore(plan.home).force(plan.force_id)
    return plan, known_for(plan.home, force, plan.night, plan.settings, plan.layers)


def part_path(folder: Path, bundle_name: str) -> Path:
    """Return where a bundle's part lies; a bundle's name may hold anything, a file's may not."""
    return folder / f"{bundle_name.encode().hex()[:180]}.part"


def read_part(folder: Path, bundle_name: str) -> BundlePart:
    """Return a part that ``work`` wrote a moment ago."""
    part = pickle.loads(part_path(folder, bundle_name).read_bytes())  # noqa: S301 - our own file, in our own home
    if not isinstance(part, BundlePart):
        raise TypeError(f"{part_path(folder, bundle_name)} holds {type(part).__name__}")
    return part


def bundle_night(plan: NightPlan, known: Known, bundle: Bundle) -> BundlePart:
    """Return one bundle's maps: drawn, judged, named; and those of the longer list of boxes, by the same models."""
    from time import perf_counter

    lists = lists_of(plan)
    at = [perf_counter()]
    past = [_past(plan, known, bundle, terms, TrackStore(plan.home, name)) for name, terms in lists]
    records = look_back(past, plan.night, known.history, known.layer)
    at.append(perf_counter())
    subject = Subject(known.history, known.layer, bundle, known.places)
    period = period_of(known.force, plan.night, plan.settings)
    wanted = [
        BoxList(_models(plan, known, bundle, terms), _stood(record, period))
        for (_, terms), record in zip(lists, records, strict=True)
    ]
    drawn = draw(subject, period, wanted)
    at.append(perf_counter())
    rates = _street_rates(known, bundle, drawn)
    areas = [
        _areas(plan, known, bundle, (terms, record), drawing, rates)
        for (_, terms), record, drawing in zip(lists, records, drawn, strict=True)
    ]
    at.append(perf_counter())
    steps = ("score the nights before", "forecast, choose, explain", "assemble")
    timings = {step: round(b - a, 3) for step, a, b in zip(steps, at, at[1:], strict=False)}
    longer = (areas[1], drawn[1].track) if len(lists) > 1 else None
    judged, fell = _looked_back(records[0])
    return BundlePart(areas[0], drawn[0].track, dict(drawn[0].forecast.parameters), timings, judged, fell, longer)


def _looked_back(record: Record) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what a review keeps of the nights before: how each was judged, and what fell by cell."""
    starts = pl.Series("period_start", [p.start for p in record.periods], dtype=INSTANT)
    replayed = pl.DataFrame([starts, pl.Series("is_replayed", record.is_replayed, dtype=pl.Boolean)])
    judged = record.judged if record.periods else pl.DataFrame(schema=JUDGED_SCHEMA)
    fell = record.fell if record.periods else pl.DataFrame(schema=FELL_SCHEMA)
    return judged.join(replayed, on="period_start", how="left"), fell.select(FELL_SCHEMA.names()).cast(FELL_SCHEMA)


def lists_of(plan: NightPlan) -> list[tuple[str, NightTerms]]:
    """Return the lists of boxes that a plan asks for: the name of each one's own past, and its terms."""
    settings = plan.settings
    lists = [(plan.variant, settings)]
    if settings.longer > settings.count:
        lists.append((f"{plan.variant}top-{settings.longer}", replace(settings, count=settings.longer)))
    return lists


def _past(plan: NightPlan, known: Known, bundle: Bundle, terms: NightTerms, tracks: TrackStore) -> PastNights:
    force, store = known.force, ChoiceStore(plan.home)
    return PastNights(
        force,
        known.log,
        lambda then: layer_at(plan.home, force, terms, then).with_cells(),
        bundle,
        lambda night: ModelRule.of(store, force, night, terms),
        known.places,
        terms,
        tracks,
        tuple(area.id for area in known.layer.areas),
    )


def _street_rates(known: Known, bundle: Bundle, drawn: Sequence[BundleDrawing]) -> NDArray[np.float64] | None:
    """Return what is expected on the streets of all boxes of all lists; None where no network is given."""
    if known.network is None:
        return None
    boxes = [own.boxes.squares for drawing in drawn for own in drawing.areas.values()]
    return rates_in_boxes(known.network, known.history, bundle, boxes)


def _areas(
    plan: NightPlan,
    known: Known,
    bundle: Bundle,
    of: tuple[NightTerms, Record],
    drawn: BundleDrawing,
    rates: NDArray[np.float64] | None,
) -> tuple[AreaNight, ...]:
    terms, record = of
    recent_days = MONTHLY_WINDOW_DAYS if known.force.date_precision is DatePrecision.MONTH else RECENT_DAYS
    models = _models(plan, known, bundle, terms)
    rest = (known.streets, known.street_cells, known.network, rates, plan.edits)
    assembly = Assembly(plan.night, known.history, known.layer, record, models, terms, recent_days, *rest)
    return tuple(area_nights(assembly, bundle, drawn))


def _models(plan: NightPlan, known: Known, bundle: Bundle, terms: NightTerms) -> AreaModels:
    return ModelRule.of(ChoiceStore(plan.home), known.force, plan.night, terms).models(known.layer, bundle)


def _stood(record: Record, period: Period) -> Squares | None:
    """Return the boxes of the period before this one, if it is the last on record: only those stand."""
    follows = bool(record.periods) and record.periods[-1].end == period.start
    return boxes_of(record.track, record.periods[-1].start) if follows else None
