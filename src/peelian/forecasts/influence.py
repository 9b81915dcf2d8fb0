"""Influence: how much of each square's expected count each past event makes. The source of "why this box"."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from peelian.errors import ForecastError
from peelian.events.events import Events
from peelian.places.squares import Squares

#: One row a part of one square's expected count; the parts of a square add up to it.
CONTRIBUTION_SCHEMA = pl.Schema(
    {
        "square": pl.Int64(),
        "event_id": pl.String(),  # null for the part that no single event makes
        "crime_type": pl.String(),
        "occurred_from": pl.Datetime("us", "UTC"),
        "age_days": pl.Float64(),
        "distance_m": pl.Float64(),
        "x": pl.Float64(),
        "y": pl.Float64(),
        "expected_count": pl.Float64(),
        "share": pl.Float64(),
    }
)
Contributions = pl.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """``matrix[s, e]`` is what event ``e`` adds to the expected count of square ``s``; ``constant[s]`` the rest.

    ``events`` are the columns. Where ``is_exact``, row sums plus constant ARE the model's expected
    counts (additive models); otherwise they approximate it and every door must say so.
    """

    squares: Squares
    events: Events
    matrix: csr_array
    constant: NDArray[np.float64]
    is_exact: bool = True

    def __post_init__(self) -> None:
        """Refuse shapes that do not belong together."""
        wanted = (len(self.squares), len(self.events))
        if self.matrix.shape != wanted or self.constant.shape != wanted[:1]:
            raise ForecastError(
                f"influence of shape {self.matrix.shape} with constants {self.constant.shape}; wanted {wanted}."
            )

    def on(self, rows: NDArray[np.int64]) -> "Influence":
        """Return the influence on the squares in these rows, in the order asked for."""
        matrix = csr_array(self.matrix[rows])
        return Influence(self.squares[rows], self.events, matrix, self.constant[rows], self.is_exact)

    @property
    def expected(self) -> NDArray[np.float64]:
        """Expected count of each square, (n_squares,)."""
        return np.asarray(self.matrix.sum(axis=1)).ravel() + self.constant

    def contributions(self) -> Contributions:
        """Return each square's parts as a table, largest first within a square (ties: older event id first).

        Distance is from the square's centre to the event; ``share`` of a square's parts sums to one.
        A square of which nothing is expected has no rows.
        """
        parts = self.matrix.tocoo()
        kept = parts.data > 0
        square, column, value = parts.coords[0][kept], parts.coords[1][kept], parts.data[kept]
        centre_x, centre_y = self.squares.centres
        table = self.events.table
        age = self.events.age_days(self.events.known_at)
        rows = pl.DataFrame(
            {
                "square": square.astype(np.int64),
                "event_id": table.get_column("event_id").gather(column),
                "crime_type": table.get_column("crime_type").gather(column),
                "occurred_from": table.get_column("occurred_from").gather(column),
                "age_days": age[column],
                "distance_m": np.hypot(
                    self.events.x[column] - centre_x[square], self.events.y[column] - centre_y[square]
                ),
                "x": self.events.x[column],
                "y": self.events.y[column],
                "expected_count": value,
            }
        )
        rest = np.flatnonzero(self.constant > 0)
        rest_rows = pl.DataFrame({"square": rest.astype(np.int64), "expected_count": self.constant[rest]})
        both = pl.concat([rows, rest_rows], how="diagonal")
        total = self.expected
        return (
            both.with_columns(pl.Series("share", both.get_column("expected_count").to_numpy() / total[both["square"]]))
            .sort(["square", "expected_count", "event_id"], descending=[False, True, False], nulls_last=True)
            .select([pl.col(name).cast(dtype) for name, dtype in CONTRIBUTION_SCHEMA.items()])
        )
