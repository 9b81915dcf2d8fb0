"""Shifts: by the clock on the wall, on some weekdays, over changes of the clocks too."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from peelian.errors import PeriodError
from peelian.places.shifts import Shift

NIGHT = Shift("Night", time(22), 480, (4, 5, 6))


def test_shift_starts_on_its_weekdays_only() -> None:
    friday = date(2018, 12, 21)
    assert NIGHT.period_on(friday, "America/Chicago") is not None
    assert NIGHT.period_on(friday - timedelta(days=1), "America/Chicago") is None


def test_shift_runs_over_midnight_and_ends_by_the_clock() -> None:
    period = NIGHT.period_on(date(2018, 12, 21), "America/Chicago")
    assert period is not None
    assert period.start == datetime(2018, 12, 22, 4, tzinfo=UTC)
    assert period.end.astimezone(ZoneInfo("America/Chicago")).time() == NIGHT.ends == time(6)


@pytest.mark.parametrize(("day", "hours"), [(date(2019, 3, 30), 7), (date(2019, 10, 26), 9), (date(2019, 3, 23), 8)])
def test_night_of_a_change_of_clocks_lasts_an_hour_less_or_more(day: date, hours: int) -> None:
    period = NIGHT.period_on(day, "Europe/London")
    assert period is not None
    assert period.duration == timedelta(hours=hours)


def test_shift_inside_the_hour_that_is_skipped_is_no_period() -> None:
    assert Shift("Odd", time(1, 10), 20, (6,)).period_on(date(2019, 3, 31), "Europe/London") is not None
    assert Shift("Odd", time(1, 10), 50, (6,)).period_on(date(2019, 3, 31), "Europe/London") is None


@pytest.mark.parametrize(
    ("name", "start", "minutes", "weekdays"),
    [
        (" ", time(6), 480, (0,)),
        ("Early", time(6), 0, (0,)),
        ("Early", time(6), 1441, (0,)),
        ("Early", time(6), 480, ()),
        ("Early", time(6), 480, (7,)),
        ("Early", time(6), 480, (1, 1)),
        ("Early", time(6, tzinfo=UTC), 480, (0,)),
    ],
)
def test_shift_that_is_none_is_refused(name: str, start: time, minutes: int, weekdays: tuple[int, ...]) -> None:
    with pytest.raises(PeriodError):
        Shift(name, start, minutes, weekdays)
