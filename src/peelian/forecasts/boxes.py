"""Boxes: the squares chosen for one area, bundle and period, and how firmly each holds its place."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.places.periods import Period
from peelian.places.squares import Squares

#: ``rank_low``..``rank_high`` is the 80 % range of the rank over resamples; rows past ``count`` were nearly chosen.
BOX_SCHEMA = pl.Schema(
    {
        "rank": pl.Int32(),
        "x_min": pl.Float64(),
        "y_min": pl.Float64(),
        "expected_count": pl.Float64(),
        "rank_low": pl.Int32(),
        "rank_high": pl.Int32(),
        "is_chosen": pl.Boolean(),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Rows in order of rank, rank 1 highest; ``is_chosen`` marks the boxes given to patrol."""

    area_id: str
    bundle: Bundle
    period: Period
    cutoff: datetime
    model: str
    size_m: float
    table: pl.DataFrame

    def __post_init__(self) -> None:
        """Refuse a table of another shape, or ranks that are not 1, 2, 3 ..."""
        if self.table.schema != BOX_SCHEMA:
            raise ForecastError(f"boxes with columns {self.table.schema}; wanted {BOX_SCHEMA}.")
        if self.table.get_column("rank").to_list() != list(range(1, self.table.height + 1)):
            raise ForecastError(
                f"boxes of {self.area_id}: ranks {self.table.get_column('rank').to_list()}; wanted 1, 2, 3 ..."
            )

    def __len__(self) -> int:
        """Number of chosen boxes."""
        return self.chosen.height

    @property
    def chosen(self) -> pl.DataFrame:
        """The rows given to patrol."""
        return self.table.filter("is_chosen")

    @property
    def nearly_chosen(self) -> pl.DataFrame:
        """The rows next in line, shown but given to nobody."""
        return self.table.filter(~pl.col("is_chosen"))

    @property
    def squares(self) -> Squares:
        """The chosen boxes as squares, in order of rank."""
        return _squares(self.chosen, self.size_m)

    @property
    def all_squares(self) -> Squares:
        """Chosen and nearly chosen boxes as squares, in order of rank."""
        return _squares(self.table, self.size_m)

    @property
    def is_firm(self) -> NDArray[np.bool_]:
        """Which chosen boxes keep a place among the chosen over their whole rank range; (n_chosen,)."""
        return (self.chosen.get_column("rank_high") <= len(self)).to_numpy()

    @property
    def expected_total(self) -> float:
        """Expected (weighted) events in the chosen boxes together."""
        return float(self.chosen.get_column("expected_count").sum())

    @property
    def area_m2(self) -> float:
        """Area of the chosen boxes in square metres; boxes of one choice do not overlap."""
        return len(self) * self.size_m**2


def _squares(table: pl.DataFrame, size_m: float) -> Squares:
    return Squares(table.get_column("x_min").to_numpy(), table.get_column("y_min").to_numpy(), size_m)
