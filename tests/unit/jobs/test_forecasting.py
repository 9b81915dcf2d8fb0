from dataclasses import fields
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.conftest import CUTOFF, make_events

from peelian.events import Bundle, Events
from peelian.jobs.forecasting import AreaDrawing, AreaModels, BoxList, Drawing, Subject, draw
from peelian.jobs.plans import FIXED, FLOATING, Method
from peelian.places import DatePrecision, Grid, Period
from peelian.places.areas import AreaLayer, StudyArea
from peelian.places.squares import Squares
from peelian.selection.top import TopCells

GRID = Grid("EPSG:32615", 250.0, 100, 200, 16, 12)
X0, Y0 = 100 * 250.0, 200 * 250.0
TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")


def town(rng: np.random.Generator) -> Events:
    """A year of burglary and theft, dense around three corners."""
    corner = rng.integers(0, 3, 900)
    x = X0 + np.clip(np.array([600.0, 1900.0, 3300.0])[corner] + rng.normal(0, 350, 900), 1, 3999)
    y = Y0 + np.clip(np.array([700.0, 2200.0, 1200.0])[corner] + rng.normal(0, 350, 900), 1, 2999)
    return make_events(x, y, rng.uniform(0.01, 365, 900), crime_type=rng.choice(["burglary", "theft"], 900).tolist())


def boroughs() -> AreaLayer:
    """West, middle and east; the border of the first two goes through the densest corner."""
    column = np.arange(GRID.n_cells) % 16
    sides = (("east", column >= 9), ("middle", (column >= 2) & (column < 9)), ("west", column < 2))
    return AreaLayer("borough", GRID, tuple(StudyArea(i, i, np.flatnonzero(cells)) for i, cells in sides))


def drawing(model: str, boxes: str, count: int, keep: float) -> Drawing:
    return Drawing(Method(model, model, boxes, (), keep), DatePrecision.DAY, TopCells(count, 2), seed=3)


def box_list(ways: tuple[tuple[str, str], ...], count: int, keep: float, stood: Squares | None) -> BoxList:
    """The first way draws the west, the last all else."""
    ids: tuple[tuple[str, ...], ...] = (
        (("east", "middle"), ("west",)) if len(ways) > 1 else (("east", "middle", "west"),)
    )
    groups = tuple((drawing(*way, count, keep), own) for way, own in zip(ways, ids, strict=True))
    return BoxList(AreaModels(groups), stood)


def standing(places: NDArray[np.float64]) -> Squares:
    return Squares(X0 + places[:, 0] * 62.5, Y0 + places[:, 1] * 62.5, 250.0)


def told(area: AreaDrawing) -> list[object]:
    """All that a drawing says, its tables as rows: the same numbers to the last bit or not the same."""
    values = [getattr(area, field.name) for field in fields(area)]
    return [area.boxes.table.rows(), *(v.rows() if hasattr(v, "rows") else v for v in values[1:])]


@pytest.mark.parametrize("keep", [0.0, 0.5], ids=["free", "kept"])
@pytest.mark.parametrize(
    "ways",
    [
        (("mixture", FLOATING),),
        (("mixture", FIXED),),
        (("boosting", FIXED),),
        (("kde-decayed", FLOATING), ("smoothed-counts", FIXED)),
    ],
    ids=str,
)
def test_a_list_of_boxes_is_the_same_whatever_is_drawn_beside_it(
    ways: tuple[tuple[str, str], ...], keep: float
) -> None:
    rng = np.random.default_rng(8)
    subject = Subject(town(rng), boroughs(), BURGLARY)
    # Each list keeps boxes of its own: neither need be the beginning of the other.
    lists = [
        box_list(ways, count, keep, standing(rng.integers(0, [60, 44], (40, 2)).astype(np.float64)))
        for count in (4, 30)
    ]
    together = draw(subject, TOMORROW, lists)
    for wanted, beside in zip(lists, together, strict=True):
        (alone,) = draw(Subject(subject.history, subject.layer, BURGLARY), TOMORROW, [wanted])
        assert np.array_equal(alone.forecast.expected, beside.forecast.expected)
        assert alone.forecast.parameters == beside.forecast.parameters
        assert alone.track.rows() == beside.track.rows()
        assert list(alone.areas) == list(beside.areas)
        for area_id, area in alone.areas.items():
            assert area.contributions.height > 0
            assert told(area) == told(beside.areas[area_id])
