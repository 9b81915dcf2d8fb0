from datetime import timedelta

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import CUTOFF, make_events

from peelian.events import Events
from peelian.models.delays import delay_curves


@st.composite
def records(draw: st.DrawFn) -> Events:
    n = draw(st.integers(0, 40))
    ages = draw(st.lists(st.floats(0, 500), min_size=n, max_size=n))
    shares = draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))
    kinds = draw(st.lists(st.sampled_from(["burglary", "robbery", "arson"]), min_size=n, max_size=n))
    events = make_events([0.0] * n, [0.0] * n, ages, crime_type=kinds)
    began = events.table["occurred_from"].to_list()
    recorded = [
        b + timedelta(microseconds=int((CUTOFF - b) / timedelta(microseconds=1) * s))
        for b, s in zip(began, shares, strict=True)
    ]
    column = pl.Series("recorded_at", recorded, dtype=events.table.schema["recorded_at"])
    return Events(events.table.with_columns(column), events.crs, CUTOFF)


@given(records())
def test_completeness_rises_with_age_to_one_for_every_type(history: Events) -> None:
    shares = delay_curves(history).completeness
    assert (shares >= 0).all()
    assert (np.diff(shares, axis=1) >= -1e-15).all()
    assert (shares[:, -1] == 1).all()


@given(records(), st.floats(0.05, 1.0))
def test_an_event_stands_for_at_least_itself_and_at_most_what_the_bound_allows(history: Events, bound: float) -> None:
    weights = delay_curves(history).weights(history, bound)
    assert weights.shape == (len(history),)
    assert (weights >= 1 - 1e-12).all()
    assert (weights <= 1 / bound + 1e-12).all()
