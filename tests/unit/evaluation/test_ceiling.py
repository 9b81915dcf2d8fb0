"""The ceiling by simulation: what is expected in the boxes, with the spread of luck."""

import numpy as np
import pytest

from peelian.evaluation.ceiling import simulated_ceiling

RNG_SEED = 5


def ceiling(boxes: list[float], area: list[float], *, counts: bool = True) -> tuple[float, float, float]:
    made = simulated_ceiling(np.array(boxes), np.array(area), np.random.default_rng(RNG_SEED), counts_events=counts)
    return made.rate, made.low, made.high


def test_ceiling_is_the_expected_share_and_its_range_holds_it() -> None:
    rate, low, high = ceiling([10.0, 20.0], [100.0, 200.0])
    assert rate == pytest.approx(0.1)
    assert low < 0.1 < high
    # A binomial share of some 300 events: 0.1 give or take two standard errors of 0.0173.
    assert low == pytest.approx(0.1 - 1.96 * 0.0173, abs=0.006)
    assert high == pytest.approx(0.1 + 1.96 * 0.0173, abs=0.006)


def test_boxes_over_all_ground_catch_all() -> None:
    assert ceiling([50.0], [50.0]) == (1.0, 1.0, 1.0)


def test_truth_drawn_from_the_rates_falls_within_the_range_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(2)
    lam = rng.gamma(0.3, size=400)
    best = np.argsort(-lam)[:20]
    _, low, high = ceiling([float(lam[best].sum())] * 30, [float(lam.sum())] * 30)
    inside = 0
    for _ in range(400):
        fell = rng.poisson(30 * lam)
        inside += low <= fell[best].sum() / fell.sum() <= high
    assert inside / 400 == pytest.approx(0.95, abs=0.035)


def test_nothing_expected_has_no_ceiling_and_weights_have_no_range() -> None:
    assert np.isnan(ceiling([0.0], [0.0])).all()
    assert np.isnan(ceiling([float("nan")], [1.0])).all()
    rate, low, high = ceiling([1.0], [4.0], counts=False)
    assert rate == 0.25
    assert np.isnan([low, high]).all()
