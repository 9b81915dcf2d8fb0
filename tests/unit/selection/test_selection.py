from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_array
from tests.conftest import CUTOFF, make_events

from peelian.errors import ForecastError
from peelian.events import Bundle, Events
from peelian.forecasts import Forecast, Influence
from peelian.models.smoothed_counts import SmoothedCounts
from peelian.places import AreaLayer, Grid, Period, Region, Squares, StudyArea
from peelian.selection.hysteresis import Incumbents
from peelian.selection.naming import Streets
from peelian.selection.shading import shade
from peelian.selection.stability import rank_ranges, times_chosen, with_rank_ranges
from peelian.selection.top import TopCells, rank_cells, select_top

TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
GRID = Grid("EPSG:32615", 250.0, 0, 0, 10, 4)
LAYER = AreaLayer(
    "district",
    GRID,
    (
        StudyArea("1", "West", np.arange(40)[np.arange(40) % 10 < 5]),
        StudyArea("2", "East", np.arange(40)[np.arange(40) % 10 >= 5]),
    ),
)


def forecast(expected: np.ndarray) -> Forecast:
    return Forecast(Bundle.of("burglary"), GRID, TOMORROW, CUTOFF, expected, "test")


def test_each_area_gets_its_own_highest_cells_in_order() -> None:
    expected = np.arange(40.0)
    boxes = select_top(forecast(expected), LAYER, TopCells(count=3, nearly=1))
    assert boxes["1"].table["expected_count"].to_list() == [34.0, 33.0, 32.0, 31.0]
    assert boxes["2"].chosen["expected_count"].to_list() == [39.0, 38.0, 37.0]
    assert boxes["2"].nearly_chosen["rank"].to_list() == [4]


def test_equal_expected_counts_are_ranked_by_cell_id() -> None:
    assert rank_cells(np.zeros(40), LAYER.areas[1].cells, 4).tolist() == [5, 6, 7, 8]


def test_narrowing_never_changes_the_choice() -> None:
    expected = np.random.default_rng(3).integers(0, 4, 40).astype(float)
    cells = LAYER.areas[0].cells
    whole = cells[np.lexsort((cells, -expected[cells]))]
    for most in range(1, 25):
        assert rank_cells(expected, cells, most).tolist() == whole[:most].tolist()


def test_area_with_fewer_cells_than_boxes_gives_them_all() -> None:
    tiny = AreaLayer(
        "ward", GRID, (StudyArea("w", "W", np.array([3, 4])), StudyArea("x", "X", np.empty(0, dtype=np.int64)))
    )
    boxes = select_top(forecast(np.ones(40)), tiny, TopCells())
    assert (len(boxes["w"]), len(boxes["x"])) == (2, 0)


def test_choice_of_no_box_is_refused() -> None:
    with pytest.raises(ForecastError, match="at least one box"):
        TopCells(count=0)


@pytest.mark.parametrize("bad", [np.ones(39), np.full(40, -1.0), np.full(40, np.nan)], ids=["shape", "negative", "nan"])
def test_counts_that_cannot_be_expected_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(ForecastError):
        forecast(bad)


def influence_of(matrix: np.ndarray) -> Influence:
    events = make_events(np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1]), np.ones(matrix.shape[1]))
    squares = GRID.squares(np.arange(matrix.shape[0]))
    return Influence(squares, events, csr_array(matrix), np.zeros(matrix.shape[0]))


def test_cells_that_rest_on_one_event_each_cannot_be_told_apart() -> None:
    low, high = rank_ranges(influence_of(np.eye(8)), np.zeros(8, dtype=np.int64), np.random.default_rng(1))
    assert (low <= 2).all()
    assert (high >= 6).all()


def test_cell_that_rests_on_many_events_keeps_its_place() -> None:
    matrix = np.zeros((5, 104))
    matrix[0, :100] = 1.0
    matrix[np.arange(1, 5), np.arange(100, 104)] = 1.0
    low, high = rank_ranges(influence_of(matrix), np.zeros(5, dtype=np.int64), np.random.default_rng(1))
    assert (low[0], high[0]) == (1, 1)


def test_areas_are_ranked_apart() -> None:
    _, high = rank_ranges(influence_of(np.eye(8)), np.repeat([0, 1], 4), np.random.default_rng(1))
    assert high.max() <= 4


def test_same_seed_gives_the_same_ranges() -> None:
    runs = [
        rank_ranges(influence_of(np.eye(9)), np.zeros(9, dtype=np.int64), np.random.default_rng(5)) for _ in range(2)
    ]
    assert np.array_equal(runs[0][0], runs[1][0])
    assert np.array_equal(runs[0][1], runs[1][1])


def test_rank_range_holds_the_rank_itself() -> None:
    boxes = select_top(forecast(np.arange(40.0)), LAYER, TopCells(3, 0))["1"]
    ranged = with_rank_ranges(boxes, np.array([2, 3, 3]), np.array([5, 5, 1]))
    assert ranged.table["rank_low"].to_list() == [1, 2, 3]
    assert ranged.table["rank_high"].to_list() == [5, 5, 3]
    assert ranged.is_firm.tolist() == [False, False, True]


def test_box_counts_as_chosen_before_where_half_of_it_was_covered() -> None:
    nights = [CUTOFF - timedelta(days=d) for d in (1, 1, 2, 3)]
    track = pl.DataFrame({"period_start": nights, "x_min": [0.0, 62.5, 125.0, 187.5], "y_min": [0.0] * 4})
    assert times_chosen(Squares(np.array([0.0, 1000.0]), np.zeros(2), 250.0), track) == (2, 0)
    assert times_chosen(Squares(np.zeros(1), np.zeros(1), 250.0), track.clear()) == (0,)


def test_shares_of_every_box_add_to_one_and_run_from_large_to_small(region: Region, scattered: Events) -> None:
    fitted = SmoothedCounts().fit(scattered, Bundle.of("burglary"), region)
    cells = np.flatnonzero(region.is_inside)[:15]
    parts = fitted.influence(TOMORROW, region.grid.squares(cells)).contributions()
    sums = parts.group_by("square").agg(pl.col("share").sum())["share"].to_numpy()
    assert sums == pytest.approx(np.ones(15))
    one = parts.filter(square=3)["expected_count"].to_numpy()
    assert (np.diff(one) <= 0).all()


def test_contributions_tell_age_and_distance_of_each_event(region: Region) -> None:
    x0, y0 = region.grid.centres(np.array([30]))
    history = make_events([x0[0] + 30.0], [y0[0] - 40.0], [3.0])
    fitted = SmoothedCounts(floor_share=0.0).fit(history, Bundle.of("burglary"), region)
    part = fitted.influence(TOMORROW, region.grid.squares(np.array([30]))).contributions().row(0, named=True)
    assert (part["age_days"], part["distance_m"], part["share"]) == pytest.approx((3.0, 50.0, 1.0))


def test_version_one_shades_the_shares_of_the_area_it_names() -> None:
    shading = shade(forecast(np.arange(40.0) + 1), LAYER.areas[0], np.zeros(40))
    assert [int((shading.step == s).sum()) for s in (3, 2, 1)] == [2, 3, 3]
    assert shading.coverage == pytest.approx((0.1, 0.25, 0.4))
    assert np.isnan(shading.recorded_share).all()


def test_version_one_shades_nothing_where_nothing_is_expected() -> None:
    assert shade(forecast(np.zeros(40)), LAYER.areas[0], np.zeros(40)).step.max() == 0


def test_larger_shading_holds_the_smaller_one_and_more_of_the_record() -> None:
    recorded = np.ones(40)
    shading = shade(forecast(np.arange(40.0)), LAYER.areas[0], recorded)
    assert shading.recorded_share == pytest.approx(shading.coverage)
    assert list(shading.expected_share) == sorted(shading.expected_share)


def test_box_is_named_by_its_two_commonest_streets_and_names_are_unique() -> None:
    street = ["Chippewa"] * 3 + ["Compton"] * 2 + ["Grand"] + ["Chippewa"] * 2 + ["Compton"]
    x, y = [10.0] * 6 + [260.0] * 3, [10.0] * 4 + [200.0] + [10.0] * 3 + [200.0]
    x[3], x[4], x[8] = 60.0, 61.0, 261.0
    events = make_events(x, y, np.ones(9), street=street)
    assert Streets.of(events).name_boxes(GRID.squares(np.array([0, 1, 2]))) == ("Chippewa and Compton", "Chippewa", "")


def test_streets_are_told_by_their_distinct_points() -> None:
    events = make_events([1.0, 1.0, 2.0], [1.0, 1.0, 5.0], [1, 2, 3], street=["B", "B", None])
    assert {k: v.tolist() for k, v in Streets.of(events).points().items()} == {"B": [[1.0, 1.0]]}


def test_parallel_streets_do_not_name_a_crossing() -> None:
    x = [10.0, 10.0, 10.0, 60.0, 60.0, 60.0, 5.0, 150.0, 240.0]
    y = [10.0, 100.0, 200.0, 10.0, 100.0, 200.0, 50.0, 50.0, 50.0]
    street = ["Michigan"] * 3 + ["Virginia"] * 3 + ["Bates"] * 3
    events = make_events([*x, 10.0, 60.0], [*y, 120.0, 120.0], np.ones(11), street=[*street, "Michigan", "Virginia"])
    assert Streets.of(events).name_boxes(GRID.squares(np.array([0]))) == ("Michigan and Bates",)


def test_events_without_streets_name_nothing() -> None:
    assert Streets.of(make_events([1.0], [1.0], [1.0])).name_boxes(GRID.squares(np.array([0]))) == ("",)


def test_a_standing_cell_keeps_its_place_unless_clearly_beaten_and_ranks_stay_by_what_is_expected() -> None:
    expected = np.full(40, 0.1)
    expected[[0, 1, 2]] = 1.0, 0.9, 0.8
    standing = Incumbents(GRID.squares(np.array([2])), 0.25)
    kept = select_top(forecast(expected), LAYER, TopCells(count=2, nearly=1), standing)["1"]
    assert kept.squares.x_min.tolist() == GRID.squares(np.array([0, 2])).x_min.tolist()
    assert kept.table["expected_count"].to_list() == [1.0, 0.8, 0.9]
    assert kept.table["is_chosen"].to_list() == [True, True, False]
    beaten = select_top(forecast(expected), LAYER, TopCells(2, 1), Incumbents(standing.squares, 0.1))["1"]
    assert beaten.table["expected_count"].to_list() == [1.0, 0.9, 0.8]


def test_without_incumbents_nothing_is_favoured() -> None:
    expected = np.random.default_rng(8).gamma(0.4, size=40)
    nobody = Incumbents(Squares(np.empty(0), np.empty(0), 250.0), 0.5)
    plain, held = (select_top(forecast(expected), LAYER, TopCells(3, 2), i) for i in (None, nobody))
    assert all(plain[a].table.equals(held[a].table) for a in plain)
