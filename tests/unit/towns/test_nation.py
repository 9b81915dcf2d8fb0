"""The made-up nation: as large as it was asked to be, as uneven, and the same every time."""

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from peelian.errors import PlaceError
from peelian.events.log import EventLog
from peelian.towns.nation import DAYS_A_YEAR, Ground, Nation, crimes, grounds

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = Nation(n_forces=5, n_cells=6_000, n_districts=12, n_types=4, events_a_year=30_000.0)


def largest(nation: Nation) -> Ground:
    return max(grounds(nation), key=lambda ground: float(ground.yearly.sum()))


def knox_ratio(log: EventLog) -> float:
    """Pairs near in place and time (a day weighs as 20 m) over those left when the times are dealt out anew."""
    days = log.table["occurred_from"].to_physical().to_numpy() / 86_400e6
    shuffled = np.random.default_rng(3).permutation(days)
    place = np.column_stack([log.table["x"].to_numpy(), log.table["y"].to_numpy()])
    found, by_chance = (len(cKDTree(np.column_stack([place, d * 20.0])).query_pairs(200.0)) for d in (days, shuffled))
    return found / by_chance


def test_england_and_wales_has_its_cells_districts_and_crimes() -> None:
    nation = grounds(Nation())
    assert len(nation) == 43
    assert sum(ground.n_cells for ground in nation) == pytest.approx(2_400_000, rel=0.01)
    assert sum(len(ground.districts()) for ground in nation) == pytest.approx(331, rel=0.03)
    assert sum(ground.yearly.sum() for ground in nation) == pytest.approx(6_000_000)
    assert max(ground.bounds[2] for ground in nation) < 700_000, "beyond the British National Grid"


def test_forces_differ_widely_in_ground_and_in_crime() -> None:
    nation = grounds(Nation())
    for sizes in ([g.n_cells for g in nation], [g.yearly.sum() for g in nation]):
        assert max(sizes) > 8 * min(sizes)


def test_same_seed_makes_the_same_crimes_and_another_others() -> None:
    one, two = (crimes(largest(SMALL), UNTIL, 30).table for _ in range(2))
    assert one.equals(two)
    other = Nation(n_forces=5, n_cells=6_000, n_districts=12, n_types=4, events_a_year=30_000.0, seed=2)
    assert not crimes(largest(other), UNTIL, 30).table.equals(one)


def test_every_type_has_its_rate_near_repeats_included() -> None:
    ground = largest(SMALL)
    table = crimes(ground, UNTIL, 365).table
    counted = dict(table["crime_type"].value_counts().iter_rows())
    for crime_type, yearly in zip(SMALL.crime_types, ground.yearly, strict=True):
        expected = yearly / DAYS_A_YEAR * 365
        # A cascade of branching ratio b has a variance 1 / (1 - b)^2 times that of a Poisson count.
        noise = np.sqrt(expected) / (1 - SMALL.triggered_share)
        assert counted[crime_type] == pytest.approx(expected, abs=4 * noise)


def test_the_first_weeks_are_as_full_as_the_last() -> None:
    log = crimes(largest(SMALL), UNTIL, 360)
    age = (UNTIL.timestamp() * 1e6 - log.table["occurred_from"].to_physical().to_numpy()) / 86_400e6
    early, late = int((age > 180).sum()), int((age <= 180).sum())
    assert early == pytest.approx(late, abs=4 * np.sqrt(2 * late) / (1 - SMALL.triggered_share))


def test_near_repeats_come_with_the_triggered_share() -> None:
    calm, restless = (
        knox_ratio(crimes(largest(Nation(1, 40_000, 1, 1, 1_000.0, triggered_share=share, seed=7)), UNTIL, 365))
        for share in (0.0, 0.5)
    )
    assert calm == pytest.approx(1.0, abs=0.2)
    assert restless > 1.2


def test_crime_clusters_a_tenth_of_the_cells_holds_more_than_half() -> None:
    ground = largest(SMALL)
    table = crimes(ground, UNTIL, 365).table
    cell = table["x"].to_numpy() // 250 + 1e6 * (table["y"].to_numpy() // 250)
    counts = np.sort(np.unique(cell, return_counts=True)[1])[::-1]
    assert counts[: ground.n_cells // 10].sum() > 0.5 * table.height


def test_districts_tile_their_force_and_keep_to_whole_cells() -> None:
    for ground in grounds(SMALL):
        polygons = [polygon for _, polygon in ground.districts()]
        assert float(shapely.area(polygons).sum()) == pytest.approx(ground.n_cells * 250.0**2)
        assert shapely.union_all(polygons).equals(shapely.box(*ground.bounds))
        assert not (shapely.get_coordinates(polygons) % 250.0).any()


@pytest.mark.parametrize("changes", [{"triggered_share": 1.0}, {"n_cells": 3}, {"events_a_year": 0.0}])
def test_a_nation_that_cannot_be_is_refused_with_the_reason(changes: dict[str, float]) -> None:
    with pytest.raises(PlaceError, match=r"triggered_share|give every force a cell"):
        Nation(**changes)  # type: ignore[arg-type]  # a test's table of changes holds whole numbers and others
