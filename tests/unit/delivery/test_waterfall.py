"""The waterfall's bars: on one axis that holds zero, each beginning where the last ended."""

import pytest

from peelian.delivery.waterfall import bars_of


def test_bars_join_end_to_end_and_the_axis_holds_zero() -> None:
    bars = bars_of([("start", -10.0, -10.0), ("name", 14.0, 4.0), ("number", -2.0, 2.0)])
    assert [(b.left, b.width) for b in bars] == [
        (0.0, pytest.approx(100 * 10 / 14)),
        (0.0, pytest.approx(100.0)),
        (pytest.approx(100 * 12 / 14), pytest.approx(100 * 2 / 14)),
    ]
    assert [b.zero for b in bars] == [pytest.approx(100 * 10 / 14)] * 3
    assert [b.speaks_for for b in bars] == [False, True, False]


def test_no_steps_no_bars_and_a_weight_of_nothing_is_drawn_without_dividing_by_it() -> None:
    assert bars_of([]) == ()
    assert bars_of([("nothing", 0.0, 0.0)])[0].width == 0
