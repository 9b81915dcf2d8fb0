"""An area with hardly a crime of its own still gets a ranking, from its surroundings and from other crime."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.conftest import CUTOFF, make_events

from peelian.events import Bundle, Events
from peelian.models.mixture import KernelMixture
from peelian.models.recent_counts import RecentCounts
from peelian.models.windows import Window
from peelian.places import Grid, Period, Region
from peelian.selection.top import rank_cells

SIDE = 16
GRID = Grid("EPSG:32615", 250.0, 100, 200, SIDE, SIDE)
BOROUGH = Region(GRID, np.ones(GRID.n_cells, dtype=np.bool_))
TOMORROW = Period(CUTOFF, CUTOFF + timedelta(days=1))
BURGLARY = Bundle.of("burglary")
#: The ward is the south-west quarter; in the borough crime is dense along one column that runs through it.
WARD = np.flatnonzero((np.arange(GRID.n_cells) % SIDE < SIDE // 2) & (np.arange(GRID.n_cells) // SIDE < SIDE // 2))
X0, Y0, STREET_COLUMN = 100 * 250.0, 200 * 250.0, 4


def borough(rng: np.random.Generator, n_in_ward: int, n_elsewhere: int, n_other: int) -> Events:
    """Burglary of three years, few in the ward; larceny everywhere along the same street."""

    def along(n: int, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
        return X0 + 250.0 * (STREET_COLUMN + 0.5) + rng.normal(0, 150, n), Y0 + 250.0 * rng.uniform(low, high, n)

    parts = [along(n_in_ward, 0, SIDE / 2), along(n_elsewhere, SIDE / 2, SIDE), along(n_other, 0, SIDE)]
    x, y = (np.concatenate([part[axis] for part in parts]) for axis in (0, 1))
    kinds = ["burglary"] * (n_in_ward + n_elsewhere) + ["larceny"] * n_other
    return make_events(x, y, rng.uniform(0.1, 1095, x.size), crime_type=kinds)


@pytest.mark.parametrize("n_in_ward", [0, 1, 3])
@pytest.mark.parametrize("seed", [1, 2])
def test_ward_with_hardly_an_event_is_ranked_by_the_boroughs_pattern(seed: int, n_in_ward: int) -> None:
    history = borough(np.random.default_rng(seed), n_in_ward, 400, 1500)
    expected = KernelMixture().fit(history, BURGLARY, BOROUGH).forecast(TOMORROW).expected
    assert (expected[WARD] > 0).all()
    # No two boxes of the top stand only by the order of their cells.
    top = rank_cells(expected, WARD, 10)
    assert np.unique(expected[top]).size == top.size
    on_street = WARD[np.abs(WARD % SIDE - STREET_COLUMN) <= 1]
    assert on_street.size < 0.4 * WARD.size
    assert expected[on_street].sum() > 0.6 * expected[WARD].sum()
    assert (np.abs(top % SIDE - STREET_COLUMN) <= 1).mean() >= 0.6


@settings(max_examples=6, phases=[Phase.generate])
@given(st.integers(0, 2**32 - 1), st.integers(0, GRID.n_cells - 1))
def test_one_more_event_never_lowers_the_rank_of_its_own_cell(seed: int, cell: int) -> None:
    history = borough(np.random.default_rng(seed), 3, 120, 300)
    x, y = GRID.centres(np.array([cell]))
    one = make_events(x, y, [5.0]).table.with_columns(event_id=history.table["event_id"].head(1) + "-more")
    more = Events(history.table.vstack(one), history.crs, CUTOFF)
    fitted = KernelMixture().fit(history, BURGLARY, BOROUGH)
    before, after = (f.forecast(TOMORROW).expected for f in (fitted, fitted.conditioned_on(more)))
    assert (after > after[cell]).sum() <= (before > before[cell]).sum()


def test_two_records_of_the_same_ward_choose_more_of_the_same_boxes_than_counts_do() -> None:
    rng = np.random.default_rng(21)
    shared = {"mixture": 0.0, "counts": 0.0}
    for _ in range(6):
        pair = [borough(rng, 8, 120, 1500) for _ in range(2)]
        for name, model in (("mixture", KernelMixture()), ("counts", RecentCounts(Window(1095)))):
            chosen = []
            for history in pair:
                expected = model.fit(history, BURGLARY, BOROUGH).forecast(TOMORROW).expected
                jitter = rng.random(GRID.n_cells) * 1e-12  # ties at random: the order of cells is no agreement
                chosen.append(rank_cells(expected + jitter, WARD, 10))
            shared[name] += float(np.isin(*chosen).mean()) / 6
    assert shared["mixture"] > 0.6
    assert shared["mixture"] > 1.3 * shared["counts"]
