from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError
from peelian.events import Bundle, Events
from peelian.models.kernels import CellKernel
from peelian.models.ladder import KernelLadder, Reach, memory_span, plain
from peelian.models.lookback import look_back
from peelian.models.mixing import GammaPrior, poisson_weights
from peelian.models.mixture import ENDLESS, FittedKernelMixture, KernelMixture, receptivity
from peelian.models.record import Record, most_frequent_types, read_record
from peelian.models.windows import Anchor
from peelian.places import Grid, Period, Region, Squares

TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")
X0, Y0 = 100 * 250.0, 200 * 250.0
LADDER = KernelLadder(plain(0.0, 240.0, 900.0), (7.0, ENDLESS), plain(0.0, 240.0), (30.0,), (1.5, 3.5))


def record_of(events: Events, region: Region) -> Record:
    return read_record(events, BURGLARY, region, Anchor.CUTOFF, 1.0, ("robbery",))


def brute_force_rates(
    record: Record,
    region: Region,
    target: int,
    ladder: KernelLadder,
    receives: np.ndarray | None = None,
    *,
    by_spot: bool = False,
) -> np.ndarray:
    """(class, bandwidth, half-life) rates at one event, from the definition: all earlier events sent out anew."""
    unit, reaches = (record.spot, ladder.spot_reaches) if by_spot else (record.cell, ladder.reaches)
    rates = np.zeros((ladder.n_classes, len(reaches), len(ladder.half_lives)))
    day = record.age[target]
    earlier = (record.age > day) & (record.kind == 0)
    counts = np.bincount(unit[earlier], minlength=int(unit.max()) + 1)
    span = memory_span(ladder.half_lives, np.array([record.steps - 1 - day]))[0]
    class_of = ladder.classes(counts.astype(float))[unit]
    for s, reach in enumerate(reaches):
        kernel = CellKernel(region, reach.bandwidth_m, receives if reach.is_receptive else None)
        for q, (h, half_life) in product(range(ladder.n_classes), enumerate(ladder.half_lives)):
            source = earlier & (class_of == q)
            fade = 2.0 ** (-(record.age[source] - day) / half_life) / span[h]
            sent = np.bincount(record.cell[source], record.weight[source] * fade, minlength=region.grid.n_cells)
            rates[q, s, h] = kernel.spread(sent)[record.cell[target]]
    return rates


def test_lookback_equals_the_definition_event_by_event(region: Region, scattered: Events) -> None:
    crowded = make_events(
        [X0 + 1300.0] * 4 + [X0 + 1310.0] * 2 + [X0 + 1600.0] * 5 + [X0 + 900.0] * 3,
        [Y0 + 1300.0] * 6 + [Y0 + 1300.0] * 5 + [Y0 + 1700.0] * 3,
        [1, 2, 3, 9, 33, 70, 5, 6, 12, 80, 90, 1.5, 4, 99],
    )
    receptive = Reach(240.0, is_receptive=True)
    near = replace(LADDER, reaches=(*plain(0.0, 240.0, 700.0), receptive), spot_reaches=(*plain(0.0), receptive))
    receives = np.random.default_rng(1).uniform(0.2, 3, region.grid.n_cells)
    for events in (crowded, scattered):
        record = record_of(events, region)
        kernels = [CellKernel(region, r.bandwidth_m, receives if r.is_receptive else None) for r in near.reaches]
        seen = look_back(record, region, near, np.arange(20), kernels)
        own = np.flatnonzero((record.kind == 0) & (record.age < 20))
        own = own[np.argsort(-record.age[own], kind="stable")]
        assert seen.weight.size == own.size > 0
        for row, target in enumerate(own):
            assert seen.own[row] == pytest.approx(
                brute_force_rates(record, region, int(target), near, receives), rel=0.02, abs=2e-6
            )
            assert seen.spots[row] == pytest.approx(
                brute_force_rates(record, region, int(target), near, receives, by_spot=True), rel=0.02, abs=2e-6
            )


def test_reach_read_on_a_coarser_lattice_differs_little() -> None:
    region = Region(Grid("EPSG:32615", 62.5, 400, 800, 64, 64), np.ones(64 * 64, dtype=bool))
    rng = np.random.default_rng(5)
    events = make_events(X0 + rng.uniform(500, 3500, 400), Y0 + rng.uniform(500, 3500, 400), rng.uniform(0.1, 300, 400))
    record = record_of(events, region)
    ladder = replace(LADDER, reaches=plain(480.0), other_reaches=())
    seen = look_back(record, region, ladder, np.arange(3))
    own = np.flatnonzero(record.age < 3)
    own = own[np.argsort(-record.age[own], kind="stable")]
    exact = np.array([brute_force_rates(record, region, int(t), ladder).sum(axis=0)[0] for t in own])
    assert seen.own.sum(axis=1)[:, 0] == pytest.approx(exact, rel=0.25)
    assert seen.own.sum(axis=(0, 1)) == pytest.approx(exact.sum(axis=0)[None], rel=0.05)


def test_exposure_is_the_rate_summed_over_region_and_days(region: Region, scattered: Events) -> None:
    record = record_of(scattered, region)
    seen = look_back(record, region, LADDER, np.arange(3))
    total = np.zeros(2)
    for age in range(3):
        earlier = (record.age > age) & (record.kind == 0)
        fade = 2.0 ** (-(record.age[earlier, None] - age) / np.array(LADDER.half_lives))
        total += fade.sum(axis=0) / memory_span(LADDER.half_lives, np.array([record.steps - 1 - age]))[0]
    assert seen.own_exposure.sum(axis=0)[0] == pytest.approx(total)
    assert seen.steps == 3


def test_what_happens_on_a_day_never_moves_that_days_own_rates(region: Region, scattered: Events) -> None:
    before = look_back(record_of(scattered, region), region, LADDER, np.arange(5, 9))
    later = make_events([X0 + 1300.0] * 30, [Y0 + 1300.0] * 30, np.linspace(0.1, 4.9, 30))
    both = Events(
        scattered.table.vstack(later.table.with_columns(event_id="n" + later.table["event_id"])), scattered.crs, CUTOFF
    )
    after = look_back(record_of(both, region), region, LADDER, np.arange(5, 9))
    assert np.array_equal(before.own, after.own)
    assert np.array_equal(before.own_exposure, after.own_exposure)


def test_weights_of_simulated_rates_are_recovered() -> None:
    rng = np.random.default_rng(11)
    surfaces = rng.gamma(0.5, size=(4, 5000))
    surfaces /= surfaces.sum(axis=1, keepdims=True)
    truth = np.array([900.0, 0.0, 2400.0, 300.0])
    counts = rng.poisson(truth @ surfaces)
    events = np.repeat(np.arange(5000), counts)
    found = poisson_weights(surfaces[:, events].T, np.ones(4), np.ones(events.size), GammaPrior.none(4))
    assert found == pytest.approx(truth, abs=150)
    assert found.sum() == pytest.approx(events.size)


def test_component_that_was_nowhere_weighs_nothing() -> None:
    rates = np.array([[0.5, 0.0], [0.2, 0.0]])
    assert poisson_weights(rates, np.array([1.0, 0.0]), np.ones(2), GammaPrior.none(2)).tolist() == [2.0, 0.0]


def test_component_never_exposed_keeps_its_prior_mean() -> None:
    prior = GammaPrior(np.array([2.0, 3.0]), np.array([4.0, 6.0]))
    weights = poisson_weights(np.array([[1.0, 0.0]] * 8), np.array([4.0, 0.0]), np.ones(8), prior)
    assert weights == pytest.approx([(2.0 + 8.0) / (4.0 + 4.0), 0.5])


def simulated(region: Region, rng: np.random.Generator, repeat_share: float) -> Events:
    """A record of 700 days in which that share of events repeats at the cell of one of the last week's events."""
    grid, days = region.grid, 700
    inside = np.flatnonzero(region.is_inside)
    cells: list[np.ndarray] = []
    for day in range(days):
        recent = np.concatenate(cells[-5:]) if day else np.empty(0, dtype=np.int64)
        n_repeat = rng.binomial(recent.size, repeat_share / 5) if recent.size else 0
        repeats = rng.choice(recent, n_repeat) if n_repeat else recent[:0]
        cells.append(np.concatenate([rng.choice(inside, rng.poisson(6.0 * (1 - repeat_share))), repeats]))
    cell = np.concatenate(cells)
    age = days - np.repeat(np.arange(days), [c.size for c in cells]) - rng.uniform(0.1, 0.9, cell.size)
    x, y = grid.centres(cell)
    return make_events(x, y, age)


@pytest.mark.parametrize("repeat_share", [0.0, 0.6])
def test_share_of_quick_repeats_in_simulated_crime_is_recovered(region: Region, repeat_share: float) -> None:
    history = simulated(region, np.random.default_rng(2), repeat_share)
    model = KernelMixture(
        bandwidths_m=(0.0, 480.0),
        half_lives_days=(4.0, ENDLESS),
        other_bandwidths_m=(0.0,),
        spot_bandwidths_m=(),
        class_edges=(),
        receptivity_power=0.0,
    )
    fitted = model.fit(history, BURGLARY, region)
    quick = fitted.weights.own[0, 0, 0]
    assert quick == pytest.approx(repeat_share, abs=0.1)


def test_chronic_addresses_are_told_from_as_many_events_scattered_over_their_cell(region: Region) -> None:
    """Half of crime comes again and again to 20 addresses; the other half falls anywhere, each time elsewhere."""
    rng = np.random.default_rng(3)
    inside = np.flatnonzero(region.is_inside)
    addresses = rng.choice(inside, 20, replace=False)
    chronic = rng.random(4000) < 0.5
    x, y = region.grid.centres(np.where(chronic, rng.choice(addresses, 4000), rng.choice(inside, 4000)))
    off = np.where(chronic, 0.0, 1.0)
    history = make_events(
        x + off * rng.uniform(-120, 120, 4000), y + off * rng.uniform(-120, 120, 4000), rng.uniform(0.1, 700, 4000)
    )
    model = KernelMixture(
        bandwidths_m=(0.0,),
        half_lives_days=(ENDLESS,),
        other_bandwidths_m=(),
        other_half_lives_days=(ENDLESS,),
        spot_bandwidths_m=(0.0,),
    )
    spots = model.fit(history, BURGLARY, region).weights.spots[:, 0, 0]
    # An address of ten and more speaks for itself; a point of one event says nothing that its cell does not.
    assert spots[-1] > 0.7
    assert spots[0] < 0.3


def test_map_is_held_to_what_came_lately_and_no_cell_moves(region: Region) -> None:
    """Crime doubled four weeks ago, too lately for the weights to have learned it."""
    rng = np.random.default_rng(8)
    ages = np.concatenate([rng.uniform(0.1, 700, 4200), rng.uniform(0.1, 28, 168)])
    x, y = region.grid.centres(rng.choice(np.flatnonzero(region.is_inside), ages.size))
    history = make_events(x, y, ages)
    ladder = {"half_lives_days": (720.0, ENDLESS)}
    plain_map, held = (
        KernelMixture(level_steps=steps, **ladder).fit(history, BURGLARY, region).forecast(TOMORROW).expected
        for steps in (0, 28)
    )
    assert plain_map.sum() < 8.0
    n = int((ages < 28).sum())
    assert held == pytest.approx(plain_map * (n + 100) / (28 * plain_map.sum() + 100), rel=1e-3)
    assert held.sum() > 9.0


def test_level_does_not_bend_down_where_records_are_late(region: Region) -> None:
    """Six burglaries a day for ever, each recorded ten days after it happened."""
    rng = np.random.default_rng(8)
    ages = np.linspace(10.0, 700, 690 * 6)
    x, y = region.grid.centres(rng.choice(np.flatnonzero(region.is_inside), ages.size))
    at_once = make_events(x, y, ages)
    table = at_once.table.with_columns(recorded_at=pl.col("occurred_from") + timedelta(days=9.9))
    late = Events(table, at_once.crs, CUTOFF)
    model = KernelMixture(half_lives_days=(ENDLESS,))
    levels = [model.fit(known, BURGLARY, region).forecast(TOMORROW).expected.sum() for known in (at_once, late)]
    assert levels[0] < 5.0  # ten days without a record, taken at their word
    assert levels[1] == pytest.approx(6.0, rel=0.08)


def test_other_types_weigh_only_when_they_foretell(region: Region) -> None:
    rng = np.random.default_rng(9)
    inside = np.flatnonzero(region.is_inside)
    lead = rng.choice(inside, 3000)
    age = rng.uniform(2, 700, 3000)
    follows = rng.random(3000) < 0.5
    x, y = region.grid.centres(np.concatenate([lead, lead[follows]]))
    ages = np.concatenate([age, age[follows] - rng.uniform(0.5, 2, int(follows.sum()))])
    names = ["robbery"] * 3000 + ["burglary"] * int(follows.sum())
    history = make_events(x, y, np.clip(ages, 0.1, None), crime_type=names)
    model = KernelMixture(other_half_lives_days=(3.0, ENDLESS))
    assert model.fit(history, BURGLARY, region).weights.others[0, 0, 0] > 0.2
    shuffled = make_events(x[rng.permutation(x.size)], y, np.clip(ages, 0.1, None), crime_type=names)
    assert model.fit(shuffled, BURGLARY, region).weights.others[0, 0, 0] < 0.1


def test_receptive_kernel_shares_each_event_out_whole_and_mostly_to_receptive_cells(region: Region) -> None:
    receives = np.ones(region.grid.n_cells)
    park, street = 5 * 12 + 6, 5 * 12 + 4
    receives[park] = 1 / 3
    kernel = CellKernel(region, 240.0, receives)
    sent = np.zeros(region.grid.n_cells)
    sent[5 * 12 + 5] = 2.0
    received = kernel.spread(sent)
    assert received.sum() == pytest.approx(2.0)
    assert received[park] == pytest.approx(received[street] / 3)
    told = kernel.weights(region.grid.squares(np.array([park, street])), np.array([5 * 12 + 5]))
    assert told.toarray().ravel() * 2 == pytest.approx(received[[park, street]])


def test_ground_where_nothing_was_ever_recorded_receives_a_third_of_the_mean(region: Region) -> None:
    others = make_events([X0 + 1300.0] * 116, [Y0 + 1300.0] * 116, np.ones(116), crime_type="larceny")
    found = receptivity(others, BURGLARY, region)
    assert found[3] == pytest.approx(1 / 3)
    assert found[5 * 12 + 5] == pytest.approx((116 + 0.5) / 1.5)
    assert (receptivity(Events.empty(others.crs, CUTOFF), BURGLARY, region) == 1.0).all()


def floating_squares() -> Squares:
    x, y = np.meshgrid(np.arange(3, 40, 7) * 62.5 + X0, np.arange(2, 36, 5) * 62.5 + Y0)
    return Squares(x.ravel(), y.ravel(), 250.0)


def fitted_on_lattice(region: Region, scattered: Events) -> FittedKernelMixture:
    return KernelMixture().fit(scattered, BURGLARY, region.nested(4))


def test_explanation_of_floating_boxes_adds_up_to_the_forecast(region: Region, scattered: Events) -> None:
    fitted = fitted_on_lattice(region, scattered)
    boxes = floating_squares()
    held = boxes.contain(*region.nested(4).grid.centres()).astype(float)
    told = fitted.influence(TOMORROW, boxes)
    assert told.is_exact
    assert told.expected == pytest.approx(held @ fitted.forecast(TOMORROW).expected, rel=1e-9)


@pytest.mark.parametrize(("ahead", "days"), [(0, 1), (3, 1), (0, 28)])
def test_map_summed_by_cell_is_the_sum_of_its_events_shares(
    region: Region, scattered: Events, ahead: int, days: int
) -> None:
    fitted = KernelMixture().fit(scattered, BURGLARY, region)
    period = Period(CUTOFF + timedelta(days=ahead), CUTOFF + timedelta(days=ahead + days))
    assert fitted.forecast(period).expected == pytest.approx(fitted.sum(period).forecast(period).expected, rel=1e-9)
    assert fitted.shares().sum() == pytest.approx(sum(part.daily.sum() for part in fitted.sum().parts), rel=1e-9)


def test_later_cutoff_without_refit_keeps_the_weights_and_sees_the_new_event(region: Region, scattered: Events) -> None:
    older = scattered.occurring_before(CUTOFF - timedelta(days=10))
    fitted = KernelMixture().fit(older, BURGLARY, region)
    moved = fitted.conditioned_on(scattered)
    assert moved.weights is fitted.weights
    assert not np.array_equal(moved.forecast(TOMORROW).expected, fitted.forecast(TOMORROW).expected)


def test_level_is_near_the_records_rate(region: Region, scattered: Events) -> None:
    own = BURGLARY.select(scattered)
    inside = region.is_inside[region.grid.cell_of(own.x, own.y)]
    total = KernelMixture().fit(scattered, BURGLARY, region).forecast(TOMORROW).expected.sum()
    assert total == pytest.approx(inside.sum() / 730, rel=0.25)


def test_month_ahead_keeps_the_level_and_leans_on_long_memories(region: Region) -> None:
    rng = np.random.default_rng(3)
    x, y = region.grid.centres(rng.choice(np.flatnonzero(region.is_inside), 3000))
    fresh = make_events([X0 + 1300.0] * 15, [Y0 + 1300.0] * 15, np.linspace(0.1, 3, 15))
    steady = make_events(x, y, rng.uniform(0.05, 700, 3000))
    table = steady.table.vstack(fresh.table.with_columns(event_id="n" + fresh.table["event_id"]))
    fitted = KernelMixture().fit(Events(table, steady.crs, CUTOFF), BURGLARY, region)
    day, month = fitted.forecast(TOMORROW), Period(CUTOFF, CUTOFF + timedelta(days=28))
    later = fitted.forecast(month)
    assert later.expected.sum() == pytest.approx(28 * day.expected.sum())
    assert later.expected[5 * 12 + 5] < 28 * day.expected[5 * 12 + 5]
    cells = np.flatnonzero(region.is_inside)
    told = fitted.influence(month, region.grid.squares(cells))
    assert told.expected == pytest.approx(later.expected[cells], rel=1e-9)


@pytest.mark.parametrize("days", [[], [1.0], [0.5, 400.0], [3.0] * 40])
def test_hardly_any_history_gives_a_finite_map_that_peaks_where_it_happened(region: Region, days: list[float]) -> None:
    history = make_events([X0 + 1300.0] * len(days), [Y0 + 1300.0] * len(days), days)
    expected = KernelMixture().fit(history, BURGLARY, region).forecast(TOMORROW).expected
    assert np.isfinite(expected).all()
    if days:
        assert expected.argmax() == 5 * 12 + 5
        assert (expected[region.is_inside] > 0).all()
    else:
        assert expected.sum() == 0.0


def test_one_crime_a_month_borrows_its_ranking_from_the_borough_and_other_types(region: Region) -> None:
    rng = np.random.default_rng(4)
    x, y = X0 + rng.normal(1600, 200, 2000), Y0 + rng.normal(1600, 200, 2000)
    ages = rng.uniform(0.1, 730, 2000)
    rare = rng.random(2000) < 0.012
    history = make_events(x, y, ages, crime_type=np.where(rare, "burglary", "larceny").tolist())
    fitted = KernelMixture().fit(history, BURGLARY, region)
    expected = fitted.forecast(TOMORROW).expected.reshape(region.grid.shape)
    assert len(np.unique(np.round(expected[2:, 2:], 12))) > 60  # no plain ties
    assert expected[5:8, 5:8].sum() > 0.4 * expected.sum()


def test_same_history_gives_the_same_forecast_to_the_byte(region: Region, scattered: Events) -> None:
    first, second = (KernelMixture().fit(scattered, BURGLARY, region).forecast(TOMORROW).expected for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_feed_dated_to_the_month_learns_in_months(region: Region, scattered: Events) -> None:
    model = KernelMixture(
        step_days=30.4375, half_lives_days=(61.0, 365.0, ENDLESS), anchor=Anchor.LATEST, burn_in_steps=6
    )
    fitted = model.fit(scattered, BURGLARY, region)
    assert 0.1 < fitted.forecast(TOMORROW).expected.sum() < 0.4
    assert fitted.weights.training_events > 50


def test_other_types_are_taken_by_number_then_name() -> None:
    kinds = ["a"] * 3 + ["c"] * 5 + ["b"] * 5 + ["burglary"] * 9 + ["rare"]
    events = make_events(np.full(23, X0), np.full(23, Y0), np.ones(23), crime_type=kinds)
    assert most_frequent_types(events, BURGLARY, 3, 2) == ("b", "c", "a")
    assert most_frequent_types(events, BURGLARY, 1, 2) == ("b",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"other_bandwidths_m": (0.0, 77.0)},
        {"bandwidths_m": (), "other_bandwidths_m": ()},
        {"half_lives_days": (7.0, -1.0)},
        {"receptivity_power": -0.5},
        {"spot_bandwidths_m": (77.0,)},
        {"level_events": -1.0},
    ],
)
def test_settings_that_are_no_ladder_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ForecastError, match="mixture"):
        KernelMixture(**wrong)
