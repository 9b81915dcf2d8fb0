"""A made-up nation of England and Wales's size and unevenness: to measure how a night grows, never how well it does.

Forty-three forces stand side by side on the British National Grid, each a rectangle cut into districts. Crime
clusters in towns, at points that differ widely, and begets more crime nearby for some days (near repeats). All
numbers can be made small, for tests.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from peelian.errors import PlaceError
from peelian.events.log import LOG_SCHEMA, EventLog
from peelian.places.forces import DatePrecision, Force, LocationPrecision

DAYS_A_YEAR = 365.25
#: Ground and crime differ among forces by these standard deviations of their logarithms: the largest has about
#: a tenth of all crime, as the Metropolitan Police has a sixth.
SPREAD_OF_GROUND, SPREAD_OF_CRIME = 0.8, 0.9
#: The commonest crime type has ten times the events of the rarest.
RAREST_SHARE = 0.1
#: A point on the map (police.uk has 750,000 of them) sees about eight crimes a year; in a town, fifty lie on a km².
CRIMES_A_POINT, POINTS_A_KM2 = 8.0, 50.0
#: One town to so many cells; the second has half the points of the first, the third a third. One point in ten is rural.
CELLS_A_TOWN, RURAL_SHARE = 1_500, 0.1
#: Rates of points follow a gamma law of this shape: most see little, a few see most. Types differ by another.
POINT_SHAPE, TYPE_SHAPE = 0.4, 1.0
POINTS_A_STREET = 6
#: A crime is followed by others of its type this near and this soon, on average.
NEAR_M, SOON_DAYS = 80.0, 7.0
#: Days simulated before the first one kept, so that it already has its near repeats.
RUN_IN_DAYS = 60.0
RECORDED_AFTER_DAYS = 0.5
#: Forces are shelved from the west to this width: England and Wales measure about 600 km across.
WIDTH_M = 600_000.0


@dataclass(frozen=True, slots=True)
class Nation:
    """How large the nation is and from what seed; ``triggered_share`` of its crimes are near repeats."""

    n_forces: int = 43
    n_cells: int = 2_400_000
    n_districts: int = 331
    n_types: int = 16
    events_a_year: float = 6_000_000.0
    triggered_share: float = 0.15
    cell_size_m: float = 250.0
    seed: int = 1829

    def __post_init__(self) -> None:
        """Refuse a nation of nothing, and crime that would beget itself without end."""
        least = min(self.n_forces, self.n_types, self.n_cells // max(self.n_forces, 1), self.n_districts)
        if least < 1 or not self.events_a_year > 0:
            raise PlaceError(f"{self}: give every force a cell, and the nation a type, a district and some crime.")
        if not 0 <= self.triggered_share < 1:
            raise PlaceError(f"triggered_share = {self.triggered_share:g}: at 1 each crime begets another; give less.")

    @property
    def crime_types(self) -> tuple[str, ...]:
        """Names of the crime types, commonest first."""
        return tuple(f"type-{number:02d}" for number in range(1, self.n_types + 1))


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """One force's rectangle of whole cells, and its expected events a year by crime type, (n_types,)."""

    nation: Nation
    number: int
    column: int
    row: int
    n_columns: int
    n_rows: int
    n_districts: int
    yearly: NDArray[np.float64]

    @property
    def force(self) -> Force:
        """The force that works here."""
        return Force(
            f"force-{self.number:02d}",
            f"Force {self.number}",
            "EPSG:27700",
            "Europe/London",
            LocationPrecision.BLOCK,
            DatePrecision.MINUTE,
            "Made-up crimes: this is a measurement of speed and size.",
        )

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self.n_columns * self.n_rows

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(x_min, y_min, x_max, y_max) in metres."""
        corners = (self.column, self.row, self.column + self.n_columns, self.row + self.n_rows)
        x_min, y_min, x_max, y_max = (corner * self.nation.cell_size_m for corner in corners)
        return x_min, y_min, x_max, y_max

    def districts(self) -> tuple[tuple[str, shapely.Geometry], ...]:
        """Return ids and rectangles of whole cells that tile the ground: strips, each cut into about squares."""
        size = self.nation.cell_size_m
        n_strips = min(max(round(np.sqrt(self.n_districts)), 1), self.n_columns)
        found: list[tuple[str, shapely.Geometry]] = []
        strips = np.linspace(0, self.n_columns, n_strips + 1).round().astype(int)
        counts = np.diff(np.linspace(0, self.n_districts, n_strips + 1).round().astype(int))
        for west, east, count in zip(strips[:-1], strips[1:], counts, strict=True):
            cuts = np.linspace(0, self.n_rows, min(max(int(count), 1), self.n_rows) + 1).round().astype(int)
            for south, north in pairwise(cuts):
                corners = np.array([self.column + west, self.row + south, self.column + east, self.row + north]) * size
                x_min, y_min, x_max, y_max = corners.tolist()
                found.append((f"{self.force.id}-{len(found) + 1:02d}", shapely.box(x_min, y_min, x_max, y_max)))
        return tuple(found)


def grounds(nation: Nation) -> tuple[Ground, ...]:
    """Return every force's ground, in the order of their numbers; none overlaps another.

    Cells, districts and events add up to the nation's, but for the rounding of each rectangle to whole cells.
    """
    rng = np.random.default_rng(nation.seed)
    cells = _shares(rng.lognormal(0.0, SPREAD_OF_GROUND, nation.n_forces)) * nation.n_cells
    crime = _shares(rng.lognormal(0.0, SPREAD_OF_CRIME, nation.n_forces))
    of_types = _shares(np.linspace(1.0, RAREST_SHARE, nation.n_types))
    n_columns = np.maximum(np.sqrt(cells).round(), 1).astype(int)
    n_rows = np.maximum((cells / n_columns).round(), 1).astype(int)
    columns, rows = _shelved(n_columns, n_rows, max(int(WIDTH_M / nation.cell_size_m), int(n_columns.max())))
    districts = np.maximum((crime * nation.n_districts).round(), 1).astype(int)
    return tuple(
        Ground(
            nation,
            i + 1,
            int(columns[i]),
            int(rows[i]),
            int(n_columns[i]),
            int(n_rows[i]),
            int(districts[i]),
            nation.events_a_year * crime[i] * of_types,
        )
        for i in range(nation.n_forces)
    )


def crimes(ground: Ground, until: datetime, days: float) -> EventLog:
    """Return the log of the ``days`` before ``until``: every crime once, recorded half a day later on average.

    Each ground has its own stream of random numbers: a force's crimes are the same whatever others are made.
    The rate of each type is the ground's, near repeats included; crimes that would fall over one edge of the
    rectangle fall in at the other, so that none is lost.
    """
    nation = ground.nation
    rng = np.random.default_rng([nation.seed, ground.number])
    x, y, rate = _points(ground, rng)
    tables = []
    for crime_type, yearly in zip(nation.crime_types, ground.yearly, strict=True):
        pull = rate * rng.gamma(TYPE_SHAPE, size=rate.size)
        at, moved, ago = _cascade(pull, yearly / DAYS_A_YEAR, days, nation.triggered_share, rng)
        began = until.timestamp() - ago * 86_400
        recorded = began + rng.exponential(RECORDED_AFTER_DAYS * 86_400, began.size)
        x_min, y_min, x_max, y_max = ground.bounds
        tables.append(
            pl.DataFrame(
                {
                    "crime_type": np.full(at.size, crime_type),
                    "x": x_min + np.mod(x[at] + moved[:, 0] - x_min, x_max - x_min),
                    "y": y_min + np.mod(y[at] + moved[:, 1] - y_min, y_max - y_min),
                    "began": (began * 1e6).astype(np.int64),
                    "recorded": (recorded * 1e6).astype(np.int64),
                    "street": at // POINTS_A_STREET,
                }
            )
        )
    instant = LOG_SCHEMA["occurred_from"]
    table = pl.concat(tables).sort("began", maintain_order=True).with_row_index("number")
    return EventLog(
        table.select(
            event_id=pl.format("{}-{}", pl.lit(ground.force.id), "number"),
            crime_type="crime_type",
            x="x",
            y="y",
            occurred_from=pl.col("began").cast(instant),
            occurred_to=pl.col("began").cast(instant),
            recorded_at=pl.col("recorded").cast(instant),
            district=pl.lit(None, pl.String),
            street=pl.format("Street {}", "street"),
            is_retraction=pl.lit(value=False),
            ingest=pl.lit(1, pl.Int32),
        ),
        ground.force.crs,
    )


def _points(
    ground: Ground, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Where crimes can happen: x, y, rate; points that follow each other are neighbours, to cut streets from."""
    x_min, y_min, x_max, y_max = ground.bounds
    n_points = max(round(float(ground.yearly.sum()) / CRIMES_A_POINT), 1)
    n_towns = max(ground.n_cells // CELLS_A_TOWN, 1)
    centre = rng.uniform((x_min, y_min), (x_max, y_max), (n_towns, 2))
    town = np.sort(rng.choice(n_towns, n_points, p=_shares(1.0 / np.arange(1, n_towns + 1))))
    reach_m = 1_000.0 * np.sqrt(np.bincount(town, minlength=n_towns) / (2 * np.pi * POINTS_A_KM2))
    place = centre[town] + rng.normal(size=(n_points, 2)) * reach_m[town, None]
    is_rural = rng.random(n_points) < RURAL_SHARE
    place[is_rural] = rng.uniform((x_min, y_min), (x_max, y_max), (int(is_rural.sum()), 2))
    # Blocks of 500 m in turn: points that follow each other in the list are neighbours.
    order = np.lexsort((place[:, 0], place[:, 1] // 500.0, place[:, 0] // 500.0))
    return place[order, 0], place[order, 1], rng.gamma(POINT_SHAPE, size=n_points)[order]


def _cascade(
    pull: NDArray[np.float64], daily: float, days: float, triggered_share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """First crimes and all that they beget, those of the last ``days``: point, metres away from it (n, 2), days ago."""
    n_first = rng.poisson(daily * (1.0 - triggered_share) * (days + RUN_IN_DAYS))
    ceiling = np.cumsum(pull)
    at = np.searchsorted(ceiling, rng.random(n_first) * ceiling[-1], side="right").astype(np.int64)
    moved, ago = np.zeros((n_first, 2)), rng.uniform(0.0, days + RUN_IN_DAYS, n_first)
    generations = []
    while at.size:
        generations.append((at, moved, ago))
        parent = np.repeat(np.arange(at.size), rng.poisson(triggered_share, at.size))
        later = ago[parent] - rng.exponential(SOON_DAYS, parent.size)
        moved = moved[parent] + rng.normal(0.0, NEAR_M, (parent.size, 2))
        at, moved, ago = at[parent][later > 0], moved[later > 0], later[later > 0]
    if not generations:
        return at, moved, ago
    points, steps, ages = (np.concatenate(parts) for parts in zip(*generations, strict=True))
    kept = ages <= days
    return points[kept], steps[kept], ages[kept]


def _shelved(
    n_columns: NDArray[np.int64], n_rows: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """South-west corners of rectangles laid on shelves of that width, tallest first."""
    columns, rows = np.zeros_like(n_columns), np.zeros_like(n_rows)
    column = row = height = 0
    for i in np.argsort(-n_rows, kind="stable"):
        if column + n_columns[i] > width:
            column, row = 0, row + height
        height = int(n_rows[i]) if column == 0 else height
        columns[i], rows[i] = column, row
        column += int(n_columns[i])
    return columns, rows


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weights / weights.sum())
