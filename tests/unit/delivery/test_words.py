"""The words and numbers of delivery: small numbers stay small, and nothing is more exact than it is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from peelian.delivery import words
from peelian.delivery.names import slugs
from peelian.places import DatePrecision, Period, day_of, month_of

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (0.02, "1 in 50"),
        (0.0196, "1 in 51"),
        (1 / 263, "1 in 260"),
        (1 / 4321, "1 in 4,300"),
        (0.0, "under 1 in 100,000"),
        (0.5, "1 in 2"),
        (0.62, "6 in 10"),
        (1.44, "1.4"),
        (12.4, "12"),
        (254.1, "250"),
        (4423.0, "4,400"),
        (float("nan"), "unknown"),
    ],
)
def test_odds_are_told_no_more_exactly_than_they_are_known(expected: float, said: str) -> None:
    assert words.odds(expected) == said


def test_odds_never_grow_when_the_expected_count_falls() -> None:
    said = [words.odds(1 / n) for n in range(3, 5000, 7)]
    n = [int(s.removeprefix("1 in ").replace(",", "")) for s in said]
    assert n == sorted(n)


@pytest.mark.parametrize(
    ("bundle", "one", "many"),
    [
        ("burglary", "burglary", "burglaries"),
        ("vehicle-theft", "vehicle theft", "vehicle thefts"),
        ("violence-and-sexual-offences", "violent or sexual offence", "violent or sexual offences"),
        ("shoplifting", "case of shoplifting", "cases of shoplifting"),
        ("other-and-unknown", "record of other and unknown", "records of other and unknown"),
        ("public_order", "public order offence", "public order offences"),
        ("theft-from-the-person", "theft from the person", "thefts from the person"),
        ("possession-of-weapons", "possession of weapons", "possessions of weapons"),
        ("anti-social-behaviour", "report of anti-social behaviour", "reports of anti-social behaviour"),
        ("criminal-damage-arson", "case of criminal damage or arson", "cases of criminal damage or arson"),
    ],
)
def test_one_and_several_crimes_are_named_in_english(bundle: str, one: str, many: str) -> None:
    assert words.nouns(bundle) == (one, many)
    assert words.counted(1, bundle) == f"one {one}"
    assert words.counted(3, bundle) == f"three {many}"


@pytest.mark.parametrize(
    ("numbers", "said"),
    [([1], "1"), ([1, 2], "1 and 2"), ([1, 2, 3], "1 to 3"), ([1, 4, 5, 6], "1 and 4 to 6"), ([1, 2, 4], "1, 2 and 4")],
)
def test_ranks_are_drawn_together_only_where_they_are_neighbours(numbers: list[int], said: str) -> None:
    assert words.ranks(numbers) == said


def test_a_month_is_named_as_a_month_and_a_day_with_its_end() -> None:
    assert words.span(month_of(date(2017, 3, 9), "Europe/London"), LONDON) == "March 2017"
    assert words.span(day_of(date(2018, 12, 21), "Europe/London", 18), LONDON) == (
        "Fri 21 Dec 18:00 to Sat 22 Dec 18:00, 2018"
    )
    assert "2018" in words.span(day_of(date(2018, 12, 31), "Europe/London"), LONDON)
    assert "2019" in words.span(day_of(date(2018, 12, 31), "Europe/London"), LONDON)


def test_a_night_of_25_hours_ends_at_its_local_hour() -> None:
    night = day_of(date(2018, 10, 27), "Europe/London", 18)
    assert night.days > 1
    assert words.span(night, LONDON).endswith("Sun 28 Oct 18:00, 2018")


@pytest.mark.parametrize(
    ("start", "end", "one"),
    [
        ("2018-12-21T18:00", "2018-12-22T18:00", "night"),
        ("2018-12-21T00:00", "2018-12-22T00:00", "day"),
        ("2018-12-21T14:00", "2018-12-21T22:00", "shift"),
        ("2018-12-17T00:00", "2018-12-24T00:00", "week"),
        ("2018-12-01T00:00", "2019-01-01T00:00", "month"),
        ("2018-12-01T00:00", "2018-12-04T00:00", "period"),
    ],
)
def test_a_period_is_called_what_it_is(start: str, end: str, one: str) -> None:
    period = Period(*(datetime.fromisoformat(t).replace(tzinfo=LONDON) for t in (start, end)))
    assert words.period_words(period, LONDON).one == one


def test_percent_has_a_space_that_does_not_break_and_a_true_minus() -> None:
    assert words.percent(0.1562) == "15.6\u00a0%"
    assert words.percent(float("nan")) == "–"
    assert words.percent(0.0001) == "under 0.1\u00a0%"
    assert words.signed(-0.019) == "\u22121.9"
    assert words.signed(0.024) == "+2.4"
    assert words.signed(0.0001) == "0.0"


def test_a_feed_of_months_never_speaks_of_days() -> None:
    said = [words.days_old(float(age), DatePrecision.MONTH) for age in range(0, 90, 5)]
    assert all("month" in s and "day" not in s for s in said)


def test_a_force_named_after_its_office_is_spoken_of_by_its_area() -> None:
    assert words.in_force("St. Louis") == "St. Louis"
    assert words.in_force("City of London Police") == "the area of City of London Police"


def test_a_stretch_is_told_in_the_unit_that_the_feed_knows() -> None:
    assert words.stretch(3.2, DatePrecision.MINUTE) == "4 days"
    assert words.stretch(0.1, DatePrecision.DAY) == "1 day"
    assert words.stretch(76, DatePrecision.MONTH) == "three months"


def test_file_names_are_safe_and_differ_on_any_file_system() -> None:
    named = slugs(["North", "north", "../etc", "Ålesund / vest", "東京", "", "a" * 200])
    assert len({name.lower() for name in named.values()}) == len(named)
    assert all(
        name and name.replace("-", "").isalnum() and name.isascii() and len(name) < 80 for name in named.values()
    )
