"""The score of an analyst's edits: its own line, only while they stood, each crime once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from peelian.errors import ForecastError
from peelian.evaluation.edits import score_edits
from peelian.events import EVENT_SCHEMA, Bundle, Events
from peelian.forecasts.edits import BoxEdit, EditKind, shared
from peelian.places import Grid, Period
from peelian.places.areas import AreaLayer, StudyArea

NIGHT = date(2018, 4, 20)
START = datetime(2018, 4, 20, tzinfo=UTC)
PERIODS = {
    NIGHT - timedelta(days=1): Period(START - timedelta(days=1), START),
    NIGHT: Period(START, START + timedelta(days=1)),
}
GRID = Grid("EPSG:32615", 250.0, 0, 0, 8, 4)
AREAS = (StudyArea("North", "North", np.arange(16)), StudyArea("South", "South", np.arange(16, 32)))
LAYER = AreaLayer("district", GRID, AREAS)


def event(x: float, y: float, hours: float, kind: str = "burglary", span: float = 0.0) -> tuple[object, ...]:
    began = START + timedelta(hours=hours)
    return (
        f"e{x}-{y}-{hours}",
        kind,
        x,
        y,
        began,
        began + timedelta(hours=span),
        began + timedelta(hours=1 + span),
        "",
        "",
    )


def history(*events: tuple[object, ...]) -> Events:
    return Events(pl.DataFrame(list(events), schema=EVENT_SCHEMA, orient="row"), GRID.crs, START + timedelta(days=5))


def edit(kind: EditKind = EditKind.ADD, x: float = 0.0, y: float = 0.0, hours: float = -2.0, **more: object) -> BoxEdit:
    made = BoxEdit(
        1, "town", NIGHT, "district", "North", "burglary", kind, x, y, 250.0, "Ash St",
        3 if kind is EditKind.SUPPRESS else None, "the market is there", "Ann", START + timedelta(hours=hours),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type] # fields by name


def score(edits: list[BoxEdit], *events: tuple[object, ...]):  # noqa: ANN201 - the value under test
    return score_edits(edits, PERIODS, history(*events), Bundle.of("burglary"), LAYER)


def test_crime_in_an_added_box_is_its_hit_and_crime_elsewhere_is_not() -> None:
    told = score([edit()], event(100, 100, 3), event(600, 100, 4))
    assert (told.added.n_boxes, told.added.hits, told.added.events, told.added.hit_rate) == (1, 1.0, 2.0, 0.5)
    assert told.suppressed.n_boxes == 0
    assert told.added.hit_rate_low < 0.5 < told.added.hit_rate_high


def test_crime_before_the_edit_was_made_is_no_merit_of_it() -> None:
    told = score([edit(hours=5)], event(100, 100, 3), event(100, 100, 6))
    assert (told.added.hits, told.added.events) == (1.0, 2.0)


def test_crime_after_the_edit_was_withdrawn_is_not_its_own_either() -> None:
    told = score([edit(withdrawn_at=START + timedelta(hours=4))], event(100, 100, 3), event(100, 100, 6))
    assert told.added.hits == 1.0


def test_edit_that_never_stood_in_the_period_has_no_score() -> None:
    assert score([edit(hours=-5, withdrawn_at=START - timedelta(hours=1))], event(100, 100, 3)) is None
    assert score([edit(hours=30)], event(100, 100, 3)) is None


def test_crime_of_unknown_hour_counts_by_its_share() -> None:
    told = score([edit(hours=12)], event(100, 100, 6, span=12))
    assert told.added.hits == pytest.approx(0.5)


def test_crime_in_two_added_boxes_is_one_hit() -> None:
    told = score([edit(), edit(x=50.0)], event(100, 100, 3))
    assert (told.added.n_boxes, told.added.hits) == (2, 1.0)


def test_suppressed_boxes_are_told_apart_from_added_ones() -> None:
    told = score([edit(EditKind.SUPPRESS), edit(x=500.0)], event(100, 100, 3), event(600, 100, 4), event(700, 200, 4))
    assert (told.suppressed.hits, told.added.hits) == (1.0, 2.0)


def test_only_the_area_and_the_crime_type_of_the_map_count() -> None:
    told = score([edit(y=375.0)], event(100, 450, 3), event(100, 600, 3), event(100, 450, 4, kind="robbery"))
    assert (told.added.hits, told.added.events) == (1.0, 1.0)


def test_boxes_at_random_catch_their_share_of_ground_and_time() -> None:
    told = score([edit()], event(600, 100, 3), event(700, 100, 5))
    assert told.added.at_random == pytest.approx(2 / 16)


def test_earlier_nights_are_pooled_and_told_apart_from_the_last() -> None:
    before = edit(hours=-30, night=NIGHT - timedelta(days=1))
    told = score([before, edit()], event(100, 100, -3), event(100, 100, 3), event(600, 100, 4))
    assert (told.added.n_boxes, told.added.hits) == (1, 1.0)
    assert (told.added_pooled.n_boxes, told.added_pooled.n_periods, told.added_pooled.hits) == (2, 2, 2.0)
    assert told.added_pooled.events == 3.0


def test_no_crime_at_all_gives_no_rate_and_every_interval() -> None:
    told = score([edit()])
    assert np.isnan(told.added.hit_rate)
    assert (told.added.hit_rate_low, told.added.hit_rate_high) == (0.0, 1.0)


def test_area_that_was_renamed_since_is_scored_by_nothing() -> None:
    told = score([edit(area_id="Old North")], event(100, 100, 3))
    assert (told.added.hits, told.added.events) == (0.0, 0.0)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_edit_without_a_reason_is_none(reason: str) -> None:
    with pytest.raises(ForecastError, match="reason"):
        edit(reason=reason)


@pytest.mark.parametrize(
    ("other", "share"),
    [((0.0, 0.0), 1.0), ((125.0, 0.0), 0.5), ((250.0, 0.0), 0.0), ((125.0, 125.0), 0.25), ((900.0, 0.0), 0.0)],
)
def test_shared_ground_is_a_share_of_the_other_square(other: tuple[float, float], share: float) -> None:
    assert shared((0.0, 0.0), other, 250.0, 250.0) == share
