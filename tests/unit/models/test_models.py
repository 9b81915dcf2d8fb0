from datetime import timedelta

import numpy as np
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError
from peelian.events import Bundle, Events
from peelian.models.catalogue import NAMES, model
from peelian.models.kernels import CellKernel
from peelian.models.recent_counts import RecentCounts
from peelian.models.smoothed_counts import SmoothedCounts
from peelian.models.windows import Anchor, Window
from peelian.places import DatePrecision, Period, Region, Squares

TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")
#: Models whose settings are all there is: nothing is learned from the history.
LEARNED = (
    *("boosting", "hawkes", "kde-cross-validated", "kde-decayed", "log-linear"),
    *("mixture", "mixture-delay-aware", "stack"),
)
UNLEARNED = tuple(name for name in NAMES if name not in LEARNED)
X0, Y0 = 100 * 250.0, 200 * 250.0


@pytest.mark.parametrize("name", NAMES)
def test_influence_adds_up_to_the_forecast_exactly(name: str, region: Region, scattered: Events) -> None:
    fitted = model(name).fit(scattered, BURGLARY, region)
    cells = np.flatnonzero(region.is_inside)
    influence = fitted.influence(TOMORROW, region.grid.squares(cells))
    assert influence.expected == pytest.approx(fitted.forecast(TOMORROW).expected[cells], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_a_square_is_explained_alike_whatever_is_asked_beside_it(name: str, region: Region, scattered: Events) -> None:
    fitted = model(name).fit(scattered, BURGLARY, region)
    squares = region.grid.squares(np.flatnonzero(region.is_inside))
    every = fitted.influence(TOMORROW, squares)
    rows = np.array([40, 3, 77, 12])
    alone, taken = fitted.influence(TOMORROW, squares[rows]), every.on(rows)
    assert np.array_equal(alone.expected, taken.expected)
    assert np.array_equal(alone.constant, taken.constant)
    assert np.array_equal(alone.matrix.toarray(), taken.matrix.toarray())
    assert alone.is_exact == taken.is_exact


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_expected_outside_the_region(name: str, region: Region, scattered: Events) -> None:
    expected = model(name).fit(scattered, BURGLARY, region).forecast(TOMORROW).expected
    assert (expected[~region.is_inside] == 0).all()


@pytest.mark.parametrize("name", UNLEARNED)
def test_two_days_expect_twice_what_one_day_does(name: str, region: Region, scattered: Events) -> None:
    fitted = model(name).fit(scattered, BURGLARY, region)
    both = Period(CUTOFF, CUTOFF + timedelta(days=2))
    assert fitted.forecast(both).expected == pytest.approx(2 * fitted.forecast(TOMORROW).expected)


@pytest.mark.parametrize("name", NAMES)
def test_no_history_gives_a_forecast_of_nothing_not_an_error(name: str, region: Region) -> None:
    empty = Events.empty(region.grid.crs, CUTOFF)
    assert model(name).fit(empty, BURGLARY, region).forecast(TOMORROW).expected.sum() == 0.0


@pytest.mark.parametrize("name", UNLEARNED)
def test_conditioning_on_another_history_is_fitting_to_it(name: str, region: Region, scattered: Events) -> None:
    older = scattered.occurring_before(CUTOFF - timedelta(days=30))
    fixed = model(name).fit(older, BURGLARY, region).conditioned_on(scattered).forecast(TOMORROW).expected
    assert np.array_equal(fixed, model(name).fit(scattered, BURGLARY, region).forecast(TOMORROW).expected)


@pytest.mark.parametrize("name", NAMES)
def test_events_in_another_crs_are_refused(name: str, region: Region) -> None:
    with pytest.raises(ForecastError, match="project one"):
        model(name).fit(Events.empty("EPSG:27700", CUTOFF), BURGLARY, region)


def test_recent_counts_are_the_letters_three_weeks_a_day(region: Region) -> None:
    history = make_events([X0 + 1000.0] * 3 + [X0], [Y0 + 1000.0] * 3 + [Y0], [0.5, 20.9, 21.1, 600])
    expected = RecentCounts().fit(history, BURGLARY, region).forecast(TOMORROW).expected
    assert expected.sum() == pytest.approx(2 / 21)
    assert expected[4 * 12 + 4] == pytest.approx(2 / 21)


def test_bundle_counts_each_type_by_its_weight(region: Region) -> None:
    history = make_events([X0 + 1000.0] * 2, [Y0 + 1000.0] * 2, [1, 700], crime_type=["robbery", "burglary"])
    bundle = Bundle.from_mapping("harm", {"robbery": 5.0, "burglary": 1.0})
    assert RecentCounts().fit(history, bundle, region).forecast(TOMORROW).expected.sum() == pytest.approx(5 / 21)


def test_record_younger_than_the_window_is_averaged_over_the_days_it_has(region: Region) -> None:
    history = make_events([X0 + 1000.0] * 2, [Y0 + 1000.0] * 2, [0.5, 7.0])
    assert RecentCounts().fit(history, BURGLARY, region).forecast(TOMORROW).expected.sum() == pytest.approx(2 / 7)


def test_window_of_a_feed_that_lags_by_months_ends_with_its_latest_record(region: Region) -> None:
    history = make_events([X0 + 1000.0] * 2, [Y0 + 1000.0] * 2, [70.0, 200.0])
    late = RecentCounts(Window(92, Anchor.LATEST)).fit(history, BURGLARY, region).forecast(TOMORROW)
    assert RecentCounts(Window(21)).fit(history, BURGLARY, region).forecast(TOMORROW).expected.sum() == 0
    # The latest event is an instant, and a window is half-open: the other one, 130 days older, is out as well.
    assert late.expected.sum() == 0.0
    spans = make_events([X0 + 1000.0] * 2, [Y0 + 1000.0] * 2, [70.0, 200.0], span_hours=24)
    assert RecentCounts(Window(92, Anchor.LATEST)).fit(spans, BURGLARY, region).forecast(TOMORROW).expected.sum() > 0


@pytest.mark.parametrize("name", ["recent-counts", "promap", "smoothed-counts", "kde"])
def test_window_of_a_late_feed_ends_with_the_record_not_with_a_rare_type(name: str, region: Region) -> None:
    history = make_events(
        [X0 + 1000.0] * 2, [Y0 + 1000.0] * 2, [900.0, 70.0], crime_type=["arson", "burglary"], span_hours=24
    )
    rare = model(name, DatePrecision.MONTH).fit(history, Bundle.of("arson"), region).forecast(TOMORROW)
    assert rare.expected.sum() == 0.0


def test_smoothing_leaves_no_two_used_cells_tied(region: Region, scattered: Events) -> None:
    plain = RecentCounts().fit(scattered, BURGLARY, region).forecast(TOMORROW).expected[region.is_inside]
    smooth = SmoothedCounts().fit(scattered, BURGLARY, region).forecast(TOMORROW).expected[region.is_inside]
    assert np.unique(plain).size < 6
    assert np.unique(smooth).size == smooth.size


def test_smoothed_counts_expect_in_total_the_blend_of_the_two_rates(region: Region, scattered: Events) -> None:
    inside = region.is_inside[region.grid.cell_of(scattered.x, scattered.y)]
    burglary = (scattered.table["crime_type"] == "burglary").to_numpy() & inside
    began = scattered.age_days(CUTOFF)
    recent = (burglary & (began <= 21)).sum() / 21
    # The record is 730 days long to within an hour or so: the long rate is all of them over it.
    long = burglary.sum() / began.max()
    total = SmoothedCounts(floor_share=0.0).fit(scattered, BURGLARY, region).forecast(TOMORROW).expected.sum()
    assert total == pytest.approx(0.3 * recent + 0.7 * long)


def test_kernel_keeps_every_event_within_the_region(region: Region) -> None:
    source = np.zeros(region.grid.n_cells)
    source[[2, 26, 119]] = [1.0, 2.0, 4.0]
    assert CellKernel(region, 400.0).spread(source).sum() == pytest.approx(7.0)


def test_kernel_weights_are_the_kernel_seen_from_the_squares(region: Region) -> None:
    kernel = CellKernel(region, 300.0)
    cells = np.array([30, 31, 77])
    squares = region.grid.squares(np.flatnonzero(region.is_inside))
    weights = kernel.weights(squares, cells).toarray()
    for column, cell in enumerate(cells):
        source = np.zeros(region.grid.n_cells)
        source[cell] = 1.0
        assert weights[:, column] == pytest.approx(kernel.spread(source)[region.is_inside], abs=1e-15)


def test_squares_of_many_lattice_cells_gather_what_their_cells_receive(region: Region) -> None:
    fine = region.nested(4)
    kernel = CellKernel(fine, 100.0)
    source = np.zeros(fine.grid.n_cells)
    source[1000] = 3.0
    surface = kernel.spread(source).reshape(fine.grid.shape)
    column, row = 1000 % fine.grid.n_columns - 2, 1000 // fine.grid.n_columns - 1
    square = Squares(
        np.array([(fine.grid.column_min + column) * 62.5]), np.array([(fine.grid.row_min + row) * 62.5]), 250.0
    )
    got = 3.0 * kernel.weights(square, np.array([1000])).toarray()[0, 0]
    assert got == pytest.approx(surface[row : row + 4, column : column + 4].sum())


@pytest.mark.parametrize("name", NAMES)
def test_square_answers_only_for_the_cells_it_owns(name: str, region: Region, scattered: Events) -> None:
    fine = region.nested(2)
    fitted = model(name).fit(scattered, BURGLARY, fine)
    east = fine.grid.centres()[0] > X0 + 1500
    square = Squares(np.array([X0 + 1375.0]), np.array([Y0 + 1000.0]), 250.0, east.astype(np.int64), np.array([1]))
    surface = fitted.forecast(TOMORROW).expected
    held = square.contain(*fine.grid.centres())[0]
    assert fitted.influence(TOMORROW, square).expected[0] == pytest.approx(surface[held & east].sum())
    whole = Squares(square.x_min, square.y_min, 250.0)
    assert fitted.influence(TOMORROW, whole).expected[0] == pytest.approx(surface[held].sum())


def test_what_a_kernel_keeps_is_the_regions_own_and_goes_with_it(region: Region) -> None:
    one, again = CellKernel(region, 300.0), CellKernel(region, 300.0)
    assert one.kept is again.kept
    wider = Region(region.grid, np.ones_like(region.is_inside))
    assert not np.array_equal(CellKernel(wider, 300.0).kept, one.kept)
    with pytest.raises(ValueError, match="read-only"):
        one.kept[0] = 2.0


def test_squares_off_the_grid_lines_cannot_be_explained_and_say_so(region: Region) -> None:
    with pytest.raises(ForecastError, match="do not lie on the lines"):
        CellKernel(region, 100.0).weights(Squares(np.array([X0 + 31.0]), np.array([Y0]), 250.0), np.array([0]))


@pytest.mark.parametrize("bandwidth", [-1.0, float("nan"), float("inf")])
def test_bandwidth_that_is_no_length_is_refused(region: Region, bandwidth: float) -> None:
    with pytest.raises(ForecastError, match="bandwidth_m"):
        CellKernel(region, bandwidth)


def test_unknown_model_is_refused_with_the_nearest_known() -> None:
    with pytest.raises(ForecastError, match="did you mean 'promap'"):
        model("pro-map")


def test_a_month_dated_feed_is_counted_over_its_latest_three_months() -> None:
    monthly = model("recent-counts", DatePrecision.MONTH)
    assert isinstance(monthly, RecentCounts)
    assert (monthly.window.days, monthly.window.anchor) == (92.0, Anchor.LATEST)


@pytest.mark.parametrize("bandwidth_m", [0.0, 60.0, 400.0])
def test_a_square_receives_what_its_own_cells_do_one_by_one(region: Region, bandwidth_m: float) -> None:
    fine, rng = region.nested(4), np.random.default_rng(4)
    kernel = CellKernel(fine, bandwidth_m, rng.uniform(0.5, 2.0, fine.grid.n_cells))
    # Squares that stick out of the grid and of the region, each answering for one side of a border.
    x, y = X0 + 62.5 * np.array([-2.0, 5, 17, 46, 9]), Y0 + 62.5 * np.array([3.0, -3, 12, 38, 6])
    owner = (np.arange(fine.grid.n_cells) % fine.grid.n_columns > 18).astype(np.int64)
    squares = Squares(x, y, 250.0, owner, np.array([0, 0, 1, 1, 0]))
    cells = np.sort(rng.choice(fine.grid.n_cells, 300, replace=False))
    plain = np.zeros((5, 300))
    centre_x, centre_y = fine.grid.centres()
    for number, sender in enumerate(cells):
        if fine.is_inside[sender]:
            sent = np.zeros(fine.grid.n_cells)
            sent[sender] = 1.0
            arrived = kernel.spread(sent)
            plain[:, number] = [
                arrived[held & (owner == own)].sum()
                for held, own in zip(squares.contain(centre_x, centre_y), squares.answers_for, strict=True)
            ]
    assert plain.max() > 0
    assert kernel.weights(squares, cells).toarray() == pytest.approx(plain, rel=1e-9, abs=1e-12)
