"""Why a box, in words: a crime of another type that speaks for a box is called by its own name."""

from dataclasses import replace

import polars as pl
import pytest
from tests.sample_nights import Sample, night_of, town_events, town_force

from peelian.delivery.reasons import called, reasons, recent_events
from peelian.delivery.views import _part
from peelian.forecasts import AreaNight
from peelian.places import DatePrecision


@pytest.fixture(scope="module")
def area_night() -> AreaNight:
    night = night_of(town_events(), Sample(town_force()))
    return next(a for a in night.areas if reasons(a)[0].told)


def with_types(area_night: AreaNight, crime_type: str) -> AreaNight:
    table = area_night.contributions.with_columns(
        crime_type=pl.when(pl.col("event_id").is_not_null()).then(pl.lit(crime_type))
    )
    return replace(area_night, contributions=table)


def test_event_is_called_by_its_own_crime_type(area_night: AreaNight) -> None:
    foreign = with_types(area_night, "bicycle-theft")
    why = reasons(foreign)[0]
    assert "icycle theft" in _part(why.told[0], foreign, DatePrecision.MINUTE).words
    assert "bicycle theft" in recent_events(why, foreign, DatePrecision.MINUTE) or why.is_usual


def test_events_of_several_types_together_are_crimes(area_night: AreaNight) -> None:
    assert called({"bicycle-theft", "arson"}, area_night) == "crime"
    assert called({"arson"}, area_night) == "arson"
    assert called(set(area_night.bundle.crime_types), area_night) == area_night.bundle.name
    assert called((), area_night) == area_night.bundle.name


def test_long_run_level_of_several_types_does_not_claim_them_for_one(area_night: AreaNight) -> None:
    foreign = with_types(area_night, "bicycle-theft")
    level = next(p.level for p in reasons(foreign) if p.level is not None and p.level.n_events)
    assert "bicycle theft" in _part(level, foreign, DatePrecision.MINUTE).words
