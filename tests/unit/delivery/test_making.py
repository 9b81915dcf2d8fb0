"""How boxes were made, in words: nothing where they were made the plain way."""

from dataclasses import replace

import pytest
from tests.sample_nights import town_night

from peelian.delivery.making import making_sentences, streets_sentence, walk_names, walk_sentence
from peelian.forecasts.nights import AreaNight


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
