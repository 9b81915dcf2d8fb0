"""Choosing from a finished backtest: only what was over by the night counts, and the reasons are kept."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.referees import TYPES, inputs, request, settings

from peelian.errors import EvaluationError, StoreError
from peelian.jobs.backtest import backtest
from peelian.jobs.choose import choose_models
from peelian.store.choices import ChoiceStore


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("home")
    backtest(settings(made), inputs(), request("all-history", "smoothed-counts@floating", last=date(2021, 1, 31)))
    return made


def test_every_area_and_type_is_given_a_model_with_its_reason(home: Path) -> None:
    choices = choose_models(settings(home), date(2021, 2, 1))
    assert {(c.area, c.crime_type) for c in choices.choices} == {(a, t) for a in ("1", "2") for t in TYPES}
    assert all(c.why for c in choices.choices)
    assert all(c.method != "recent-counts" for c in choices.choices)
    found = choices.choice_for("1", "burglary")
    assert found is not None
    choice, model = found
    assert (choice.area, choice.crime_type) == ("1", "burglary")
    assert model.model in ("all-history", "smoothed-counts")
    assert choices.choice_for("1", "arson") is None


def test_what_is_kept_is_what_was_chosen_and_stands_for_later_nights(home: Path) -> None:
    choices = choose_models(settings(home), date(2021, 2, 1))
    store = ChoiceStore(home)
    assert store.standing("smallton", date(2021, 2, 1)) == choices
    assert store.standing("smallton", date(2021, 3, 1)) == choices
    assert store.standing("smallton", date(2020, 2, 1)) is None


def test_only_periods_that_were_over_count(home: Path) -> None:
    early = choose_models(settings(home), date(2021, 1, 12))
    assert early.scored_until.date() == date(2021, 1, 12)
    assert {c.periods for c in early.choices} == {8}
    scores = home / "backtests" / "test" / "scores.parquet"
    table = pl.read_parquet(scores)
    later = pl.col("period_start") >= pl.lit("2021-01-12").str.to_datetime(time_zone="UTC")
    table.with_columns(gain_bits=pl.when(later).then(-1e6).otherwise("gain_bits")).write_parquet(scores)
    assert choose_models(settings(home), date(2021, 1, 12)).choices == early.choices
    table.write_parquet(scores)


def test_boxes_of_one_kind_are_kept_to(home: Path) -> None:
    choices = choose_models(settings(home), date(2021, 2, 1), boxes="floating")
    assert {c.method for c in choices.choices} == {"smoothed-counts@floating"}


def test_hits_may_decide_in_place_of_bits(home: Path) -> None:
    choices = choose_models(settings(home), date(2021, 2, 1), by="hits")
    assert choices.measure == "hits"
    assert choose_models(settings(home), date(2021, 2, 1)).measure == "bits"
    with pytest.raises(EvaluationError, match="models are chosen by bits or hits"):
        choose_models(settings(home), date(2021, 2, 1), by="luck")


def test_only_methods_of_the_nights_own_kind_of_boxes_compete(home: Path) -> None:
    floating = choose_models(settings(home), date(2021, 2, 1))
    assert {c.method for c in floating.choices} == {"smoothed-counts@floating"}
    fixed = choose_models(settings(home), date(2021, 2, 1), boxes="fixed")
    assert {c.method for c in fixed.choices} <= {"all-history", "recent-counts"}
    with pytest.raises(EvaluationError, match="are 'fixed' or 'floating'"):
        choose_models(settings(home), date(2021, 2, 1), boxes="round")


def test_without_a_past_period_nothing_is_chosen(home: Path) -> None:
    with pytest.raises(EvaluationError, match="has no period that was over by 2021-01-04"):
        choose_models(settings(home), date(2021, 1, 4))


def test_a_home_without_a_backtest_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="Run 'peelian backtest"):
        choose_models(settings(tmp_path), date(2021, 2, 1))


def test_a_damaged_choice_is_named_with_its_mend(tmp_path: Path) -> None:
    path = tmp_path / "choices" / "smallton" / "2021-02-01.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(StoreError, match="Delete it and run 'peelian choose' again"):
        ChoiceStore(tmp_path).standing("smallton", date(2021, 2, 1))
