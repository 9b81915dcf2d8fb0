"""Poisson regression with a log link and a ridge, by Newton's method: the arithmetic of the log-linear model."""

import numpy as np
from numpy.typing import NDArray

from peelian.errors import ForecastError

_ROUNDS, _TOLERANCE, _HALVINGS = 100, 1e-10, 40


def poisson_coefficients(
    rows: NDArray[np.float64], counts: NDArray[np.float64], times: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """Return the intercept and the coefficients, (1 + n_features,), of the greatest penalised likelihood.

    They maximise::

        sum_i t_i [ y_i eta_i - exp(eta_i) ] - ridge/2 sum_k b_k^2,    eta_i = b_0 + sum_k b_k x_ik

    with ``rows`` x (n_rows, n_features), ``counts`` y and ``times`` t how many cells a row stands for. The
    intercept is free. Newton's method, halving a step that does not improve (iteratively reweighted least squares:
    Nelder & Wedderburn 1972, doi 10.2307/2344614; the ridge: le Cessie & van Houwelingen 1992, doi 10.2307/2347628).
    The maximum is unique where the ridge is positive and anything was counted.

    Raises
    ------
    ForecastError
        When nothing was counted, or the rows cannot tell the coefficients apart without a ridge.
    """
    total = float((times * counts).sum())
    if not total > 0:
        raise ForecastError("no event to learn a log-linear model from.")
    design = np.concatenate([np.ones((rows.shape[0], 1)), rows], axis=1)
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    b = np.zeros(design.shape[1])
    b[0] = np.log(total / times.sum())
    value = _objective(design, counts, times, penalty, b)
    for _ in range(_ROUNDS):
        expected = times * np.exp(design @ b)
        slope = design.T @ (times * counts - expected) - penalty * b
        curvature = (design * expected[:, None]).T @ design + np.diag(penalty)
        try:
            step = np.linalg.solve(curvature, slope)
        except np.linalg.LinAlgError as error:
            raise ForecastError(
                "features that say the same twice: give the log-linear model a ridge above 0."
            ) from error
        for _ in range(_HALVINGS):
            new = _objective(design, counts, times, penalty, b + step)
            if new >= value:
                break
            step = step / 2
        else:
            return b
        b = b + step
        if new - value < _TOLERANCE * max(1.0, abs(value)):
            return b
        value = new
    return b


def _objective(
    design: NDArray[np.float64],
    counts: NDArray[np.float64],
    times: NDArray[np.float64],
    penalty: NDArray[np.float64],
    b: NDArray[np.float64],
) -> float:
    eta = design @ b
    # Beyond e^500 a step is no candidate at all: minus infinity without a warning.
    if eta.max(initial=0.0) > 500.0:  # noqa: PLR2004 - see above
        return -np.inf
    return float((times * (counts * eta - np.exp(eta))).sum() - (penalty * b * b).sum() / 2)
