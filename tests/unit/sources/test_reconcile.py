"""Identity, versions and retractions as pure tables."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from peelian.events import LOG_SCHEMA
from peelian.sources import reconcile
from peelian.sources.records import RECORD_SCHEMA, Takebacks
from peelian.sources.slmpd import Slmpd

T0 = datetime(2019, 1, 10, tzinfo=UTC)
RECEIVED = T0 + timedelta(days=300)
SLMPD = Slmpd().feed_of(()).takebacks


def records(*specs: tuple[str, float, int], given: bool = False) -> pl.DataFrame:
    """(identity, x, day recorded)."""
    rows = [
        (identity, "burglary", x, 2.0, T0, T0, T0 + timedelta(days=day), given, None, None, False, line)
        for line, (identity, x, day) in enumerate(specs, 2)
    ]
    return pl.DataFrame(rows, schema=RECORD_SCHEMA, orient="row")


def held(*specs: tuple[str, float, int, bool, int]) -> pl.DataFrame:
    """(event id, x, day recorded, is it a retraction, ingest)."""
    rows = [
        (event_id, "burglary", x, 2.0, T0, T0, T0 + timedelta(days=day), None, None, gone, ingest)
        for event_id, x, day, gone, ingest in specs
    ]
    return pl.DataFrame(rows, schema=LOG_SCHEMA, orient="row")


def claims(*specs: tuple[str, int]) -> pl.DataFrame:
    """(identity of the retraction, day it was made)."""
    table = records(*((identity, 0.0, day) for identity, day in specs))
    return reconcile.claims_of(reconcile.number(table)[0], SLMPD, RECEIVED)


def test_rows_of_one_identity_are_numbered_by_content_and_not_by_order() -> None:
    one, _ = reconcile.number(records(("a", 2.0, 1), ("b", 1.0, 1), ("a", 1.0, 1)))
    other, _ = reconcile.number(records(("a", 1.0, 1), ("a", 2.0, 1), ("b", 1.0, 1)))
    ids = [dict(t.select("event_id", "x").sort("event_id").iter_rows()) for t in (one, other)]
    assert ids[0] == ids[1] == {"a": 1.0, "a#2": 2.0, "b": 1.0}


def test_numbers_go_on_over_the_batches_of_one_file() -> None:
    first, counted = reconcile.number(records(("a", 1.0, 1), ("a", 1.0, 1)))
    second, counted = reconcile.number(records(("a", 1.0, 1), ("b", 1.0, 1)), counted)
    third, _ = reconcile.number(records(("b", 1.0, 1), ("a", 1.0, 1)), counted)
    found = [sorted(t.get_column("event_id")) for t in (first, second, third)]
    assert found == [["a", "a#2"], ["a#3", "b"], ["a#4", "b#2"]]


def test_with_versions_only_rows_recorded_at_one_instant_are_separate() -> None:
    table = records(("a", 1.0, 1), ("a", 1.0, 1), ("a", 2.0, 2), given=True)
    numbered, _ = reconcile.number(table, has_versions=True)
    assert sorted(numbered.get_column("event_id")) == ["a", "a", "a#2"]
    rounds = list(reconcile.rounds(numbered))
    assert [r.get_column("event_id").to_list() for r in rounds] == [["a", "a#2"], ["a"]]
    assert rounds[1].item(0, "x") == 2.0


def test_held_content_is_duplicate_and_new_content_is_recorded_when_it_reached_us() -> None:
    numbered, _ = reconcile.number(records(("a", 1.0, 1), ("b", 9.0, 1), ("c", 1.0, 1)))
    told = reconcile.sort_out(numbered, held(("a", 1.0, 1, False, 1), ("b", 1.0, 1, False, 1)), RECEIVED)
    assert told.new.get_column("event_id").to_list() == ["c"]
    assert told.corrected.select("event_id", "recorded_at").rows() == [("b", RECEIVED)]
    assert told.n_duplicate == 1


@pytest.mark.parametrize(
    ("made", "taken"),
    [
        # (claims) -> what is taken back, of records coded in 2019-01, 2019-03 (two) and 2019-05
        ([("n/c/2019-03", 90)], ["n/c/2019-03#2"]),
        ([("n/c/2019-03", 90), ("n/c/2019-03", 90)], ["n/c/2019-03", "n/c/2019-03#2"]),
        ([("n/c/2019-04", 120)] * 3, ["n/c/2019-01", "n/c/2019-03", "n/c/2019-03#2"]),
        ([("n/c/2019-02", 60), ("n/c/2019-09", 270)], ["n/c/2019-01", "n/c/2019-05"]),
        ([("n/c/2018-12", 1)], []),
        ([("n/d/2019-06", 170), ("m/c/2019-06", 170)], []),
    ],
)
def test_a_claim_takes_back_the_latest_standing_record_coded_no_later(
    made: list[tuple[str, int]], taken: list[str]
) -> None:
    log = held(*((i, 1.0, 5, False, 1) for i in ("n/c/2019-01", "n/c/2019-03", "n/c/2019-03#2", "n/c/2019-05")))
    rows, unmet = reconcile.settle_claims(claims(*made), log, SLMPD)
    assert sorted(rows.get_column("event_id")) == taken
    assert rows.get_column("is_retraction").all()
    assert len(unmet) == len(made) - len(taken)


def test_settled_claims_ask_for_nothing_more() -> None:
    log = held(("n/c/2019-01", 1.0, 5, False, 1))
    made = claims(("n/c/2019-02", 60))
    rows, _ = reconcile.settle_claims(made, log, SLMPD)
    assert rows.height == 1
    after = pl.concat([log, rows.with_columns(pl.lit(1, pl.Int32).alias("ingest"))])
    rows, unmet = reconcile.settle_claims(made, after, SLMPD)
    assert (rows.height, unmet) == (0, frozenset())


def test_a_choice_that_a_late_file_shows_wrong_is_put_back_at_the_instant_it_was_made() -> None:
    made = claims(("n/c/2019-04", 120))
    log = held(
        ("n/c/2019-01", 1.0, 5, False, 1), ("n/c/2019-01", 1.0, 120, True, 1), ("n/c/2019-03", 1.0, 80, False, 2)
    )
    rows, _ = reconcile.settle_claims(made, log, SLMPD)
    at = T0 + timedelta(days=120)
    assert set(rows.select("event_id", "recorded_at", "is_retraction").iter_rows()) == {
        ("n/c/2019-03", at, True),
        ("n/c/2019-01", at, False),
    }


def test_a_retraction_made_before_the_recording_counts_from_the_recording() -> None:
    rows, _ = reconcile.settle_claims(claims(("n/c/2019-01", 3)), held(("n/c/2019-01", 1.0, 5, False, 1)), SLMPD)
    assert rows.item(0, "recorded_at") == T0 + timedelta(days=5)


def test_an_id_is_taken_back_whole_and_again_after_it_stood_again() -> None:
    table = records(("a", 0.0, 10), ("a", 0.0, 30), given=True)
    numbered, _ = reconcile.number(table, has_versions=True)
    made = reconcile.claims_of(numbered, Takebacks(), RECEIVED)
    log = held(("a", 1.0, 5, False, 1), ("a#2", 1.0, 5, False, 1), ("a", 1.0, 20, False, 1))
    rows, unmet = reconcile.settle_claims(made, log, Takebacks())
    days = sorted((i, (at - T0).days) for i, at in rows.select("event_id", "recorded_at").iter_rows())
    assert days == [("a", 10), ("a", 30), ("a#2", 10), ("a#2", 30)]
    assert not unmet
