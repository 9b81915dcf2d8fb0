"""From a crossing, a point or a click to a box on the night's own ground, and its name."""

import json

import numpy as np
import pytest

from peelian.delivery.placing import KnownGround, edit_marks, ring_of
from peelian.errors import PlaceError
from peelian.places.projections import Projection

CRS = "EPSG:32615"
X, Y = 740_000.0, 4_270_000.0


def _line(name: str, *points: tuple[float, float]) -> dict[str, object]:
    lon, lat = Projection(CRS).to_degrees(np.array([X + p[0] for p in points]), np.array([Y + p[1] for p in points]))
    coordinates = np.column_stack([lon, lat]).round(7).tolist()
    return {"properties": {"name": name, "main": False}, "geometry": {"type": "LineString", "coordinates": coordinates}}


def _document(*features: dict[str, object]) -> dict[str, object]:
    ring = ring_of(Projection(CRS), (X, Y), 3000.0)
    return {
        "outline": {"type": "MultiPolygon", "coordinates": [[ring]]},
        "streets": {"features": list(features)},
        "frame": {"west": X, "north": Y + 3000, "pixels_per_m": 0.2},
        "width": 600.0,
        "height": 600.0,
    }


GROUND = KnownGround.of(
    _document(
        _line("N Ash St", (1000, 0), (1000, 1400)),
        _line("N Ash St", (1000, 1700), (1000, 2900)),
        _line("Beech Ave", (0, 1000), (2900, 1000)),
        _line("Cedar Ave", (0, 2500), (2900, 2500)),
        _line("Ashton Pl", (2500, 0), (2500, 500)),
    ),
    CRS,
)


def test_crossing_is_where_two_streets_meet() -> None:
    x, y = GROUND.crossing("n ash st", "Beech Ave")
    assert (x - X, y - Y) == pytest.approx((1000, 1000), abs=1)


def test_crossing_is_called_by_the_whole_names_of_its_streets() -> None:
    assert GROUND.crossing_name("n ash", "beech") == "N Ash St and Beech Ave"


def test_street_may_be_named_in_part_while_it_is_the_only_one() -> None:
    assert GROUND.crossing("beech", "N. Ash St.") == GROUND.crossing("N Ash St", "Beech Ave")
    with pytest.raises(PlaceError, match="Ashton Pl, N Ash St"):
        GROUND.crossing("Ash", "Beech")


def test_streets_that_do_not_meet_are_said_to_be_apart() -> None:
    with pytest.raises(PlaceError, match="no nearer than 1500 m"):
        GROUND.crossing("Beech", "Cedar")
    with pytest.raises(PlaceError, match="no street 'Elm'"):
        GROUND.crossing("Elm", "Cedar")
    with pytest.raises(PlaceError, match="two streets"):
        GROUND.crossing("Cedar", "Cedar Ave")


def test_point_is_degrees_or_metres() -> None:
    lon, lat = Projection(CRS).to_degrees(np.array([X + 700]), np.array([Y + 800]))
    for text in (f"{lat[0]:.7f}, {lon[0]:.7f}", f"{lat[0]:.7f} −{-lon[0]:.7f}", f"{X + 700} {Y + 800}"):
        assert GROUND.point(text) == pytest.approx((X + 700, Y + 800), abs=0.1)


@pytest.mark.parametrize("text", ["", "here", "38.6", "1 2 3", "<script>"])
def test_text_that_is_no_point_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(PlaceError, match=r"38\.5921, -90\.2304"):
        GROUND.point(text)


def test_box_is_laid_around_the_point_on_lines_a_quarter_apart() -> None:
    corner = GROUND.square_around((X + 1003, Y + 998), 250.0)
    assert (corner[0] % 62.5, corner[1] % 62.5) == (0.0, 0.0)
    assert abs(corner[0] + 125 - X - 1003) <= 31.25
    assert abs(corner[1] + 125 - Y - 998) <= 31.25


def test_box_outside_the_area_is_refused() -> None:
    with pytest.raises(PlaceError, match="outside this area"):
        GROUND.square_around((X - 500, Y), 250.0)
    with pytest.raises(PlaceError, match="outside this area"):
        GROUND.square_around((1e9, 1e9), 250.0)


def test_box_is_called_by_its_crossing_then_its_street_then_its_middle() -> None:
    around = (X + 875, Y + 875)
    assert GROUND.name_of(around, 250.0) in ("N Ash St and Beech Ave", "Beech Ave and N Ash St")
    assert GROUND.name_of(around, 250.0, taken=["N Ash St and Beech Ave", "Beech Ave and N Ash St"]) in (
        "N Ash St",
        "Beech Ave",
    )
    assert GROUND.name_of((X + 100, Y + 2400), 250.0) == "Cedar Ave"
    assert GROUND.name_of((X + 2000, Y + 1500), 250.0).startswith("38.5")


def test_ground_without_streets_still_takes_points() -> None:
    bare = KnownGround.of(_document(), CRS)
    corner = bare.square_around(bare.point(f"{X + 700} {Y + 800}"), 250.0)
    assert bare.name_of(corner, 250.0).startswith("38.5")
    with pytest.raises(PlaceError, match="no street"):
        bare.crossing("Ash", "Beech")


def test_marks_show_added_boxes_by_letter_and_strike_suppressed_ones() -> None:
    from tests.unit.evaluation.test_edits import edit

    from peelian.forecasts.edits import EditKind

    marks = edit_marks(
        json.loads(json.dumps(_document())),
        [edit(x=X + 500, y=Y + 500, letter="A"), edit(EditKind.SUPPRESS, x=X + 1000, y=Y + 500)],
    )
    assert '<rect class="added" x="101" y="451"' in marks
    assert ">A</text>" in marks
    assert marks.count('class="struck') == 2
