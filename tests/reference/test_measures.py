"""Measures against numbers worked by hand or published; each source is named beside its number."""

import numpy as np
import pytest

from peelian.evaluation.hits import pai, pei, proportion_interval, ser
from peelian.evaluation.pictures import poisson_interval
from peelian.evaluation.scores import log_score


def test_ten_boxes_in_each_of_32_boroughs_that_catch_a_fifth_of_crime_have_pai_16_06() -> None:
    # 620 square miles are 1,605.8 km²; 320 boxes of 0.0625 km² are 20 km² of it (worked by hand, FACTS 1).
    study_m2 = 620 * 1609.344**2
    assert pai(20, 100, 320 * 250.0**2, study_m2) == pytest.approx(16.06, abs=0.005)


def test_ten_of_803_boxes_that_catch_a_tenth_have_pai_8_03_and_5_5_percent_a_box_day() -> None:
    # 2,000 burglaries a year in a borough of 803 boxes (worked by hand, FACTS 2).
    a_day = 2000 / 365
    hits = 0.1 * a_day
    assert pai(hits, a_day, 10 * 250.0**2, 803 * 250.0**2) == pytest.approx(8.03, abs=0.005)
    assert hits / 10 == pytest.approx(0.0548, abs=0.0001)
    assert 1 - np.exp(-hits / 10) == pytest.approx(0.053, abs=0.0005)
    assert a_day / 803 == pytest.approx(0.0068, abs=0.00005)


@pytest.mark.parametrize(
    ("hits", "events", "low", "high"),
    [
        # Newcombe 1998 (Statistics in Medicine 17:857), table I, method 5, the four worked examples.
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_clopper_pearson_interval_is_that_of_newcombes_table(hits: int, events: int, low: float, high: float) -> None:
    interval = proportion_interval(hits, events)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    # Garwood's exact limits as every table of them prints, e.g. Ulm 1990 (doi 10.1093/oxfordjournals.aje.a115507).
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390), (50, 37.111, 65.919)],
)
def test_poisson_interval_is_garwoods(count: int, low: float, high: float) -> None:
    assert poisson_interval(count) == pytest.approx((low, high), abs=6e-4)


def test_poisson_log_score_by_hand() -> None:
    # Two cells: expected 0.5 and 2, observed 1 and 2: ln 0.5 - 0.5 - ln 1! + 2 ln 2 - 2 - ln 2! = -2.5.
    assert log_score(np.array([0.5, 2.0]), np.array([1.0, 2.0])) == pytest.approx(-2.5)
    assert log_score(np.array([0.0]), np.array([0.0])) == 0.0
    assert log_score(np.array([0.0]), np.array([1.0])) == -np.inf


def test_search_efficiency_is_hits_per_square_kilometre() -> None:
    # Ten boxes of 250 m are 0.625 km²; five hits in them are 8 a km² (by hand).
    assert ser(5, 10 * 250.0**2) == pytest.approx(8.0)


def test_pei_is_the_share_of_the_best_equally_large_choice() -> None:
    assert pei(3, 12) == 0.25
