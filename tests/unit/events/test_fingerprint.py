"""The fingerprint: one for the same events, another for any change; the same on every machine."""

from datetime import timedelta

import polars as pl
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.events import Events
from peelian.events.fingerprint import fingerprint


def test_order_and_the_instant_of_knowing_do_not_matter() -> None:
    events = make_events([1, 2, 3], [4, 5, 6], [3, 2, 1], street=["A", None, "C"])
    mixed = Events(events.table.sample(fraction=1, shuffle=True, seed=3), events.crs, CUTOFF + timedelta(days=9))
    assert fingerprint(mixed) == fingerprint(events)


@pytest.mark.parametrize(
    "change",
    [
        pl.col("x") + 0.001,
        pl.col("crime_type").str.replace("burglary", "burglar"),
        (pl.col("occurred_from") - timedelta(microseconds=1)),
        pl.lit("4").alias("district"),
        pl.lit("").alias("street"),
        pl.col("event_id") + "0",
    ],
    ids=str,
)
def test_any_change_of_a_value_changes_it(change: pl.Expr) -> None:
    events = make_events([1, 2], [4, 5], [2, 1])
    changed = Events(events.table.with_columns(change), events.crs, CUTOFF)
    assert fingerprint(changed) != fingerprint(events)


def test_texts_do_not_run_into_each_other() -> None:
    one = make_events([1, 2], [4, 5], [2, 1], street=["ab", "c"])
    other = make_events([1, 2], [4, 5], [2, 1], street=["a", "bc"])
    assert fingerprint(one) != fingerprint(other)


def test_minus_zero_is_zero_and_another_crs_is_another_table() -> None:
    zero, minus = make_events([0.0], [1], [1]), make_events([-0.0], [1], [1])
    assert fingerprint(zero) == fingerprint(minus)
    assert fingerprint(make_events([1], [1], [1], crs="EPSG:27700")) != fingerprint(make_events([1], [1], [1]))


def test_it_is_what_it_always_was() -> None:
    """Computed once with struct and hashlib alone: a night must be checkable years later, whatever polars does."""
    events = make_events([1, 2.5], [4, 5], [2, 1], street=["Queen's Road", None], crime_type=["burglary", "robbery"])
    assert fingerprint(events) == "3c7cd10e11b05088be368fcfc5bd5bc25da24fe35393dc1ca5e661804326ed7b"
    assert (
        fingerprint(Events.empty("EPSG:32615", CUTOFF))
        == "7cb7117370c3ab42dae5690114431e21f56eeaaf77182c4d423a0d9e38a2a1f8"
    )
