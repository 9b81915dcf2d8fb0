"""Memories: how much of the past is still felt in each cell, by how fast it is forgotten. A map needs no more of it.

Events of one cell, age and type count alike in every forecast. Summed by cell once, they serve all models that look at
the same history.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.models.ladder import KernelLadder
from peelian.models.record import Record


@dataclass(frozen=True, slots=True, eq=False)
class Memories:
    """Decayed counts as of the step after the record, in the cells where anything is on record.

    ``cells`` (n_active,); ``own`` (n_half_lives, n_active) of the bundle's own events by weight, ``others`` (n_others,
    n_other_half_lives, n_active) of the other types; ``own_events`` (n_active,) counts own events one by one.
    ``spots`` (n_spot_classes, n_half_lives, n_active) are the own ones parted by the class of their very point.
    """

    cells: NDArray[np.int64]
    own: NDArray[np.float64]
    others: NDArray[np.float64]
    own_events: NDArray[np.float64]
    spots: NDArray[np.float64]


def memories(record: Record, n_cells: int, ladder: KernelLadder) -> Memories:
    """Return the memories of a record by the ladder's half-lives: each event counts ``2^(-(age + 1) / h)``."""
    half_lives, other_half_lives = ladder.half_lives, ladder.other_half_lives
    is_active = np.bincount(record.cell, minlength=n_cells) > 0
    cells = np.flatnonzero(is_active)
    slot = (np.cumsum(is_active) - 1)[record.cell]
    age = np.arange(1, max(record.steps, 1) + 1)
    is_own = record.kind == 0
    own, other = np.flatnonzero(is_own), np.flatnonzero(~is_own)
    own_slot, own_age, own_weight = slot[own], record.age[own], record.weight[own]
    faded = [(2.0 ** (-age / h))[own_age] * own_weight for h in half_lives]
    felt = [np.bincount(own_slot, weight, minlength=cells.size) for weight in faded]
    # One count over (type, cell) for all other types together.
    n_others = len(record.others)
    place, other_age = (record.kind[other] - 1) * cells.size + slot[other], record.age[other]
    others = [
        np.bincount(place, (2.0 ** (-age / h))[other_age], minlength=n_others * cells.size) for h in other_half_lives
    ]
    by_type = np.stack(others).astype(np.float64).reshape(len(other_half_lives), n_others, cells.size)
    own_events = np.bincount(own_slot, minlength=cells.size).astype(np.float64)
    spots = np.zeros((0, len(half_lives), cells.size))
    if ladder.spot_reaches:
        spot = np.unique(record.spot[own], return_inverse=True)[1]
        of_class = ladder.classes(np.bincount(spot).astype(np.float64))[spot]
        at, n_places = of_class * cells.size + own_slot, ladder.n_spot_classes * cells.size
        felt_at = [np.bincount(at, weight, minlength=n_places) for weight in faded]
        parted = np.stack(felt_at).astype(np.float64).reshape(len(half_lives), ladder.n_spot_classes, cells.size)
        spots = parted.swapaxes(0, 1)
    return Memories(cells, np.stack(felt), by_type.swapaxes(0, 1), own_events, spots)
