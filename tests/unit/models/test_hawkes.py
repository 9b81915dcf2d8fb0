from datetime import timedelta

import numpy as np
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError
from peelian.events import Bundle, Events
from peelian.models.hawkes import FittedHawkes, Hawkes
from peelian.models.ladder import mean_fade
from peelian.places import Grid, Period, Region

TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")
TOWN = Region(Grid("EPSG:32615", 125.0, 200, 400, 66, 66), np.ones(66 * 66, dtype=bool))


def simulated(
    branching: float, half_life: float, bandwidth_m: float, *, seed: int = 3, days: int = 600, per_day: float = 12.0
) -> Events:
    """A branching process in days: two background hills, offspring by geometric lag and Gaussian step."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(per_day * (1 - branching) * days)
    hill = rng.integers(0, 2, n)
    x = 25_000.0 + np.where(hill, 2500, 5500) + rng.normal(0, 900, n)
    y = 50_000.0 + np.where(hill, 2500, 5500) + rng.normal(0, 900, n)
    day = rng.integers(0, days, n)
    born = [(x, y, day)]
    while born[-1][0].size:
        px, py, pd = born[-1]
        parent = np.repeat(np.arange(px.size), rng.poisson(branching, px.size))
        lag = rng.geometric(1 - 2 ** (-1 / half_life), parent.size)
        born.append((*(p[parent] + rng.normal(0, bandwidth_m, parent.size) for p in (px, py)), pd[parent] + lag))
    x, y, day = (np.concatenate([b[k] for b in born]) for k in range(3))
    seen = (day < days) & (np.abs(x - 29_000) < 4000) & (np.abs(y - 54_000) < 4000)
    return make_events(x[seen], y[seen], days - day[seen] - rng.uniform(0.05, 0.95, int(seen.sum())))


@pytest.mark.parametrize("branching", [0.0, 0.4])
def test_branching_ratio_of_a_simulated_process_is_recovered(branching: float) -> None:
    fitted = Hawkes().fit(simulated(branching, 5.0, 130.0), BURGLARY, TOWN)
    assert fitted.learned.branching_ratio == pytest.approx(branching, abs=0.09)


def test_reach_in_time_and_space_of_a_simulated_process_is_recovered() -> None:
    theta = Hawkes().fit(simulated(0.5, 4.0, 250.0), BURGLARY, TOWN).learned.theta
    bandwidths = np.array([0.0, 120.0, 250.0, 500.0])
    root_reach = float(np.sqrt(theta.sum(axis=1) @ bandwidths**2 / theta.sum()))
    assert root_reach == pytest.approx(250.0, rel=0.3)
    in_time = theta.sum(axis=0) / theta.sum()
    assert in_time.argmax() == 1  # the half-life of 4 days
    assert in_time[:3].sum() > 0.8


@pytest.fixture(scope="module")
def excited() -> tuple[Events, FittedHawkes]:
    history = simulated(0.5, 5.0, 130.0)
    return history, Hawkes().fit(history, BURGLARY, TOWN)


def test_expected_total_is_near_the_record_and_rises_after_a_burst(excited: tuple[Events, FittedHawkes]) -> None:
    history, fitted = excited
    quiet = fitted.forecast(TOMORROW).expected.sum()
    assert quiet == pytest.approx(len(history) / 600, rel=0.35)
    burst = make_events([29_000.0] * 20, [54_000.0] * 20, np.linspace(0.1, 0.9, 20))
    table = history.table.vstack(burst.table.with_columns(event_id="n" + burst.table["event_id"]))
    loud = fitted.conditioned_on(Events(table, history.crs, CUTOFF)).forecast(TOMORROW).expected
    assert loud.sum() > quiet + 0.3


def test_far_ahead_the_triggering_has_faded_and_the_background_stands(excited: tuple[Events, FittedHawkes]) -> None:
    _, fitted = excited
    month = Period(CUTOFF + timedelta(days=60), CUTOFF + timedelta(days=61))
    assert fitted.forecast(month).expected.sum() < fitted.forecast(TOMORROW).expected.sum()
    assert mean_fade(np.array([2.0]), 2, 1)[0] == pytest.approx(0.5)
    assert mean_fade(np.array([1.0]), 0, 2)[0] == pytest.approx(0.75)


@pytest.mark.parametrize("ahead", [0, 5])
def test_map_summed_by_cell_is_the_sum_of_its_events_shares(excited: tuple[Events, FittedHawkes], ahead: int) -> None:
    _, fitted = excited
    week = Period(CUTOFF + timedelta(days=ahead), CUTOFF + timedelta(days=ahead + 7))
    cells = np.arange(0, TOWN.grid.n_cells, 7)
    told = fitted.influence(week, TOWN.grid.squares(cells))
    assert told.expected == pytest.approx(fitted.forecast(week).expected[cells], rel=1e-9)


@pytest.mark.parametrize("days", [[], [1.0], [3.0] * 30])
def test_hardly_any_history_is_no_error(days: list[float]) -> None:
    history = make_events([29_000.0] * len(days), [54_000.0] * len(days), days)
    expected = Hawkes().fit(history, BURGLARY, TOWN).forecast(TOMORROW).expected
    assert np.isfinite(expected).all()
    assert (expected.sum() > 0) == bool(days)


def test_settings_that_are_no_kernel_are_refused() -> None:
    with pytest.raises(ForecastError, match="background_m"):
        Hawkes(background_m=(0.0,))
