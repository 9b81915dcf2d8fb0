import numpy as np
import pytest
import shapely

from peelian.errors import PlaceError
from peelian.places import AreaLayer, Grid, Region, StudyArea

GRID = Grid("EPSG:27700", 250.0, 0, 0, 6, 4)


def test_cell_belongs_to_the_polygon_that_holds_its_centre() -> None:
    left, right = shapely.box(0, 0, 700, 1000), shapely.box(700, 0, 1500, 1000)
    layer = AreaLayer.from_polygons("borough", GRID, ["b", "a"], ["B", "A"], [right, left])
    assert [a.id for a in layer.areas] == ["a", "b"]
    columns = {a.id: sorted(set((a.cells % 6).tolist())) for a in layer.areas}
    assert columns == {"a": [0, 1, 2], "b": [3, 4, 5]}


def test_areas_of_a_level_share_no_cell_even_where_polygons_overlap() -> None:
    both = shapely.box(0, 0, 1500, 1000)
    layer = AreaLayer.from_polygons("borough", GRID, ["a", "b"], ["A", "B"], [both, both])
    assert [a.n_cells for a in layer.areas] == [24, 0]


def test_layer_whose_areas_share_a_cell_is_refused() -> None:
    areas = (StudyArea("a", "A", np.array([1, 2])), StudyArea("b", "B", np.array([2, 3])))
    with pytest.raises(PlaceError, match="share a cell"):
        AreaLayer("ward", GRID, areas)


def test_layer_with_an_id_twice_is_refused() -> None:
    areas = (StudyArea("a", "A", np.array([1])), StudyArea("a", "B", np.array([3])))
    with pytest.raises(PlaceError, match="ids twice"):
        AreaLayer("ward", GRID, areas)


def test_cell_used_by_two_districts_belongs_to_that_of_most_of_its_events() -> None:
    x, y = np.array([10.0, 20.0, 30.0, 400.0]), np.array([10.0, 10.0, 10.0, 10.0])
    layer = AreaLayer.from_districts("district", GRID, x, y, ["2", "2", "1", "1"], "District {}")
    assert {a.name: a.cells.tolist() for a in layer.areas} == {"District 1": [1], "District 2": [0]}


def test_tie_between_districts_goes_to_the_lower_id() -> None:
    x, y = np.array([10.0, 20.0]), np.array([10.0, 10.0])
    layer = AreaLayer.from_districts("district", GRID, x, y, ["9", "3"])
    assert {a.id: a.cells.tolist() for a in layer.areas} == {"3": [0], "9": []}


def test_masked_cells_belong_to_no_area() -> None:
    layer = AreaLayer.from_polygons("force", GRID, ["f"], ["F"], [shapely.box(0, 0, 1500, 1000)])
    water = np.zeros(GRID.n_cells, dtype=bool)
    water[:6] = True
    assert layer.without(water).areas[0].cells.min() == 6
    assert layer.without(water).region.n_inside == 18


def test_areas_without_a_cell_can_be_left_out() -> None:
    inside, speck = shapely.box(0, 0, 700, 1000), shapely.box(10, 10, 20, 20)
    layer = AreaLayer.from_polygons("ward", GRID, ["a", "b"], ["A", "B"], [inside, speck])
    assert [a.id for a in layer.with_cells().areas] == ["a"]


def test_unknown_area_is_refused_with_the_known_ones() -> None:
    layer = AreaLayer.from_polygons("force", GRID, ["f"], ["F"], [shapely.box(0, 0, 1500, 1000)])
    with pytest.raises(PlaceError, match="known are f"):
        layer.area("g")


def test_region_without_a_cell_is_refused() -> None:
    with pytest.raises(PlaceError, match="without any cell"):
        Region(GRID, np.zeros(GRID.n_cells, dtype=bool))


def test_nested_region_covers_the_same_ground() -> None:
    inside = np.zeros(GRID.n_cells, dtype=bool)
    inside[[2, 9]] = True
    region = Region(GRID, inside)
    assert region.nested(4).area_m2 == region.area_m2
