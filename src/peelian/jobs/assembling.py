"""From drawings and record to the ``Night`` that delivery draws: one value per area and bundle, in a fixed order."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.evaluation.edits import score_edits
from peelian.evaluation.history import square_history
from peelian.evaluation.track import track_record
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.boxes import Boxes
from peelian.forecasts.edits import BoxEdit, EditScore
from peelian.forecasts.influence import Contributions
from peelian.forecasts.nights import AreaNight, Shading, Stretch, TrackRecord
from peelian.jobs.forecasting import OURS, AreaDrawing, AreaModels, BundleDrawing
from peelian.jobs.judging import Record
from peelian.jobs.stretches import LEAST_STREET, MOST_STREETS, stretches_that_carry
from peelian.jobs.terms import NightTerms
from peelian.places.areas import AreaLayer, StudyArea
from peelian.places.streets import StreetNetwork
from peelian.selection.naming import Streets
from peelian.selection.patrol_areas import join_boxes
from peelian.selection.shading import shade
from peelian.selection.stability import times_chosen
from peelian.selection.streets import streets_behind

#: "Chosen, of 14 nights": the fortnight that LOOK.md draws.
FORTNIGHT = 14
#: How far back the map shows old crimes, in days.
SHOWN_DAYS = 730.0


@dataclass(frozen=True, slots=True, eq=False)
class StreetCells:
    """Which street names have a point in which cell."""

    cell: NDArray[np.int64]
    street: NDArray[np.int64]

    def count(self, cells: NDArray[np.bool_]) -> int:
        """Return how many names have a point in the marked cells (n_cells,)."""
        return int(np.unique(self.street[cells[self.cell]]).size)


def streets_by_cell(streets: Streets, layer: AreaLayer) -> StreetCells:
    """Return the streets' points as (cell, number of the street); points off the grid left out."""
    cell = layer.grid.cell_of(streets.x, streets.y)
    pairs = np.unique(np.column_stack([cell, streets.number])[cell >= 0], axis=0)
    return StreetCells(pairs[:, 0], pairs[:, 1])


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """What every area night of one bundle shares."""

    night: date
    history: Events
    layer: AreaLayer
    record: Record
    models: AreaModels
    settings: NightTerms
    recent_days: float
    streets: Streets
    street_cells: StreetCells
    network: StreetNetwork | None = None
    street_rates: NDArray[np.float64] | None = None  # on the network's stretches, where there is one
    edits: tuple[BoxEdit, ...] = ()  # of the nights before, by analysts: judged on a line of their own


@dataclass(frozen=True, slots=True, eq=False)
class AreaPast:
    """What the past says of one area and bundle: its events, its record, how often each place was chosen lately."""

    events: pl.DataFrame
    record: TrackRecord | None
    lately: pl.DataFrame  # period_start, x_min, y_min of the last fortnight's boxes
    track: pl.DataFrame  # our boxes of every period judged
    fell: pl.DataFrame  # what fell in those periods


def area_nights(assembly: Assembly, bundle: Bundle, drawn: BundleDrawing) -> list[AreaNight]:
    """Return the night of every area of the layer for one bundle, in the layer's order."""
    record = assembly.record
    tables = {
        name: _by_area(table)
        for name, table in (("track", record.track), ("fell", record.fell), ("judged", record.judged))
    }
    recorded = np.zeros(assembly.layer.grid.n_cells)
    if record.periods and record.fell.height:
        np.add.at(recorded, record.fell["cell"].to_numpy(), record.fell["weight"].to_numpy())
    own = bundle.select(assembly.history)
    owner = _owners(own, assembly.layer)
    age = own.age_days(own.known_at)
    lately = _chosen_lately(record)
    nights = []
    for index, area in enumerate(assembly.layer.areas):
        here = np.flatnonzero((owner == index) & (age <= SHOWN_DAYS))
        events = own.table[here].select("x", "y", "occurred_from", "occurred_to").with_columns(age_days=age[here])
        judged = _record(assembly, bundle, area, tables) if record.periods else None
        past = AreaPast(
            events,
            judged,
            lately.get(area.id, record.track.clear()),
            tables["track"].get(area.id, record.track.clear()).filter(method=OURS),
            tables["fell"].get(area.id, record.fell.clear()),
        )
        nights.append(_area_night(assembly, area, drawn, recorded, past))
    return nights


def _area_night(
    assembly: Assembly, area: StudyArea, drawn: BundleDrawing, recorded: NDArray[np.float64], past: AreaPast
) -> AreaNight:
    forecast = drawn.forecast
    own: AreaDrawing = drawn.areas[area.id]
    boxes = own.boxes
    shading, n_streets = _shading(assembly, drawn, area, recorded)
    return AreaNight(
        area=area,
        bundle=forecast.bundle,
        period=forecast.period,
        cutoff=forecast.cutoff,
        boxes=boxes,
        place_names=assembly.streets.name_boxes(boxes.all_squares),
        contributions=own.contributions,
        is_explanation_exact=own.is_exact,
        recent_days=assembly.recent_days,
        expected_in_area=float(forecast.expected[area.cells].sum()),
        chance_any_in_boxes=float(-np.expm1(-boxes.expected_total)),
        chosen_before=times_chosen(boxes.all_squares, past.lately),
        n_before=len(assembly.record.periods[-FORTNIGHT:]),
        baseline_squares=own.baseline,
        shading=shading,
        record=past.record,
        events=past.events,
        history=square_history(boxes.all_squares, [p.start for p in assembly.record.periods], past.track, past.fell),
        n_streets_in_boxes=n_streets,
        model=own.method.label,
        model_why=assembly.models.why.get(area.id, ""),
        keep=own.method.keep,
        n_stood=_n_stood(boxes, past.record) if own.method.keep else 0,
        streets_behind=_streets_behind(own.contributions, assembly.history, boxes.table.height),
        stretches=_stretches(assembly, boxes),
        walk_of=_walks(boxes, assembly.settings.walk_gap_m),
        edits_score=_edits_score(assembly, area, forecast.bundle),
    )


def _n_stood(boxes: Boxes, record: TrackRecord | None) -> int:
    """Return how many chosen boxes stood where they stand in the period before."""
    if record is None or record.last_period.end != boxes.period.start:
        return 0
    return boxes.chosen.join(record.last_boxes, on=["x_min", "y_min"], how="semi").height


def _streets_behind(
    contributions: Contributions, history: Events, n_boxes: int
) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Return, by box, the streets on which the crimes behind it were recorded, those of some weight, largest first."""
    told = streets_behind(contributions, history).filter(
        pl.col("street").is_not_null() & (pl.col("street") != "") & (pl.col("share") >= LEAST_STREET)
    )
    by_box: list[list[tuple[str, float]]] = [[] for _ in range(n_boxes)]
    for box, street, share in told.select("square", "street", "share").iter_rows():
        if len(by_box[box]) < MOST_STREETS:
            by_box[box].append((street, share))
    return tuple(tuple(streets) for streets in by_box)


def _stretches(assembly: Assembly, boxes: Boxes) -> tuple[tuple[Stretch, ...], ...]:
    network, rates = assembly.network, assembly.street_rates
    return () if network is None or rates is None else stretches_that_carry(network, rates, boxes.period, boxes.squares)


def _walks(boxes: Boxes, gap_m: float) -> tuple[int, ...]:
    """Return the number of the walk that each chosen box belongs to; () where boxes are not joined."""
    return tuple(join_boxes(boxes.squares, gap_m).area_of.tolist()) if gap_m >= 0 else ()


def _edits_score(assembly: Assembly, area: StudyArea, bundle: Bundle) -> EditScore | None:
    mine = [e for e in assembly.edits if (e.area_id, e.crime_type) == (area.id, bundle.name)]
    periods = dict(zip(assembly.record.nights, assembly.record.periods, strict=True))
    return score_edits(mine, periods, assembly.history, bundle, assembly.layer) if mine and periods else None


def _shading(
    assembly: Assembly, drawn: BundleDrawing, area: StudyArea, recorded: NDArray[np.float64]
) -> tuple[Shading, int | None]:
    """Return version 1 with its streets counted, and the streets in the boxes; None where the feed names none."""
    from dataclasses import replace

    shading = shade(drawn.forecast, area, recorded)
    if not assembly.street_cells.cell.size:
        return shading, None
    counts = tuple(assembly.street_cells.count(shading.step >= step) for step in (3, 2, 1))
    x, y = assembly.layer.grid.centres(area.cells)
    squares = drawn.areas[area.id].boxes.squares
    held = np.zeros(assembly.layer.grid.n_cells, dtype=np.bool_)
    held[area.cells] = squares.contain(x, y).any(axis=0) if len(squares) else False
    return replace(shading, n_streets=counts), assembly.street_cells.count(held)


def _record(
    assembly: Assembly, bundle: Bundle, area: StudyArea, tables: dict[str, dict[str, pl.DataFrame]]
) -> TrackRecord | None:
    record = assembly.record
    judged = tables["judged"].get(area.id)
    if judged is None:
        return None
    return track_record(
        judged,
        tables["track"].get(area.id, record.track.clear()),
        tables["fell"].get(area.id, record.fell.clear()),
        record.periods,
        is_replayed=record.is_replayed[-1],
        rng=np.random.default_rng([assembly.settings.seed, *bundle.name.encode(), *area.id.encode()]),
    )


def _chosen_lately(record: Record) -> dict[str, pl.DataFrame]:
    """Return, by area, the boxes of the last fortnight of periods."""
    starts = [p.start for p in record.periods[-FORTNIGHT:]]
    return _by_area(record.track.filter((pl.col("method") == OURS) & pl.col("period_start").is_in(starts)))


def _by_area(table: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if not table.height:
        return {}
    return {str(key[0]): part for key, part in table.partition_by("area_id", as_dict=True).items()}


def _owners(events: Events, layer: AreaLayer) -> NDArray[np.int64]:
    """Return the index of each event's area, -1 where it lies in none."""
    cell = layer.grid.cell_of(events.x, events.y)
    return np.where(cell >= 0, layer.owner[np.maximum(cell, 0)], -1)
