"""The grid: squares laid on whole multiples of the cell size, so that grids nest; shifted only to ask what it is worth.

Not for polygons (``areas``) and not for boxes that float off the grid (``squares``).
"""

from dataclasses import dataclass
from typing import NewType

import numpy as np
from numpy.typing import NDArray

from peelian.errors import PlaceError
from peelian.places.squares import Squares

CellId = NewType("CellId", int)

#: A grid larger than this is a stray point, not a force: Great Britain whole is 13 million.
MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class Grid:
    """A rectangle of cells; cell id = row * n_columns + column, row 0 in the south.

    ``column_min`` and ``row_min`` count whole cells from the origin of the CRS: the
    south-west corner is ``(column_min * cell_size_m, row_min * cell_size_m)``; they are
    whole but for a grid that is ``shifted``. Cells are half-open: an event on a shared
    edge belongs to the eastern or northern cell.
    """

    crs: str
    cell_size_m: float
    column_min: float
    row_min: float
    n_columns: int
    n_rows: int

    def __post_init__(self) -> None:
        """Refuse a grid without cells, or with so many that a stray point must be behind it."""
        if not (np.isfinite(self.cell_size_m) and self.cell_size_m > 0):
            raise PlaceError(f"cell_size_m = {self.cell_size_m!r}: a cell size is a positive number of metres.")
        if self.n_columns < 1 or self.n_rows < 1:
            raise PlaceError(f"a grid of {self.n_columns} x {self.n_rows} cells has none; give it at least one.")
        if self.n_columns * self.n_rows > MOST_CELLS:
            raise PlaceError(
                f"a grid of {self.n_columns:,} x {self.n_rows:,} cells of {self.cell_size_m:g} m is larger than "
                f"{MOST_CELLS:,} cells: look for a stray point far from the others, or a wrong CRS."
            )

    @classmethod
    def covering(cls, crs: str, cell_size_m: float, bounds: tuple[float, float, float, float]) -> "Grid":
        """Return the smallest grid whose cells hold every point of ``(x_min, y_min, x_max, y_max)``.

        Raises
        ------
        PlaceError
            When the bounds are not finite, reversed, or would need more than ``MOST_CELLS`` cells.
        """
        x_min, y_min, x_max, y_max = bounds
        if not np.isfinite(bounds).all() or x_max < x_min or y_max < y_min:
            raise PlaceError(f"bounds {bounds} are not a rectangle in metres (x_min, y_min, x_max, y_max).")
        column_min, row_min = int(np.floor(x_min / cell_size_m)), int(np.floor(y_min / cell_size_m))
        column_max, row_max = int(np.floor(x_max / cell_size_m)), int(np.floor(y_max / cell_size_m))
        return cls(crs, cell_size_m, column_min, row_min, column_max - column_min + 1, row_max - row_min + 1)

    def shifted(self, east: float, north: float) -> "Grid":
        """Return a grid over the same ground, its lines these parts of a cell (0 up to 1) further east and north.

        It has a column or a row more where its lines leave this one's, for it begins less than a cell before.
        """
        if not (east or north):
            return self
        wider, taller = int(east > 0), int(north > 0)
        return Grid(
            self.crs,
            self.cell_size_m,
            self.column_min - wider + east,
            self.row_min - taller + north,
            self.n_columns + wider,
            self.n_rows + taller,
        )

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self.n_columns * self.n_rows

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a surface on the grid: (n_rows, n_columns); row 0 is the southernmost."""
        return self.n_rows, self.n_columns

    @property
    def cell_area_m2(self) -> float:
        """Area of one cell in square metres."""
        return self.cell_size_m**2

    def cell_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the cell id of each point, -1 where the point lies outside the grid; shape of ``x``."""
        # The shift is taken off before the whole cells, so that a line between two cells is where it is for all.
        column = np.floor(np.asarray(x) / self.cell_size_m - self.column_min % 1) - self.column_min // 1
        row = np.floor(np.asarray(y) / self.cell_size_m - self.row_min % 1) - self.row_min // 1
        inside = (column >= 0) & (column < self.n_columns) & (row >= 0) & (row < self.n_rows)
        cell = np.where(inside, row, 0).astype(np.int64) * self.n_columns + np.where(inside, column, 0).astype(np.int64)
        return np.where(inside, cell, -1)

    def columns_and_rows(self, cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (columns, rows) of the cells, counted from the grid's own south-west corner."""
        return cells % self.n_columns, cells // self.n_columns

    def centres(self, cells: NDArray[np.int64] | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (x, y) in metres of the centres of ``cells`` (of all cells when not given)."""
        columns, rows = self.columns_and_rows(np.arange(self.n_cells) if cells is None else cells)
        x = np.asarray((columns + self.column_min + 0.5) * self.cell_size_m, dtype=np.float64)
        return x, np.asarray((rows + self.row_min + 0.5) * self.cell_size_m, dtype=np.float64)

    def squares(self, cells: NDArray[np.int64]) -> Squares:
        """Return the cells as squares, in the order given."""
        columns, rows = self.columns_and_rows(np.asarray(cells, dtype=np.int64))
        x_min = np.asarray((columns + self.column_min) * self.cell_size_m, dtype=np.float64)
        y_min = np.asarray((rows + self.row_min) * self.cell_size_m, dtype=np.float64)
        return Squares(x_min, y_min, self.cell_size_m)

    def nested(self, factor: int) -> "Grid":
        """Return the grid of the same rectangle whose cells are ``factor`` times smaller.

        Raises
        ------
        PlaceError
            When ``factor`` is below 1.
        """
        if factor < 1:
            raise PlaceError(f"factor = {factor}: cells nest by whole numbers from 1 up.")
        return Grid(
            self.crs,
            self.cell_size_m / factor,
            self.column_min * factor,
            self.row_min * factor,
            self.n_columns * factor,
            self.n_rows * factor,
        )

    def parent_cells(self, factor: int) -> NDArray[np.int64]:
        """Return, for every cell of ``nested(factor)``, the id of the cell of this grid that holds it."""
        rows, columns = np.divmod(np.arange(self.n_cells * factor**2), self.n_columns * factor)
        return np.asarray((rows // factor) * self.n_columns + columns // factor)
