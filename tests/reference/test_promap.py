"""ProMap's weight against worked values (Bowers, Johnson & Pease 2004; PredictCode's reading of the distance)."""

from datetime import timedelta

import numpy as np
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.events import Bundle
from peelian.models.promap import ProMap, promap_weight
from peelian.places import Grid, Period, Region

WORKED = [
    (50.0, 0.0, 0.0, 1.0),
    (50.0, 60.0, 9.0, 1 / 6),
    (50.0, 240.0, 20.0, 1 / 30),
    (50.0, 390.0, 55.0, 1 / 128),
    (250.0, 120.0, 16.0, 1 / 3),
]


@pytest.mark.parametrize(("cell_m", "distance_m", "age_days", "weight"), WORKED)
def test_weight_is_the_worked_value(cell_m: float, distance_m: float, age_days: float, weight: float) -> None:
    assert promap_weight(np.array([distance_m]), np.array([age_days]), cell_m)[0] == pytest.approx(weight, rel=1e-12)


def test_whole_model_keeps_the_worked_proportions_between_cells() -> None:
    grid = Grid("EPSG:32615", 50.0, 0, 0, 40, 40)
    region = Region(grid, np.ones(grid.n_cells, dtype=bool))
    # One event at the very centre of cell (20, 20), nine days ago: t = 1 everywhere.
    history = make_events([1025.0], [1025.0], [9.0])
    expected = ProMap().fit(history, Bundle.of("burglary"), region).forecast(Period(CUTOFF, CUTOFF + timedelta(days=1)))
    surface = expected.expected.reshape(grid.shape)
    # The next cell's centre is 50 m off: two half-widths, so a third of the event's own cell.
    assert surface[20, 21] / surface[20, 20] == pytest.approx(1 / 3)
    assert surface[20, 20 + 9] == 0.0  # 450 m: beyond the reach
    assert surface[20, 20 + 8] / surface[20, 20] == pytest.approx(1 / 17)  # 400 m is still within it
    assert surface.sum() == pytest.approx(1 / 56)  # one event in eight weeks


def test_event_older_than_eight_weeks_weighs_nothing() -> None:
    grid = Grid("EPSG:32615", 250.0, 0, 0, 4, 4)
    region = Region(grid, np.ones(grid.n_cells, dtype=bool))
    history = make_events([400.0], [400.0], [56.01])
    forecast = ProMap().fit(history, Bundle.of("burglary"), region).forecast(Period(CUTOFF, CUTOFF + timedelta(days=1)))
    assert forecast.expected.sum() == 0.0
