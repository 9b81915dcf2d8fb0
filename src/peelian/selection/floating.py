"""Boxes that float: squares anywhere on a fine lattice, none over another, chosen where most is expected.

A fixed grid cuts a hot corner into four cells that each look lukewarm. The forecast is made on a lattice
whose cells nest in the grid's (62.5 m in 250 m), and a box is any square of whole lattice cells.

Choosing k squares of greatest sum that do not overlap is a packing problem. Here: the best square, then the
best of what is left free, and so on. Measured on St. Louis nights against the exact answer (mixed-integer
programme), this gives up 0.3 to 0.6 % of the expected events and no hits; see docs/methods/floating-boxes.md.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.forecasts.boxes import BOX_SCHEMA, Boxes
from peelian.forecasts.forecast import Forecast
from peelian.places.areas import AreaLayer, StudyArea
from peelian.places.grid import Grid
from peelian.places.squares import Squares
from peelian.selection.hysteresis import Incumbents
from peelian.selection.top import TopCells

#: A box must lie at least this much inside its area: officers are not sent mostly into the neighbour's ground.
LEAST_INSIDE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Every place that a box of one area may take: a window of the lattice, row 0 in the south.

    ``gain`` (n_rows, n_columns) is what a box with its south-west corner on that lattice cell would hold
    of the area's own expected count; -1 where no box may stand. ``row`` and ``column`` place the window.
    """

    gain: NDArray[np.float64]
    row: int
    column: int
    side: int


def lattice_factor(lattice: Grid, layer: AreaLayer) -> int:
    """Return how many lattice cells make the side of a cell of the layer's grid.

    Raises
    ------
    ForecastError
        When the lattice is not the layer's own grid cut finer.
    """
    factor = round(layer.grid.cell_size_m / lattice.cell_size_m)
    if factor < 1 or layer.grid.nested(factor) != lattice:
        raise ForecastError(
            f"the forecast stands on cells of {lattice.cell_size_m:g} m that do not nest in the {layer.level} layer's "
            f"{layer.grid.cell_size_m:g} m grid; forecast on layer.region.nested(4)."
        )
    return factor


def positions_of(expected: NDArray[np.float64], layer: AreaLayer, area: StudyArea, factor: int) -> Positions:
    """Return what a box would hold at every place of the area; ``expected`` (n_rows, n_columns) on the lattice.

    Only the area's own cells count: what the neighbour expects is the neighbour's. Sums are taken in
    the same order everywhere, so that equal ground gives equal sums to the last bit.
    """
    columns, rows = layer.grid.columns_and_rows(area.cells)
    # One grid cell of margin: a box may stick out of the area by up to half.
    south, west = max(int(rows.min()) - 1, 0), max(int(columns.min()) - 1, 0)
    north = min(int(rows.max()) + 2, layer.grid.n_rows)
    east = min(int(columns.max()) + 2, layer.grid.n_columns)
    owned = np.zeros((north - south, east - west), dtype=np.bool_)
    owned[rows - south, columns - west] = True
    fine = np.repeat(np.repeat(owned, factor, axis=0), factor, axis=1)
    window = expected[south * factor : north * factor, west * factor : east * factor]
    gain = _sliding_sum(np.where(fine, window, 0.0), factor)
    inside = _sliding_sum(fine.astype(np.float64), factor)
    gain[inside < LEAST_INSIDE * factor**2] = -1.0
    return Positions(gain, south * factor, west * factor, factor)


def pack(positions: Positions, most: int) -> NDArray[np.int64]:
    """Return up to ``most`` places whose boxes do not overlap, best first, as flat indices into ``gain``.

    Equal gains are taken from the south, then from the west. Fewer come back when no free place is left.
    """
    free = positions.gain.copy()
    n_columns, side = free.shape[1], positions.side
    chosen: list[int] = []
    while len(chosen) < most and free.size:
        best = int(free.argmax())
        row, column = divmod(best, n_columns)
        if free[row, column] < 0:
            break
        chosen.append(best)
        free[max(row - side + 1, 0) : row + side, max(column - side + 1, 0) : column + side] = -1.0
    return np.array(chosen, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One area's floating squares in order of rank, what each expects, and which are chosen; all (n_squares,)."""

    squares: Squares
    expected: NDArray[np.float64]
    is_chosen: NDArray[np.bool_]


def place_floating(
    forecast: Forecast, layer: AreaLayer, choice: TopCells, incumbents: Incumbents | None = None
) -> dict[str, Placed]:
    """Return each area's floating squares by area id; they are as large as a cell of the layer's grid.

    The first ``choice.count`` are chosen, the next ``choice.nearly`` were nearly chosen; none overlaps
    another. They are ranked by expected count, equal ones by corner from the south-west: the chosen, then the nearly
    chosen (an incumbent may stand above its count). With ``incumbents``, yesterday's boxes keep their places unless
    clearly beaten. An area without cells gets none.

    Raises
    ------
    ForecastError
        When the forecast's lattice does not nest in the layer's grid.
    """
    factor = lattice_factor(forecast.grid, layer)
    expected = forecast.expected.reshape(forecast.grid.shape)
    placed = {}
    for area in layer.areas:
        if not area.n_cells:
            nowhere = Squares(np.empty(0), np.empty(0), layer.grid.cell_size_m)
            placed[area.id] = Placed(nowhere, np.empty(0), np.empty(0, dtype=np.bool_))
            continue
        positions = positions_of(expected, layer, area, factor)
        places = pack(_favoured(positions, forecast.grid, incumbents), choice.count + choice.nearly)
        squares = _squares(positions, forecast.grid, places, layer.grid.cell_size_m)
        gain = positions.gain.ravel()[places]
        is_chosen = np.arange(places.size) < choice.count
        order = np.lexsort((squares.x_min, squares.y_min, -gain, ~is_chosen))
        placed[area.id] = Placed(squares[order], gain[order], is_chosen[order])
    return placed


def select_floating(
    forecast: Forecast, layer: AreaLayer, choice: TopCells, incumbents: Incumbents | None = None
) -> dict[str, Boxes]:
    """Return each area's ``place_floating`` as boxes; rank ranges stand at the rank itself until resampled."""
    placed = place_floating(forecast, layer, choice, incumbents)
    return {area_id: _boxes(forecast, area_id, own) for area_id, own in placed.items()}


def _favoured(positions: Positions, lattice: Grid, incumbents: Incumbents | None) -> Positions:
    if incumbents is None:
        return positions
    south_west = _squares(positions, lattice, np.zeros(1, dtype=np.int64), lattice.cell_size_m)
    corner = float(south_west.x_min[0]), float(south_west.y_min[0])
    return replace(positions, gain=incumbents.favour(positions.gain, corner, lattice.cell_size_m))


def _squares(positions: Positions, lattice: Grid, places: NDArray[np.int64], size_m: float) -> Squares:
    rows, columns = np.divmod(places, positions.gain.shape[1])
    x_min = (lattice.column_min + positions.column + columns) * lattice.cell_size_m
    y_min = (lattice.row_min + positions.row + rows) * lattice.cell_size_m
    return Squares(x_min, y_min, size_m)


def _boxes(forecast: Forecast, area_id: str, placed: Placed) -> Boxes:
    squares = placed.squares
    rank = np.arange(1, len(squares) + 1, dtype=np.int32)
    table = pl.DataFrame(
        {
            "rank": rank,
            "x_min": squares.x_min,
            "y_min": squares.y_min,
            "expected_count": placed.expected,
            "rank_low": rank,
            "rank_high": rank,
            "is_chosen": placed.is_chosen,
        },
        schema=BOX_SCHEMA,
    )
    return Boxes(area_id, forecast.bundle, forecast.period, forecast.cutoff, forecast.model, squares.size_m, table)


def _sliding_sum(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Sum over every ``side`` x ``side`` window; smaller than ``values`` by ``side - 1`` each way."""
    n_rows, n_columns = (length - side + 1 for length in values.shape)
    across = values[:, :n_columns].copy()
    for step in range(1, side):
        across += values[:, step : step + n_columns]
    total = across[:n_rows].copy()
    for step in range(1, side):
        total += across[step : step + n_rows]
    return total
