"""Maps: what is drawn stands where it is, and no word stands on another."""

import numpy as np
import pytest
import shapely
from tests.sample_nights import town_night

from peelian.delivery.frame import Frame, px
from peelian.delivery.ground import ground_of
from peelian.delivery.labels import Room, text_width
from peelian.delivery.maps import night_map
from peelian.delivery.marks import marks_of
from peelian.delivery.outlines import cells_union, drawn_outline, outline
from peelian.delivery.streets import street_lines
from peelian.places import Grid, LocationPrecision, StudyArea

EVERYWHERE = (-1e6, -1e6, 1e6, 1e6)


def test_north_is_up_and_metres_come_back_from_pixels() -> None:
    frame = Frame.around((1000.0, 2000.0, 3000.0, 5000.0), 760, 700, 34)
    assert frame.y(5000.0) < frame.y(2000.0)
    assert frame.x(3000.0) > frame.x(1000.0)
    west, south, east, north = frame.bounds
    assert float(frame.x(west)) == pytest.approx(0)
    assert float(frame.y(north)) == pytest.approx(0)
    assert float(frame.x(east)) == pytest.approx(frame.width)
    assert float(frame.y(south)) == pytest.approx(frame.height)


@pytest.mark.parametrize("pixels_per_m", [0.001, 0.02, 0.13, 1.7])
def test_a_scale_bar_is_a_round_number_of_metres_as_long_as_it_says(pixels_per_m: float) -> None:
    length, words = Frame(0, 0, pixels_per_m, 760, 700).scale_bar(130)
    number, unit = words.split()
    metres = float(number) * (1000 if unit == "km" else 1)
    assert length == pytest.approx(metres * pixels_per_m)
    assert 130 / 2.6 < length <= 130
    assert f"{metres:e}"[0] in "125"


def test_pixels_are_written_short() -> None:
    assert [px(v) for v in (0.0, -0.04, 3.0, 3.14)] == ["0", "0", "3", "3.1"]


def test_a_straight_street_becomes_one_straight_line_in_order() -> None:
    rng = np.random.default_rng(2)
    along = rng.permutation(np.arange(0.0, 1500.0, 50.0))
    streets = {"Long Lane": np.column_stack([along, 0.5 * along + rng.normal(0, 4, along.size)])}
    (line,) = street_lines(streets, EVERYWHERE)
    assert (np.diff(line.points[:, 0]) > 0).all() or (np.diff(line.points[:, 0]) < 0).all()
    assert line.length_m == pytest.approx(np.hypot(1450, 725), rel=0.03)


def test_a_street_is_broken_where_its_points_lie_far_apart() -> None:
    near, far = np.arange(0.0, 300.0, 60.0), np.arange(2000.0, 2300.0, 60.0)
    streets = {"High Street": np.column_stack([np.concatenate([near, far]), np.zeros(10)])}
    assert len(street_lines(streets, EVERYWHERE)) == 2


def test_one_point_makes_no_line_and_no_streets_make_none() -> None:
    assert street_lines({"Lone Lane": np.zeros((1, 2))}, EVERYWHERE) == ()
    assert street_lines({}, EVERYWHERE) == ()
    assert street_lines({"Away Road": np.full((5, 2), 1e5)}, (0, 0, 1000, 1000)) == ()


def test_streets_do_not_depend_on_the_order_in_which_they_are_known() -> None:
    night = town_night()
    bounds = ground_of(night, night.layer.areas[0], "a").frame.bounds
    lines = street_lines(night.streets, bounds)
    again = street_lines(dict(reversed(night.streets.items())), bounds)
    assert [line.street for line in lines] == [line.street for line in again]


def test_labels_touch_neither_each_other_nor_a_box_nor_the_edge() -> None:
    boxes = [(100.0, 100.0, 130.0, 130.0)]
    room = Room.of(400, 300, boxes, np.array([[200.0, 200.0]]))
    lines = [np.array([[x, 0.0], [x + 60.0, 300.0]]) for x in range(20, 340, 25)]
    placed = [label for i, line in enumerate(lines) if (label := room.along(f"Street {i}", line))]
    assert len(placed) >= 4
    shapes = []
    for label in placed:
        half, turn = text_width(label.text) / 2, np.radians(label.angle)
        ends = [(label.x + s * half * np.cos(turn), label.y + s * half * np.sin(turn)) for s in (-1, 1)]
        shapes.append(shapely.LineString(ends).buffer(4, cap_style="flat"))
    assert all(shape.within(shapely.box(0, 0, 400, 300)) for shape in shapes)
    assert not any(shape.intersects(shapely.box(*boxes[0])) for shape in shapes)
    assert not any(a.intersects(b) for i, a in enumerate(shapes) for b in shapes[:i])


def test_a_label_without_room_is_left_out() -> None:
    room = Room.of(100, 100, [(0, 0, 100, 100)], np.empty((0, 2)))
    assert room.along("Nowhere Street", np.array([[0.0, 50.0], [100.0, 50.0]])) is None
    assert room.beside("nowhere", 50, 50) is None


def test_every_chosen_box_is_on_the_map_where_its_corner_is() -> None:
    night = town_night()
    a = night.areas[0]
    ground = ground_of(night, a.area, "x")
    drawn = str(night_map(ground, a, night.layer.grid))
    numbers = a.boxes.table["rank"].to_list()
    for mark in marks_of(a.boxes.all_squares, numbers, ["firm"] * len(numbers), ground.frame):
        assert 0 <= mark.x <= ground.frame.width - mark.side
        assert 0 <= mark.y <= ground.frame.height - mark.side
    for rank in a.boxes.chosen["rank"]:
        assert f">{rank}</text>" in drawn
    assert drawn.count('class="nearly"') == a.boxes.nearly_chosen.height


def test_the_outline_of_cells_closes_gaps_and_keeps_the_cells_within_it() -> None:
    grid = Grid("EPSG:27700", 250.0, 0, 0, 12, 12)
    ring = [r * 12 + c for r in range(2, 9) for c in range(2, 9) if (r, c) not in {(4, 4), (5, 6)}]
    area = StudyArea("a", "A", np.array(ring))
    shape = drawn_outline(area, grid)
    assert shapely.get_num_interior_rings(shapely.get_parts(shape)).sum() == 0
    assert cells_union(area.cells, grid).difference(shape).area < 0.02 * shape.area


def test_an_area_with_a_boundary_is_drawn_as_its_boundary() -> None:
    boundary = shapely.Point(1000, 1000).buffer(500)
    grid = Grid("EPSG:27700", 250.0, 0, 0, 12, 12)
    area = StudyArea("a", "A", np.array([0, 1]), boundary)
    assert shapely.equals(outline(area, grid), boundary)
    assert shapely.equals(drawn_outline(area, grid), boundary)


def test_a_lone_cell_far_away_does_not_make_the_rest_small_and_the_page_says_so() -> None:
    night = town_night()
    a = night.areas[0]
    far = StudyArea(a.area.id, a.area.name, np.append(a.area.cells, night.layer.grid.n_cells - 1))
    ground, plain = ground_of(night, far, "x"), ground_of(night, a.area, "x")
    assert plain.is_whole
    assert not ground.is_whole
    assert ground.frame.pixels_per_m == pytest.approx(plain.frame.pixels_per_m, rel=0.05)


def test_points_that_were_moved_to_the_street_make_no_short_lines() -> None:
    streets = {
        "Mill Lane": np.array([[0.0, 0.0], [300.0, 0.0]]),
        "Long Lane": np.array([[0.0, 9.0], [300.0, 9.0], [600.0, 9.0]]),
    }
    snapped = street_lines(streets, EVERYWHERE, LocationPrecision.STREET_SNAPPED)
    assert [line.street for line in snapped] == ["Long Lane"]
    assert len(street_lines(streets, EVERYWHERE, LocationPrecision.BLOCK)) == 2
