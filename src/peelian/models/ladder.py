"""The ladder of kernels: which reaches in space, which memories in time, and how a memory fades."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.events.events import Events
from peelian.places.periods import Period


@dataclass(frozen=True, slots=True, order=True)
class Reach:
    """One kernel in space: a Gaussian of ``bandwidth_m``; where receptive, cells receive by their receptivity."""

    bandwidth_m: float
    is_receptive: bool = False


def plain(*bandwidths_m: float) -> tuple[Reach, ...]:
    """Return the reaches of these bandwidths, all cells receiving alike."""
    return tuple(Reach(bandwidth) for bandwidth in bandwidths_m)


@dataclass(frozen=True, slots=True)
class KernelLadder:
    """Which kernels there are: reaches in space; memories as half-lives in steps, infinity for "all history".

    ``other_reaches`` and ``other_half_lives`` serve the other crime types, which need fewer.
    ``class_edges`` part the sources by how many own events their cell has had: below the first edge,
    between the first two, and so on. A place with many events deserves to be taken at its word, one with
    a single event to be shared with its surroundings; one linear weight cannot say both. With ``spot_reaches`` each
    own event also sends through those by the class of its very point: ten thefts at one shop are not ten in a street.

    A decayed count is divided by its span to give a rate per step; with ``per_event`` by the span of an
    endless record instead, so that each event sends out one event in all: a triggering density.
    """

    reaches: tuple[Reach, ...]
    half_lives: tuple[float, ...]
    other_reaches: tuple[Reach, ...]
    other_half_lives: tuple[float, ...]
    class_edges: tuple[float, ...]
    per_event: bool = False
    spot_reaches: tuple[Reach, ...] = ()

    @property
    def n_classes(self) -> int:
        """Number of classes of own sources."""
        return len(self.class_edges) + 1

    @property
    def n_spot_classes(self) -> int:
        """Number of classes of points; none where no reach goes by them."""
        return self.n_classes if self.spot_reaches else 0

    def span(self, half_lives: tuple[float, ...], steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what decayed counts are divided by once so many steps are on record.

        (n_steps, n_half_lives); with ``per_event`` (n_half_lives,), however many they are.
        """
        if not self.per_event:
            return memory_span(half_lives, steps)
        return np.asarray(1.0 / (2.0 ** (1.0 / np.asarray(half_lives)) - 1.0))

    def classes(self, counts: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the class of a cell of so many own events; shape of ``counts``."""
        return np.digitize(counts, self.class_edges).astype(np.int64)


def memory_span(half_lives: tuple[float, ...], steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the steps that each memory effectively looks over once so many are on record; (n_steps, n_half_lives).

    It is ``sum_{a=1..n} 2^(-a / h)``, by which a decayed count is divided to give a rate per step.
    """
    fading = 2.0 ** (-1.0 / np.asarray(half_lives, dtype=np.float64))
    n = np.asarray(steps, dtype=np.float64)[:, None]
    endless = fading >= 1.0
    closed = fading * (1.0 - fading**n) / np.where(endless, 1.0, 1.0 - fading)
    return np.maximum(np.where(endless, n, closed), 1e-9)


def mean_fade(half_lives: NDArray[np.float64], ahead: int, steps: int) -> NDArray[np.float64]:
    """Return how much less an event sends on average over ``steps`` steps, the first ``ahead`` from now."""
    later = np.arange(ahead, ahead + steps)[:, None]
    return np.asarray((2.0 ** (-later / half_lives)).mean(axis=0))


def steps_ahead(period: Period, history: Events, step_days: float) -> tuple[int, int]:
    """Return how many whole steps after the cutoff the period begins, and how many it lasts (at least one)."""
    ahead = (period.start - history.known_at).total_seconds() / 86_400 / step_days
    return max(int(ahead), 0), max(round(period.days / step_days), 1)
