"""Choosing models by past scores: the best over all areas, unless an area has good reason for another."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from peelian.errors import EvaluationError
from peelian.evaluation.choice import choose, gains_over_best

START = datetime(2021, 1, 1, tzinfo=UTC)
AREAS = ("busy", "odd", "plain", "sparse")


def rows(gains: dict[str, dict[str, float]], events: dict[str, float], n: int = 90, seed: int = 2) -> pl.DataFrame:
    """Return score rows: each method gains so many bits an event in each area, with noise between periods."""
    rng = np.random.default_rng(seed)
    frames = []
    for area in AREAS:
        happened = rng.poisson(events[area], n).astype(float)
        for method, by_area in gains.items():
            frames.append(
                pl.DataFrame(
                    {
                        "crime_type": "burglary",
                        "method": method,
                        "area": area,
                        "period_start": [START + timedelta(days=i) for i in range(n)],
                        "events": happened,
                        "gain_bits": happened * by_area[area] + rng.normal(0, 0.5, n) * np.sqrt(happened),
                        "hits": happened * by_area[area] / 10,
                    }
                )
            )
    return pl.concat(frames)


def everywhere(value: float, **other: float) -> dict[str, float]:
    return {area: other.get(area, value) for area in AREAS}


EVENTS = {"busy": 9.0, "odd": 6.0, "plain": 6.0, "sparse": 0.05}


def chosen(scores: pl.DataFrame, standing: dict[tuple[str, str], str] | None = None) -> dict[str, str]:
    choices, _ = choose(scores, ["mixture", "kde"], standing or {})
    return {c.area: c.method for c in choices}


def test_the_best_over_all_areas_is_taken_where_nothing_speaks_for_another() -> None:
    scores = rows({"mixture": everywhere(0.7), "kde": everywhere(0.6)}, EVENTS)
    assert set(chosen(scores).values()) == {"mixture"}


def test_an_area_where_another_method_is_truly_better_is_given_that_one() -> None:
    scores = rows({"mixture": everywhere(0.7), "kde": everywhere(0.5, odd=1.2)}, EVENTS)
    taken = chosen(scores)
    assert taken["odd"] == "kde"
    assert taken["busy"] == taken["plain"] == taken["sparse"] == "mixture"
    why = {c.area: c.why for c in choose(scores, ["mixture", "kde"], {})[0]}
    assert why["odd"].startswith("better here: +")
    assert "best over all areas" in why["busy"]


def test_a_sparse_ward_with_one_lucky_month_keeps_the_common_model() -> None:
    scores = rows({"mixture": everywhere(0.7), "kde": everywhere(0.6)}, EVENTS)
    lucky = (pl.col("area") == "sparse") & (pl.col("method") == "kde") & (pl.col("events") > 0)
    spoilt = scores.with_columns(gain_bits=pl.when(lucky).then(pl.col("gain_bits") + 3.0).otherwise("gain_bits"))
    assert chosen(spoilt)["sparse"] == "mixture"


def test_what_was_chosen_before_stays_unless_clearly_beaten() -> None:
    close = rows({"mixture": everywhere(0.70), "kde": everywhere(0.70, odd=0.705)}, EVENTS)
    before = {("odd", "burglary"): "kde", ("busy", "burglary"): "mixture"}
    assert chosen(close, before)["odd"] == "kde"
    beaten = rows({"mixture": everywhere(1.2), "kde": everywhere(0.4)}, EVENTS)
    assert chosen(beaten, before)["odd"] == "mixture"


def test_areas_that_do_not_differ_are_shrunk_to_one() -> None:
    rng = np.random.default_rng(1)
    events = np.full((6, 50), 4.0)
    gained = np.zeros((6, 2, 50))
    gained[:, 1, :] = -0.2 * events + rng.normal(0, 1, (6, 50))
    gains = gains_over_best(gained, events, 0)
    assert np.ptp(gains.shrunk[:, 1]) < 0.5 * np.ptp(gains.own[:, 1])
    assert np.allclose(gains.shrunk[:, 0], 0.0)


def test_an_area_without_events_is_left_to_the_others() -> None:
    events = np.array([[5.0] * 30, [0.0] * 30])
    gained = np.zeros((2, 2, 30))
    gained[0, 1, :] = -1.0
    gains = gains_over_best(gained, events, 0)
    assert np.isfinite(gains.shrunk).all()
    assert gains.shrunk[1, 1] == pytest.approx(-0.2)


def test_without_a_log_score_hits_decide() -> None:
    scores = rows({"mixture": everywhere(0.7), "kde": everywhere(0.6)}, EVENTS).with_columns(gain_bits=float("nan"))
    choices, measure = choose(scores, ["mixture", "kde"], {})
    assert measure == "hits"
    assert {c.method for c in choices} == {"mixture"}


def test_no_score_is_no_choice() -> None:
    scores = rows({"mixture": everywhere(0.7)}, EVENTS)
    with pytest.raises(EvaluationError, match="none of promap has a past score"):
        choose(scores, ["promap"], {})
