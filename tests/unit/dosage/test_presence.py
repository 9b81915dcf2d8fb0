"""Presence is told by box: who was there is nobody's business here."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

from peelian.delivery.presence_words import presence_sentence
from peelian.dosage.presence import Presence, presence
from peelian.forecasts.visits import GivenBox, How, Visit

NOON = datetime(2018, 12, 20, 12, tzinfo=UTC)


def visit(minutes: float, rank: int = 1) -> Visit:
    box = GivenBox("town", date(2018, 12, 20), "district", "3", "burglary", rank, 250.0 * rank, 0.0, 250.0)
    left = NOON + timedelta(minutes=minutes)
    return Visit(box, NOON.date(), NOON, left, minutes, How.TIMER, None, is_clock_doubtful=False, recorded_at=left)


def test_two_stays_in_one_box_are_one_visited_box() -> None:
    there = presence([visit(12), visit(4), visit(5, rank=2)], 10)
    assert (there.visits, there.visited, there.fully_visited) == (3, 2, 1)
    assert there.minutes == 21
    assert there.median_minutes == 5


def test_ten_minutes_are_a_full_visit() -> None:
    assert presence([visit(10)], 10).fully_visited == 1
    assert presence([visit(9.9)], 10).fully_visited == 0


def test_no_visit_logged_is_not_told_as_nobody_there() -> None:
    there = presence([], 10)
    assert there == Presence(10, 0, 0, 0, 0.0, None)
    assert "we do not know" in presence_sentence(10, 0, 0, 0, None)


def test_no_name_can_stand_in_a_presence() -> None:
    assert {f.name for f in fields(Presence)}.isdisjoint({"account", "officer", "name", "actor"})


def test_sentence_gives_visits_in_boxes_of_all_boxes() -> None:
    said = presence_sentence(10, 9, 8, 7, 12.2)
    assert said == (
        "7 of 10 boxes had a visit of 10 minutes or more. One more had shorter visits only. "
        "The middle visit took 12 minutes."
    )
    assert presence_sentence(0, 0, 0, 0, None) == "There was no box to visit."
