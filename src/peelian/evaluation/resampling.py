"""Blocks of periods drawn again: the one resampling behind every interval of a backtest.

Near periods are alike and all methods face the same events, so whole blocks are drawn and every method is given
the same draws. The range is joined end to end, so that its first and last periods are drawn as often as the others
(circular blocks, Politis & Romano 1992; moving blocks are Künsch's, 1989, doi 10.1214/aos/1176347265).
"""

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
#: A week: what is alike in near nights, and the days of the week, stays together.
BLOCK = 7
#: A short range is cut into this many blocks at least, shorter ones if need be: two weeks are not two draws.
FEWEST_BLOCKS = 6


def block_weights(
    n_periods: int, rng: np.random.Generator, *, block: int = BLOCK, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Return how often each period is drawn in each resample, (resamples, n_periods); rows sum to ``n_periods``."""
    length = max(1, min(block, n_periods // FEWEST_BLOCKS))
    starts = rng.integers(0, n_periods, size=(resamples, -(-n_periods // length)))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(resamples, -1)[:, :n_periods] % n_periods
    flat = (drawn + np.arange(resamples)[:, None] * n_periods).ravel()
    return np.bincount(flat, minlength=resamples * n_periods).reshape(resamples, n_periods).astype(np.float64)


def interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Return the middle ``level`` of resampled values; NaN where more than 1 in 20 of them is undefined."""
    sound = values[np.isfinite(values)]
    if sound.size < 0.95 * values.size or not sound.size:
        return float("nan"), float("nan")
    low, high = np.quantile(sound, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``above / below``, NaN where nothing is below."""
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan))
