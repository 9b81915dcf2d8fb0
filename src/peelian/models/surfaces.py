"""Surfaces of the past, one day at a time: decayed counts on every cell, for models that look at whole maps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.models.kernels import CellKernel
from peelian.models.ladder import memory_span
from peelian.models.record import Record
from peelian.places.regions import Region


@dataclass(frozen=True, slots=True, eq=False)
class SurfacePlan:
    """Which surfaces there are: rates per step, on the cells inside the region.

    ``half_lives`` (steps) of the own type, one ``other_half_life`` for each other type, and the
    ``kernels`` by which each is also spread.
    """

    region: Region
    half_lives: tuple[float, ...]
    other_half_life: float
    kernels: tuple[CellKernel, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns of ``surfaces_at`` are, for one other type."""
        spread = ("own cell", *(f"within {kernel.bandwidth_m:g} m" for kernel in self.kernels))
        return tuple(f"half-life {h:g}, {s}" for s in spread for h in self.half_lives)

    def n_surfaces(self, n_others: int) -> int:
        """Return how many columns ``surfaces_at`` gives where there are so many other types."""
        return (len(self.half_lives) + n_others) * (1 + len(self.kernels)) + 1

    def surfaces_at(self, record: Record, age: int) -> NDArray[np.float64]:
        """Return the surfaces as they stood before the step of that age; (n_inside, n_surfaces).

        Only events of greater age are seen. Columns: for the cell itself and each kernel, the own
        type by half-life, then the other types; last the own type's all-time count.
        """
        seen = record.age > age
        steps = np.array([record.steps - 1 - age])
        inside = np.flatnonzero(self.region.is_inside)
        n_cells = self.region.grid.n_cells
        own = seen & (record.kind == 0)
        since = (record.age - age)[own]
        span = memory_span(self.half_lives, steps)[0]
        sources = [
            np.bincount(record.cell[own], 2.0 ** (-since / h) * record.weight[own], minlength=n_cells) / n
            for h, n in zip(self.half_lives, span, strict=True)
        ]
        other_span = memory_span((self.other_half_life,), steps)[0, 0]
        for number in range(1, len(record.others) + 1):
            of_type = seen & (record.kind == number)
            fade = 2.0 ** (-(record.age - age)[of_type] / self.other_half_life)
            sources.append(np.bincount(record.cell[of_type], fade, minlength=n_cells) / other_span)
        columns = [source[inside] for source in sources]
        for kernel in self.kernels:
            columns += [kernel.spread(source.astype(np.float64))[inside] for source in sources]
        columns.append(np.bincount(record.cell[own], minlength=n_cells)[inside].astype(np.float64))
        return np.column_stack(columns)
