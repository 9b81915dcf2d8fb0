import numpy as np
import pytest
from tests.conftest import make_events

from peelian.models.windows import Window


def test_a_few_crimes_from_long_before_the_feed_do_not_begin_the_record() -> None:
    ages = np.concatenate([np.linspace(0.1, 500, 2_000), [1_200.0, 1_300.0, 1_400.0]])
    history = make_events(np.zeros(ages.size), np.zeros(ages.size), ages)
    assert Window(36_525).days_on_record(history) == pytest.approx(500, rel=0.006)
    assert Window(21).days_on_record(history) == 21


def test_small_record_begins_with_its_oldest_event() -> None:
    history = make_events([0.0] * 3, [0.0] * 3, [1.0, 2.0, 400.0])
    assert Window(36_525).days_on_record(history) == pytest.approx(400)
