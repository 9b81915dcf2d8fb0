"""Proper scores of expected counts: the Poisson log score in bits over uniform, and Brier for "any event".

A score is proper when nobody can gain by saying other than what they believe (Gneiting & Raftery 2007,
doi 10.1198/016214506000001437). Hits judge the choice of boxes; these judge every cell's expected count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.evaluation.ground import Ground
from peelian.evaluation.outcomes import Fallen
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.places.periods import Period

#: Share of the uniform reference that is mixed into every forecast before it is scored, the same for every model:
#: a count that calls a cell impossible would else lose without end at the first event there.
UNIFORM_SHARE = 0.01
#: The reference's rate is counted over the year before the cutoff.
REFERENCE_DAYS = 365.0
_LN2 = float(np.log(2.0))


def uniform_rate(history: Events, bundle: Bundle, ground: Ground) -> float:
    """Return the reference: events a day in every cell, from the year known before the cutoff and nothing else.

    ``(events + 1/2) / days on record / cells``: the half keeps it positive where nothing is known (Jeffreys'
    prior of a Poisson rate).
    """
    began = history.seconds_before(history.known_at)[0] / 86_400
    recent = (began >= 0) & (began <= REFERENCE_DAYS)
    days = float(began[recent].max(initial=1.0)) if began.max(initial=0.0) <= REFERENCE_DAYS else REFERENCE_DAYS
    cell, weight = history.cells(ground.grid), bundle.weights_of(history)
    counted = np.flatnonzero(recent & (weight > 0) & (cell >= 0))
    inside = ground.owner[cell[counted]] >= 0
    return (float(weight[counted][inside].sum()) + 0.5) / max(days, 1.0) / ground.cells.size


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One surface's scores by area; all (n_areas,).

    ``gain_bits`` is the log score over uniform, ``place_bits`` the part of it that is due to where and not to how
    many; both are sums over events. ``brier`` and ``brier_uniform`` are sums over cells.
    """

    gain_bits: NDArray[np.float64]
    place_bits: NDArray[np.float64]
    brier: NDArray[np.float64]
    brier_uniform: NDArray[np.float64]


def score(
    expected: NDArray[np.float64], uniform_per_day: float, fallen: Fallen, ground: Ground, period: Period
) -> Scored:
    """Return the scores of a surface of expected counts (n_cells,).

    With ``u`` the uniform reference, ``m = (1 - e) lam + e u`` and ``e = UNIFORM_SHARE``::

        gain_bits  = ( sum_events ln(m / u) - sum_cells (m - u) ) / ln 2
        place_bits =   sum_events log2( (m / sum m) / (u / sum u) )

    The first is the Poisson log score ``sum [y ln lam - lam - ln y!]`` less the reference's (information gain,
    Rhoades et al. 2011, doi 10.2478/s11600-011-0013-5); divided by events it is bits per event.
    """
    u = uniform_per_day * period.days
    mixed = (1 - UNIFORM_SHARE) * expected + UNIFORM_SHARE * u
    by_event = np.log(mixed[fallen.cell] / u) * fallen.weight
    gained = np.bincount(fallen.area, by_event, minlength=ground.n_areas)
    total = float(mixed[ground.cells].sum())
    level = np.log(total / (u * ground.cells.size))
    counts = np.bincount(fallen.area, fallen.weight, minlength=ground.n_areas)
    chance = -np.expm1(-mixed[ground.cells])
    chance_uniform = -np.expm1(-u)
    happened = np.zeros(ground.owner.size)
    happened[fallen.cell] = 1.0
    owner, came = ground.owner[ground.cells], happened[ground.cells]
    return Scored(
        (gained - (ground.by_area(mixed) - u * ground.sizes)) / _LN2,
        (gained - level * counts) / _LN2,
        np.bincount(owner, (chance - came) ** 2, minlength=ground.n_areas).astype(np.float64),
        np.bincount(owner, (chance_uniform - came) ** 2, minlength=ground.n_areas).astype(np.float64),
    )


def log_score(expected: NDArray[np.float64], observed: NDArray[np.float64]) -> float:
    """Return the Poisson log score ``sum [y ln lam - lam - ln y!]`` in nats; larger is better.

    Minus infinity where an event fell in a cell of which nothing was expected.
    """
    from scipy.special import gammaln, xlogy

    with np.errstate(divide="ignore"):
        return float((xlogy(observed, expected) - expected - gammaln(observed + 1)).sum())
