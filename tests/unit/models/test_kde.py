import numpy as np
import pytest
from scipy.stats import norm
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError
from peelian.events import Bundle, Events
from peelian.models.decayed_counts import DecayedCounts, decay_span
from peelian.models.kde import (
    CrossValidated,
    Fixed,
    KernelDensity,
    Nearest,
    cross_validated_bandwidth,
    nearest_bandwidths,
)
from peelian.models.windows import Window
from peelian.places import Grid, Period, Region

TOMORROW = Period(CUTOFF, CUTOFF.replace(day=CUTOFF.day + 1))
BURGLARY = Bundle.of("burglary")
X0, Y0 = 100 * 250.0, 200 * 250.0
WIDE = Region(Grid("EPSG:32615", 50.0, 500, 1000, 200, 200), np.ones(40_000, dtype=bool))
CENTRE = 30_025.0, 55_025.0


def test_density_of_one_event_is_the_gaussian_of_the_textbook() -> None:
    history = make_events([CENTRE[0]], [CENTRE[1]], [100.0])
    model = KernelDensity(Fixed(300.0), window=Window(100.5), floor_share=0.0)
    expected = model.fit(history, BURGLARY, WIDE).forecast(TOMORROW).expected.reshape(200, 200)
    x, y = (a.reshape(200, 200) for a in WIDE.grid.centres())
    textbook = norm.pdf(x - CENTRE[0], scale=300) * norm.pdf(y - CENTRE[1], scale=300) * 50.0**2 / 100.0
    near = np.hypot(x - CENTRE[0], y - CENTRE[1]) < 600
    assert expected[near] == pytest.approx(textbook[near], rel=0.01)
    assert expected.sum() == pytest.approx(1 / 100.0)


@pytest.mark.parametrize("spread_m", [150.0, 600.0])
def test_cross_validation_finds_a_bandwidth_that_suits_the_spread(spread_m: float) -> None:
    rng = np.random.default_rng(1)
    centres = rng.uniform(-2500, 2500, (12, 2)) + CENTRE
    points = centres[rng.integers(0, 12, 600)] + rng.normal(0, spread_m, (600, 2))
    history = make_events(points[:, 0], points[:, 1], np.full(600, 5.0))
    found = cross_validated_bandwidth(history, np.ones(600), WIDE, CrossValidated())
    # Six hundred events in twelve clumps: the best kernel is narrower than the clumps, by n^(-1/6) (Silverman 1986).
    assert 0.3 * spread_m <= found <= 1.0 * spread_m


def test_cross_validation_of_one_event_takes_the_widest() -> None:
    assert cross_validated_bandwidth(make_events([X0], [Y0], [1.0]), np.ones(1), WIDE, CrossValidated()) == 1200.0


def test_crowded_events_get_narrow_kernels_and_lonely_ones_wide() -> None:
    x = np.concatenate([np.linspace(0, 90, 30), [5000.0]]) + X0
    events = make_events(x, np.full(31, Y0), np.ones(31))
    bandwidth = nearest_bandwidths(events, np.ones(31, dtype=bool), Nearest(k=5))
    assert set(bandwidth[:30]) == {60.0}
    assert bandwidth[30] == 900.0
    with pytest.raises(ForecastError, match="k = 0"):
        nearest_bandwidths(events, np.ones(31, dtype=bool), Nearest(k=0))


def test_floor_leaves_no_cell_impossible_and_keeps_the_total(region: Region, scattered: Events) -> None:
    expected = KernelDensity(Fixed(100.0)).fit(scattered, BURGLARY, region).forecast(TOMORROW).expected
    assert (expected[region.is_inside] > 0).all()
    own = BURGLARY.select(scattered)
    inside = region.is_inside[region.grid.cell_of(own.x, own.y)] & (own.age_days(CUTOFF) <= 365)
    total = own.age_days(CUTOFF) <= 365
    assert expected.sum() == pytest.approx((0.98 * inside.sum() + 0.02 * total.sum()) / 365)


def test_decayed_count_of_a_steady_record_is_its_rate(region: Region) -> None:
    days = np.arange(0.5, 400, 1.0)
    history = make_events([X0 + 1000.0] * 400, [Y0 + 1000.0] * 400, days)
    total = DecayedCounts(30.0).fit(history, BURGLARY, region).forecast(TOMORROW).expected.sum()
    assert total == pytest.approx(1.0, rel=1e-3)
    assert decay_span(float("inf"), 12.0) == 12.0


def test_event_one_half_life_older_counts_half(region: Region) -> None:
    history = make_events([X0 + 1000.0, X0 + 2000.0], [Y0 + 1000.0] * 2, [10.0, 70.0])
    expected = DecayedCounts(60.0).fit(history, BURGLARY, region).forecast(TOMORROW).expected
    assert expected[4 * 12 + 4] == pytest.approx(2 * expected[4 * 12 + 8])
