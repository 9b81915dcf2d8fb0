"""How boxes were made and go together, in words: the model and why, walks, the streets behind."""

from dataclasses import replace

import pytest
import shapely
from tests.sample_nights import town_night

from peelian.delivery.making import (
    making_sentences,
    model_sentence,
    no_stretches,
    streets_sentence,
    stretches_sentence,
    walk_names,
    walk_of_box,
    walk_sentence,
)
from peelian.forecasts.nights import AreaNight, Stretch
from peelian.places.forces import LocationPrecision


@pytest.fixture(scope="module")
def plain() -> AreaNight:
    area_night: AreaNight = town_night().areas[0]
    return area_night


def test_the_plain_way_is_not_talked_about(plain: AreaNight) -> None:
    assert making_sentences(replace(plain, model=""), "night") == []
    assert set(walk_names(plain)) == {""}
    assert streets_sentence(plain, 0) == ""


def test_a_chosen_model_and_kept_boxes_are_told(plain: AreaNight) -> None:
    told = making_sentences(replace(plain, model="hawkes", model_why="better here", keep=0.25, n_stood=7), "night")
    assert told == [
        "Drawn by the model hawkes: better here.",
        "A box keeps its place unless another expects 25\u00a0% more: seven of ten stood the night before.",
    ]


def test_walks_are_lettered_by_their_best_box_and_single_boxes_have_none(plain: AreaNight) -> None:
    joined = replace(plain, walk_of=(0, 1, 2, 1, 3, 4, 2, 5, 6, 1))
    assert walk_names(joined) == ("", "A", "B", "A", "", "", "B", "", "", "A")
    assert (
        walk_sentence(joined)
        == "Walk A joins boxes 2, 4 and 10; walk B joins boxes 3 and 7; 1, 5, 6, 8 and 9 stand alone."
    )
    apart = replace(plain, walk_of=tuple(range(10)))
    assert walk_sentence(apart) == "No two boxes are near enough to be one walk."


def test_streets_behind_a_box_are_told_with_their_shares(plain: AreaNight) -> None:
    told = replace(plain, streets_behind=((("Ash St", 0.46), ("Elm St", 0.12)), ()))
    assert (
        streets_sentence(told, 0)
        == "The crimes behind it were recorded on Ash St (46\u00a0% of it) and Elm St (12\u00a0% of it)."
    )
    assert streets_sentence(told, 1) == ""


def test_a_model_without_a_reason_is_the_one_that_the_settings_name(plain: AreaNight) -> None:
    assert model_sentence(replace(plain, model="")) == ""
    assert model_sentence(replace(plain, model="mixture")) == (
        "Drawn by the model mixture, which the settings name for every map."
    )


def test_a_box_says_with_which_others_it_makes_a_walk(plain: AreaNight) -> None:
    joined = replace(plain, walk_of=(0, 1, 2, 1, 3, 4, 2, 5, 6, 1))
    assert walk_of_box(joined, 1) == "Near enough to walk between: with boxes 4 and 10 it makes walk A."
    assert walk_of_box(joined, 2) == "Near enough to walk between: with box 7 it makes walk B."
    assert walk_of_box(joined, 0) == walk_of_box(joined, 12) == walk_of_box(plain, 1) == ""


def test_stretches_are_told_by_street_and_length_and_a_block_says_that_it_is_one(plain: AreaNight) -> None:
    line = shapely.LineString([(0, 0), (1, 0)])
    told = (
        Stretch("Ash St", 0.31, 118.2, line),
        Stretch("", 0.2, 90.0, line),
        Stretch("Ash St", 0.12, 80.4, line),
    )
    with_streets = replace(plain, stretches=(told, ()))
    said = (
        "Of what is expected on the streets in it, the largest shares are on Ash St, 118 m (31\u00a0%), a street "
        "without a name, 90 m (20\u00a0%) and another stretch of Ash St, 80 m (12\u00a0%)."
    )
    assert stretches_sentence(with_streets, 0, LocationPrecision.EXACT) == said
    block = stretches_sentence(with_streets, 0, LocationPrecision.BLOCK)
    assert block == f"{said} The feed tells places to the block: no stretch is surer than its block."
    assert stretches_sentence(with_streets, 1, LocationPrecision.EXACT) == ""
    assert stretches_sentence(plain, 0, LocationPrecision.EXACT) == ""


@pytest.mark.parametrize("precision", LocationPrecision)
def test_only_a_feed_too_coarse_for_streets_says_why_none_is_told(
    plain: AreaNight, precision: LocationPrecision
) -> None:
    said = no_stretches(plain, precision)
    is_coarse = precision in (LocationPrecision.STREET_SNAPPED, LocationPrecision.AREA)
    assert said.startswith("Which stretch of a street carries a box is not told: ") == is_coarse
    assert (said == "") != is_coarse
    assert (precision.value in said) == is_coarse
