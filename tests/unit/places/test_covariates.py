import numpy as np
import pytest
import shapely

from peelian.errors import PlaceError
from peelian.places import Grid
from peelian.places.covariates import (
    Covariates,
    PlaceLayers,
    distance_to_nearest,
    metres_of_lines,
    points_per_cell,
    share_of_polygons,
)

GRID = Grid("EPSG:27700", 250.0, 10, 20, 4, 3)
X0, Y0 = 2500.0, 5000.0


def test_points_are_counted_in_their_cell_and_nowhere_off_the_grid() -> None:
    counted = points_per_cell(GRID, np.array([X0, X0 + 249, X0 + 250, X0 - 1]), np.array([Y0, Y0, Y0, Y0]))
    assert counted[:2].tolist() == [2.0, 1.0]
    assert counted.sum() == 3


def test_distance_is_from_the_cells_centre_and_a_point_off_the_grid_counts() -> None:
    found = distance_to_nearest(GRID, np.array([X0 - 875.0]), np.array([Y0 + 125.0]))
    assert found[0] == pytest.approx(1000.0)
    with pytest.raises(PlaceError, match="leave this layer out"):
        distance_to_nearest(GRID, np.empty(0), np.empty(0))


def test_overlapping_polygons_count_once_and_shares_add_up_to_their_area() -> None:
    park = shapely.box(X0 + 125, Y0, X0 + 500, Y0 + 250)
    shares = share_of_polygons(GRID, [park, shapely.box(X0 + 125, Y0, X0 + 250, Y0 + 250)])
    assert shares[:3].tolist() == [0.5, 1.0, 0.0]
    assert shares.sum() * 250**2 == pytest.approx(park.area)
    assert share_of_polygons(GRID, []).sum() == 0


def test_metres_of_street_are_shared_by_the_cells_they_run_through() -> None:
    street = shapely.linestrings([[X0 + 200, Y0 + 10], [X0 + 300, Y0 + 10], [X0 + 300, Y0 + 60]])
    metres = metres_of_lines(GRID, [street, shapely.multilinestrings([street])])
    assert metres[:2] == pytest.approx([100.0, 200.0])
    assert metres.sum() == pytest.approx(300.0)


def test_layers_go_down_to_a_nested_grid_and_to_no_other() -> None:
    layers = Covariates.of(GRID, {"bars": np.arange(12.0)})
    fine = layers.on(GRID.nested(4))
    assert fine.values[fine.grid.cell_of(np.array([X0 + 260]), np.array([Y0 + 10]))[0], 0] == 1.0
    assert layers.on(GRID) is layers
    for grid in (Grid("EPSG:27700", 250.0, 11, 20, 4, 3), Grid("EPSG:27700", 500.0, 5, 10, 2, 2)):
        with pytest.raises(PlaceError, match="does not nest"):
            layers.on(grid)


def test_layer_with_a_hole_in_it_is_refused_by_name_and_cell() -> None:
    with pytest.raises(PlaceError, match="'bars' is nan in cell 3"):
        Covariates.of(GRID, {"bars": np.where(np.arange(12) == 3, np.nan, 1.0)})
    with pytest.raises(PlaceError, match="shape"):
        Covariates(GRID, ("bars",), np.zeros((11, 1)))
    with pytest.raises(PlaceError, match="name of its own"):
        Covariates(GRID, ("bars", "bars"), np.zeros((12, 2)))


def layers() -> PlaceLayers:
    points = np.array([shapely.Point(X0 + 10, Y0 + 10), shapely.Point(X0 + 260, Y0 + 10)], dtype=object)
    park = np.array([shapely.box(X0, Y0, X0 + 250, Y0 + 250)], dtype=object)
    street = np.array([shapely.LineString([(X0, Y0 + 100), (X0 + 500, Y0 + 100)])], dtype=object)
    return PlaceLayers(
        ("bars", "way to a bar", "park", "street"),
        ("points", "distance", "share", "lines"),
        (points, points, park, street),
    )


def test_shapes_become_layers_on_any_grid() -> None:
    made = layers().on(GRID)
    assert made.names == ("bars", "way to a bar", "park", "street")
    assert made.values[:2].round(0).tolist() == [[1.0, 163.0, 1.0, 250.0], [1.0, 163.0, 0.0, 250.0]]
    fine = layers().on(GRID.nested(4))
    assert fine.values[:, 0].sum() == 2
    assert fine.values[:, 3].sum() == pytest.approx(500.0)


def test_a_layers_fingerprint_follows_its_shapes_and_nothing_else() -> None:
    same, moved = layers(), layers()
    moved.shapes[0][0] = shapely.Point(X0 + 11, Y0 + 10)
    assert layers().fingerprint == same.fingerprint != moved.fingerprint


def test_a_layer_of_no_known_kind_is_refused() -> None:
    with pytest.raises(PlaceError, match="layers are made by points, distance, share, lines"):
        PlaceLayers(("x",), ("people",), (np.array([shapely.Point(0, 0)], dtype=object),)).on(GRID)
