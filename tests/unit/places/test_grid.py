import numpy as np
import pytest

from peelian.errors import PlaceError
from peelian.places import Grid, Squares

GRID = Grid("EPSG:27700", 250.0, 2000, 700, 8, 5)


def test_grid_lies_on_whole_multiples_of_the_cell_size() -> None:
    grid = Grid.covering("EPSG:27700", 250.0, (500_010.0, 175_260.0, 501_990.0, 176_240.0))
    assert (grid.column_min * 250, grid.row_min * 250) == (500_000, 175_250)
    assert grid.shape == (4, 8)


def test_event_on_the_shared_edge_belongs_to_the_eastern_cell() -> None:
    cell = GRID.cell_of(np.array([500_250.0]), np.array([175_000.0]))
    assert cell.tolist() == [1]


def test_event_on_the_shared_edge_belongs_to_the_northern_cell() -> None:
    assert GRID.cell_of(np.array([500_000.0]), np.array([175_250.0])).tolist() == [8]


def test_point_on_the_outer_eastern_edge_lies_outside() -> None:
    assert GRID.cell_of(np.array([502_000.0]), np.array([175_000.0])).tolist() == [-1]


def test_point_that_is_not_a_number_lies_in_no_cell() -> None:
    assert GRID.cell_of(np.array([np.nan]), np.array([175_000.0])).tolist() == [-1]


def test_cell_contains_its_centre() -> None:
    x, y = GRID.centres()
    assert np.array_equal(GRID.cell_of(x, y), np.arange(GRID.n_cells))


def test_grids_nest_125_in_250_in_500() -> None:
    coarse = Grid("EPSG:27700", 500.0, 1000, 350, 4, 3)
    middle, fine = coarse.nested(2), coarse.nested(4)
    x, y = fine.centres()
    assert (middle.cell_size_m, fine.cell_size_m) == (250.0, 125.0)
    assert np.array_equal(coarse.cell_of(x, y), coarse.parent_cells(4))
    assert np.array_equal(middle.cell_of(x, y), middle.parent_cells(2))


@pytest.mark.parametrize("shift", [(0.25, 0.0), (0.0, 0.75), (0.5, 0.25)])
def test_shifted_grid_holds_the_same_ground_in_cells_that_lie_so_far_beside(shift: tuple[float, float]) -> None:
    shifted = GRID.shifted(*shift)
    squares = GRID.squares(np.arange(GRID.n_cells))
    corners_x, corners_y = squares.x_min + np.array([[0.0], [249.99]]), squares.y_min + np.array([[0.0], [249.99]])
    assert (shifted.cell_of(corners_x, corners_y) >= 0).all()
    x, y = shifted.centres()
    assert np.array_equal(shifted.cell_of(x, y), np.arange(shifted.n_cells))
    assert shifted.squares(np.arange(shifted.n_cells)).contain(x, y).diagonal().all()
    assert np.array_equal(np.unique((x / 250 - 0.5) % 1), [shift[0]])
    assert np.array_equal(np.unique((y / 250 - 0.5) % 1), [shift[1]])


def test_grid_that_is_not_shifted_is_the_grid_itself() -> None:
    assert GRID.shifted(0.0, 0.0) is GRID


def test_grid_shifted_by_quarters_has_the_lattice_of_the_one_that_is_not() -> None:
    shifted = GRID.shifted(0.25, 0.5).nested(4)
    assert (shifted.column_min, shifted.row_min) == (2000 * 4 - 3, 700 * 4 - 2)
    x, y = shifted.centres()
    lies = shifted.cell_of(x, y) >= 0
    assert lies.all()
    assert np.array_equal(np.unique(x % 62.5), [31.25])


def test_stray_point_that_would_make_millions_of_cells_is_refused_with_the_mend() -> None:
    with pytest.raises(PlaceError, match="stray point"):
        Grid.covering("EPSG:32615", 250.0, (0.0, 0.0, 740_000.0, 9_000_000.0))


@pytest.mark.parametrize("bounds", [(0.0, 0.0, np.nan, 1.0), (5.0, 0.0, 1.0, 1.0), (0.0, 0.0, np.inf, 1.0)])
def test_bounds_that_are_no_rectangle_are_refused(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(PlaceError, match="rectangle"):
        Grid.covering("EPSG:27700", 250.0, bounds)


@pytest.mark.parametrize("size", [0.0, -250.0, float("nan")])
def test_cell_size_that_is_no_length_is_refused(size: float) -> None:
    with pytest.raises(PlaceError, match="cell_size_m"):
        Grid("EPSG:27700", size, 0, 0, 2, 2)


def test_squares_of_cells_hold_the_centres_of_just_those_cells() -> None:
    cells = np.array([3, 17])
    held = GRID.squares(cells).contain(*GRID.centres())
    assert np.array_equal(np.argwhere(held), [[0, 3], [1, 17]])


def test_square_is_half_open() -> None:
    square = Squares(np.array([0.0]), np.array([0.0]), 250.0)
    assert square.contain(np.array([0.0, 250.0, 0.0]), np.array([0.0, 0.0, 250.0])).tolist() == [[True, False, False]]


def test_squares_of_unequal_corners_are_refused() -> None:
    with pytest.raises(PlaceError, match="equal vectors"):
        Squares(np.zeros(2), np.zeros(3), 250.0)
