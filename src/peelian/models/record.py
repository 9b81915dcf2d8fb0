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


def read_record(
    history: Events, bundle: Bundle, region: Region, anchor: Anchor, step_days: float, others: tuple[str, ...]
) -> Record:
    """Return the record of the bundle and of the ``others`` types, as known at the history's cutoff.

    An event of unknown hour stands at the middle of its span. Events after the record's end or outside
    the region are left out. The record begins with the oldest event of any type.
    """
    window = Window(_ALL, anchor)
    end = window.end(history)
    # Half-open: an event at the very cutoff belongs to the period that begins there.
    age_days = history.age_days(end)
    codes, names = history.type_codes
    kinds = dict.fromkeys(bundle.crime_types, 0)
    kinds |= {crime_type: number for number, crime_type in enumerate(others, start=1)}
    of_code = np.array([kinds.get(name, -1) for name in names], dtype=np.int64)
    kind = of_code[codes] if names else np.empty(0, dtype=np.int64)
    cell = history.cells(region.grid)
    kept = np.flatnonzero((kind >= 0) & (age_days > 0) & (cell >= 0))
    kept = kept[region.is_inside[cell[kept]]]
    own = kind[kept] == 0
    weight = np.ones(kept.size)
    if not bundle.counts_events:
        weight = np.where(own, bundle.weights_of(history)[kept], 1.0)
    steps = int(np.ceil(window.days_on_record(history) / step_days - 1e-9)) if len(history) else 0
    age = np.ceil(age_days[kept] / step_days - 1e-12).astype(np.int64) - 1
    age = np.clip(age, 0, max(steps - 1, 0))
    return Record(cell[kept], age, kind[kept], weight, kept, history.spots[kept], others, steps)


def most_frequent_types(history: Events, bundle: Bundle, most: int, least_events: int) -> tuple[str, ...]:
    """Return the other crime types with the most events, at least ``least_events``; equal ones by name."""
    codes, names = history.type_codes
    counted = np.bincount(codes, minlength=len(names)).tolist()
    rows = sorted((-n, name) for n, name in zip(counted, names, strict=True) if name not in bundle.crime_types and n)
    return tuple(name for n, name in rows if -n >= least_events)[:most]
