"""What a backtest is asked: its periods, blocks and keys, and how methods are written."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from tests.referees import FORCE, town_grid

from peelian.errors import EvaluationError, ForecastError
from peelian.events import Bundle
from peelian.jobs.methods import method_of, methods_in, model_of
from peelian.jobs.plans import Method, Plan, check_plan, with_baseline_first
from peelian.places import DatePrecision

PLAN = Plan(
    force=FORCE,
    level="district",
    grid=town_grid(),
    first=date(2021, 3, 22),
    last=date(2021, 4, 4),
    horizon="day",
    start_hour=0,
    shift_hours=(6, 14, 22),
    lead_hours=6.0,
    timing="recorded",
    refit_days=3,
    count=10,
    methods=(Method("recent-counts", "recent-counts"), method_of("promap@floating:cutoff_m=300")),
    bundles=(Bundle.of("burglary"), Bundle.from_mapping("harm", {"robbery": 3, "burglary": 1})),
    baseline="recent-counts",
    judged_at=datetime(2021, 6, 1, tzinfo=UTC),
    fingerprint="f",
    seed=1,
    version="0",
)


def test_a_plan_comes_back_from_json_whole() -> None:
    import json

    assert Plan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


def test_origins_part_a_cell_evenly_and_begin_with_the_grid_itself() -> None:
    plan = replace(PLAN, origins=16)
    assert plan.shifts[0] == (0, 0)
    assert sorted(plan.shifts) == [(e / 4, n / 4) for e in range(4) for n in range(4)]
    assert replace(PLAN, origins=4).shifts == ((0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5))


def test_every_origin_has_its_own_keys_and_the_first_those_of_a_plan_without() -> None:
    plan = replace(PLAN, origins=4)
    assert plan.keys() == PLAN.keys()
    assert len(set(plan.all_keys())) == 4 * len(PLAN.keys())
    assert plan.all_keys()[: len(PLAN.keys())] == PLAN.keys()


def test_a_number_of_origins_that_does_not_part_a_cell_is_refused() -> None:
    with pytest.raises(EvaluationError, match="origins = 9"):
        check_plan(replace(PLAN, origins=9))


@pytest.mark.parametrize(("horizon", "count"), [("day", 14), ("shift", 42), ("week", 2), ("month", 1)])
def test_periods_tile_the_range(horizon: str, count: int) -> None:
    periods = replace(PLAN, horizon=horizon).periods()
    assert len(periods) == count
    assert all(a.end == b.start for a, b in pairwise(periods))


def test_the_night_the_clocks_go_forward_has_23_hours() -> None:
    hours = [p.duration.total_seconds() / 3600 for p in PLAN.periods()]
    assert hours[6] == 23.0
    assert hours.count(24.0) == 13


def test_blocks_hold_whole_refits_and_all_periods() -> None:
    plan = replace(PLAN, last=date(2021, 5, 30), refit_days=3)
    blocks = plan.blocks()
    assert all(len(b) % 3 == 0 for b in blocks[:-1])
    assert tuple(p for b in blocks for p in b) == plan.periods()
    assert len(plan.keys()) == len(set(plan.keys())) == len(blocks) * 2


def test_the_cutoff_lies_the_lead_before_the_period() -> None:
    period = PLAN.periods()[0]
    assert (period.start - PLAN.cutoff(period)).total_seconds() == 6 * 3600


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"last": date(2021, 3, 21)}, "no whole day"),
        ({"judged_at": datetime(2021, 4, 1, tzinfo=UTC)}, "has not been recorded cannot be judged"),
        ({"horizon": "fortnight"}, "horizons are"),
        ({"timing": "guessed"}, "timings"),
        ({"refit_days": 0}, "at least one day"),
        ({"baseline": "promap"}, "not among the methods"),
        ({"methods": (Method("a", "promap"), Method("a", "promap"))}, "two methods are called 'a'"),
        ({"force": replace(FORCE, date_precision=DatePrecision.MONTH)}, "dated to the month"),
        ({"force": replace(FORCE, date_precision=DatePrecision.DAY), "horizon": "shift"}, "dated to the day"),
    ],
)
def test_a_plan_that_cannot_be_judged_is_refused_with_its_reason(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        check_plan(replace(PLAN, **changes))  # type: ignore[arg-type]  # each case names a field and its value


def test_methods_are_written_as_model_boxes_parameters() -> None:
    assert method_of("promap") == Method("promap", "promap")
    written = method_of("smoothed-counts@floating:own_share=0.4,bandwidth_m=300")
    assert (written.model, written.boxes) == ("smoothed-counts", "floating")
    assert dict(written.parameters) == {"own_share": 0.4, "bandwidth_m": 300}


def test_boxes_may_keep_their_places_floating_or_on_the_grid() -> None:
    assert method_of("promap@fixed~0.5").keep == 0.5
    assert method_of("promap@floating~0.25").keep == 0.25
    assert method_of("promap@floating").keep == 0.0


@pytest.mark.parametrize(
    "text",
    ["promap~0.25", "promap@fixed~-1", "promap@floating~some", "@floating", "promap@anywhere", "promap:cutoff_m"],
)
def test_a_method_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        method_of(text)


def test_parameters_reach_the_model_and_keep_its_kind() -> None:
    model = model_of(method_of("smoothed-counts:bandwidth_m=300,window=56"), DatePrecision.MINUTE)
    assert model.bandwidth_m == 300.0  # type: ignore[attr-defined]  # of this model
    assert model.window.days == 56.0  # type: ignore[attr-defined]  # of this model


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("smoothed-counts:bandwith_m=300", "did you mean 'bandwidth_m'"),
        ("smoothed-counts:bandwidth_m=wide", "another kind"),
        ("no-such-model:a=1", "no model"),
    ],
)
def test_a_wrong_parameter_is_refused_with_the_nearest(text: str, reason: str) -> None:
    with pytest.raises(ForecastError, match=reason):
        model_of(method_of(text), DatePrecision.MINUTE)


def test_the_baseline_stands_first_and_once() -> None:
    named = with_baseline_first([method_of("promap"), method_of("recent-counts")], "recent-counts")
    assert [m.label for m in named] == ["recent-counts", "promap"]
    assert [m.label for m in with_baseline_first([method_of("promap")], "all-history")] == ["all-history", "promap"]


def test_methods_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text(
        '[[method]]\nmodel = "promap"\n\n[[method]]\nlabel = "wide"\nmodel = "smoothed-counts"\nboxes = "floating"\n'
        "parameters = { bandwidth_m = 400.0 }\n",
        encoding="utf-8",
    )
    assert methods_in(file) == (
        Method("promap", "promap"),
        Method("wide", "smoothed-counts", "floating", (("bandwidth_m", 400.0),)),
    )
    file.write_text('[[method]]\nname = "promap"\n', encoding="utf-8")
    with pytest.raises(EvaluationError, match="unknown key 'name'"):
        methods_in(file)
