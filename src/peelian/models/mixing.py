"""Mixing weights by expectation-maximisation: how much each of many rates makes of the events that came.

Shared by the kernel mixture, the self-exciting model and the stack; knows neither places nor times.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Patience:
    """When to stop: after so many rounds, or when a round gains less than ``tolerance`` nats per event."""

    rounds: int = 200
    tolerance: float = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class GammaPrior:
    """What is held of each weight before any event: ``events`` made over so much ``exposure``; both (n_components,).

    Its mean is events / exposure. It decides where a component was never exposed and fades as events come.
    """

    events: NDArray[np.float64]
    exposure: NDArray[np.float64]

    @classmethod
    def none(cls, n_components: int) -> "GammaPrior":
        """Return the prior that says nothing: maximum likelihood."""
        return cls(np.zeros(n_components), np.zeros(n_components))


def poisson_weights(
    rates: NDArray[np.float64],
    exposure: NDArray[np.float64],
    counts: NDArray[np.float64],
    prior: GammaPrior,
    patience: Patience = Patience(),
) -> NDArray[np.float64]:
    """Return the non-negative weights of a sum of Poisson rates that make the events most likely.

    With ``rates[i, k]`` component k's rate where and when event i came, ``exposure[k]`` that rate summed
    over all places and times watched, ``counts[i]`` what event i counts for, and prior events a_k over
    prior exposure b_k, the weights maximise::

        sum_i counts_i log(sum_k w_k rates_ik) - sum_k w_k exposure_k + sum_k (a_k log w_k - b_k w_k)

    by the classical fixed point (Dempster, Laird & Rubin 1977, doi 10.1111/j.2517-6161.1977.tb01600.x)::

        w_k <- (a_k + sum_i counts_i w_k rates_ik / sum_m w_m rates_im) / (b_k + exposure_k)

    An event that no component reached teaches nothing. A component with neither exposure nor prior
    weighs 0. Returns (n_components,).
    """
    watched = exposure + prior.exposure
    usable = watched > 0
    weights = np.zeros(exposure.size)
    if not usable.any():
        return weights
    # In units of exposure each weight IS the events that its component made: well scaled, and it starts anywhere.
    scaled = rates[:, usable] / watched[usable]
    believed = prior.events[usable]
    total = float(counts.sum())
    made = believed + total / believed.size
    reached = scaled.max(axis=1, initial=0.0) > 0
    scaled, heard = scaled[reached], counts[reached]
    before = -np.inf
    for _ in range(patience.rounds):
        mixed = scaled @ made
        # The likelihood is at hand before the step: a round more than needed costs less than a second product.
        now = float(heard @ np.log(mixed))
        if now - before < patience.tolerance * total and np.isfinite(before):
            break
        before = now
        made = believed + made * ((heard / mixed) @ scaled)
    weights[usable] = made / watched[usable]
    return weights
