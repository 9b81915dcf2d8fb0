"""The top boxes of each area on the fixed grid: highest expected count first, every order total."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.forecasts.boxes import BOX_SCHEMA, Boxes
from peelian.forecasts.forecast import Forecast
from peelian.places.areas import AreaLayer
from peelian.selection.hysteresis import Incumbents


@dataclass(frozen=True, slots=True)
class TopCells:
    """How many boxes each area gets, and how many next in line are shown."""

    count: int = 10
    nearly: int = 4

    def __post_init__(self) -> None:
        """Refuse a choice of no box."""
        if self.count < 1 or self.nearly < 0:
            raise ForecastError(f"count = {self.count}, nearly = {self.nearly}: choose at least one box per area.")


def rank_cells(expected: NDArray[np.float64], cells: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return the ``most`` cells of highest expected count, highest first; equal counts by rising cell id."""
    if cells.size > most:
        # Narrow first: no sort of a whole force for ten boxes. Ties with the last place stay in.
        floor = np.partition(expected[cells], cells.size - most)[cells.size - most]
        cells = cells[expected[cells] >= floor]
    return cells[np.lexsort((cells, -expected[cells]))][:most]


def choose_cells(
    forecast: Forecast, layer: AreaLayer, choice: TopCells, incumbents: Incumbents | None = None
) -> dict[str, NDArray[np.int64]]:
    """Return each area's cells by area id, in order of rank: the chosen by expected count, then the nearly chosen.

    With ``incumbents``, boxes that stood keep their places unless clearly beaten; ranks are by expected count all the
    same. An area with fewer cells than asked for gives all of its cells; one without cells, none.
    """
    favoured = forecast.expected
    if incumbents is not None:
        grid = forecast.grid
        corner = grid.column_min * grid.cell_size_m, grid.row_min * grid.cell_size_m
        favoured = incumbents.favour(favoured.reshape(grid.shape), corner, grid.cell_size_m).ravel()
    chosen = {}
    for area in layer.areas:
        best = rank_cells(favoured, area.cells, choice.count + choice.nearly)
        is_nearly = np.arange(best.size) >= choice.count
        chosen[area.id] = best[np.lexsort((best, -forecast.expected[best], is_nearly))]
    return chosen


def select_top(
    forecast: Forecast, layer: AreaLayer, choice: TopCells, incumbents: Incumbents | None = None
) -> dict[str, Boxes]:
    """Return each area's ``choose_cells`` as boxes; rank ranges stand at the rank itself until resampled."""
    chosen = choose_cells(forecast, layer, choice, incumbents)
    return {area_id: boxes_of_cells(forecast, area_id, cells, choice.count) for area_id, cells in chosen.items()}


def boxes_of_cells(forecast: Forecast, area_id: str, cells: NDArray[np.int64], count: int) -> Boxes:
    """Return cells, in order of rank, as boxes; the first ``count`` are chosen."""
    squares = forecast.grid.squares(cells)
    rank = np.arange(1, cells.size + 1, dtype=np.int32)
    table = pl.DataFrame(
        {
            "rank": rank,
            "x_min": squares.x_min,
            "y_min": squares.y_min,
            "expected_count": forecast.expected[cells],
            "rank_low": rank,
            "rank_high": rank,
            "is_chosen": rank <= count,
        },
        schema=BOX_SCHEMA,
    )
    return Boxes(
        area_id, forecast.bundle, forecast.period, forecast.cutoff, forecast.model, forecast.grid.cell_size_m, table
    )
