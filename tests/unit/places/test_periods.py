from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from peelian.errors import PeriodError, PlaceError
from peelian.places import DatePrecision, Force, LocationPrecision, Period, day_of, local_midnight, month_of
from peelian.places.periods import days_between, shifts_of, week_of


def test_period_is_half_open() -> None:
    period = Period(datetime(2018, 1, 1, tzinfo=UTC), datetime(2018, 1, 2, tzinfo=UTC))
    assert period.holds(period.start)
    assert not period.holds(period.end)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2018, 3, 11), 23), (date(2018, 11, 4), 25), (date(2018, 7, 4), 24)], ids=str
)
def test_a_local_day_lasts_as_long_as_its_clock_says(day: date, hours: int) -> None:
    assert day_of(day, "America/Chicago").duration == timedelta(hours=hours)


def test_days_tile_the_year_across_both_clock_changes() -> None:
    days = [day_of(d, "Europe/London") for d in days_between(date(2018, 1, 1), date(2018, 12, 31))]
    assert all(a.end == b.start for a, b in pairwise(days))
    assert days[0].start == local_midnight(date(2018, 1, 1), "Europe/London")


def test_shifts_tile_from_day_to_day() -> None:
    shifts = shifts_of(date(2018, 11, 3), "America/Chicago", (6, 14, 22)) + shifts_of(
        date(2018, 11, 4), "America/Chicago", (6, 14, 22)
    )
    assert all(a.end == b.start for a, b in pairwise(shifts))


def test_month_begins_at_local_midnight_which_in_summer_is_the_evening_before_in_utc() -> None:
    assert month_of(date(2016, 6, 17), "Europe/London").start == datetime(2016, 5, 31, 23, tzinfo=UTC)


def test_week_over_the_clock_change_lasts_an_hour_less() -> None:
    assert week_of(date(2018, 3, 5), "America/Chicago").duration == timedelta(days=7, hours=-1)


def test_naive_instant_is_refused() -> None:
    with pytest.raises(PeriodError, match="time zone"):
        Period(datetime(2018, 1, 1), datetime(2018, 1, 2, tzinfo=UTC))  # noqa: DTZ001 - the fault under test


def test_empty_period_is_refused() -> None:
    instant = datetime(2018, 1, 1, tzinfo=UTC)
    with pytest.raises(PeriodError, match="empty"):
        Period(instant, instant)


def test_unknown_time_zone_is_refused_with_an_example() -> None:
    with pytest.raises(PeriodError, match="Europe/London"):
        local_midnight(date(2018, 1, 1), "London")


@pytest.mark.parametrize("hours", [(), (14, 6), (6, 24), (6, 6)], ids=str)
def test_shift_hours_that_do_not_rise_within_a_day_are_refused(hours: tuple[int, ...]) -> None:
    with pytest.raises(PeriodError, match="shift hours"):
        shifts_of(date(2018, 1, 1), "UTC", hours)


def test_no_days_lie_between_a_day_and_an_earlier_one() -> None:
    assert not list(days_between(date(2018, 1, 2), date(2018, 1, 1)))


def test_force_id_that_could_leave_its_folder_is_refused() -> None:
    with pytest.raises(PlaceError, match="force id"):
        Force("../x", "X", "EPSG:27700", "Europe/London", LocationPrecision.EXACT, DatePrecision.DAY)
