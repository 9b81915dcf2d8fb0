from datetime import timedelta

import numpy as np
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError
from peelian.events import Bundle, Events
from peelian.models.kde import Fixed, KernelDensity
from peelian.models.recent_counts import RecentCounts
from peelian.models.stack import Stack
from peelian.models.windows import Window
from peelian.places import Period, Region

TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")
LONG = RecentCounts(Window(365), "long")
SHORT = RecentCounts(Window(3), "short")
SMOOTH = KernelDensity(Fixed(800.0), name="smooth")


def steady_town(region: Region) -> Events:
    """Three cells hold all crime, at one rate: a long count is right, three days' count is mostly luck."""
    rng = np.random.default_rng(8)
    cell = rng.choice(np.flatnonzero(region.is_inside)[[10, 50, 90]], 1500)
    x, y = region.grid.centres(cell)
    return make_events(x, y, rng.uniform(0.05, 500, 1500))


def test_model_that_foretold_best_is_heard_most(region: Region) -> None:
    weights = Stack((SHORT, LONG, SMOOTH)).fit(steady_town(region), BURGLARY, region).weights
    assert weights.sum() == pytest.approx(1.0)
    assert weights[1] > 0.6


def test_explanation_adds_up_over_members_of_different_histories(region: Region, scattered: Events) -> None:
    fitted = Stack((LONG, SMOOTH)).fit(scattered, BURGLARY, region)
    cells = np.flatnonzero(region.is_inside)
    told = fitted.influence(TOMORROW, region.grid.squares(cells))
    assert told.is_exact
    assert told.expected == pytest.approx(fitted.forecast(TOMORROW).expected[cells], rel=1e-9)


def test_stack_of_one_is_that_model(region: Region, scattered: Events) -> None:
    alone = LONG.fit(scattered, BURGLARY, region).forecast(TOMORROW).expected
    assert np.array_equal(Stack((LONG,)).fit(scattered, BURGLARY, region).forecast(TOMORROW).expected, alone)


def test_nothing_yet_to_judge_by_hears_all_alike(region: Region) -> None:
    young = make_events([25_600.0] * 5, [51_000.0] * 5, [1, 2, 3, 4, 5])
    assert Stack((LONG, SMOOTH)).fit(young, BURGLARY, region).weights.tolist() == [0.5, 0.5]


def test_past_is_judged_without_what_was_recorded_later(scattered: Events) -> None:
    then = CUTOFF - timedelta(days=100)
    late = scattered.table.with_columns(recorded_at=scattered.table["occurred_from"].max())
    assert len(Events(late, scattered.crs, CUTOFF).as_known_then(then)) == 0
    assert len(scattered.as_known_then(then)) == int((scattered.age_days(then) > 0).sum())


def test_two_members_of_one_name_are_refused() -> None:
    with pytest.raises(ForecastError, match="each once"):
        Stack((LONG, LONG))
