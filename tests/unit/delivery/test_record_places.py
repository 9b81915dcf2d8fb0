"""The map of a record's places: to scale, north up, inside its frame, each point once."""

import pytest

from peelian.delivery.record_places import Spot, picture_of


def _spot(x: float, y: float, record: int = 1, crs: str = "EPSG:27700") -> Spot:
    return Spot(crs, x, y, f"at {x}", record)


def test_no_place_no_picture_and_one_place_stands_in_the_middle() -> None:
    assert picture_of([]) is None
    picture = picture_of([_spot(383_000, 398_000)])
    assert picture is not None
    assert (picture.marks[0].x, picture.marks[0].y) == (picture.width / 2, picture.height / 2)
    assert picture.bar_words == "100 m"


def test_north_is_up_metres_are_equal_both_ways_and_all_lies_inside() -> None:
    picture = picture_of([_spot(0, 0), _spot(3000, 0), _spot(0, 1000), _spot(3000, 0, record=2)])
    assert picture is not None
    west, east, north = picture.marks
    assert east.x - west.x == pytest.approx(3 * (west.y - north.y))
    assert north.y < west.y
    assert [len(m.spots) for m in picture.marks] == [1, 2, 1]
    assert all(0 < m.x < picture.width and 0 < m.y < picture.height for m in picture.marks)
    assert picture.bar_words == "1 km"
    assert picture.bar == pytest.approx((east.x - west.x) / 3)


def test_places_of_another_map_are_counted_not_drawn() -> None:
    picture = picture_of([_spot(0, 0), _spot(1, 1), _spot(5, 5, crs="EPSG:26915")])
    assert picture is not None
    assert picture.elsewhere == 1
