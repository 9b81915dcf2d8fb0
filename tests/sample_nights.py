"""A night for the tests of delivery, made by a model so plain that it fits here: a kernel over three weeks and a level.

Not a model of Peelian's: the tests of drawing want a whole ``Night`` and no other room. ``town_events`` invents a
town of straight streets; any frame of the same columns (x, y, at, crime_type, district, street) can be given.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from peelian.events import EVENT_SCHEMA, Bundle, Events
from peelian.forecasts import Boxes, Influence
from peelian.forecasts.boxes import BOX_SCHEMA
from peelian.forecasts.nights import AreaNight, Night, PurposeCard, ScoreRow, Shading, TrackRecord
from peelian.places import AreaLayer, DatePrecision, Force, Grid, LocationPrecision, Period, Squares, StudyArea, day_of

CELL = 250.0
NEARLY = 4
METHODS = ("boxes", "recent-counts", "all-history", "random", "hindsight")


@dataclass(frozen=True)
class Sample:
    """What one sample night is made of."""

    force: Force
    day: date = date(2018, 12, 21)
    types: tuple[str, ...] = ("burglary", "vehicle theft")
    n_boxes: int = 10
    start_hour: int = 18
    layer_name: str = "District {}"


def town_force(precision: DatePrecision = DatePrecision.MINUTE) -> Force:
    return Force("sampleton", "Sampleton", "EPSG:27700", "Europe/London", LocationPrecision.BLOCK, precision)


def town_events(
    seed: int = 1, per_type: int = 1500, districts: int = 2, types: tuple[str, ...] = ("burglary", "vehicle theft")
) -> pl.DataFrame:
    """Two years of invented crimes on a town of streets, one district beside the other, thick in two places."""
    rng = np.random.default_rng(seed)
    names_east = [
        f"{n} Street" for n in ("Mill", "Church", "Station", "Park", "High", "King", "Queen", "Bridge", "Ford")
    ]
    names_north = [
        f"{n} Road" for n in ("Oak", "Elm", "Ash", "Lime", "Birch", "Holly", "Rowan", "Cedar", "Maple", "Yew")
    ]
    frames = []
    for crime_type in types:
        near = rng.random(per_type) < 0.5
        u = np.where(near, rng.normal(0.4, 0.12, per_type), rng.random(per_type)).clip(0.01, 0.99)
        v = np.where(near, rng.normal(0.35, 0.12, per_type), rng.random(per_type)).clip(0.01, 0.99)
        width, height = 2400.0 * districts, 3000.0
        on_east = rng.random(per_type) < 0.5
        row = np.floor(v * len(names_east)).astype(int)
        column = np.floor(u * districts * len(names_north)).astype(int)
        x = np.where(on_east, u * width, (column + 0.5) * 2400.0 / len(names_north))
        y = np.where(on_east, (row + 0.5) * height / len(names_east), v * height)
        turned = np.deg2rad(7)
        street = [
            names_east[r] if e else f"{names_north[c % len(names_north)]}{'' if c < len(names_north) else f' {c}'}"
            for e, r, c in zip(on_east, row, column, strict=True)
        ]
        age = rng.random(per_type) * 730
        frames.append(
            pl.DataFrame(
                {
                    "x": 530_100.0 + x * np.cos(turned) - y * np.sin(turned),
                    "y": 180_100.0 + x * np.sin(turned) + y * np.cos(turned),
                    "at": [datetime(2018, 12, 22, tzinfo=UTC) - timedelta(days=float(a)) for a in age],
                    "crime_type": crime_type,
                    "district": [str(int(d) + 1) for d in np.floor(u * districts)],
                    "street": street,
                }
            )
        )
    return pl.concat(frames)


def night_of(table: pl.DataFrame, sample: Sample) -> Night:
    """Return the whole night for these crimes."""
    force = sample.force
    period = day_of(sample.day, force.time_zone, sample.start_hour)
    cutoff = period.start - timedelta(hours=12)
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    grid = Grid.covering(force.crs, CELL, (x.min(), y.min(), x.max(), y.max()))
    layer = AreaLayer.from_districts("district", grid, x, y, table["district"].to_list(), sample.layer_name)
    known = _events(table.filter(pl.col("at") < cutoff), force.crs, cutoff)
    areas = tuple(
        _area_night(area, Bundle.of(kind), layer, known, period, table) for area in layer.areas for kind in sample.types
    )
    named = known.table.drop_nulls("street").group_by("street").agg("x", "y").sort("street")
    streets = {s: np.column_stack([np.array(a), np.array(b)]) for s, a, b in named.iter_rows() if len(a) > 2}
    return Night(
        force=force,
        layer=layer,
        night=sample.day,
        period=period,
        cutoff=cutoff,
        model="sample-kernel",
        parameters={"reach_m": 200.0, "window_days": 21},
        seed=7,
        version="0.0",
        fingerprint="0" * 64,
        n_events_known=len(known),
        latest_recorded_at=cutoff - timedelta(minutes=48),
        delay_note="One crime in ten reaches us after seven days.",
        cards=(
            PurposeCard(
                "*",
                "fewer burglaries in the district",
                "recorded burglaries per month against the matched districts",
                "the district superintendent",
                "stops if no effect is seen by 31 March 2019",
                date(2019, 3, 31),
                is_example=True,
            ),
        ),
        withheld=(("drugs", "police-found crime is refused as forecast input"),),
        areas=areas,
        streets=streets,
        timings={"read": 0.4, "forecast": 0.2},
    )


def _events(table: pl.DataFrame, crs: str, known_at: datetime) -> Events:
    at = pl.col("at").cast(pl.Datetime("us", "UTC"))
    rows = (
        table.sort("at")
        .with_row_index("event_id")
        .with_columns(pl.col("event_id").cast(pl.String).str.zfill(7), occurred_from=at, occurred_to=at, recorded_at=at)
    )
    return Events(rows.select([pl.col(n).cast(t) for n, t in EVENT_SCHEMA.items()]), crs, known_at)


def _influence(grid: Grid, cells: np.ndarray, events: Events, scale: float) -> Influence:
    squares = grid.squares(cells)
    cx, cy = squares.centres
    d2 = (cx[:, None] - events.x[None]) ** 2 + (cy[:, None] - events.y[None]) ** 2
    age = events.age_days(events.known_at)
    recent = np.exp(-d2 / (2 * 160.0**2)) * np.exp(-age / 8.0)[None] * (age < 21)[None]
    level = np.exp(-d2 / (2 * 260.0**2)) * 0.006
    matrix = recent + level
    matrix[matrix < 1e-5] = 0.0
    return Influence(squares, events, csr_array(matrix * scale), np.zeros(len(squares)))


def _area_night(
    area: StudyArea, bundle: Bundle, layer: AreaLayer, known: Events, period: Period, table: pl.DataFrame
) -> AreaNight:
    grid, events = layer.grid, bundle.select(known)
    n_year = float((events.age_days(known.known_at) < 365)[np.isin(grid.cell_of(events.x, events.y), area.cells)].sum())
    raw = _influence(grid, area.cells, events, 1.0)
    total = max(raw.expected.sum(), 1e-9)
    scale = n_year / 365 * period.days / total
    expected = raw.expected * scale
    order = np.lexsort((area.cells, -expected))
    n = min(10, max(1, area.n_cells // 3))
    kept = order[: n + NEARLY]
    ranks = _ranks(raw.matrix.toarray() * scale, kept)
    squares = grid.squares(area.cells[kept])
    boxes = Boxes(
        area.id, bundle, period, known.known_at, "sample-kernel", CELL,
        pl.DataFrame(
            {
                "rank": np.arange(1, kept.size + 1), "x_min": squares.x_min, "y_min": squares.y_min,
                "expected_count": expected[kept], "rank_low": ranks[0], "rank_high": ranks[1],
                "is_chosen": np.arange(kept.size) < n,
            }
        ).select([pl.col(c).cast(t) for c, t in BOX_SCHEMA.items()]),
    )  # fmt: skip
    age = events.age_days(known.known_at)
    inside = np.isin(grid.cell_of(events.x, events.y), area.cells)
    counts = np.bincount(
        np.searchsorted(area.cells, grid.cell_of(events.x, events.y)[inside & (age < 21)]), minlength=area.n_cells
    )
    plain = grid.squares(area.cells[np.lexsort((area.cells, -counts))[:n]])
    step = np.zeros(grid.n_cells, dtype=np.int8)
    for value, share in ((1, 0.40), (2, 0.22), (3, 0.10)):
        step[area.cells[order[: int(np.ceil(share * area.n_cells))]]] = value
    tops = [int(np.ceil(s * area.n_cells)) for s in (0.10, 0.22, 0.40)]
    shading = Shading(
        step,
        tuple(t / area.n_cells for t in tops),
        tuple(float(expected[order[:t]].sum() / expected.sum()) for t in tops),
        (0.21, 0.38, 0.58),
        (60, 110, 180),
    )
    near = pl.DataFrame(
        {
            "x": events.x, "y": events.y, "occurred_from": events.table["occurred_from"],
            "occurred_to": events.table["occurred_to"], "age_days": age,
        }
    ).filter(pl.Series(inside))  # fmt: skip
    lit = _influence(grid, area.cells[kept], events, scale)
    return AreaNight(
        area=area, bundle=bundle, period=period, cutoff=known.known_at, boxes=boxes,
        place_names=_names(boxes, table), contributions=lit.contributions(), is_explanation_exact=True,
        recent_days=21.0, expected_in_area=float(expected.sum()),
        chance_any_in_boxes=float(-np.expm1(-expected[order[:n]].sum())),
        chosen_before=tuple(max(14 - 2 * i, 1) for i in range(kept.size)), n_before=14,
        baseline_squares=pl.DataFrame({"rank": np.arange(1, n + 1), "x_min": plain.x_min, "y_min": plain.y_min}),
        shading=shading, record=_record(area, bundle, grid, boxes, plain, table, n), events=near, n_streets_in_boxes=21,
    )  # fmt: skip


def _ranks(matrix: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    draws = rng.poisson(1.0, (60, matrix.shape[1])).astype(float)
    surfaces = draws @ matrix.T
    ranks = np.empty((60, kept.size))
    for i, surface in enumerate(surfaces):
        ranks[i] = (surface[None, :] > surface[kept][:, None]).sum(axis=1) + 1
    return np.quantile(ranks, 0.1, axis=0).round().astype(int), np.quantile(ranks, 0.9, axis=0).round().astype(int)


def _names(boxes: Boxes, table: pl.DataFrame) -> tuple[str, ...]:
    named = table.drop_nulls("street").filter(pl.col("street") != "")
    x, y, street = named["x"].to_numpy(), named["y"].to_numpy(), named["street"]
    taken: list[str] = []
    for inside in boxes.all_squares.contain(x, y):
        commonest = (
            street.filter(pl.Series(inside)).value_counts(sort=True).sort(["count", "street"], descending=[True, False])
        )
        names = commonest["street"].to_list()
        pairs = [f"{names[i]} and {names[j]}" for j in range(1, len(names)) for i in range(j)]
        taken.append(next((p for p in pairs if p not in taken), "" if not names or names[0] in taken else names[0]))
    return tuple(taken)


def _row(method: str, periods: int, n: int, hits: float, events: float, coverage: float) -> ScoreRow:
    rate = hits / events if events else float("nan")
    half = 1.96 * np.sqrt(max(rate * (1 - rate), 0.0) / events) if events else float("nan")
    exact = method == "random"
    return ScoreRow(
        method, periods, n, hits, events, hits * 1.05, coverage, rate,
        rate if exact else max(rate - half, 0.0), rate if exact else rate + half, rate / coverage, 0.5,
    )  # fmt: skip


def _record(
    area: StudyArea, bundle: Bundle, grid: Grid, boxes: Boxes, plain: Squares, table: pl.DataFrame, n: int
) -> TrackRecord:
    last = Period(boxes.period.start - timedelta(days=1), boxes.period.start)
    fell = table.filter(
        pl.col("crime_type").is_in(list(bundle.crime_types)) & (pl.col("at") >= last.start) & (pl.col("at") < last.end)
    )
    x, y = fell["x"].to_numpy(), fell["y"].to_numpy()
    inside = np.isin(grid.cell_of(x, y), area.cells)
    x, y = x[inside], y[inside]
    in_box = boxes.squares.contain(x, y).any(axis=0)
    in_plain = plain.contain(x, y).any(axis=0)
    coverage = n / area.n_cells
    hits = dict(
        zip(METHODS, (int(in_box.sum()), int(in_plain.sum()), 0, x.size * coverage, min(x.size, n)), strict=True)
    )
    pooled = dict(zip(METHODS, (52, 44, 40, 333 * coverage, 79), strict=True))
    chosen = boxes.chosen.select("rank", "x_min", "y_min")
    return TrackRecord(
        last_period=last,
        last=tuple(_row(m, 1, n, hits[m], x.size, coverage) for m in METHODS),
        last_boxes=chosen,
        last_baseline=pl.DataFrame({"rank": np.arange(1, n + 1), "x_min": plain.x_min, "y_min": plain.y_min}),
        last_events=pl.DataFrame({"x": x, "y": y, "in_box": in_box, "in_baseline": in_plain}),
        is_replayed=False,
        n_periods=365,
        first_period_start=last.start - timedelta(days=364),
        pooled=tuple(_row(m, 365, n, pooled[m], 333, coverage) for m in METHODS),
        difference=0.024,
        difference_low=-0.019,
        difference_high=0.068,
    )


@lru_cache(maxsize=1)
def town_night() -> Night:
    """Return the night of the invented town: two districts, two crime types, a record of the last 365 nights."""
    return night_of(town_events(), Sample(town_force()))


@lru_cache(maxsize=1)
def many_areas_night() -> Night:
    """Return a night of nine districts, so many that each gets a page of its own."""
    return night_of(
        town_events(per_type=900, districts=9, types=("burglary",)), Sample(town_force(), types=("burglary",))
    )


def one_map(night: Night, **changes: object) -> Night:
    """Return the night with its first map only, that map and its one area changed as told."""
    first = replace(night.areas[0], **changes)
    return replace(night, areas=(first,), layer=replace(night.layer, areas=(first.area,)))
