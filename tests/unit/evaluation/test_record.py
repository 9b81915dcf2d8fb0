from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from tests.conftest import CUTOFF, make_events

from peelian.evaluation.record import JUDGED_SCHEMA, TRACK_SCHEMA, fallen, judge
from peelian.evaluation.track import track_record
from peelian.events import Bundle
from peelian.places import AreaLayer, Grid, Period, StudyArea

GRID = Grid("EPSG:32615", 250.0, 0, 0, 4, 4)
LAYER = AreaLayer("district", GRID, (StudyArea("1", "One", np.arange(8)), StudyArea("2", "Two", np.arange(8, 16))))
BURGLARY = Bundle.of("burglary")
DAYS = [Period(CUTOFF - timedelta(days=d), CUTOFF - timedelta(days=d - 1)) for d in (3, 2, 1)]


def track(*rows: tuple[int, str, str, float, float]) -> pl.DataFrame:
    """Rows of (period number, area, method, x_min, y_min)."""
    return pl.DataFrame(
        [(DAYS[p].start, a, "burglary", m, 1, x, y, 250.0, 0.5) for p, a, m, x, y in rows],
        schema=TRACK_SCHEMA,
        orient="row",
    )


def three_nights() -> tuple[pl.DataFrame, pl.DataFrame]:
    # Night 0: two burglaries in district 1, one in the box. Night 1: none. Night 2: one, off the box, in district 2.
    events = make_events([10.0, 600.0, 10.0], [10.0, 10.0, 900.0], [2.5, 2.4, 0.5])
    boxes = track(*[(p, "1", m, x, 0.0) for p in range(3) for m, x in (("boxes", 0.0), ("recent-counts", 500.0))])
    return boxes, fallen(events, DAYS, [BURGLARY], LAYER)


def test_night_without_a_crime_stays_in_the_table() -> None:
    boxes, fell = three_nights()
    judged = judge(boxes, fell, LAYER).filter(method="boxes").sort("period_start")
    assert judged["events"].to_list() == [2.0, 0.0, 0.0]
    assert judged["hits"].to_list() == [1.0, 0.0, 0.0]


def test_coverage_is_by_area_and_hindsight_is_the_best_equally_large_choice() -> None:
    boxes, fell = three_nights()
    first = judge(boxes, fell, LAYER).row(0, named=True)
    assert first["coverage"] == pytest.approx(1 / 8)
    assert first["most_hits"] == 1.0


def test_box_that_floats_off_the_grid_is_judged_where_it_lies() -> None:
    events = make_events([130.0], [10.0], [2.5])
    fell = fallen(events, DAYS, [BURGLARY], LAYER)
    hits = [judge(track((0, "1", "boxes", x, 0.0)), fell, LAYER)["hits"][0] for x in (0.0, 125.0, 187.5)]
    assert hits == [1.0, 1.0, 0.0]


def test_event_in_no_study_area_is_not_counted() -> None:
    fell = fallen(make_events([5000.0], [10.0], [2.5]), DAYS, [BURGLARY], LAYER)
    assert fell.height == 0


def test_event_of_unknown_hour_counts_in_each_night_by_its_share() -> None:
    events = make_events([10.0], [10.0], [2.5], span_hours=24.0)
    fell = fallen(events, DAYS, [BURGLARY], LAYER)
    assert fell.sort("period_start")["weight"].to_list() == pytest.approx([0.5, 0.5])


def test_no_boxes_give_no_judgement() -> None:
    _, fell = three_nights()
    assert judge(pl.DataFrame(schema=TRACK_SCHEMA), fell, LAYER).schema == JUDGED_SCHEMA


def test_record_tells_yesterday_and_the_pool_beside_every_baseline() -> None:
    boxes, fell = three_nights()
    judged = judge(boxes, fell, LAYER)
    mine = (t.filter(area_id="1") for t in (judged, boxes, fell))
    record = track_record(*mine, DAYS, is_replayed=True, rng=np.random.default_rng(1))
    assert [r.method for r in record.pooled] == ["boxes", "recent-counts", "random", "hindsight"]
    ours, random = record.row("boxes", pooled=True), record.row("random", pooled=True)
    assert ours is not None
    assert random is not None
    assert (ours.hits, ours.events, ours.hit_rate) == (1.0, 2.0, 0.5)
    assert ours.pai == pytest.approx(4.0)
    assert random.hits == pytest.approx(0.25)
    last = record.row("boxes", pooled=False)
    assert last is not None
    assert np.isnan(last.hit_rate)
    assert (last.hit_rate_low, last.hit_rate_high) == (0.0, 1.0)


def test_hindsight_keeps_one_choice_for_all_nights() -> None:
    events = make_events([10.0, 10.0, 600.0], [10.0, 10.0, 10.0], [2.5, 1.5, 0.5])
    boxes = track(*[(p, "1", m, 0.0, 0.0) for p in range(3) for m in ("boxes", "recent-counts")])
    fell = fallen(events, DAYS, [BURGLARY], LAYER)
    record = track_record(judge(boxes, fell, LAYER), boxes, fell, DAYS, is_replayed=True, rng=np.random.default_rng(1))
    hindsight = record.row("hindsight", pooled=True)
    assert hindsight is not None
    assert hindsight.hits == 2.0


def test_last_events_say_who_caught_them() -> None:
    boxes, fell = three_nights()
    only_first = [
        t.filter(area_id="1").filter(period_start=DAYS[0].start) for t in (judge(boxes, fell, LAYER), boxes, fell)
    ]
    record = track_record(*only_first, DAYS[:1], is_replayed=False, rng=np.random.default_rng(1))
    assert record.last_events.sort("x")["in_box"].to_list() == [True, False]
    assert record.last_events.sort("x")["in_baseline"].to_list() == [False, True]
