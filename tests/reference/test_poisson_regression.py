"""Poisson regression against Dobson's randomised controlled trial, the example of R's ``help(glm)``.

Dobson, A. J. (1990) An Introduction to Generalized Linear Models, Chapman & Hall, p. 93; R prints the coefficients
3.045e+00, -4.543e-01, -2.930e-01, 0 and 0 and the residual deviance 5.1291.
"""

import numpy as np
import pytest
from scipy.optimize import minimize

from peelian.models.poisson_regression import poisson_coefficients

COUNTS = np.array([18, 17, 15, 20, 10, 20, 25, 13, 12], dtype=float)
OUTCOME, TREATMENT = np.tile([1, 2, 3], 3), np.repeat([1, 2, 3], 3)
ROWS = np.column_stack([OUTCOME == 2, OUTCOME == 3, TREATMENT == 2, TREATMENT == 3]).astype(float)


def test_coefficients_and_deviance_are_those_that_r_prints() -> None:
    found = poisson_coefficients(ROWS, COUNTS, np.ones(9), 0.0)
    assert found == pytest.approx([3.045, -0.4543, -0.2930, 0.0, 0.0], abs=5e-4)
    expected = np.exp(found[0] + ROWS @ found[1:])
    deviance = 2 * (COUNTS * np.log(COUNTS / expected) - (COUNTS - expected)).sum()
    assert deviance == pytest.approx(5.1291, abs=5e-5)


def test_ridge_and_repeated_rows_agree_with_a_general_optimiser() -> None:
    rng = np.random.default_rng(3)
    rows, times = rng.normal(size=(400, 3)), rng.integers(1, 5, 400).astype(float)
    counts = rng.poisson(np.exp(-1 + rows @ [0.5, -0.4, 0.0])).astype(float)

    def loss(b: np.ndarray) -> float:
        eta = b[0] + rows @ b[1:]
        return float(-(times * (counts * eta - np.exp(eta))).sum() + 7.0 / 2 * (b[1:] ** 2).sum())

    found = poisson_coefficients(rows, counts, times, 7.0)
    assert found == pytest.approx(minimize(loss, np.zeros(4), tol=1e-10).x, abs=2e-4)
