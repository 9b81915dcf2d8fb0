"""Days of presence: cut at the hour at which the boxes begin, in the force's own time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from peelian.forecasts.visits import WRONG_WORDS, BoxMinutes, WrongBecause, patrol_day
from peelian.places import Period

CHICAGO = ZoneInfo("America/Chicago")


def at(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2018, month, day, hour, minute, tzinfo=CHICAGO)


NIGHT = Period(at(21, 18), at(22, 18))


@pytest.mark.parametrize("instant", [at(21, 18), at(21, 23, 59), at(22, 0), at(22, 17, 59)])
def test_a_night_from_evening_to_evening_is_one_day(instant: datetime) -> None:
    assert patrol_day(instant, NIGHT, CHICAGO) == date(2018, 12, 21)


def test_each_day_of_a_month_counts_by_itself() -> None:
    month = Period(at(1, 0), datetime(2019, 1, 1, tzinfo=CHICAGO))
    assert [patrol_day(at(d, 12), month, CHICAGO).day for d in (1, 2, 31)] == [1, 2, 31]


def test_two_shifts_of_one_date_share_no_day_that_began_before_them() -> None:
    early, late = Period(at(22, 6), at(22, 18)), Period(at(21, 18), at(22, 6))
    assert patrol_day(at(22, 5, 59), late, CHICAGO) == date(2018, 12, 21)
    assert patrol_day(at(22, 6), early, CHICAGO) == date(2018, 12, 22)


@pytest.mark.parametrize("hours", [-48, 48])
def test_an_instant_of_a_wrong_clock_counts_for_the_nearest_day_of_the_boxes(hours: int) -> None:
    assert patrol_day(NIGHT.start + timedelta(hours=hours), NIGHT, CHICAGO) == date(2018, 12, 21)


def test_the_night_on_which_clocks_change_is_still_one_day() -> None:
    long = Period(at(3, 18, month=11), at(4, 18, month=11))
    assert long.duration == timedelta(hours=25)
    days = {patrol_day(long.start + timedelta(minutes=m), long, CHICAGO) for m in range(0, 25 * 60, 7)}
    assert days == {date(2018, 11, 3)}


def test_a_box_has_reached_its_cap_at_the_cap_and_not_before() -> None:
    assert not BoxMinutes("1", 3, 44.99, None).has_reached(45)
    assert BoxMinutes("1", 3, 45.0, datetime(2018, 1, 1, tzinfo=UTC)).has_reached(45)


def test_every_reason_has_its_words() -> None:
    assert set(WRONG_WORDS) == set(WrongBecause)
