"""The sentences: they say what the numbers say, in each case that a night can bring."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.sample_nights import town_night

from peelian.delivery import sentences, words
from peelian.delivery.reasons import headline, reasons
from peelian.delivery.words import PeriodWords
from peelian.events import Bundle
from peelian.forecasts.nights import AreaNight, TrackRecord
from peelian.places import DatePrecision

NIGHT = PeriodWords("tonight", "night", "nights")


def area_night() -> AreaNight:
    return town_night().areas[0]


def record(in_box: list[bool], in_plain: list[bool]) -> TrackRecord:
    base = area_night().record
    assert base is not None
    xy = [0.0] * len(in_box)
    columns = {"x": xy, "y": xy, "in_box": in_box, "in_baseline": in_plain}
    schema = {"x": pl.Float64, "y": pl.Float64, "in_box": pl.Boolean, "in_baseline": pl.Boolean}
    return replace(base, last_events=pl.DataFrame(columns, schema=schema))


def with_ranges(low: list[int], high: list[int]) -> AreaNight:
    a = area_night()
    table = a.boxes.table.with_columns(
        pl.Series("rank_low", low, dtype=pl.Int32), pl.Series("rank_high", high, dtype=pl.Int32)
    )
    return replace(a, boxes=replace(a.boxes, table=table))


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (1.17, "Expect about one burglary in Mid tonight."),
        (1.5, "Expect one or two burglaries in Mid tonight."),
        (7.6, "Expect about eight burglaries in Mid tonight."),
        (4423.0, "Expect about 4,400 burglaries in Mid tonight."),
        (0.25, "Expect a burglary in Mid on about 1 in 4 nights like this one."),
        (0.0, "Expect no burglary in Mid tonight: almost none is on record."),
    ],
)
def test_the_expectation_is_a_whole_number_or_odds(expected: float, said: str) -> None:
    assert sentences.expectation(expected, "burglary", "Mid", NIGHT) == said


@pytest.mark.parametrize(
    ("in_box", "in_plain", "said"),
    [
        ([], [], "No burglary was recorded in Mid."),
        ([True, False], [True, False], "One fell in a box. Plain counting would have caught the same one."),
        (
            [True, False],
            [False, True],
            "One fell in a box. Plain counting would have caught one too, but not the same.",
        ),
        ([True], [True], "It fell in a box. Plain counting would have caught it too."),
        ([False], [False], "It fell in no box. Plain counting would have caught none either."),
        ([True, True], [False, False], "Both fell in boxes. Plain counting would have caught none."),
        ([False, False, False], [True, True, False], "None fell in a box. Plain counting would have caught two."),
    ],
)
def test_the_morning_after_names_plain_counting_in_every_case(
    in_box: list[bool], in_plain: list[bool], said: str
) -> None:
    assert said in sentences.morning_sentence(record(in_box, in_plain), "burglary", "Mid", NIGHT)


@pytest.mark.parametrize(
    ("difference", "low", "high", "begins", "claims"),
    [
        (0.024, -0.019, 0.068, "Perhaps.", False),
        (0.05, 0.01, 0.09, "Yes,", True),
        (-0.05, -0.09, -0.01, "No.", False),
        (-0.01, -0.05, 0.03, "No sign of it.", False),
    ],
)
def test_a_gain_is_claimed_only_where_the_interval_leaves_out_zero(
    difference: float, low: float, high: float, begins: str, *, claims: bool
) -> None:
    judged = replace(record([], []), difference=difference, difference_low=low, difference_high=high)
    said = sentences.better_than_counting(judged, NIGHT)
    assert said.startswith(begins)
    assert ("Yes" in said) is claims


def test_without_a_record_we_do_not_know() -> None:
    assert sentences.better_than_counting(None, NIGHT).startswith("We do not know.")
    nan = float("nan")
    unsure = replace(record([], []), difference=nan, difference_low=nan, difference_high=nan)
    assert sentences.better_than_counting(unsure, NIGHT).startswith("We do not know.")


def test_no_order_is_claimed_that_the_ranges_contradict() -> None:
    n = area_night().boxes.table.height
    low, high = [1] * n, [3] * n
    first, second = sentences.group_notes(with_ranges(low, high))
    assert "Their order is not known" in first
    assert second == ""
    apart = list(range(1, n + 1))
    first, _ = sentences.group_notes(with_ranges(apart, apart))
    assert "in this order" in first


def test_where_no_box_is_firm_the_list_says_so() -> None:
    n = area_night().boxes.table.height
    first, second = sentences.group_notes(with_ranges([1] * n, [99] * n))
    assert first == ""
    assert second.startswith("No box here is sure of its place.")


def test_a_map_without_recent_events_says_what_its_boxes_rest_on() -> None:
    quiet = replace(area_night(), events=area_night().events.filter(pl.col("age_days") > 21))
    days, months = DatePrecision.MINUTE, DatePrecision.MONTH
    beyond = "The boxes rest on the long-run level and on recent crimes beyond the border."
    assert sentences.quiet_note(quiet, days) == f"No burglary is known in District 1 in the last 21 days. {beyond}"
    older = quiet.contributions.filter(pl.col("event_id").is_null() | (pl.col("age_days") > 21))
    alone = replace(quiet, contributions=older)
    assert sentences.quiet_note(alone, days).endswith("The boxes rest on the long-run level.")
    assert "in the last month." in sentences.quiet_note(alone, months)
    assert sentences.quiet_note(area_night(), days) == ""


def test_the_shares_of_a_box_sum_to_one_and_no_line_is_lost() -> None:
    for why in reasons(area_night()):
        assert sum(p.share for p in why.parts) == pytest.approx(1.0)
    told = sum(p.n_events for why in reasons(area_night()) for p in why.parts)
    assert told == area_night().contributions["event_id"].drop_nulls().len()


def test_a_box_of_which_nothing_is_expected_has_a_reason_without_numbers() -> None:
    nothing = replace(area_night(), contributions=area_night().contributions.clear())
    assert [headline(why, nothing, DatePrecision.MINUTE) for why in reasons(nothing)] == [
        "no crime known near here"
    ] * len(nothing.place_names)


def test_a_weighted_bundle_speaks_of_a_weighted_count_and_names_no_chance() -> None:
    weighted = replace(area_night(), bundle=Bundle.from_mapping("harm", {"burglary": 3.0, "robbery": 5.0}))
    first, second = sentences.night_sentence(weighted, NIGHT, "Mid")
    assert "weighted count" in first
    assert "chance" not in first + second
    assert np.isnan(weighted.chances).all()


def test_the_force_sentence_names_every_type_that_is_expected() -> None:
    said = sentences.force_sentence(town_night(), NIGHT)
    for kind in ("burglary", "vehicle theft"):
        n = round(town_night().expected_in_force(kind))
        assert words.counted(n, kind) in said
