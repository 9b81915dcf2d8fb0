"""What happened: the events of one bundle, ready to be cut into periods quickly and placed in areas."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.errors import EvaluationError
from peelian.evaluation.ground import Ground
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.places.periods import Period


@dataclass(frozen=True, slots=True, eq=False)
class Fallen:
    """The events of one period: where, in which cell and area, and how much of one each counts; all (n_events,).

    ``weight`` is the aoristic share in the period times the bundle's weight. ``outside`` is what fell in no area.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cell: NDArray[np.int64]
    area: NDArray[np.int64]
    weight: NDArray[np.float64]
    outside: float


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """All events of one bundle as they are known now, in order of their beginning."""

    events: Events
    weight: NDArray[np.float64]
    cell: NDArray[np.int64]
    area: NDArray[np.int64]
    begins_us: NDArray[np.int64]
    longest_us: int

    @classmethod
    def of(cls, events: Events, bundle: Bundle, ground: Ground) -> "Outcomes":
        """Return the outcomes of a bundle among the events known.

        Raises
        ------
        EvaluationError
            When events and ground are in different coordinates.
        """
        if events.crs != ground.grid.crs:
            raise EvaluationError(f"events are in {events.crs}, the areas in {ground.grid.crs}; project one of them.")
        own = bundle.select(events)
        cell, area = ground.area_of(own.x, own.y)
        begins = own.table.get_column("occurred_from").dt.epoch("us").to_numpy()
        ends = own.table.get_column("occurred_to").dt.epoch("us").to_numpy()
        longest = int((ends - begins).max(initial=0))
        return cls(own, bundle.weights_of(own), cell, area, begins, longest)

    def during(self, period: Period) -> Fallen:
        """Return what fell in the period."""
        start, end = (round(at.timestamp() * 1_000_000) for at in (period.start, period.end))
        first = int(np.searchsorted(self.begins_us, start - self.longest_us, side="left"))
        last = int(np.searchsorted(self.begins_us, end, side="left"))
        ends = self.events.table.get_column("occurred_to").slice(first, last - first).dt.epoch("us").to_numpy()
        begins = self.begins_us[first:last]
        span = ends - begins
        shared = (np.minimum(ends, end) - np.maximum(begins, start)) / np.where(span > 0, span, 1)
        share = np.where(span > 0, np.clip(shared, 0.0, 1.0), (begins >= start).astype(np.float64))
        weight = share * self.weight[first:last]
        kept = (weight > 0) & (self.area[first:last] >= 0)
        chosen = np.flatnonzero(kept) + first
        return Fallen(
            self.events.x[chosen],
            self.events.y[chosen],
            self.cell[chosen],
            self.area[chosen],
            weight[kept],
            float(weight[~kept].sum()),
        )
