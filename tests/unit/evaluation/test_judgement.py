"""How an answer is judged, on grounds small enough to count by hand."""

from datetime import timedelta

import numpy as np
import pytest
import shapely
from tests.conftest import CUTOFF, make_events

from peelian.evaluation.ground import Ground, caught_at
from peelian.evaluation.judgement import Answer, calibration_sums, judge_answer
from peelian.evaluation.outcomes import Outcomes
from peelian.evaluation.scores import UNIFORM_SHARE, uniform_rate
from peelian.events import Bundle
from peelian.places import AreaLayer, Grid, Period, Squares, StudyArea

GRID = Grid("EPSG:32615", 100.0, 0, 0, 4, 2)
LAYER = AreaLayer(
    "district", GRID, (StudyArea("A", "A", np.array([0, 1, 4, 5])), StudyArea("B", "B", np.array([2, 3, 6])))
)
GROUND = Ground.of(LAYER)
BURGLARY = Bundle.of("burglary")
DAY = Period(CUTOFF - timedelta(days=1), CUTOFF)


def fallen(x: list[float], y: list[float]):  # noqa: ANN201 - Fallen
    return Outcomes.of(make_events(x, y, [0.5] * len(x)), BURGLARY, GROUND).during(DAY)


def answer(surface: list[float], boxes: dict[str, list[int]]) -> Answer:
    expected = np.array(surface)
    return Answer(
        expected, {a: (GRID.squares(np.array(c)), expected[np.array(c)]) for a, c in boxes.items()}, is_floating=False
    )


def test_an_event_is_caught_only_by_a_box_of_its_own_area() -> None:
    # Both events lie in cell 2, which is area B's; area A's box covers it and must not count.
    both = fallen([250.0, 260.0], [50.0, 60.0])
    judged = judge_answer(answer([0.1] * 8, {"A": [2], "B": [3]}), both, GROUND, DAY, None)
    assert judged.areas["hits"].tolist() == [0.0, 0.0]
    assert judged.areas["events"].tolist() == [0.0, 2.0]


def test_events_in_no_area_are_told_apart() -> None:
    outside = fallen([350.0, 50.0, 9_000.0], [150.0, 50.0, 0.0])
    assert outside.outside == 2.0
    assert outside.x.tolist() == [50.0]


def test_ties_at_the_last_place_are_drawn_by_lot() -> None:
    # Area A: cell 0 stands first, cells 1, 4, 5 tie for the second of two boxes; each has a chance of 1/3.
    surface = [0.9, 0.2, 0.0, 0.0, 0.2, 0.2, 0.0, 0.0]
    judged = judge_answer(answer(surface, {"A": [0, 1], "B": [2]}), fallen([150.0], [50.0]), GROUND, DAY, None)
    assert judged.areas["hits"][0] == 1.0
    assert judged.areas["hits_ties_at_random"][0] == pytest.approx(1 / 3)


def test_the_best_cells_with_hindsight_bound_the_choice() -> None:
    happened = fallen([50.0, 60.0, 150.0, 50.0], [50.0, 50.0, 50.0, 150.0])
    judged = judge_answer(answer([0.1] * 8, {"A": [5], "B": [2]}), happened, GROUND, DAY, None)
    assert judged.areas["most_hits"].tolist() == [2.0, 0.0]
    assert judged.areas["hits_at_random"][0] == pytest.approx(4 * 1 / 4)


def test_log_score_gain_over_uniform_by_hand() -> None:
    # One cell expects 0.7, six expect 0; u = 0.1 a cell; one event in the hot cell.
    surface = [0.7, 0, 0, 0, 0, 0, 0, 0]
    judged = judge_answer(answer(surface, {"A": [0]}), fallen([50.0], [50.0]), GROUND, DAY, 0.1)
    hot, cold = 0.99 * 0.7 + 0.01 * 0.1, 0.01 * 0.1
    assert UNIFORM_SHARE == 0.01
    assert judged.areas["gain_bits"][0] == pytest.approx((np.log(hot / 0.1) - (hot + 3 * cold - 0.4)) / np.log(2))
    assert judged.areas["gain_bits"][1] == pytest.approx(-(3 * cold - 0.3) / np.log(2))
    assert judged.areas["place_bits"][0] == pytest.approx(np.log2(hot / (hot + 6 * cold) * 7))


def test_uniform_itself_gains_nothing() -> None:
    surface = np.full(8, 0.1)
    judged = judge_answer(Answer(surface, {}, is_floating=False), fallen([50.0], [50.0]), GROUND, DAY, 0.1)
    assert np.allclose(judged.areas["gain_bits"], 0.0)
    assert np.allclose(judged.areas["place_bits"], 0.0)
    assert np.allclose(judged.areas["brier"], judged.areas["brier_uniform"])


def test_the_reference_counts_the_year_before_the_cutoff_and_is_never_zero() -> None:
    known = make_events([50.0] * 4, [50.0] * 4, [1, 100, 365, 900])
    # Three of the year, one half for Jeffreys, 365 days, seven cells.
    assert uniform_rate(known, BURGLARY, GROUND) == pytest.approx(3.5 / 365 / 7)
    assert uniform_rate(make_events([], [], []), BURGLARY, GROUND) == pytest.approx(0.5 / 1 / 7)


def test_calibration_sums_conserve_cells_expected_and_observed() -> None:
    surface = np.array([0.7, 0.2, 1e-9, 0, 0.3, 0.2, 5.0, 9.0])
    cells, expected, observed = calibration_sums(surface, fallen([50.0, 250.0], [50.0, 150.0]), GROUND)
    assert (cells.sum(), observed.sum()) == (7, 2.0)
    assert expected.sum() == pytest.approx(surface[:7].sum())


def test_outside_polygons_catch_what_lies_in_them_and_cover_their_own_ground() -> None:
    triangle = np.array([shapely.Polygon([(0, 0), (200, 0), (0, 200)])])
    said = Answer(None, {}, is_floating=True, shapes={"A": triangle})
    judged = judge_answer(said, fallen([50.0, 180.0], [50.0, 180.0]), GROUND, DAY, None)
    assert judged.areas["hits"][0] == 1.0
    assert judged.areas["chosen_m2"][0] == 20_000.0
    assert np.isnan(judged.areas["gain_bits"]).all()


def test_a_span_counts_in_a_period_by_its_share() -> None:
    events = make_events([50.0], [50.0], [1.25], span_hours=12)
    assert Outcomes.of(events, BURGLARY, GROUND).during(DAY).weight.tolist() == [pytest.approx(0.5)]


def test_standing_shares_the_area_out_and_ties_share_one_stretch() -> None:
    low, high = GROUND.standing(np.array([3.0, 1, 0, 0, 2, 1, 0, 0]), np.arange(8))
    assert low[[0, 4, 1, 5]].tolist() == [0.0, 0.25, 0.5, 0.5]
    assert high[[0, 4, 1, 5]].tolist() == [0.25, 0.5, 1.0, 1.0]
    assert caught_at(np.array(0.75), low[[1]], high[[1]])[0] == 0.5
    assert np.isnan(low[7])


def test_no_box_is_no_hit_and_no_coverage() -> None:
    judged = judge_answer(Answer(None, {}, is_floating=False), fallen([50.0], [50.0]), GROUND, DAY, None)
    assert judged.areas["hits"].tolist() == [0.0, 0.0]
    assert judged.areas["chosen_m2"].tolist() == [0.0, 0.0]


def test_floating_boxes_are_squares_anywhere() -> None:
    said = Answer(None, {"A": (Squares(np.array([25.0]), np.array([25.0]), 100.0), np.array([0.2]))}, is_floating=True)
    judged = judge_answer(said, fallen([124.9, 125.0], [50.0, 50.0]), GROUND, DAY, None)
    assert judged.is_hit.tolist() == [True, False]
    assert judged.areas["most_hits"][0] == 2.0
