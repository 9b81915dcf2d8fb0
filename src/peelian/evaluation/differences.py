"""Is it better than counting? The paired difference in hit rate between two methods, with its interval.

Nights are the unit: both methods face the same events each night, and near nights are alike, so whole
blocks of nights are resampled (``resampling``).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.errors import EvaluationError
from peelian.evaluation.resampling import block_weights


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference of pooled hit rates, ours minus theirs, with its 95 % interval; NaN where no event fell."""

    value: float
    low: float
    high: float


def paired_difference(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    events: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    block: int = 7,
    resamples: int = 1000,
) -> Difference:
    """Return the difference in pooled hit rate of two methods over the same nights; three (n_nights,) arrays.

    Blocks of ``block`` nights, shorter ones where there are few nights; see ``resampling``.

    Raises
    ------
    EvaluationError
        When the three arrays do not tell of the same nights.
    """
    if not ours.shape == theirs.shape == events.shape:
        raise EvaluationError(
            f"hits of {ours.size} and {theirs.size} nights for events of {events.size}: compare the same nights."
        )
    total = float(events.sum())
    if total <= 0:
        return Difference(float("nan"), float("nan"), float("nan"))
    value = float((ours - theirs).sum()) / total
    weights = block_weights(events.size, rng, block=block, resamples=resamples)
    happened = weights @ events
    some = happened > 0
    gained = (weights @ (ours - theirs))[some] / happened[some]
    low, high = (float(q) for q in np.quantile(gained, [0.025, 0.975]))
    return Difference(value, low, high)
