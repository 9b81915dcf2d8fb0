import numpy as np
import pytest
import shapely
from scipy.sparse.csgraph import dijkstra

from peelian.errors import PlaceError
from peelian.places.streets import StreetNetwork

BNG = "EPSG:27700"


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def test_lines_are_cut_where_they_share_a_vertex_and_nowhere_else() -> None:
    long = line((0, 0), (100, 0), (200, 0), (300, 0))
    network = StreetNetwork.of(BNG, [long, line((200, 0), (200, 90)), line((50, -10), (50, 10))], ["A", "B", "bridge"])
    assert network.names == ("A", "A", "B", "bridge")
    assert network.length_m.tolist() == [200.0, 100.0, 90.0, 20.0]


def test_two_directions_of_one_street_are_one_stretch_with_its_bends() -> None:
    there = line((0, 0), (50, 20), (100, 0))
    network = StreetNetwork.of(
        BNG, [there, there.reverse(), line((0, 0), (50, -20), (100, 0))], ["A", "A", "other way"]
    )
    assert network.names == ("A", "other way")
    assert shapely.get_num_points(network.lines[0]) == 3


def test_line_that_meets_itself_is_cut_there_and_a_loop_is_one_stretch() -> None:
    loop = StreetNetwork.of(BNG, [line((0, 0), (50, 0), (50, 50), (0, 0))], ["ring"])
    assert len(loop) == 1
    lasso = StreetNetwork.of(BNG, [line((-100, 0), (0, 0), (50, 0), (50, 50), (0, 0))], ["lasso"])
    assert lasso.length_m.max() == pytest.approx(100 + 50 * 2**0.5)
    assert len(lasso) == 2


def test_way_from_middle_to_middle_is_half_of_each_stretch() -> None:
    network = StreetNetwork.of(
        BNG, [line((0, 0), (100, 0)), line((100, 0), (100, 60)), line((500, 0), (600, 0))], ["A", "B", "C"]
    )
    way = dijkstra(network.way_between(), directed=False, indices=[0])[0]
    assert way[1] == pytest.approx(80.0)
    assert np.isinf(way[2])


def test_stretches_add_up_to_the_lines_they_were_cut_from() -> None:
    rng = np.random.default_rng(4)
    corners = rng.integers(0, 8, size=(60, 3, 2)) * 100.0
    lines = [line(*map(tuple, c)) for c in corners if len({tuple(p) for p in c}) == 3]
    network = StreetNetwork.of(BNG, lines, [""] * len(lines))
    assert network.length_m.sum() <= sum(x.length for x in lines) + 1e-6
    assert shapely.union_all(network.lines).length == pytest.approx(shapely.union_all(lines).length)


def test_network_without_a_line_is_refused() -> None:
    for lines in ([], [shapely.Point(0, 0)], [line((0, 0), (0, 0))]):
        with pytest.raises(PlaceError, match="without a street"):
            StreetNetwork.of(BNG, lines, [""] * len(lines))
