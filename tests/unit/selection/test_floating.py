import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from tests.conftest import CUTOFF

from peelian.errors import ForecastError
from peelian.events import Bundle
from peelian.forecasts import Forecast
from peelian.places import AreaLayer, Grid, Period, Squares, StudyArea
from peelian.selection.floating import pack, positions_of, select_floating
from peelian.selection.hysteresis import Incumbents, churn
from peelian.selection.patrol_areas import join_boxes
from peelian.selection.top import TopCells, select_top

GRID = Grid("EPSG:32615", 250.0, 40, 60, 12, 8)
LATTICE = GRID.nested(4)
LEFT = np.flatnonzero(np.arange(GRID.n_cells) % 12 < 6)
RIGHT = np.flatnonzero(np.arange(GRID.n_cells) % 12 >= 6)
LAYER = AreaLayer("district", GRID, (StudyArea("1", "1", LEFT), StudyArea("2", "2", RIGHT)))
NIGHT = Period(CUTOFF, CUTOFF.replace(day=CUTOFF.day + 1))


def forecast_of(expected: np.ndarray, grid: Grid = LATTICE) -> Forecast:
    return Forecast(Bundle.of("burglary"), grid, NIGHT, CUTOFF, expected.ravel().astype(float), "test")


def lattice_noise(seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).gamma(0.3, size=LATTICE.shape)


def test_hot_corner_of_four_cells_is_one_box() -> None:
    expected = np.zeros(LATTICE.shape)
    expected[11:13, 11:13] = 1.0  # around the meeting point of four grid cells
    best = select_floating(forecast_of(expected), LAYER, TopCells(1, 0))["1"].chosen.row(0, named=True)
    assert best["expected_count"] == 4.0
    aligned = select_top(forecast_of(expected.reshape(8, 4, 12, 4).sum(axis=(1, 3)), GRID), LAYER, TopCells(1, 0))["1"]
    assert aligned.expected_total == 1.0


def test_boxes_of_an_area_never_overlap() -> None:
    boxes = select_floating(forecast_of(lattice_noise()), LAYER, TopCells(10, 4))
    for area in boxes.values():
        squares = area.all_squares
        assert len(squares) == 14
        near_x = np.abs(np.subtract.outer(squares.x_min, squares.x_min)) < 250
        near_y = np.abs(np.subtract.outer(squares.y_min, squares.y_min)) < 250
        assert (near_x & near_y).sum() == len(squares)


def test_box_expects_what_its_own_cells_of_the_lattice_do() -> None:
    expected = lattice_noise()
    boxes = select_floating(forecast_of(expected), LAYER, TopCells(5, 0))["2"]
    x, y = LATTICE.centres()
    in_area = (x >= (40 + 6) * 250).astype(float) * expected.ravel()
    held = boxes.squares.contain(x, y) @ in_area
    assert boxes.chosen["expected_count"].to_numpy() == pytest.approx(held)


def test_what_the_neighbouring_area_expects_draws_no_box_over_the_border() -> None:
    expected = np.full(LATTICE.shape, 0.001)
    expected[16, 23] = 1.0  # the easternmost column of area 1
    expected[16, 24] = 5.0  # next to it, in area 2
    first = select_floating(forecast_of(expected), LAYER, TopCells(1, 0))["1"]
    assert first.expected_total < 1.1


def test_more_than_half_of_every_box_lies_in_its_area() -> None:
    expected = np.zeros(LATTICE.shape)
    expected[:, 23] = 1.0
    for area in select_floating(forecast_of(expected), LAYER, TopCells(8, 0)).values():
        inside = area.squares.contain(*LATTICE.centres()) @ np.isin(
            GRID.parent_cells(4), LAYER.area(area.area_id).cells
        ).astype(float)
        assert (inside >= 8).all()


def test_equal_ground_is_taken_from_the_south_west() -> None:
    boxes = select_floating(forecast_of(np.ones(LATTICE.shape)), LAYER, TopCells(3, 0))["1"]
    assert boxes.chosen["expected_count"].to_list() == [16.0] * 3
    assert boxes.chosen.select("x_min", "y_min").rows()[0] == (40 * 250.0, 60 * 250.0)


def test_nothing_expected_still_gives_boxes_inside_the_area() -> None:
    boxes = select_floating(forecast_of(np.zeros(LATTICE.shape)), LAYER, TopCells(4, 0))
    assert all(len(b) == 4 and b.expected_total == 0 for b in boxes.values())


def test_area_without_cells_gets_no_box_and_a_small_one_as_many_as_fit() -> None:
    layer = AreaLayer(
        "ward", GRID, (StudyArea("a", "a", np.empty(0, dtype=np.int64)), StudyArea("b", "b", np.array([14])))
    )
    boxes = select_floating(forecast_of(np.ones(LATTICE.shape)), layer, TopCells(10, 4))
    assert boxes["a"].table.height == 0
    assert 1 <= boxes["b"].table.height <= 2


def test_lattice_that_does_not_nest_is_refused() -> None:
    other = Grid("EPSG:32615", 100.0, 100, 150, 30, 20)
    with pytest.raises(ForecastError, match="nested"):
        select_floating(forecast_of(np.ones(other.shape), other), LAYER, TopCells())


def test_greedy_packing_comes_within_four_percent_of_the_exact_answer() -> None:
    """Against HiGHS' mixed-integer optimum on rough ground, harder than any night."""
    for seed in range(3):
        positions = positions_of(lattice_noise(seed), LAYER, LAYER.area("1"), 4)
        greedy = positions.gain.ravel()[pack(positions, 5)].sum()
        assert greedy >= 0.96 * exact_packing(positions.gain, 4, 5)


def exact_packing(gain: np.ndarray, side: int, most: int) -> float:
    """Sum of the best ``most`` squares of which no two share a lattice cell."""
    rows, columns = np.nonzero(gain >= 0)
    value = gain[rows, columns]
    d_row, d_column = np.divmod(np.arange(side**2), side)
    cell = (rows[:, None] + d_row) * 1000 + columns[:, None] + d_column
    _, inverse = np.unique(cell, return_inverse=True)
    owner = np.repeat(np.arange(value.size), side**2)
    once = coo_array((np.ones(inverse.size), (inverse.ravel(), owner))).tocsr()
    solved = milp(
        -value,
        constraints=[LinearConstraint(once, -np.inf, 1.0), LinearConstraint(np.ones((1, value.size)), 0, most)],
        integrality=np.ones(value.size),
        bounds=Bounds(0, 1),
    )
    return float(-solved.fun)


def test_incumbent_keeps_its_place_unless_clearly_beaten() -> None:
    expected = np.zeros(LATTICE.shape)
    expected[8, 8], expected[20, 8] = 1.0, 1.2
    yesterday = select_floating(forecast_of(np.where(expected == 1.0, 1.0, 0.0)), LAYER, TopCells(1, 0))["1"].squares
    kept = select_floating(forecast_of(expected), LAYER, TopCells(1, 0), Incumbents(yesterday, 0.25))["1"]
    assert churn(yesterday, kept.squares) == 0.0
    assert kept.expected_total == 1.0  # told as it is, not as favoured
    expected[20, 8] = 1.3
    moved = select_floating(forecast_of(expected), LAYER, TopCells(1, 0), Incumbents(yesterday, 0.25))["1"]
    assert churn(yesterday, moved.squares) == 1.0


def test_incumbents_off_the_lattice_change_nothing() -> None:
    strangers = Incumbents(Squares(np.array([10_001.0, -1e7]), np.array([15_003.0, 0.0]), 250.0), 5.0)
    plain = select_floating(forecast_of(lattice_noise()), LAYER, TopCells(5, 0))["1"]
    assert select_floating(forecast_of(lattice_noise()), LAYER, TopCells(5, 0), strangers)["1"].table.equals(
        plain.table
    )


def test_churn_counts_the_ground_that_is_new() -> None:
    before = Squares(np.array([0.0]), np.array([0.0]), 250.0)
    assert churn(before, Squares(np.array([125.0]), np.array([0.0]), 250.0)) == pytest.approx(0.5)
    assert np.isnan(churn(before, Squares(np.empty(0), np.empty(0), 250.0)))
    assert churn(Squares(np.empty(0), np.empty(0), 250.0), before) == 1.0


def test_margin_below_nought_is_refused() -> None:
    with pytest.raises(ForecastError, match="margin"):
        Incumbents(Squares(np.empty(0), np.empty(0), 250.0), -0.1)


def test_touching_boxes_are_one_patrol_area_and_far_ones_another() -> None:
    squares = Squares(np.array([0.0, 2000.0, 250.0, 500.0, 2400.0]), np.array([0.0, 0.0, 250.0, 250.0, 0.0]), 250.0)
    assert join_boxes(squares).area_of.tolist() == [0, 1, 0, 0, 2]
    walked = join_boxes(squares, gap_m=150.0)
    assert walked.area_of.tolist() == [0, 1, 0, 0, 1]
    assert walked.totals(np.array([1.0, 2.0, 3.0, 4.0, 5.0])).tolist() == [8.0, 7.0]


def test_no_boxes_make_no_patrol_area() -> None:
    assert join_boxes(Squares(np.empty(0), np.empty(0), 250.0)).n_areas == 0
