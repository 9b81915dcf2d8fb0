"""One bundle's night: forecast, choose, say why, and draw the baselines. Pure functions of what was known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.evaluation.record import TRACK_SCHEMA
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.boxes import Boxes
from peelian.forecasts.choices import ChosenModel
from peelian.forecasts.forecast import Forecast
from peelian.forecasts.influence import Contributions, Influence
from peelian.jobs.methods import model_of
from peelian.jobs.plans import FIXED, FLOATING, Method
from peelian.jobs.terms import CHOSEN, FALLBACK, NightTerms
from peelian.models.catalogue import model as model_named
from peelian.models.model import FittedModel
from peelian.places.areas import AreaLayer
from peelian.places.covariates import PlaceLayers
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.places.grid import Grid
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares
from peelian.selection.floating import select_floating
from peelian.selection.hysteresis import Incumbents
from peelian.selection.stability import rank_ranges, with_rank_ranges
from peelian.selection.top import TopCells, select_top

OURS = "boxes"
#: Baselines that are drawn and judged every night; nothing switches them off.
BASELINES = ("recent-counts", "all-history")
#: An event that makes less than this share of a box is not told by itself.
LEAST_TOLD = 1e-4
#: Boxes compete for their rank with so many candidates of their area.
CANDIDATES = 28
#: What ``boxes`` may say.
BOX_KINDS = ("auto", "floating", "grid")
#: Floating boxes stand on lines a quarter of a cell apart (62.5 m in 250 m).
LATTICE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is drawn: one bundle over one layer from what was known, with what the places are like."""

    history: Events
    layer: AreaLayer
    bundle: Bundle
    places: PlaceLayers | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """How boxes are drawn: by which method (model, fixed or floating, kept or not), how many, the resampling's seed."""

    method: Method
    precision: DatePrecision
    choice: TopCells
    seed: int

    @classmethod
    def of(cls, force: Force, settings: NightTerms, chosen: ChosenModel | None = None) -> "Drawing":
        """Return the drawing that the settings ask for; ``chosen`` stands in for their model where given.

        ``boxes = "auto"`` floats where the feed tells places to the block or better, or as the chosen method does.
        Snapped points stand on a few fixed spots: a box moved a little to take in one more of them would only
        flatter itself.
        """
        if settings.boxes not in BOX_KINDS:
            raise ForecastError(f"boxes = {settings.boxes!r}; known are {', '.join(BOX_KINDS)}.")
        exact = force.location_precision in (LocationPrecision.EXACT, LocationPrecision.BLOCK)
        as_asked = FLOATING if exact and (chosen is None or chosen.boxes == FLOATING) else FIXED
        boxes = {"auto": as_asked, "floating": FLOATING, "grid": FIXED}[settings.boxes]
        name = chosen.model if chosen else FALLBACK if settings.model == CHOSEN else settings.model
        parameters = chosen.parameters if chosen else ()
        keep = chosen.keep if chosen and chosen.keep else settings.keep
        if not keep >= 0:
            raise ForecastError(f"keep = {keep!r}: a share from 0 up, such as 0.25.")
        method = Method(f"{name}@{boxes}" if boxes == FLOATING else name, name, boxes, parameters, keep)
        return cls(method, force.date_precision, TopCells(settings.count, settings.nearly), settings.seed)

    @property
    def is_floating(self) -> bool:
        """Whether boxes float off the grid."""
        return self.method.boxes == FLOATING

    @property
    def candidates(self) -> TopCells:
        """The boxes, and so many next in line as compete with them for their ranks."""
        count, shown = self.choice.count, self.choice.count + self.choice.nearly
        return TopCells(count, max(CANDIDATES, 2 * shown) - count)

    def region(self, layer: AreaLayer) -> Region:
        """Return the ground that the model works on: the layer's cells, or the lattice within them."""
        return _ground(layer, LATTICE if self.is_floating else 1)

    def fit(self, subject: Subject) -> FittedModel:
        """Return the model fitted to what was known."""
        region = self.region(subject.layer)
        model = model_of(self.method, self.precision, subject.places, region.grid)
        return model.fit(subject.history, subject.bundle, region)

    def choose(self, forecast: Forecast, layer: AreaLayer, choice: TopCells, stood: Squares | None) -> dict[str, Boxes]:
        """Return each area's boxes; those that ``stood`` keep their places as far as the method keeps them."""
        held = Incumbents(stood, self.method.keep) if stood is not None and self.method.keep else None
        return (select_floating if self.is_floating else select_top)(forecast, layer, choice, held)


@dataclass(frozen=True, slots=True)
class AreaModels:
    """Which areas of a layer are drawn how, and why each: ``why`` is by area id, empty where the settings say so."""

    groups: tuple[tuple[Drawing, tuple[str, ...]], ...]
    why: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=4)
def _ground(layer: AreaLayer, factor: int) -> Region:
    """Return the layer's region, cut finer: one value for all bundles, so that what a kernel keeps is found once."""
    return layer.region.nested(factor) if factor > 1 else layer.region


@lru_cache(maxsize=2)
def _parents(grid: Grid) -> NDArray[np.int64]:
    """Return which cell of the grid each cell of its lattice lies in: one value for all bundles."""
    return grid.parent_cells(LATTICE)


@dataclass(frozen=True, slots=True, eq=False)
class BoxList:
    """One list of boxes that is asked for: by which models, and the boxes of the period before (None: none stood)."""

    models: AreaModels
    stood: Squares | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AreaDrawing:
    """One area's boxes with their reasons, before they are judged and named."""

    boxes: Boxes
    contributions: Contributions
    is_exact: bool
    baseline: pl.DataFrame  # rank, x_min, y_min of the plain count's boxes
    method: Method


@dataclass(frozen=True, slots=True, eq=False)
class BundleDrawing:
    """One bundle's forecast by cell of the layer's grid, each area's drawing by area id, and all boxes as a track."""

    forecast: Forecast
    areas: dict[str, AreaDrawing]
    track: pl.DataFrame


def draw(subject: Subject, period: Period, lists: Sequence[BoxList]) -> list[BundleDrawing]:
    """Return everything about one bundle's next period that follows from what was known, for each list of boxes.

    Every model works on the whole layer, and draws the areas that it was chosen for. What stood keeps its place where a
    method keeps boxes. The lists differ in their number of boxes alone: each model learns, forecasts and explains once
    for all of them.
    """
    layer = subject.layer
    plain = draw_baselines(subject, period, [wanted.models.groups[0][0] for wanted in lists])
    areas: list[dict[str, AreaDrawing]] = [{} for _ in lists]
    expected = np.zeros(layer.grid.n_cells)
    groups = list(zip(*(wanted.models.groups for wanted in lists), strict=True))
    for alike in groups:
        drawing, ids = alike[0]
        fitted = drawing.fit(subject)
        foretold = fitted.forecast(period)
        shown = layer.only(set(ids))
        candidates = [
            own.choose(foretold, shown, own.candidates, wanted.stood)
            for (own, _), wanted in zip(alike, lists, strict=True)
        ]
        influences = _influences(fitted, period, shown, candidates, drawing)
        each = zip(alike, areas, candidates, influences, plain, strict=True)
        for (own, _), drawn, boxes, influence, baselines in each:
            drawn.update(_area_drawings(subject.bundle, own, shown, boxes, influence, baselines))
        forecast = _by_cell(foretold, layer, drawing)
        expected[shown.is_inside] = forecast.expected[shown.is_inside]
    if len(groups) > 1:
        forecast = replace(forecast, expected=expected, model=CHOSEN, parameters={})
    drawings = []
    for drawn, baselines in zip(areas, plain, strict=True):
        ours = track_rows(OURS, {area.id: drawn[area.id].boxes for area in layer.areas})
        drawings.append(BundleDrawing(forecast, drawn, pl.concat([ours, baselines])))
    return drawings


def _area_drawings(
    bundle: Bundle,
    drawing: Drawing,
    shown_areas: AreaLayer,
    candidates: dict[str, Boxes],
    influence: Influence,
    baselines: pl.DataFrame,
) -> dict[str, AreaDrawing]:
    """Return the drawings of the areas shown: of their candidates the boxes, with rank ranges and reasons."""
    shown = drawing.choice.count + drawing.choice.nearly
    sizes = [candidates[a.id].table.height for a in shown_areas.areas]
    bounds = [0, *np.cumsum(sizes).tolist()]
    # One seed a bundle: the same bundle is resampled alike whatever else is drawn beside it.
    rng = np.random.default_rng([drawing.seed, *bundle.name.encode()])
    low, high = rank_ranges(influence, np.repeat(np.arange(len(sizes)), sizes), rng)
    rows = np.concatenate([np.arange(a, min(a + shown, b)) for a, b in pairwise(bounds)]).astype(np.int64)
    parts = _parts(influence, rows)
    plain = baselines.filter(pl.col("method") == BASELINES[0]).partition_by("area_id", as_dict=True)
    areas = {}
    for area, (start, stop) in zip(shown_areas.areas, pairwise(bounds), strict=True):
        whole = candidates[area.id]
        boxes = replace(whole, table=whole.table.head(shown))
        own = parts.filter(pl.col("square").is_between(start, start + boxes.table.height - 1))
        areas[area.id] = AreaDrawing(
            with_rank_ranges(boxes, low[start:stop], high[start:stop]),
            own.with_columns(pl.col("square") - start),
            influence.is_exact,
            plain.get((area.id,), baselines.clear()).select("rank", "x_min", "y_min"),
            drawing.method,
        )
    return areas


def replay(forecast: Forecast, layer: AreaLayer, drawing: Drawing, stood: Squares | None) -> dict[str, Boxes]:
    """Return the boxes alone of one past period, as they would have been drawn for these areas.

    ``forecast`` stands on what was known at the cutoff; its weights may have been learned some days before.
    """
    return drawing.choose(forecast, layer, TopCells(drawing.choice.count, 0), stood)


def week_of(cutoff: datetime) -> datetime:
    """Return the Monday on or before the cutoff, at the cutoff's hour: replays learn their weights once a week."""
    return cutoff - timedelta(days=cutoff.weekday())


def track_rows(method: str, areas: dict[str, Boxes]) -> pl.DataFrame:
    """Return every area's chosen boxes as ``TRACK_SCHEMA`` rows."""
    chosen = {area_id: boxes for area_id, boxes in areas.items() if len(boxes)}
    if not chosen:
        return pl.DataFrame(schema=TRACK_SCHEMA)
    any_boxes = next(iter(chosen.values()))
    tables = [boxes.chosen for boxes in chosen.values()]
    ids = np.repeat(np.array(list(chosen), dtype=np.str_), [t.height for t in tables])
    return (
        pl.concat(tables)
        .with_columns(
            pl.Series("area_id", ids),
            period_start=pl.lit(any_boxes.period.start).cast(TRACK_SCHEMA["period_start"]),
            bundle=pl.lit(any_boxes.bundle.name),
            method=pl.lit(method),
            size_m=pl.lit(any_boxes.size_m),
        )
        .select(TRACK_SCHEMA.names())
    )


def draw_baselines(subject: Subject, period: Period, drawings: Sequence[Drawing]) -> list[pl.DataFrame]:
    """Return the baselines' boxes as track rows, for each drawing as many as it draws, of the same size.

    They are plain counts on the fixed grid.
    """
    history, layer, bundle = subject.history, subject.layer, subject.bundle
    forecasts = {
        name: model_named(name, drawings[0].precision).fit(history, bundle, _ground(layer, 1)).forecast(period)
        for name in BASELINES
    }
    choices = [TopCells(drawing.choice.count, 0) for drawing in drawings]
    return [
        pl.concat([track_rows(name, select_top(f, layer, choice)) for name, f in forecasts.items()])
        for choice in choices
    ]


def boxes_of(track: pl.DataFrame, period_start: datetime) -> Squares | None:
    """Return our own boxes of one period of a track, all areas together; None where there are none."""
    rows = track.filter((pl.col("method") == OURS) & (pl.col("period_start") == period_start))
    if not rows.height:
        return None
    return Squares(rows["x_min"].to_numpy(), rows["y_min"].to_numpy(), float(rows["size_m"][0]))


def _influences(
    fitted: FittedModel, period: Period, layer: AreaLayer, lists: Sequence[dict[str, Boxes]], drawing: Drawing
) -> list[Influence]:
    """Return the influence on the candidates of all areas, in their order, for each list.

    A box answers for its own side of a border. Asked once for all areas and lists: reading the record and finding the
    events near a box cost as much for one area as for all, and the lists have most of their boxes in common.
    """
    owner = layer.owner
    if drawing.is_floating:
        owner = owner[_parents(layer.grid)]
    corners = [
        np.concatenate(
            [
                np.column_stack([np.full(boxes[area.id].table.height, index), boxes[area.id].table["x_min", "y_min"]])
                for index, area in enumerate(layer.areas)
            ]
        )
        for boxes in lists
    ]
    every, place = np.unique(np.concatenate(corners), axis=0, return_inverse=True)
    squares = Squares(every[:, 1], every[:, 2], layer.grid.cell_size_m, owner, every[:, 0].astype(np.int64))
    together = fitted.influence(period, squares)
    bounds = np.cumsum([len(own) for own in corners])[:-1]
    return [together.on(rows) for rows in np.split(place.ravel(), bounds)]


def _parts(influence: Influence, rows: NDArray[np.int64]) -> Contributions:
    """Return the contributions of the squares in ``rows`` alone, numbered as they stand in the influence.

    Events below ``LEAST_TOLD`` of a square are told together in its last row, so that the parts still add up.
    """
    shown = influence.on(rows)
    matrix = shown.matrix
    square = np.repeat(np.arange(rows.size), np.diff(matrix.indptr))
    small = matrix.data < LEAST_TOLD * shown.expected[square]
    together = shown.constant + np.bincount(square[small], matrix.data[small], minlength=rows.size)
    told = matrix.copy()
    told.data[small] = 0.0
    told.eliminate_zeros()
    parts = replace(shown, matrix=told, constant=together).contributions()
    return parts.with_columns(pl.Series("square", rows[parts["square"].to_numpy()], dtype=pl.Int64))


def _by_cell(forecast: Forecast, layer: AreaLayer, drawing: Drawing) -> Forecast:
    """Return the forecast on the layer's own cells: what version 1 shades."""
    if not drawing.is_floating:
        return forecast
    sums = np.bincount(_parents(layer.grid), forecast.expected, minlength=layer.grid.n_cells)
    return replace(forecast, grid=layer.grid, expected=sums.astype(np.float64))
