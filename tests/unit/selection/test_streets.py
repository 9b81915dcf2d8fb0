from datetime import timedelta

import numpy as np
import polars as pl
import pytest
import shapely
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError
from peelian.events import Bundle, Events
from peelian.models.mixture import KernelMixture
from peelian.places import LocationPrecision, Period, Region, Squares
from peelian.places.streets import StreetNetwork
from peelian.selection.streets import (
    StreetKernel,
    check_streets,
    nearest_stretch,
    street_rates,
    streets_behind,
    stretches_of_boxes,
    top_streets,
)

CRS = "EPSG:32615"
TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")


@pytest.fixture
def town() -> StreetNetwork:
    """A chessboard of streets, 100 m a block, eleven either way: 220 stretches."""
    lines, names = [], []
    for i in range(11):
        lines += [shapely.LineString([(x, 100 * i) for x in range(0, 1001, 100)])]
        lines += [shapely.LineString([(100 * i, y) for y in range(0, 1001, 100)])]
        names += [f"{i} Avenue", f"{i} Street"]
    return StreetNetwork.of(CRS, lines, names)


def test_event_lies_on_the_nearest_street_within_the_bound(town: StreetNetwork) -> None:
    found = nearest_stretch(town, np.array([150.0, 150.0, 5000.0]), np.array([308.0, 350.0, 0.0]), 20.0)
    assert town.names[found[0]] == "3 Avenue"
    assert found[1:].tolist() == [-1, -1]
    assert nearest_stretch(town, np.empty(0), np.empty(0), 20.0).size == 0


def test_no_event_on_a_street_is_lost_by_spreading_it(town: StreetNetwork) -> None:
    rng = np.random.default_rng(1)
    history = make_events(rng.uniform(0, 1000, 300), 100.0 * rng.integers(0, 11, 300), rng.uniform(0.1, 365, 300))
    rates = street_rates(town, history, BURGLARY, StreetKernel(half_life_days=1e7))
    assert rates.sum() == pytest.approx(300 / history.age_days(CUTOFF).max(), rel=1e-4)
    assert (rates >= 0).all()


def test_rates_of_some_stretches_are_those_of_the_whole_map_and_the_others_are_left_out(town: StreetNetwork) -> None:
    rng = np.random.default_rng(4)
    history = make_events(rng.uniform(0, 1000, 200), 100.0 * rng.integers(0, 11, 200), rng.uniform(0.1, 365, 200))
    kernel = StreetKernel(bandwidth_m=40.0)  # so short that most of the town is out of reach
    only = np.array([0, 1, 57, 219])
    whole, some = street_rates(town, history, BURGLARY, kernel), street_rates(town, history, BURGLARY, kernel, only)
    np.testing.assert_allclose(some[only], whole[only], rtol=1e-12)
    assert (np.delete(some, only) == 0).all()
    assert (whole[only] > 0).all()
    assert not street_rates(town, history, BURGLARY, kernel, only[:0]).any()


def test_crime_spreads_along_the_street_and_not_through_the_wall() -> None:
    # Two parallel streets 20 m apart, in blocks of 100 m, that meet a kilometre away.
    blocks = [shapely.LineString([(x, y), (x + 100, y)]) for y in (0.0, 20.0) for x in range(0, 1000, 100)]
    town = StreetNetwork.of(
        CRS, [*blocks, shapely.LineString([(1000, 0), (1000, 20)])], ["A"] * 10 + ["B"] * 10 + ["end"]
    )
    history = make_events([50.0], [0.0], [1.0])
    rates = street_rates(town, history, BURGLARY, StreetKernel(bandwidth_m=100))
    by_name = {n: rates[[i for i, m in enumerate(town.names) if m == n]] for n in ("A", "B")}
    assert by_name["B"].sum() == 0
    assert (np.diff(by_name["A"][:5]) < 0).all()
    assert by_name["A"][1] / by_name["A"][0] == pytest.approx(np.exp(-1))


def test_best_streets_hold_no_more_than_their_share_and_all_stretches_stay_in_the_table(town: StreetNetwork) -> None:
    rng = np.random.default_rng(2)
    history = make_events(rng.normal(500, 120, 200), 100.0 * rng.integers(3, 8, 200), rng.uniform(0.1, 365, 200))
    table = top_streets(town, street_rates(town, history, BURGLARY, StreetKernel()), TOMORROW, 0.1)
    chosen = table.filter("is_chosen")
    assert 0.09 < chosen["length_m"].sum() / town.length_m.sum() <= 0.1
    assert chosen["share"].sum() > 0.25
    assert table.height == len(town)
    assert table["share"].sum() == pytest.approx(1.0)
    assert (np.diff(table["expected_count"] / table["length_m"]) <= 1e-12).all()


def test_no_event_gives_a_table_of_nothing_expected(town: StreetNetwork) -> None:
    rates = street_rates(town, Events.empty(CRS, CUTOFF), BURGLARY, StreetKernel())
    table = top_streets(town, rates, TOMORROW, 0.1)
    assert table["expected_count"].sum() == 0
    assert table["share"].to_list() == [0.0] * len(town)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_share_that_is_none_is_refused(town: StreetNetwork, share: float) -> None:
    with pytest.raises(ForecastError, match="share"):
        top_streets(town, np.zeros(len(town)), TOMORROW, share)


def test_stretches_of_a_box_count_with_what_of_them_lies_inside(town: StreetNetwork) -> None:
    rates = town.length_m / 1000
    table = stretches_of_boxes(town, rates, TOMORROW, Squares(np.array([150.0, 5000.0]), np.array([150.0, 0.0]), 100.0))
    assert table["box"].unique().to_list() == [0]
    assert sorted(table["street"].unique()) == ["2 Avenue", "2 Street"]
    assert table["length_m"].to_list() == pytest.approx([50.0] * 4)
    assert table["expected_count"].sum() == pytest.approx(0.2)
    assert table["share"].sum() == pytest.approx(1.0)


@pytest.mark.parametrize("precision", [LocationPrecision.STREET_SNAPPED, LocationPrecision.AREA])
def test_feed_that_moves_its_points_gets_no_streets_and_the_reason(precision: LocationPrecision) -> None:
    with pytest.raises(ForecastError, match="looks brilliant and means nothing"):
        check_streets(precision)


@pytest.mark.parametrize("precision", [LocationPrecision.EXACT, LocationPrecision.BLOCK])
def test_feed_that_says_where_on_the_street_may_have_streets(precision: LocationPrecision) -> None:
    check_streets(precision)


def test_streets_in_other_coordinates_are_refused(town: StreetNetwork) -> None:
    with pytest.raises(ForecastError, match="project one"):
        street_rates(town, Events.empty("EPSG:27700", CUTOFF), BURGLARY, StreetKernel())


@pytest.mark.parametrize("name", ["bandwidth_m", "half_life_days", "most_m"])
def test_kernel_without_reach_is_refused(name: str) -> None:
    with pytest.raises(ForecastError, match=name):
        StreetKernel(**{name: 0.0})


def test_streets_behind_a_box_are_told_without_a_network_and_make_the_whole_of_it(region: Region) -> None:
    x, y = 100 * 250.0 + 1300.0, 200 * 250.0 + 1300.0
    streets = ["Ash St"] * 6 + ["Elm St"] * 2 + [None] * 2
    history = make_events([x] * 10, [y] * 10, [3.0] * 10, street=streets)
    fitted = KernelMixture().fit(history, BURGLARY, region)
    square = region.grid.squares(region.grid.cell_of(np.array([x]), np.array([y])))
    told = streets_behind(fitted.influence(TOMORROW, square).contributions(), history)
    assert told["street"].to_list()[0] == "Ash St"
    assert told.filter(pl.col("street") == "Ash St")["events"][0] == 6
    assert told["share"].sum() == pytest.approx(1.0)
    assert told["expected_count"].sum() == pytest.approx(float(fitted.influence(TOMORROW, square).expected[0]))
