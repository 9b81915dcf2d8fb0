"""Laws of the made-up nation, whatever its size."""

from datetime import UTC, datetime, timedelta

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from peelian.towns.nation import Nation, crimes, grounds

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
nations = st.builds(
    Nation,
    n_forces=st.integers(1, 6),
    n_cells=st.integers(6, 3_000),
    n_districts=st.integers(1, 20),
    n_types=st.integers(1, 3),
    events_a_year=st.floats(10.0, 5_000.0),
    triggered_share=st.floats(0.0, 0.6),
    seed=st.integers(0, 10_000),
)


@given(nation=nations, days=st.integers(1, 60))
@settings(max_examples=25)
def test_every_crime_falls_in_its_force_and_in_the_days_asked_for(nation: Nation, days: int) -> None:
    for ground in grounds(nation):
        table = crimes(ground, UNTIL, days).table
        x_min, y_min, x_max, y_max = ground.bounds
        assert table["x"].is_between(x_min, x_max).all()
        assert table["y"].is_between(y_min, y_max).all()
        since = UNTIL - timedelta(days=days, seconds=1)
        assert table["occurred_from"].is_between(since, UNTIL).all()
        assert (table["recorded_at"] >= table["occurred_from"]).all()
        assert table["event_id"].n_unique() == table.height
        assert set(table["crime_type"]) <= set(nation.crime_types)


@given(nation=nations)
def test_no_two_forces_share_ground_and_none_is_lost(nation: Nation) -> None:
    all_grounds = grounds(nation)
    boxes = np.array([shapely.box(*ground.bounds) for ground in all_grounds])
    assert np.isclose(shapely.union_all(boxes).area, shapely.area(boxes).sum())
    assert np.isclose(sum(ground.yearly.sum() for ground in all_grounds), nation.events_a_year)
