"""A review keeps what was first known, and says of every month what it says of all."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from peelian.evaluation.record import JUDGED_SCHEMA
from peelian.evaluation.review import reviews, with_new_events, with_new_judgements
from peelian.forecasts.reviews import FELL_SCHEMA, REVIEW_SCHEMA

FIRST = datetime(2018, 11, 29, 6, tzinfo=UTC)
AT = datetime(2018, 12, 3, 6, tzinfo=UTC)


def judged(hits: list[float], events: list[float], plain: list[float]) -> pl.DataFrame:
    rows = []
    for i, (h, n, p) in enumerate(zip(hits, events, plain, strict=True)):
        for method, caught in (("boxes", h), ("recent-counts", p)):
            rows.append((FIRST + timedelta(days=i), "3", "burglary", method, 10, caught, n, 0.5, 0.04, n))
    table = pl.DataFrame(rows, schema=JUDGED_SCHEMA, orient="row")
    return table.with_columns(is_replayed=pl.col("period_start") < FIRST + timedelta(days=1))


def fell(events: list[float]) -> pl.DataFrame:
    rows = [(FIRST + timedelta(days=i), "3", "burglary", 7, n) for i, n in enumerate(events) if n]
    return pl.DataFrame(rows, schema=FELL_SCHEMA, orient="row")


EMPTY = pl.DataFrame(schema=REVIEW_SCHEMA)


def test_a_later_judgement_replaces_the_earlier_and_keeps_what_was_first_known() -> None:
    kept = with_new_judgements(EMPTY, judged([1, 0], [2, 0], [0, 0]), AT)
    again = with_new_judgements(kept, judged([1, 1], [3, 1], [0, 0]), AT + timedelta(days=1))
    ours = again.filter(method="boxes").sort("period_start")
    assert ours["events"].to_list() == [3, 1]
    assert ours["first_events"].to_list() == [2, 0]
    assert ours["first_judged_at"].to_list() == [AT, AT]


def test_a_night_that_is_not_judged_again_stays_as_it_was() -> None:
    kept = with_new_judgements(EMPTY, judged([1, 0], [2, 0], [0, 0]), AT)
    again = with_new_judgements(kept, judged([1], [5], [0]), AT + timedelta(days=1))
    assert again.filter(method="boxes")["events"].to_list() == [5, 0]


def test_events_of_a_night_judged_again_are_not_counted_twice() -> None:
    first = with_new_events(pl.DataFrame(schema=FELL_SCHEMA), fell([2, 1]), judged([1, 0], [2, 1], [0, 0]))
    again = with_new_events(first, fell([3]), judged([1], [3], [0]))
    assert again["weight"].to_list() == [3, 1]


def test_months_are_cut_in_the_areas_own_zone_and_add_up_to_all_nights() -> None:
    rows = with_new_judgements(EMPTY, judged([1, 0, 1, 0], [2, 0, 1, 1], [0, 0, 1, 0]), AT)
    (review,) = reviews(rows, fell([2, 0, 1, 1]), "America/Chicago", 1)
    assert [m.month.isoformat() for m in review.months] == ["2018-11-01", "2018-12-01"]
    ours = [next(r for r in m.rows if r.method == "boxes") for m in review.months]
    pooled = next(r for r in review.pooled if r.method == "boxes")
    assert sum(r.hits for r in ours) == pooled.hits == 2
    assert sum(r.events for r in ours) == pooled.events == 4
    assert review.n_periods == 4
    assert review.n_published == 3
    assert review.difference == pytest.approx((2 - 1) / 4)


def test_chance_of_a_month_is_the_share_of_ground_that_was_boxed() -> None:
    rows = with_new_judgements(EMPTY, judged([1], [5], [0]), AT)
    (review,) = reviews(rows, fell([5]), "UTC", 1)
    chance = next(r for r in review.months[0].rows if r.method == "random")
    assert chance.hit_rate == pytest.approx(0.04)
    assert chance.hits == pytest.approx(0.2)


def test_nothing_judged_is_no_review() -> None:
    assert list(reviews(EMPTY, pl.DataFrame(schema=FELL_SCHEMA), "UTC", 1)) == []
