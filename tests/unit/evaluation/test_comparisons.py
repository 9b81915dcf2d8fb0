"""What may be said of a comparison, and how steadiness is counted."""

import numpy as np
import pytest

from peelian.errors import EvaluationError
from peelian.evaluation.comparisons import Estimate, Series, compare, sentence
from peelian.evaluation.precision import check_unit
from peelian.evaluation.resampling import block_weights, interval
from peelian.evaluation.steadiness import churn, compactness
from peelian.places import LocationPrecision


def series(hits: float, theirs: float, n: int = 60, events: float = 10.0) -> Series:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.3, n)
    return Series(
        np.full(n, hits) + noise,
        np.full(n, theirs) + noise,
        np.full(n, events),
        np.full(n, 5.0),
        np.full(n, 2.0),
        np.ones(n, dtype=bool),
    )


def test_a_clear_gain_is_told_with_its_interval() -> None:
    said = sentence("burglary", "the mixture", "the 21-day count", Estimate(1.26, 1.09, 1.44), 500)
    assert said == (
        "In the same area, the mixture catches 26 % more burglary than the 21-day count, 95 % interval 9 to 44 %."
    )


def test_an_interval_that_holds_no_difference_cannot_be_told_apart() -> None:
    said = sentence("robbery", "promap", "counts", Estimate(0.96, 0.81, 1.12), 500)
    assert said == (
        "In the same area, promap and counts cannot be told apart on robbery: 4 % less, 95 % interval \u221219 to 12 %."
    )


def test_few_events_carry_no_claim() -> None:
    assert "too few events" in sentence("arson", "promap", "counts", Estimate(3.0, 1.5, 9.0), 7)


def test_a_baseline_that_caught_none_gives_no_ratio() -> None:
    nothing = Estimate(float("nan"), float("nan"), float("nan"))
    assert "caught no arson" in sentence("arson", "promap", "counts", nothing, 100)


def test_types_are_pooled_by_the_geometric_mean_of_their_ratios() -> None:
    rows = compare("m", "b", {"x": series(2, 1), "y": series(4, 0.5)}, block_weights(60, np.random.default_rng(1)))
    ratios = {row["crime_type"]: row["ratio"] for row in rows}
    assert ratios["*"] == pytest.approx(np.sqrt(ratios["x"] * ratios["y"]))
    pooled = rows[-1]
    assert pooled["ratio_low"] < pooled["ratio"] < pooled["ratio_high"]
    assert rows[0]["bits"] == pytest.approx(0.3)


def test_unanswered_periods_are_no_part_of_a_comparison() -> None:
    half = np.arange(60) < 30
    whole = series(2, 1)
    spoilt = Series(
        np.where(half, whole.hits, 1e9),
        whole.baseline_hits,
        whole.events,
        np.where(half, whole.gain_bits, np.nan),
        whole.baseline_bits,
        half,
    )
    row = compare("m", "b", {"x": spoilt}, block_weights(60, np.random.default_rng(1)))[0]
    assert row["periods"] == 30
    assert row["ratio"] == pytest.approx(2.0, abs=0.2)
    assert row["bits"] == pytest.approx(0.3)


def test_series_of_other_periods_are_refused() -> None:
    with pytest.raises(EvaluationError, match="60 periods, resampled are 59"):
        compare("m", "b", {"x": series(2, 1)}, block_weights(59, np.random.default_rng(1)))


def test_blocks_keep_neighbours_together_and_every_resample_whole() -> None:
    weights = block_weights(30, np.random.default_rng(5), block=7, resamples=50)
    assert (weights.sum(axis=1) == 30).all()
    assert weights.shape == (50, 30)


def test_an_interval_mostly_undefined_is_not_told() -> None:
    values = np.array([1.0] * 90 + [np.nan] * 10)
    assert np.isnan(interval(values)[0])


def corners(*boxes: tuple[float, float]) -> np.ndarray:
    return np.array([boxes], dtype=float)


def test_churn_is_the_share_of_ground_that_is_new() -> None:
    before = corners((0, 0), (500, 0))
    assert churn(before, before, 250)[0] == 0.0
    assert churn(before, corners((125, 0), (500, 0)), 250)[0] == pytest.approx(0.25)
    assert churn(before, corners((9000, 0), (9500, 0)), 250)[0] == 1.0
    assert np.isnan(churn(corners((np.nan, np.nan)), corners((0, 0)), 250)[0])


def test_compactness_counts_walks() -> None:
    chain = corners((0, 0), (250, 250), (500, 500), (750, 250))
    assert compactness(chain, 250)[0] == 1.0
    assert compactness(corners((0, 0), (1000, 0), (2000, 0)), 250)[0] == 0.0
    assert compactness(corners((0, 0), (250, 0), (2000, 0)), 250)[0] == 0.5
    assert np.isnan(compactness(corners((0, 0)), 250)[0])


@pytest.mark.parametrize(
    ("side", "precision"),
    [(125.0, LocationPrecision.STREET_SNAPPED), (50.0, LocationPrecision.BLOCK), (250.0, LocationPrecision.AREA)],
)
def test_units_finer_than_the_feed_are_refused_with_the_reason(side: float, precision: LocationPrecision) -> None:
    with pytest.raises(EvaluationError, match=r"moved|only in which area"):
        check_unit(side, precision, "boxes")


def test_units_as_coarse_as_the_feed_are_judged() -> None:
    check_unit(250.0, LocationPrecision.STREET_SNAPPED, "boxes")
    check_unit(10.0, LocationPrecision.EXACT, "boxes")
