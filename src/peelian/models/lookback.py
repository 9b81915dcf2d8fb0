"""What was at hand on each past day: kernel rates at the places of later events, one day at a time.

The kernel mixture and the self-exciting model learn from these. For every training event and every kernel
(reach in space x memory in time x kind of source) this gives the rate that the kernel would have expected
there that day from earlier days only. Nothing of the day itself or after it enters: a leak here would
make every score a lie.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.models.ladder import KernelLadder, Reach
from peelian.models.record import Record
from peelian.models.sources import DecayedSources
from peelian.places.regions import Region


@dataclass(frozen=True, slots=True, eq=False)
class Lookback:
    """Training events and what each kernel expected of them.

    ``own`` (n_events, n_classes, n_bandwidths, n_half_lives), ``spots`` (n_events, n_spot_classes, n_spot_bandwidths,
    n_half_lives) and ``others`` (n_events, n_others, n_other_bandwidths, n_other_half_lives) are rates per cell and
    step; ``own_exposure``, ``spots_exposure`` and ``others_exposure`` the same summed over the region and the
    training steps; ``weight`` (n_events,) what each event counts for; ``steps`` the training steps.
    """

    own: NDArray[np.float64]
    spots: NDArray[np.float64]
    others: NDArray[np.float64]
    own_exposure: NDArray[np.float64]
    spots_exposure: NDArray[np.float64]
    others_exposure: NDArray[np.float64]
    weight: NDArray[np.float64]
    steps: int


def look_back(
    record: Record,
    region: Region,
    ladder: KernelLadder,
    training: NDArray[np.int64],
    receptivity: NDArray[np.float64] | None = None,
) -> Lookback:
    """Return the kernels' rates at the own events of the ``training`` ages (whole steps back, without gaps).

    Each training day sees the events of greater age only. Events come back oldest first, those of a day in
    the record's order. ``receptivity`` (n_cells,) is what receptive reaches receive by.
    """
    oldest, newest = int(training.max()), int(training.min())
    sources = DecayedSources(record, region, ladder, oldest, receptivity)
    # Without other types there is nothing to read for them.
    other_reaches = ladder.other_reaches if record.others else ()
    n_own = ladder.n_classes * len(ladder.half_lives)
    n_classed = n_own + ladder.n_spot_classes * len(ladder.half_lives)
    read: dict[Reach, list[NDArray[np.float64]]] = {
        r: [] for r in sorted({*ladder.reaches, *ladder.spot_reaches, *other_reaches})
    }
    weights = []
    exposure = np.zeros(sources.total.size)
    order = np.argsort(-record.age, kind="stable")
    bounds = np.searchsorted(-record.age[order], -np.arange(oldest + 1, newest - 1, -1), side="right")
    sources.add(order[: bounds[0]])
    for number, age in enumerate(range(oldest, newest - 1, -1)):
        today = order[bounds[number] : bounds[number + 1]]
        fade = _fade(ladder, len(record.others), oldest - age, record.steps - 1 - age)
        # Everything a kernel sends stays within the region, so its sum over the region is its sum over sources.
        exposure += sources.total * fade
        own = today[record.kind[today] == 0]
        if own.size:
            for reach, rows in read.items():
                rows.append(sources.rates_at(reach, record.cell[own]) * fade)
            weights.append(record.weight[own])
        sources.add(today)
    rates = {r: np.concatenate(rows) if rows else np.empty((0, fade.size)) for r, rows in read.items()}
    own_shape = (ladder.n_classes, len(ladder.half_lives))
    spot_shape = (ladder.n_spot_classes, len(ladder.half_lives))
    other_shape = (len(record.others), len(ladder.other_half_lives))
    n = sum(rows.size for rows in weights)
    own_rates = [rates[r][:, :n_own].reshape(n, *own_shape) for r in ladder.reaches]
    spot_rates = [rates[r][:, n_own:n_classed].reshape(n, *spot_shape) for r in ladder.spot_reaches]
    other_rates = [rates[r][:, n_classed:].reshape(n, *other_shape) for r in other_reaches]
    nothing = np.zeros((n, other_shape[0], len(ladder.other_reaches), other_shape[1]))
    return Lookback(
        np.stack(own_rates, axis=2),
        np.stack(spot_rates, axis=2) if spot_rates else np.zeros((n, 0, 0, len(ladder.half_lives))),
        np.stack(other_rates, axis=2) if other_rates else nothing,
        np.repeat(exposure[:n_own].reshape(own_shape)[:, None], len(ladder.reaches), axis=1),
        np.repeat(exposure[n_own:n_classed].reshape(spot_shape)[:, None], len(ladder.spot_reaches), axis=1),
        np.repeat(exposure[n_classed:].reshape(other_shape)[:, None], len(ladder.other_reaches), axis=1),
        np.concatenate(weights) if weights else np.empty(0),
        oldest - newest + 1,
    )


def _fade(ladder: KernelLadder, n_others: int, since: int, steps: int) -> NDArray[np.float64]:
    """By how much the sources, held as of the origin, count ``since`` steps later; (n_columns,)."""
    own = 2.0 ** (-since / np.asarray(ladder.half_lives)) / ladder.span(ladder.half_lives, steps)
    other = 2.0 ** (-since / np.asarray(ladder.other_half_lives)) / ladder.span(ladder.other_half_lives, steps)
    return np.concatenate([np.tile(own, ladder.n_classes + ladder.n_spot_classes), np.tile(other, n_others)])
