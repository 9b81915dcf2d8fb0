"""Walks as they are drawn: one outline around each walk's boxes and no other, its name over nothing."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import shapely
from tests.sample_nights import town_night

from peelian.delivery.frame import Frame
from peelian.delivery.labels import Room
from peelian.delivery.walks import Walk, draw_walks, walks_of
from peelian.forecasts.nights import AreaNight

SIZE = 250.0
#: Two that touch at a corner, one a street away from them, two side by side far off, one alone.
CORNERS = [(0.0, 0.0), (250.0, 250.0), (575.0, 250.0), (2000.0, 0.0), (2250.0, 60.0), (1000.0, 2000.0)]
WALK_OF = (0, 0, 0, 1, 1, 2)


@pytest.fixture(scope="module")
def area_night() -> AreaNight:
    night: AreaNight = town_night().areas[0]
    table = night.boxes.table.head(len(CORNERS)).with_columns(
        x_min=pl.Series([x for x, _ in CORNERS]), y_min=pl.Series([y for _, y in CORNERS]), is_chosen=pl.lit(value=True)
    )
    return replace(night, boxes=replace(night.boxes, table=table), walk_of=WALK_OF)


def boxes() -> list[shapely.Geometry]:
    return [shapely.box(x, y, x + SIZE, y + SIZE) for x, y in CORNERS]


def test_an_outline_is_one_piece_around_its_own_boxes_and_touches_no_other(area_night: AreaNight) -> None:
    walks = walks_of(area_night)
    assert [(w.name, w.ranks) for w in walks] == [("A", (1, 2, 3)), ("B", (4, 5))]
    for walk in walks:
        assert walk.shape.geom_type == "Polygon"
        for rank, box in enumerate(boxes(), 1):
            inside = shapely.covers(shapely.buffer(walk.shape, -1.0), box)
            assert inside == (rank in walk.ranks)
            assert inside or shapely.disjoint(walk.shape, box)


def test_boxes_that_are_not_joined_make_no_walk(area_night: AreaNight) -> None:
    assert walks_of(replace(area_night, walk_of=())) == ()
    assert walks_of(replace(area_night, walk_of=tuple(range(len(CORNERS))))) == ()
    none = replace(area_night.boxes, table=area_night.boxes.table.clear())
    assert walks_of(replace(area_night, boxes=none, walk_of=())) == ()


def test_a_name_is_offered_first_on_the_side_furthest_from_other_boxes(area_night: AreaNight) -> None:
    first, second = (walk.sides[0].name for walk in walks_of(area_night))
    assert (first, second) == ("west", "east")


def test_a_name_covers_no_box_and_is_left_out_where_there_is_no_room(area_night: AreaNight) -> None:
    walks = walks_of(area_night)
    frame = Frame.around((0.0, 0.0, 2500.0, 2250.0), 760.0, 700.0, 60.0)
    marks = [
        (float(frame.x(x)), float(frame.y(y + SIZE)), float(frame.x(x + SIZE)), float(frame.y(y))) for x, y in CORNERS
    ]
    drawn = draw_walks(walks, frame, Room.of(frame.width, frame.height, marks, np.empty((0, 2))))
    assert drawn.count('class="walk"') == drawn.count('class="walk-name"') == len(walks)
    assert "walk A" in drawn
    assert "walk B" in drawn
    full = Room.of(frame.width, frame.height, [(0.0, 0.0, frame.width, frame.height)], np.empty((0, 2)))
    drawn = draw_walks(walks, frame, full)
    assert drawn.count('class="walk"') == len(walks)
    assert "walk-name" not in drawn


def test_equal_nights_draw_equal_walks(area_night: AreaNight) -> None:
    def told(walks: tuple[Walk, ...]) -> list[str]:
        return [shapely.to_wkt(w.shape) for w in walks]

    assert told(walks_of(area_night)) == told(walks_of(area_night))
