"""The record as a learner sees it: each event's cell, whole steps of age, crime type and weight."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.models.windows import Anchor, Window
from peelian.places.regions import Region

#: A window longer than any record, to ask where the record ends.
_ALL = 36_525.0


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Events inside the region, one row each, all (n_events,); rows keep the order of the history.

    ``age`` counts whole steps back from the end of the record: 0 for the last step before it. ``kind``
    is 0 for the bundle's own events and 1, 2 ... for the other crime types in ``others``.
    ``steps`` is how many steps the record covers, ``index`` each row's place in the history, ``spot`` its very point.
    """

    cell: NDArray[np.int64]
    age: NDArray[np.int64]
    kind: NDArray[np.int64]
    weight: NDArray[np.float64]
    index: NDArray[np.int64]
    spot: NDArray[np.int64]
    others: tuple[str, ...]
    steps: int

    def lately(self, steps: int) -> tuple[float, float]:
        """Return what the own events of the last ``steps`` weigh together, and what one of all weighs on average."""
        own = np.flatnonzero(self.kind == 0)
        weight = self.weight[own]
        return float(weight[self.age[own] < steps].sum()), float(weight.mean()) if own.size else 0.0


def read_record(
    history: Events, bundle: Bundle, region: Region, anchor: Anchor, step_days: float, others: tuple[str, ...]
) -> Record:
    """Return the record of the bundle and of the ``others`` types, as known at the history's cutoff.

    Read once of a history for all who ask alike. An event of unknown hour stands at the middle of its span. Events
    after the record's end or outside the region are left out. The record begins with the oldest event of any type.
    """
    asked = ("record", bundle, region, anchor, step_days, others)
    return history.once(asked, lambda: _read(history, bundle, region, anchor, step_days, others))


def _read(
    history: Events, bundle: Bundle, region: Region, anchor: Anchor, step_days: float, others: tuple[str, ...]
) -> Record:
    whole = history.once(("ages", region, anchor, step_days), lambda: _ages(history, region, anchor, step_days))
    codes, names = history.type_codes
    kinds = dict.fromkeys(bundle.crime_types, 0)
    kinds |= {crime_type: number for number, crime_type in enumerate(others, start=1)}
    of_code = np.array([*(kinds.get(name, -1) for name in names), -1], dtype=np.int64)
    kind = of_code[codes[whole.index]]
    cell, age, index = whole.cell, whole.age, whole.index
    wanted = kind >= 0
    if not wanted.all():
        rows = np.flatnonzero(wanted)
        kind, cell, age, index = kind[rows], cell[rows], age[rows], index[rows]
    weight = np.ones(index.size)
    if not bundle.counts_events:
        weight = np.where(kind == 0, bundle.weights_of(history)[index], 1.0)
    return Record(cell, age, kind, weight, index, history.spots[index], others, whole.steps)


@dataclass(frozen=True, slots=True, eq=False)
class _Ages:
    """Cell and age of all events inside the region, whatever their type, and each one's place in the history."""

    cell: NDArray[np.int64]
    age: NDArray[np.int64]
    index: NDArray[np.int64]
    steps: int


def _ages(history: Events, region: Region, anchor: Anchor, step_days: float) -> _Ages:
    window = Window(_ALL, anchor)
    # Half-open: an event at the very cutoff belongs to the period that begins there.
    age_days = history.age_days(window.end(history))
    cell = history.cells(region.grid)
    index = np.flatnonzero((age_days > 0) & (cell >= 0) & region.is_inside[cell])
    steps = int(np.ceil(window.days_on_record(history) / step_days - 1e-9)) if len(history) else 0
    age = np.ceil(age_days[index] / step_days - 1e-12).astype(np.int64) - 1
    return _Ages(cell[index], np.clip(age, 0, max(steps - 1, 0)), index, steps)


def most_frequent_types(history: Events, bundle: Bundle, most: int, least_events: int) -> tuple[str, ...]:
    """Return the other crime types with the most events, at least ``least_events``; equal ones by name."""
    codes, names = history.type_codes
    counted = np.bincount(codes, minlength=len(names)).tolist()
    rows = sorted((-n, name) for n, name in zip(counted, names, strict=True) if name not in bundle.crime_types and n)
    return tuple(name for n, name in rows if -n >= least_events)[:most]
