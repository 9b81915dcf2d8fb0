"""What a kernel mixture learns: how much each of its kernels weighs, by what came true on the training days.

Knows the past alone, and no forecast: ``mixture`` puts the weights to work.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.models.kernels import CellKernel
from peelian.models.ladder import KernelLadder
from peelian.models.lookback import look_back
from peelian.models.mixing import GammaPrior, Patience, poisson_weights
from peelian.models.record import Record
from peelian.places.regions import Region


@dataclass(frozen=True, slots=True)
class Lessons:
    """Which days to learn from, and how many events the prior is worth; see ``mixture.KernelMixture``."""

    training_steps: int
    least_events: int
    most_events: int
    burn_in_steps: int
    prior_events: float


@dataclass(frozen=True, slots=True, eq=False)
class MixtureWeights:
    """Shares of the expected total: ``own`` (class, bandwidth, half-life), ``spots`` likewise, ``others`` (type, ...).

    ``even`` is events per step over the whole region, at the level learned.
    """

    own: NDArray[np.float64]
    spots: NDArray[np.float64]
    others: NDArray[np.float64]
    even: float
    training_events: int


def learn(
    lessons: Lessons,
    record: Record,
    region: Region,
    ladder: KernelLadder,
    kernels: tuple[CellKernel, ...],
) -> MixtureWeights:
    """Return the weights that make the events of the training days most likely; the prior's where there is none."""
    shape_own = (ladder.n_classes, len(ladder.reaches), len(ladder.half_lives))
    shape_spots = (ladder.n_spot_classes, len(ladder.spot_reaches), len(ladder.half_lives))
    shape_others = (len(record.others), len(ladder.other_reaches), len(ladder.other_half_lives))
    n_own, n_spots, n_others = (int(np.prod(shape)) for shape in (shape_own, shape_spots, shape_others))
    own = record.kind == 0
    level = float(record.weight[own].sum()) / max(record.steps, 1)
    # Until taught otherwise: nine tenths from the own past, all kernels alike (classes part the sources,
    # so each class has the whole weight; by cells and by points half and half), a tenth from even ground, nothing
    # from other types.
    share = 0.45 if n_spots else 0.9
    ways = [(n, s) for n, s in ((n_own, shape_own), (n_spots, shape_spots)) if n]
    held = np.concatenate(
        [np.full(n, share / (s[1] * s[2])) for n, s in ways] + [np.zeros(n_others), [max(0.1 * level, 1e-12)]]
    )
    events = lessons.prior_events * np.concatenate(
        [np.full(n, share / n) for n, _ in ways] + [np.zeros(n_others), [0.1]]
    )
    prior = GammaPrior(events, np.where(held > 0, events / np.where(held > 0, held, 1.0), 0.0))
    training = _training_ages(lessons, record)
    if not np.isin(record.age[own], training).any():
        return _weights(held, shape_own, shape_spots, shape_others, 0)
    seen = look_back(record, region, ladder, training, kernels)
    n = seen.weight.size
    rates = np.concatenate(
        [part.reshape(n, -1) for part in (seen.own, seen.spots, seen.others)]
        + [np.full((n, 1), 1.0 / region.n_inside)],
        axis=1,
    )
    exposed = (seen.own_exposure, seen.spots_exposure, seen.others_exposure, np.array([float(seen.steps)]))
    exposure = np.concatenate([part.ravel() for part in exposed])
    fitted = poisson_weights(rates, exposure, seen.weight, prior, Patience(200, 2e-6))
    return _weights(fitted, shape_own, shape_spots, shape_others, n)


def _weights(
    flat: NDArray[np.float64],
    own: tuple[int, ...],
    spots: tuple[int, ...],
    others: tuple[int, ...],
    training_events: int,
) -> MixtureWeights:
    n_own, n_spots = int(np.prod(own)), int(np.prod(spots))
    parts = np.split(flat, [n_own, n_own + n_spots, flat.size - 1])
    return MixtureWeights(
        parts[0].reshape(own), parts[1].reshape(spots), parts[2].reshape(others), float(flat[-1]), training_events
    )


def _training_ages(lessons: Lessons, record: Record) -> NDArray[np.int64]:
    """Ages (steps back) to learn from: the latest, as many as the events ask for, after the burn-in."""
    own = np.sort(record.age[record.kind == 0])
    longest = record.steps - min(lessons.burn_in_steps, record.steps // 2)
    if own.size == 0 or longest < 1:
        return np.empty(0, dtype=np.int64)
    holds_enough = int(own[lessons.least_events - 1]) + 1 if own.size >= lessons.least_events else longest
    wanted = max(lessons.training_steps, holds_enough)
    if own.size > lessons.most_events:
        wanted = min(wanted, int(own[lessons.most_events - 1]) + 1)
    return np.arange(min(wanted, longest))
