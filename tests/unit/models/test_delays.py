from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError
from peelian.events import Bundle, Events
from peelian.models.delay_aware import DelayAware
from peelian.models.delays import EDGES_DAYS, arrived_by_step, delay_curves
from peelian.models.mixture import KernelMixture
from peelian.places import Period, Region

TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")
X0, Y0 = 100 * 250.0, 200 * 250.0


def recorded_late(ages: np.ndarray, delays: np.ndarray, crime_type: list[str] | str = "burglary") -> Events:
    """Events of these ages at the cutoff, of which only those recorded by then are known."""
    kinds = np.broadcast_to(np.asarray(crime_type), ages.shape)
    # Oldest first, as Events orders its rows.
    order = np.argsort(-ages)[(delays <= ages)[np.argsort(-ages)]]
    n = order.size
    events = make_events([X0 + 1300.0] * n, [Y0 + 1300.0] * n, ages[order], crime_type=kinds[order].tolist())
    recorded = [CUTOFF - timedelta(days=float(d)) for d in (ages - delays)[order]]
    table = events.table.with_columns(pl.Series("recorded_at", recorded, dtype=events.table.schema["recorded_at"]))
    return Events(table, events.crs, CUTOFF)


def test_known_delay_curve_is_recovered_though_recent_long_delays_are_not_seen_yet() -> None:
    rng = np.random.default_rng(3)
    ages, delays = rng.uniform(0, 120, 40_000), rng.weibull(0.7, 40_000) * 6.0
    curve = delay_curves(recorded_late(ages, delays)).at("burglary", EDGES_DAYS)
    truth = 1 - np.exp(-((EDGES_DAYS / 6.0) ** 0.7))
    assert curve == pytest.approx(truth, abs=0.012)


def test_delays_on_record_counted_as_they_stand_would_make_recording_look_quicker() -> None:
    rng = np.random.default_rng(3)
    ages, delays = rng.uniform(0, 40, 40_000), rng.exponential(8.0, 40_000)
    seen = delays <= ages
    naive = float((delays[seen] <= 7).mean())
    truth = float((1 - np.exp(-7 / 8)) / (1 - np.exp(-40 / 8)))
    curve = delay_curves(recorded_late(ages, delays))
    assert naive > truth + 0.04
    assert curve.at("burglary", np.array([7.0]))[0] == pytest.approx(truth, abs=0.02)


def test_type_of_few_events_leans_on_all_types_and_one_of_many_stands_alone() -> None:
    rng = np.random.default_rng(5)
    ages = rng.uniform(0, 200, 12_100)
    quick, slow = rng.exponential(0.5, 6_000), rng.exponential(10.0, 6_000)
    rare = rng.exponential(10.0, 100)
    kinds = ["robbery"] * 6_000 + ["fraud"] * 6_000 + ["arson"] * 100
    curves = delay_curves(recorded_late(ages, np.concatenate([quick, slow, rare]), kinds))
    week = np.array([3.0])
    robbery, fraud, arson, unknown = (curves.at(t, week)[0] for t in ("robbery", "fraud", "arson", "never seen"))
    assert robbery == pytest.approx(1 - np.exp(-6), abs=0.02)
    assert fraud == pytest.approx(1 - np.exp(-0.3), abs=0.03)
    assert fraud + 0.03 < arson < unknown < robbery


def test_expected_counts_are_those_of_the_whole_record_and_not_of_what_is_known(region: Region) -> None:
    rng = np.random.default_rng(8)
    ages, delays = rng.uniform(0, 700, 14_000), rng.exponential(4.0, 14_000)
    known, whole = recorded_late(ages, delays), recorded_late(ages, np.zeros_like(delays))
    model = KernelMixture(
        bandwidths_m=(0.0,),
        half_lives_days=(3.0,),
        other_bandwidths_m=(0.0,),
        spot_bandwidths_m=(0.0,),
        class_edges=(),
        level_steps=0,
    )
    totals = [
        m.fit(e, BURGLARY, region).forecast(TOMORROW).expected.sum()
        for m, e in ((model, whole), (model, known), (DelayAware(model), known))
    ]
    assert totals[1] < 0.75 * totals[0]
    assert totals[2] == pytest.approx(totals[0], rel=0.12)


@pytest.mark.parametrize("at_events", [0.0, 0.5, 1.0])
def test_total_is_the_same_wherever_the_missing_events_are_put(region: Region, at_events: float) -> None:
    rng = np.random.default_rng(8)
    known = recorded_late(rng.uniform(0, 300, 900), rng.exponential(4.0, 900))
    totals = [
        DelayAware(KernelMixture(), share_at_events=share)
        .fit(known, BURGLARY, region)
        .forecast(TOMORROW)
        .expected.sum()
        for share in (at_events, 0.3)
    ]
    assert totals[0] == pytest.approx(totals[1], rel=1e-9)


def test_places_keep_their_order_when_only_the_level_is_mended(region: Region) -> None:
    rng = np.random.default_rng(8)
    history = recorded_late(rng.uniform(0, 300, 900), rng.exponential(4.0, 900))
    plain = KernelMixture().fit(history, BURGLARY, region).forecast(TOMORROW).expected
    aware = DelayAware(KernelMixture()).fit(history, BURGLARY, region).forecast(TOMORROW).expected
    assert aware.sum() > plain.sum()
    even = np.polynomial.Polynomial.fit(plain[region.is_inside], aware[region.is_inside], 1)
    assert even(plain[region.is_inside]) == pytest.approx(aware[region.is_inside], rel=1e-6)


def test_explanation_adds_up_and_says_how_much_was_made_up_for(region: Region) -> None:
    rng = np.random.default_rng(8)
    known = recorded_late(rng.uniform(0, 300, 900), rng.exponential(4.0, 900))
    fitted = DelayAware(KernelMixture()).fit(known, BURGLARY, region)
    forecast = fitted.forecast(TOMORROW)
    cells = np.flatnonzero(region.is_inside)
    told = fitted.influence(TOMORROW, region.grid.squares(cells))
    assert told.is_exact
    assert told.expected == pytest.approx(forecast.expected[cells], rel=1e-9, abs=1e-15)
    assert float(forecast.parameters["made_up_for"]) > 1.0


def test_nothing_is_corrected_where_everything_is_recorded_at_once(region: Region, scattered: Events) -> None:
    plain = KernelMixture().fit(scattered, BURGLARY, region).forecast(TOMORROW).expected
    aware = DelayAware(KernelMixture()).fit(scattered, BURGLARY, region).forecast(TOMORROW).expected
    assert aware == pytest.approx(plain, rel=1e-12)


def test_record_without_events_has_curves_that_correct_nothing(region: Region) -> None:
    empty = Events.empty(region.grid.crs, CUTOFF)
    assert (delay_curves(empty).completeness == 1.0).all()
    assert DelayAware(KernelMixture()).fit(empty, BURGLARY, region).forecast(TOMORROW).expected.sum() == 0.0


@pytest.mark.parametrize("bound", [0.0, -0.1, 1.5, float("nan")])
def test_bound_that_is_no_share_is_refused(bound: float) -> None:
    with pytest.raises(ForecastError, match="least_completeness"):
        DelayAware(KernelMixture(), bound)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_share_of_the_missing_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ForecastError, match="share_at_events"):
        DelayAware(KernelMixture(), share_at_events=share)


def test_share_on_record_of_each_past_day_is_the_mean_of_its_hours() -> None:
    """Half at once, half after two to three days: of younger days half is there, of older ones all."""
    ages = np.linspace(0, 300, 4000)
    history = recorded_late(ages, np.tile([0.0, 2.5], 2000))
    arrived = arrived_by_step(history, BURGLARY, 6, 1.0)
    assert arrived[:2] == pytest.approx(0.5, abs=0.03)
    assert arrived[3:] == pytest.approx(1.0)
    assert arrived_by_step(history, Bundle.of("arson"), 2, 1.0).tolist() == [1.0, 1.0]
    assert arrived_by_step(history, BURGLARY, 0, 1.0).size == 0
