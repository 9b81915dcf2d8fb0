"""The grid's luck: means, least and most over origins, and a ratio of means with its interval over periods."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from peelian.evaluation.origins import origin_record, over_origins
from peelian.evaluation.summary import SCORE_SCHEMA, Judged
from peelian.forecasts.verdicts import ORIGIN_SCHEMA

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
DAYS = 42
TYPES = ("burglary", "robbery")


def judged(hits: float, baseline_hits: float, bits: float = 5.0, days: int = DAYS, failed: int = 0) -> Judged:
    """Return rows of one area in which a method and the baseline catch so many of ten events every day."""
    rows = []
    for crime_type in TYPES:
        for method, own in (("counts", baseline_hits), ("mixture", hits)):
            for day in range(days):
                has_answer = method == "counts" or day >= failed
                numbers = {"hits": own, "hits_ties_at_random": own, "events": 10.0, "gain_bits": bits}
                rows.append(
                    {
                        **dict.fromkeys(SCORE_SCHEMA.names()),
                        "crime_type": crime_type,
                        "method": method,
                        "area": "1",
                        "period_start": FIRST + timedelta(days=day),
                        "status": "answered" if has_answer else "failed",
                        "baseline_hits": baseline_hits,
                        "baseline_bits": 1.0,
                        **(numbers if has_answer else dict.fromkeys(numbers, 0.0)),
                    }
                )
    return Judged(pl.DataFrame(rows, schema=SCORE_SCHEMA), ("counts", "mixture"), TYPES, "counts", 1)


def table(*places: Judged) -> pl.DataFrame:
    return over_origins([origin_record(place) for place in places], places[0])


def test_rates_are_means_over_places_with_the_least_and_the_most() -> None:
    told = table(judged(2, 1, bits=4), judged(3, 1, bits=8), judged(4, 2, bits=6))
    assert told.schema == ORIGIN_SCHEMA
    row = told.row(by_predicate=(pl.col("crime_type") == "robbery") & (pl.col("method") == "mixture"), named=True)
    assert row["origins"] == 3
    assert (row["hit_rate_least"], row["hit_rate_most"]) == (0.2, 0.4)
    assert row["hit_rate"] == pytest.approx(0.3)
    assert (row["bits_least"], row["bits"], row["bits_most"]) == (0.4, pytest.approx(0.6), 0.8)


def test_the_ratio_is_of_mean_hits_and_each_place_has_its_own_baseline() -> None:
    told = table(judged(2, 1), judged(3, 1), judged(4, 2))
    for crime_type in (*TYPES, "*"):
        row = told.row(by_predicate=(pl.col("crime_type") == crime_type) & (pl.col("method") == "mixture"), named=True)
        assert row["ratio"] == pytest.approx(9 / 4)
        assert (row["ratio_least"], row["ratio_most"]) == (pytest.approx(2), pytest.approx(3))
        assert row["ratio_low"] <= row["ratio"] + 1e-9
        assert row["ratio_high"] >= row["ratio"] - 1e-9


def test_the_baseline_has_rates_and_is_compared_with_nobody() -> None:
    own = table(judged(2, 1), judged(3, 2)).filter(pl.col("method") == "counts")
    assert own["hit_rate"].to_list() == [pytest.approx(0.15)] * 2
    assert own["ratio"].is_nan().all()


def test_a_period_that_one_place_did_not_answer_is_no_part_of_the_ratio_and_of_that_place_s_rates() -> None:
    told = table(judged(2, 1), judged(4, 1, failed=21))
    row = told.row(by_predicate=(pl.col("crime_type") == "burglary") & (pl.col("method") == "mixture"), named=True)
    assert row["ratio"] == pytest.approx(3.0)
    assert row["hit_rate_most"] == pytest.approx(0.4)


def test_the_grid_by_itself_has_no_luck_but_its_own() -> None:
    told = table(judged(2, 1))
    rates = told.filter(pl.col("crime_type") != "*")
    for name in ("hit_rate", "bits", "ties_at_random_rate"):
        assert np.array_equal(rates[name], rates[f"{name}_least"])
        assert np.array_equal(rates[name], rates[f"{name}_most"])
