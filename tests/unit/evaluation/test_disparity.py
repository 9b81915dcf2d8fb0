"""On whom the boxes fall: hand-counted neighbourhoods."""

import numpy as np
import pytest
import shapely

from peelian.errors import EvaluationError
from peelian.evaluation.disparity import EVERYONE, Residents, burden, by_group
from peelian.places import Squares

WEST, EAST = shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)


def residents(**groups: list[float]) -> Residents:
    counted = {name: np.array(counts) for name, counts in groups.items()}
    return Residents(("West", "East"), np.array([WEST, EAST]), np.array([1000.0, 4000.0]), counted)


def weighed(where: Residents):  # noqa: ANN201 - a table
    # One box of 24 h in the west, one of 48 h across the border; three events west, one east.
    boxes = Squares(np.array([0.0, 900.0]), np.array([0.0, 0.0]), 200.0)
    x, y = np.array([10.0, 20.0, 30.0, 1500.0]), np.full(4, 500.0)
    return burden(where, boxes, np.array([24.0, 48.0]), x, y, np.ones(4))


def test_a_box_on_the_border_burdens_each_side_by_its_share() -> None:
    rows = {r["neighbourhood"]: r for r in weighed(residents()).iter_rows(named=True)}
    assert rows["West"]["box_hours"] == pytest.approx(24 + 24)
    assert rows["East"]["box_hours"] == pytest.approx(24)
    assert rows["West"]["box_hours_per_1000"] == pytest.approx(48)
    assert rows["East"]["box_hours_per_1000"] == pytest.approx(6)


def test_victimisation_stands_beside_exposure() -> None:
    rows = {r["neighbourhood"]: r for r in weighed(residents()).iter_rows(named=True)}
    assert rows["West"]["events_per_1000"] == pytest.approx(3)
    assert rows["East"]["hours_per_event"] == pytest.approx(24)


def test_a_groups_burden_is_the_average_over_its_members() -> None:
    where = residents(young=[500.0, 500.0])
    rows = {r["group"]: r for r in by_group(where, weighed(where)).iter_rows(named=True)}
    assert rows["young"]["box_hours_per_1000"] == pytest.approx((48 + 6) / 2)
    assert rows[EVERYONE]["box_hours_per_1000"] == pytest.approx(72 / 5)
    assert rows["young"]["burden_ratio"] == pytest.approx(27 / 14.4)
    assert rows[EVERYONE]["burden_ratio"] == 1.0


def test_where_nobody_lives_a_rate_is_undefined() -> None:
    where = Residents(("West", "East"), np.array([WEST, EAST]), np.array([0.0, 4000.0]), {})
    rows = {r["neighbourhood"]: r for r in weighed(where).iter_rows(named=True)}
    assert np.isnan(rows["West"]["box_hours_per_1000"])


def test_counts_that_are_no_counts_are_refused() -> None:
    with pytest.raises(EvaluationError, match="nobody lives"):
        Residents(("West",), np.array([WEST]), np.zeros(1), {})
    with pytest.raises(EvaluationError, match="'West' is -1"):
        Residents(("West",), np.array([WEST]), np.array([-1.0]), {})
    with pytest.raises(EvaluationError, match="2 counts for 1"):
        Residents(("West",), np.array([WEST]), np.array([1.0, 2.0]), {})
