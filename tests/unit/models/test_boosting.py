from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.events import Bundle, Events
from peelian.models.boosting import Boosting, calendar
from peelian.models.kernels import CellKernel
from peelian.models.record import read_record
from peelian.models.surfaces import SurfacePlan
from peelian.models.windows import Anchor
from peelian.places import Period, Region
from peelian.places.covariates import Covariates

TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")
X0, Y0 = 100 * 250.0, 200 * 250.0


def uneven_town(region: Region) -> Events:
    """One cell in ten has ten times the crime of the others, all year."""
    rng = np.random.default_rng(6)
    inside = np.flatnonzero(region.is_inside)
    rate = np.where(np.arange(inside.size) % 10 == 0, 10.0, 1.0)
    cell = rng.choice(inside, 4000, p=rate / rate.sum())
    x, y = region.grid.centres(cell)
    return make_events(x, y, rng.uniform(0.05, 500, 4000))


def test_trees_learn_where_crime_is(region: Region) -> None:
    fitted = Boosting(rows_per_leaf=100).fit(uneven_town(region), BURGLARY, region)
    expected = fitted.forecast(TOMORROW).expected[region.is_inside]
    hot = np.arange(expected.size) % 10 == 0
    assert expected.sum() == pytest.approx(8.0, rel=0.15)
    assert expected[hot].mean() == pytest.approx(10 * expected[~hot].mean(), rel=0.4)


def test_same_seed_grows_the_same_trees(region: Region, scattered: Events) -> None:
    first, second = (Boosting().fit(scattered, BURGLARY, region).trees for _ in range(2))
    assert first == second != ""


def test_explanation_is_labelled_as_no_exact_one_yet_adds_up(region: Region) -> None:
    fitted = Boosting(rows_per_leaf=100).fit(uneven_town(region), BURGLARY, region)
    cells = np.flatnonzero(region.is_inside)[:20]
    told = fitted.influence(TOMORROW, region.grid.squares(cells))
    assert not told.is_exact
    assert told.expected == pytest.approx(fitted.forecast(TOMORROW).expected[cells])


@pytest.mark.parametrize("days", [[], [1.0], [3.0] * 30])
def test_hardly_any_history_gives_even_ground(region: Region, days: list[float]) -> None:
    history = make_events([X0 + 1300.0] * len(days), [Y0 + 1300.0] * len(days), days)
    expected = Boosting().fit(history, BURGLARY, region).forecast(TOMORROW).expected
    assert np.isfinite(expected).all()
    assert (expected.sum() > 0) == bool(days)


def test_surfaces_of_a_day_know_nothing_of_that_day(region: Region, scattered: Events) -> None:
    plan = SurfacePlan(region, (7.0, 60.0), 60.0, (CellKernel(region, 250.0),))
    whole = read_record(scattered, BURGLARY, region, Anchor.CUTOFF, 1.0, ("robbery",))
    before = scattered.table.filter(scattered.table["occurred_from"] < CUTOFF - timedelta(days=11))
    cut = read_record(Events(before, scattered.crs, CUTOFF), BURGLARY, region, Anchor.CUTOFF, 1.0, ("robbery",))
    assert np.array_equal(plan.surfaces_at(whole, 10), plan.surfaces_at(cut, 10))
    assert plan.surfaces_at(whole, 10).shape == (region.n_inside, 7)
    assert len(plan.names) == 4


def test_calendar_knows_the_weekday_and_closes_the_year() -> None:
    assert calendar(datetime(2018, 7, 2, 12, tzinfo=UTC))[0] == 0.0
    new_year = calendar(datetime(2018, 12, 31, tzinfo=UTC)) - calendar(datetime(2019, 1, 1, tzinfo=UTC))
    assert np.abs(new_year[1:]).max() < 0.05


def test_trees_look_at_what_places_are_like(region: Region) -> None:
    # Crime falls where the layer says, and moves on every day: no past tells where, only the layer.
    rng = np.random.default_rng(9)
    inside = np.flatnonzero(region.is_inside)
    busy = rng.random(region.grid.n_cells) < 0.3
    cell = rng.choice(inside[busy[inside]], 3000)
    x, y = region.grid.centres(cell)
    history = make_events(x, y, rng.uniform(0.05, 500, 3000))
    layer = Covariates.of(region.grid, {"busy": busy.astype(float)})
    fitted = Boosting(rows_per_leaf=100, half_lives_days=(3.0,), bandwidths_m=(), covariates=layer).fit(
        history, BURGLARY, region
    )
    forecast = fitted.forecast(TOMORROW)
    assert forecast.parameters["layers"] == "busy"
    assert forecast.expected[inside[busy[inside]]].mean() > 5 * forecast.expected[inside[~busy[inside]]].mean()
