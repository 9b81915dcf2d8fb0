from datetime import timedelta

import numpy as np
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError, PlaceError
from peelian.events import Bundle, Events
from peelian.models.loglinear import LogLinear
from peelian.models.poisson_regression import poisson_coefficients
from peelian.places import Grid, Period, Region
from peelian.places.covariates import Covariates

TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")
TOWN = Region(Grid("EPSG:32615", 250.0, 100, 200, 30, 30), np.ones(900, dtype=np.bool_))


def simulated(rng: np.random.Generator, rate: np.ndarray, days: int = 500) -> Events:
    """Events at a steady rate a day in each cell."""
    counts = rng.poisson(rate * days)
    x, y = TOWN.grid.centres(np.repeat(np.arange(900), counts))
    return make_events(x, y, rng.uniform(0.1, days, counts.sum()))


def test_effects_of_layers_in_simulated_crime_are_recovered() -> None:
    rng = np.random.default_rng(17)
    bars, park = rng.normal(size=900), (rng.random(900) < 0.3).astype(float)
    rate = 0.02 * np.exp(0.6 * bars - 1.0 * park)
    layers = Covariates.of(TOWN.grid, {"bars": bars, "park": park})
    fitted = LogLinear(traces=(), covariates=layers, ridge=1.0).fit(simulated(rng, rate), BURGLARY, TOWN)
    assert fitted.learned.slopes / fitted.learned.spread == pytest.approx([0.6, -1.0], abs=0.06)
    found = fitted.forecast(TOMORROW)
    assert found.expected == pytest.approx(rate, rel=0.2)
    assert float(found.parameters["coefficient of park"]) < 0 < float(found.parameters["coefficient of bars"])


def test_layer_that_says_nothing_gets_next_to_no_weight() -> None:
    rng = np.random.default_rng(18)
    rate = 0.02 * np.exp(rng.normal(size=900))
    layers = Covariates.of(TOWN.grid, {"noise": rng.normal(size=900)})
    fitted = LogLinear(covariates=layers).fit(simulated(rng, rate), BURGLARY, TOWN)
    slopes = dict(zip(fitted.names, fitted.learned.slopes, strict=True))
    assert abs(slopes["noise"]) < 0.07
    assert slopes["own crime, 0 m, inf d"] > 0.3


def test_thinned_empty_rows_give_the_same_coefficients_within_their_error() -> None:
    rng = np.random.default_rng(19)
    bars = rng.normal(size=900)
    history = simulated(rng, 0.004 * np.exp(0.8 * bars))
    layers = Covariates.of(TOWN.grid, {"bars": bars})
    whole, thinned = (
        LogLinear(traces=(), covariates=layers, most_rows=most).fit(history, BURGLARY, TOWN) for most in (10**6, 5_000)
    )
    assert thinned.learned.slopes == pytest.approx(whole.learned.slopes, abs=0.06)
    assert thinned.forecast(TOMORROW).expected.sum() == pytest.approx(whole.forecast(TOMORROW).expected.sum(), rel=0.05)


def test_explanation_is_labelled_as_approximate_and_still_adds_up(region: Region, scattered: Events) -> None:
    fitted = LogLinear().fit(scattered, BURGLARY, region.nested(4))
    boxes = region.grid.squares(np.flatnonzero(region.is_inside)[:9])
    told = fitted.influence(TOMORROW, boxes)
    held = boxes.contain(*region.nested(4).grid.centres()).astype(float)
    assert not told.is_exact
    assert told.expected == pytest.approx(held @ fitted.forecast(TOMORROW).expected, rel=1e-9)
    assert told.matrix.min() >= 0


def test_event_that_is_there_explains_more_than_one_far_off() -> None:
    rng = np.random.default_rng(2)
    history = simulated(rng, 0.01 * np.exp(rng.normal(size=900)))
    fitted = LogLinear().fit(history, BURGLARY, TOWN)
    cell = int(fitted.forecast(TOMORROW).expected.argmax())
    told = fitted.influence(TOMORROW, TOWN.grid.squares(np.array([cell]))).contributions()
    near = told.filter(told["event_id"].is_not_null())["distance_m"].to_numpy()
    assert near[0] < 125
    assert near.max() > near[0]


@pytest.mark.parametrize("days", [[], [1.0], [0.5, 400.0], [3.0] * 40])
def test_hardly_any_history_gives_a_finite_map(region: Region, days: list[float]) -> None:
    history = make_events([26_300.0] * len(days), [51_300.0] * len(days), days)
    expected = LogLinear().fit(history, BURGLARY, region).forecast(TOMORROW).expected
    assert np.isfinite(expected).all()
    assert (expected[region.is_inside] > 0).all() == bool(days)


def test_layers_of_another_town_are_refused(region: Region, scattered: Events) -> None:
    layers = Covariates.of(TOWN.grid, {"bars": np.zeros(900)})
    with pytest.raises(PlaceError, match="does not nest"):
        LogLinear(covariates=layers).fit(scattered, BURGLARY, region)


def test_regression_without_events_or_with_twins_and_no_ridge_is_refused() -> None:
    twins = np.repeat(np.random.default_rng(1).normal(size=(50, 1)), 2, axis=1)
    with pytest.raises(ForecastError, match="no event"):
        poisson_coefficients(twins, np.zeros(50), np.ones(50), 1.0)
    with pytest.raises(ForecastError, match="ridge above 0"):
        poisson_coefficients(np.zeros((50, 1)), np.ones(50), np.ones(50), 0.0)
    slopes = poisson_coefficients(twins, np.arange(50.0), np.ones(50), 1.0)
    assert slopes[1] == pytest.approx(slopes[2])


@pytest.mark.parametrize("starts", [[0], [3, 17, 31]])
def test_rates_of_many_starts_are_those_of_each_by_definition(
    region: Region, scattered: Events, starts: list[int]
) -> None:
    fitted = LogLinear().fit(scattered, BURGLARY, region)
    record = fitted.record()
    told = fitted.rates_at(record, np.array(starts))
    for since, rates in zip(starts, told, strict=True):
        for trace, rate in zip(fitted.model.traces, rates, strict=True):
            rows = (record.age >= since) & ((record.kind > 0) == trace.of_others)
            fade = 2.0 ** (-(np.arange(1, record.steps - since + 1)) / trace.half_life_days)
            sent = record.weight[rows] * 2.0 ** (-(record.age[rows] - since + 1) / trace.half_life_days) / fade.sum()
            source = np.bincount(record.cell[rows], sent, minlength=region.grid.n_cells)
            assert rate == pytest.approx(fitted.kernels[trace.bandwidth_m].spread(source), rel=1e-9, abs=1e-15)
