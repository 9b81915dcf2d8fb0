"""The ground: middle, reach, and what is held against them."""

import numpy as np
import polars as pl
import pytest

from peelian.places import Grid
from peelian.places.grid import MOST_CELLS
from peelian.sources.ground import LEAST_REACH_M, MOST_REACH_M, Ground, zone_places

RNG = np.random.default_rng(5)


def test_a_few_strays_move_neither_middle_nor_reach() -> None:
    x, y = RNG.normal(500_000, 5_000, 2_000), RNG.normal(200_000, 5_000, 2_000)
    clean = Ground.around("EPSG:27700", x, y)
    strayed = Ground.around("EPSG:27700", np.append(x, [9e6] * 20), np.append(y, [-9e6] * 20))
    assert strayed.centre_x == pytest.approx(clean.centre_x, abs=100)
    assert strayed.reach_m == pytest.approx(clean.reach_m, rel=0.1)
    assert not strayed.holds(np.array([9e6]), np.array([-9e6]))[0]
    assert strayed.holds(x, y).all()


@pytest.mark.parametrize("n", [3, 5, 11, 19])
def test_one_stray_among_few_points_is_a_stray(n: int) -> None:
    x, y = RNG.normal(500_000, 2_000, n), RNG.normal(200_000, 2_000, n)
    x[n // 2] += 300_000
    ground = Ground.around("EPSG:27700", x, y)
    assert ground.holds(x, y).sum() == n - 1


def test_a_small_town_reaches_25_km_and_no_force_farther_than_the_largest_grid() -> None:
    town = Ground.around("EPSG:27700", np.array([500_000.0]), np.array([200_000.0]))
    assert town.reach_m == LEAST_REACH_M
    wide = Ground.around("EPSG:27700", np.array([0.0, 5e6, 9e6]), np.array([0.0, 0.0, 9e6]))
    assert wide.reach_m == MOST_REACH_M
    grid = Grid.covering("EPSG:27700", 250.0, (0.0, 0.0, 2 * MOST_REACH_M, 2 * MOST_REACH_M))
    assert grid.n_cells <= MOST_CELLS


def test_points_that_are_nowhere_are_not_held() -> None:
    ground = Ground.around("EPSG:27700", np.array([500_000.0]), np.array([200_000.0]))
    held = ground.holds(np.array([np.nan, np.inf, 500_100.0]), np.array([200_000.0, 200_000.0, 200_000.0]))
    assert held.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("zone", "longitude", "latitude"),
    # From the tz database's zone.tab: +513030-0000731, +415100-0873900, -3352+15113, +353916+1394441.
    [
        ("Europe/London", -0.1253, 51.5083),
        ("America/Chicago", -87.65, 41.85),
        ("Australia/Sydney", 151.2167, -33.8667),
        ("Asia/Tokyo", 139.7447, 35.6544),
    ],
)
def test_time_zones_have_the_places_that_the_tz_database_gives_them(
    zone: str, longitude: float, latitude: float
) -> None:
    assert zone_places()[zone] == pytest.approx((longitude, latitude), abs=1e-3)


def test_every_zone_lies_on_the_earth() -> None:
    places = pl.DataFrame(list(zone_places().values()), schema=["lon", "lat"], orient="row")
    assert places.height > 400
    assert places.select((pl.col("lon").abs() <= 180).all(), (pl.col("lat").abs() <= 90).all()).row(0) == (True, True)
