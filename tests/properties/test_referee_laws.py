"""Laws of the referee: chance is chance, bounds hold, and where the map is pinned changes nothing."""

from datetime import timedelta

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import CUTOFF, make_events

from peelian.evaluation.ground import Ground, caught_at
from peelian.evaluation.hits import pai, pei
from peelian.evaluation.judgement import Answer, Judgement, judge_answer
from peelian.evaluation.outcomes import Fallen, Outcomes
from peelian.events import Bundle
from peelian.places import AreaLayer, Grid, Period, Squares, StudyArea
from peelian.selection.top import rank_cells

SIDE = 250.0
BURGLARY = Bundle.of("burglary")
DAY = Period(CUTOFF - timedelta(days=1), CUTOFF)
SEEDS = st.integers(0, 2**32 - 1)


def layer_of(column_min: float = 0, row_min: float = 0, names: tuple[str, str] = ("A", "B")) -> AreaLayer:
    grid = Grid("EPSG:32615", SIDE, column_min, row_min, 20, 10)
    west = np.arange(grid.n_cells) % 20 < 10
    halves = (np.flatnonzero(west), np.flatnonzero(~west))
    return AreaLayer("half", grid, tuple(StudyArea(n, n, c) for n, c in zip(names, halves, strict=True)))


def fallen_on(ground: Ground, x: np.ndarray, y: np.ndarray) -> Fallen:
    return Outcomes.of(make_events(x.tolist(), y.tolist(), [0.5] * x.size), BURGLARY, ground).during(DAY)


def judge_top(layer: AreaLayer, surface: np.ndarray, x: np.ndarray, y: np.ndarray, k: int) -> Judgement:
    ground = Ground.of(layer)
    boxes = {}
    for area in layer.areas:
        cells = rank_cells(surface, area.cells, k)
        boxes[area.id] = (layer.grid.squares(cells), surface[cells])
    return judge_answer(Answer(surface, boxes, is_floating=False), fallen_on(ground, x, y), ground, DAY, 0.01)


def crime(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(2500, 900, n).clip(1, 4999)
    y = rng.normal(1200, 500, n).clip(1, 2499)
    return x, y, rng.random(200)


@given(SEEDS, st.integers(1, 60))
def test_hits_and_the_efficiency_index_keep_their_bounds(seed: int, k: int) -> None:
    x, y, surface = crime(seed)
    areas = judge_top(layer_of(), surface, x, y, k).areas
    assert (areas["hits"] <= areas["most_hits"]).all()
    assert (areas["most_hits"] <= areas["events"]).all()
    for hits, most in zip(areas["hits"], areas["most_hits"], strict=True):
        assert most == 0 or 0 <= pei(hits, most) <= 1


@given(SEEDS, st.integers(1, 12))
def test_floating_boxes_never_beat_their_hindsight(seed: int, k: int) -> None:
    x, y, _ = crime(seed)
    rng = np.random.default_rng(seed)
    # A row of boxes side by side from a random corner: floating, and none over another.
    corner = rng.uniform(0, 200)
    squares = Squares(corner + SIDE * np.arange(k), np.full(k, rng.uniform(0, 2000)), SIDE)
    ground = Ground.of(layer_of())
    said = Answer(None, {"A": (squares, np.ones(k))}, is_floating=True)
    areas = judge_answer(said, fallen_on(ground, x, y), ground, DAY, None).areas
    assert (areas["hits"] <= areas["most_hits"]).all()


def test_boxes_drawn_at_random_have_pai_near_one() -> None:
    rng = np.random.default_rng(4)
    layer = layer_of()
    hits = events = 0.0
    for seed in range(300):
        x, y, _ = crime(seed)
        areas = judge_top(layer, rng.random(200), x, y, 10).areas
        hits += areas["hits"].sum()
        events += areas["events"].sum()
    assert abs(pai(hits, events, 10, 100) - 1) < 0.06


@given(SEEDS)
def test_a_map_without_any_opinion_catches_its_share_when_ties_are_drawn_by_lot(seed: int) -> None:
    x, y, _ = crime(seed)
    areas = judge_top(layer_of(), np.full(200, 0.3), x, y, 10).areas
    assert np.allclose(areas["hits_ties_at_random"], areas["hits_at_random"])
    assert np.allclose(areas["hits_at_random"], areas["events"] * 0.1)


@given(SEEDS, st.integers(-40, 40), st.integers(-40, 40))
def test_moving_the_whole_world_by_whole_cells_changes_no_score(seed: int, columns: int, rows: int) -> None:
    x, y, surface = crime(seed)
    here = judge_top(layer_of(), surface, x, y, 7)
    there = judge_top(layer_of(columns, rows), surface, x + columns * SIDE, y + rows * SIDE, 7)
    for name, values in here.areas.items():
        assert np.allclose(values, there.areas[name]), name


@given(SEEDS, st.integers(-9, 9), st.integers(-9, 9), st.sampled_from([4, 8]))
def test_moving_the_events_and_the_origin_of_the_grid_together_changes_no_score(
    seed: int, east: int, north: int, parts: int
) -> None:
    x, y, surface = crime(seed)
    # Whole metres, so that no event is moved over a line by the last bit.
    x, y = np.floor(x), np.floor(y)
    here = judge_top(layer_of(), surface, x, y, 7)
    there = judge_top(
        layer_of(east / parts, north / parts), surface, x + east / parts * SIDE, y + north / parts * SIDE, 7
    )
    for name, values in here.areas.items():
        assert np.array_equal(values, there.areas[name], equal_nan=True), name
    assert np.array_equal(here.is_hit, there.is_hit)


@given(SEEDS)
def test_the_order_of_events_and_the_names_of_areas_change_no_score(seed: int) -> None:
    x, y, surface = crime(seed)
    order = np.random.default_rng(seed).permutation(x.size)
    here = judge_top(layer_of(), surface, x, y, 7)
    there = judge_top(layer_of(names=("Y", "Z")), surface, x[order], y[order], 7)
    for name, values in here.areas.items():
        assert np.allclose(values, there.areas[name]), name


@given(SEEDS, st.floats(0.1, 10))
def test_ranks_and_hits_do_not_depend_on_the_scale_of_expected_counts(seed: int, scale: float) -> None:
    x, y, surface = crime(seed)
    here, there = (judge_top(layer_of(), s, x, y, 7).areas for s in (surface, surface * scale))
    for name in ("hits", "hits_ties_at_random", "most_hits", "n_boxes", "chosen_m2"):
        assert np.array_equal(here[name], there[name])
    assert np.allclose(here["place_bits"], there["place_bits"], atol=0.2 * here["events"].sum())


@given(SEEDS)
def test_catching_grows_with_coverage_from_none_to_all(seed: int) -> None:
    surface = np.random.default_rng(seed).integers(0, 4, 200).astype(float)
    low, high = Ground.of(layer_of()).standing(surface, np.arange(surface.size))
    shares = [caught_at(np.array(c), low, high).mean() for c in np.linspace(0, 1, 11)]
    assert shares[0] == 0
    assert np.isclose(shares[-1], 1)
    assert (np.diff(shares) >= -1e-12).all()
    assert np.allclose(shares, np.linspace(0, 1, 11)), "over all cells, coverage catches exactly its share"


@given(SEEDS)
def test_nobody_gains_by_saying_other_than_the_truth(seed: int) -> None:
    # A proper score: over many draws of the truth, the true rates gain more bits than any distortion of them.
    rng = np.random.default_rng(seed)
    layer = layer_of()
    ground = Ground.of(layer)
    truth = rng.gamma(0.5, 0.05, 200)
    wrong = truth * np.exp(rng.normal(0, 1.0, 200))
    x, y = layer.grid.centres()
    gains = np.zeros(2)
    for _ in range(60):
        counts = rng.poisson(truth)
        happened = fallen_on(ground, np.repeat(x, counts), np.repeat(y, counts))
        for i, said in enumerate((truth, wrong)):
            judged = judge_answer(Answer(said, {}, is_floating=False), happened, ground, DAY, float(truth.mean()))
            gains[i] += float(np.sum(judged.areas["gain_bits"]))
    assert gains[0] > gains[1]


def test_an_outside_forecast_whose_boxes_are_shuffled_scores_like_chance() -> None:
    rng = np.random.default_rng(9)
    layer = layer_of()
    ground = Ground.of(layer)
    hits = events = 0.0
    for seed in range(300):
        x, y, _ = crime(seed)
        shapes = {}
        for area in layer.areas:
            squares = layer.grid.squares(rng.permutation(area.cells)[:10])
            west, south = squares.x_min, squares.y_min
            shapes[area.id] = shapely.box(west, south, west + SIDE, south + SIDE)
        said = Answer(None, {}, is_floating=True, shapes=shapes)
        areas = judge_answer(said, fallen_on(ground, x, y), ground, DAY, None).areas
        hits += areas["hits"].sum()
        events += areas["events"].sum()
    assert abs(pai(hits, events, 10, 100) - 1) < 0.06
