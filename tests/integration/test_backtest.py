"""Whole backtests of a small town: what they keep, what they survive, what they say of what went wrong."""

import hashlib
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.dask_cluster import two_workers
from tests.referees import FORCE, SIDE, SOUTH, TYPES, WEST, inputs, request, settings, town_layer, town_log

from peelian.errors import EvaluationError, LockedError, StoreError
from peelian.events import EventLog, Events
from peelian.forecasts.verdicts import Verdict
from peelian.jobs.backtest import backtest
from peelian.jobs.planning import BacktestInputs
from peelian.jobs.replaying import replay_key
from peelian.places import AreaLayer
from peelian.store.backtests import BacktestFolder, backtests

METHODS = ("all-history", "smoothed-counts@floating")


def run(home: Path, *methods: str, log: EventLog | None = None, workers: int = 1, **changes: object) -> Verdict:
    return backtest(settings(home, workers), inputs(log), request(*(methods or METHODS), **changes))[0]


def prints_of(folder: Path) -> dict[str, str]:
    """Return a hash of every file of a backtest, by its path."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_a_backtest_keeps_every_box_and_a_score_for_every_period_area_and_method(tmp_path: Path) -> None:
    verdict = run(tmp_path)
    folder = tmp_path / "backtests" / "test"
    boxes, scores = pl.read_parquet(folder / "boxes.parquet"), pl.read_parquet(folder / "scores.parquet")
    n_methods, n_areas, n_days = 3, 2, 14
    assert boxes.height == n_methods * len(TYPES) * n_areas * n_days * 3
    assert boxes.columns == [
        "area", "crime_type", "model", "cutoff", "period_start", "period_end",
        "rank", "x_min", "y_min", "size_m", "expected_count",
    ]  # fmt: skip
    assert scores.height == n_methods * len(TYPES) * n_areas * n_days
    assert verdict.is_complete
    assert (scores["status"] == "answered").all()
    assert (boxes["cutoff"] <= boxes["period_start"]).all()


def test_a_lasting_hotspot_is_found_and_the_gain_over_counting_is_told(tmp_path: Path) -> None:
    verdict = run(tmp_path)
    rate = {(r["crime_type"], r["method"]): r for r in verdict.pooled.iter_rows(named=True)}
    for crime_type in TYPES:
        row = rate[crime_type, "all-history"]
        assert row["hit_rate"] > 5 * row["coverage"]
        assert row["bits"] > 0.5
        assert 0 <= row["pei"] <= 1
        assert row["hit_rate_low"] <= row["hit_rate"] <= row["hit_rate_high"]
        assert row["bits_low"] <= row["bits"] <= row["bits_high"]
        assert rate[crime_type, "recent-counts"]["churn"] > row["churn"]
    pooled = verdict.comparisons.filter(pl.col("crime_type") == "*", pl.col("method") == "all-history").row(
        0, named=True
    )
    assert pooled["ratio_low"] <= pooled["ratio"] <= pooled["ratio_high"]
    assert pooled["bits_low"] > 1, "a three-week count of few events is far from a fair forecast"
    assert "Over 3 crime types, all-history" in pooled["sentence"]


def test_the_same_backtest_twice_in_any_number_of_processes_is_the_same_to_the_byte(tmp_path: Path) -> None:
    run(tmp_path / "one")
    run(tmp_path / "two", workers=2)
    one, two = (prints_of(tmp_path / n / "backtests" / "test") for n in ("one", "two"))
    assert one == two


def test_beginning_the_grid_elsewhere_too_changes_nothing_here_and_tells_what_is_luck(tmp_path: Path) -> None:
    alone = run(tmp_path / "alone")
    verdict = run(tmp_path / "two", workers=2, origins=4)
    run(tmp_path / "one", origins=4)
    alone_files, one, two = (prints_of(tmp_path / n / "backtests" / "test") for n in ("alone", "one", "two"))
    assert one == two
    for name in ("boxes.parquet", "scores.parquet", "parts/0000-000.scores.parquet", "inputs/areas.parquet"):
        assert alone_files[name] == one[name], name
    assert alone.origins is None
    assert alone.measures.equals(verdict.measures, null_equal=True)
    assert verdict.origins is not None
    here = {(r["crime_type"], r["method"]): r["hit_rate"] for r in verdict.pooled.iter_rows(named=True)}
    spread = verdict.origins.filter(pl.col("crime_type") != "*")
    assert spread.height == len(here)
    for row in spread.iter_rows(named=True):
        assert row["hit_rate_least"] <= here[row["crime_type"], row["method"]] <= row["hit_rate_most"]
    aligned = spread.filter(pl.col("method") == "all-history")
    assert (aligned["hit_rate_most"] > aligned["hit_rate_least"]).any(), "the town's hotspots lie on the lines here"


def test_a_town_moved_with_the_origin_of_its_grid_is_judged_as_before(tmp_path: Path) -> None:
    east, north = 0.25, 0.75
    log = town_log()
    moved = EventLog(log.table.with_columns(pl.col("x") + east * SIDE, pl.col("y") + north * SIDE), log.crs)

    def layer_at(known: Events, shift: tuple[float, float] = (0.0, 0.0)) -> AreaLayer:
        layer = town_layer(known, shift)
        grid = replace(layer.grid, column_min=layer.grid.column_min + east, row_min=layer.grid.row_min + north)
        return AreaLayer(layer.level, grid, layer.areas)

    here = run(tmp_path / "here")
    there = backtest(settings(tmp_path / "there"), BacktestInputs(FORCE, moved, layer_at), request(*METHODS))[0]
    numbers = [n for n, kind in here.measures.schema.items() if kind == pl.Float64()]
    for name in numbers:
        assert np.allclose(here.measures[name], there.measures[name], equal_nan=True), name
    assert here.comparisons["sentence"].equals(there.comparisons["sentence"])


def test_what_fails_on_a_grid_that_begins_elsewhere_alone_is_told_with_its_place(tmp_path: Path) -> None:
    assert run(tmp_path, origins=4).is_complete
    part = tmp_path / "backtests" / "test" / "parts" / "0000-000-01.scores.parquet"
    failed = pl.when(pl.col("method") == "all-history").then(pl.lit("failed")).otherwise(pl.col("status"))
    pl.read_parquet(part).with_columns(status=failed, reason=pl.lit("it broke")).write_parquet(part)
    verdict = run(tmp_path, origins=4)
    assert not verdict.is_complete
    trouble = verdict.troubles.row(0, named=True)
    assert (trouble["method"], trouble["periods"]) == ("all-history", 14)
    assert trouble["reason"] == "with the grid 125 m further east and 0 m further north: it broke"


def _until_killed(home: str) -> None:
    run(Path(home), last=date(2021, 1, 31), crime_types=TYPES)


def test_a_killed_backtest_finishes_what_is_missing_and_ends_as_if_it_never_died(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_until_killed, args=(str(tmp_path / "killed"),))
    process.start()
    parts = tmp_path / "killed" / "backtests" / "test" / "parts"
    deadline = time.monotonic() + 60
    while len(list(parts.glob("*.scores.parquet"))) < 3 and process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    done = {p: p.stat().st_mtime_ns for p in parts.glob("*.scores.parquet")}
    assert done
    assert not (parts.parent / "scores.parquet").exists(), "killed too late to mean anything"
    again = {"last": date(2021, 1, 31)}
    run(tmp_path / "killed", **again)
    assert {p: p.stat().st_mtime_ns for p in done} == done, "a part that was done was made again"
    run(tmp_path / "whole", **again)
    left = [name for name in prints_of(parts.parent) if name.endswith(".tmp")]
    killed = {k: v for k, v in prints_of(parts.parent).items() if k not in left}
    assert killed == prints_of(tmp_path / "whole" / "backtests" / "test")


def _two_workers_until_killed(home: str) -> None:
    run(Path(home), workers=2, last=date(2021, 2, 14))


def test_the_workers_of_a_killed_backtest_end_with_it(tmp_path: Path) -> None:
    import psutil

    process = multiprocessing.get_context("spawn").Process(target=_two_workers_until_killed, args=(str(tmp_path),))
    process.start()
    parts = tmp_path / "backtests" / "test" / "parts"
    deadline = time.monotonic() + 90
    while not list(parts.glob("*.scores.parquet")) and process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.pid is not None
    workers = psutil.Process(process.pid).children(recursive=True)
    assert len(workers) >= 2
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


def test_a_dask_cluster_gives_the_same_bytes_though_a_worker_is_killed_midway(tmp_path: Path) -> None:
    run(tmp_path / "alone", last=date(2021, 1, 24))
    with two_workers() as cluster:
        seen: list[str] = []

        def kill_one(said: str) -> None:
            seen.append(said)
            if len(seen) == 3:
                cluster.kill_one()

        backtest(
            settings(tmp_path / "dask", 2),
            inputs(),
            request(*METHODS, last=date(2021, 1, 24)),
            executor=cluster.address,
            progress=kill_one,
        )
    assert len(seen) > 3, "killed too late to mean anything"
    assert prints_of(tmp_path / "dask" / "backtests" / "test") == prints_of(tmp_path / "alone" / "backtests" / "test")


def test_a_model_that_fails_is_a_row_with_its_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    verdict = run(tmp_path, "smoothed-counts:bandwidth_m=-5", "all-history")
    assert not verdict.is_complete
    failed = verdict.troubles.row(0, named=True)
    assert (failed["method"], failed["status"], failed["periods"]) == ("smoothed-counts:bandwidth_m=-5", "failed", 14)
    assert "bandwidth_m = -5" in failed["reason"]
    well = verdict.pooled.filter(pl.col("method") == "all-history")
    assert (well["periods"] == 14).all()
    assert verdict.pooled.filter(pl.col("method") == failed["method"])["periods_unanswered"].to_list() == [14] * 3


def test_a_type_without_events_is_rows_that_say_so(tmp_path: Path) -> None:
    verdict = run(tmp_path, "all-history", crime_types=("arson", "burglary"))
    assert verdict.troubles["status"].unique().to_list() == ["nothing known"]
    assert verdict.troubles["reason"][0] == "no event of arson was known at the cutoff"
    assert verdict.pooled.filter(pl.col("crime_type") == "burglary")["periods"].to_list() == [14, 14]


def one_event(log: EventLog, n: int, at_one_point: bool) -> EventLog:  # noqa: FBT001 - two cases of one test
    rare = log.table.filter(pl.col("crime_type") == "robbery").head(n)
    if at_one_point:
        rare = rare.with_columns(x=pl.lit(WEST + 10.0), y=pl.lit(SOUTH + 10.0))
    return EventLog(pl.concat([log.table.filter(pl.col("crime_type") != "robbery"), rare]), log.crs)


@pytest.mark.parametrize(("n", "at_one_point"), [(1, False), (40, True)])
def test_one_event_or_all_at_one_point_is_still_forecast_and_judged(tmp_path: Path, n: int, at_one_point: bool) -> None:  # noqa: FBT001 - as above
    log = one_event(town_log(), n, at_one_point)
    verdict = run(tmp_path, "all-history", "smoothed-counts@floating", "promap", log=log)
    row = verdict.pooled.filter(pl.col("crime_type") == "robbery").row(0, named=True)
    assert row["periods"] == 14
    assert row["events"] == 0
    assert row["hit_rate"] != row["hit_rate"], "a rate of nothing is undefined, not nought"


def test_a_range_before_the_record_is_refused_with_its_beginning(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="the first was recorded at 2020-01-01"):
        run(tmp_path, first=date(2019, 1, 1), last=date(2019, 1, 14))


def test_a_range_that_begins_before_the_record_says_so_row_by_row(tmp_path: Path) -> None:
    verdict = run(tmp_path, "all-history", first=date(2019, 12, 28), last=date(2020, 1, 10))
    early = verdict.troubles.filter(pl.col("method") == "all-history", pl.col("crime_type") == "burglary")
    assert early["status"].to_list() == ["nothing known"]
    assert early["periods"].to_list() == [5]


def test_a_gap_in_the_feed_is_no_quiet_night(tmp_path: Path) -> None:
    log = town_log()
    start, end = datetime(2021, 1, 6, tzinfo=UTC), datetime(2021, 1, 9, tzinfo=UTC)
    gap = (pl.col("occurred_from") >= start) & (pl.col("occurred_from") < end)
    verdict = run(tmp_path, "all-history", log=EventLog(log.table.filter(~gap), log.crs))
    missing = verdict.troubles.filter(pl.col("method") == "all-history", pl.col("crime_type") == "burglary")
    assert missing["status"].to_list() == ["no records"]
    assert missing["periods"].to_list() == [3]
    assert "the feed has a gap" in missing["reason"][0]
    own = verdict.pooled.filter(pl.col("method") == "all-history", pl.col("crime_type") == "burglary")
    assert own["periods"].to_list() == [11]


def test_a_period_that_is_not_over_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="the records end at 2021-02-2"):
        run(tmp_path, last=date(2021, 3, 30))


def test_another_question_under_the_same_name_is_refused(tmp_path: Path) -> None:
    run(tmp_path, "all-history")
    with pytest.raises(StoreError, match="was made with count = 3, asked is 4"):
        run(tmp_path, "all-history", count=4)
    with pytest.raises(StoreError, match="was made with fingerprint"):
        run(tmp_path, "all-history", log=town_log(seed=12))


def test_a_damaged_part_is_named_with_its_mend(tmp_path: Path) -> None:
    run(tmp_path, "all-history")
    part = next((tmp_path / "backtests" / "test" / "parts").glob("*.boxes.parquet"))
    part.write_bytes(b"")
    with pytest.raises(StoreError, match=f"{part.name}.*Delete it and run the same command again"):
        run(tmp_path, "all-history")


def test_two_processes_do_not_make_the_same_backtest(tmp_path: Path) -> None:
    from peelian.store.locks import lock

    with lock(tmp_path, "backtest-test"), pytest.raises(LockedError):
        run(tmp_path, "all-history")


@pytest.mark.parametrize("executor", ["threads", "dask://127.0.0.1:1"])
def test_an_executor_that_is_not_there_is_refused(tmp_path: Path, executor: str) -> None:
    with pytest.raises(StoreError, match=r"executor 'threads'|no Dask scheduler answers"):
        backtest(settings(tmp_path, 2), inputs(), request("all-history"), executor=executor)


def late(log: EventLog, after: datetime) -> EventLog:
    """Return the log with every row recorded or begun after an instant replaced by nonsense far away."""
    hidden = (pl.col("recorded_at") > after) | (pl.col("occurred_from") > after)
    return EventLog(log.table.with_columns(x=pl.when(hidden).then(pl.lit(WEST + 20.0)).otherwise("x")), log.crs)


def test_no_event_after_the_cutoff_by_either_clock_changes_a_box(tmp_path: Path) -> None:
    log = town_log(delay_hours=60.0)
    first = date(2021, 1, 4)
    cutoff = datetime(2021, 1, 4, tzinfo=UTC)
    asked = {"first": first, "last": first}
    run(tmp_path / "a", *METHODS, "promap", log=log, **asked)
    run(tmp_path / "b", *METHODS, "promap", log=late(log, cutoff), **asked)
    one, two = (pl.read_parquet(tmp_path / n / "backtests" / "test" / "boxes.parquet") for n in ("a", "b"))
    assert one.equals(two)


def test_timing_as_it_occurred_sees_more_than_was_recorded(tmp_path: Path) -> None:
    log = town_log(delay_hours=200.0)
    expected = {}
    for timing in ("recorded", "occurred"):
        verdict = run(tmp_path / timing, log=log, timing=timing)
        row = verdict.pooled.filter(pl.col("method") == "recent-counts", pl.col("crime_type") == "burglary")
        expected[timing] = row["expected_events"][0]
    assert expected["occurred"] > 1.2 * expected["recorded"]


def outside_csv(path: Path, shift: float = 0.0, days: int = 14) -> Path:
    """Write three 250 m boxes a district and day on the burglary hotspots of the town, or shifted off them."""
    first = datetime(2021, 1, 4, tzinfo=UTC)
    rows = [
        f"{first + timedelta(days=d)},{first + timedelta(days=d + 1)},{x},{y},{SIDE},EPSG:27700"
        for d in range(days)
        for x in (WEST + 2 * SIDE + shift, WEST + 9 * SIDE + shift)
        for y in (SOUTH + 3 * SIDE, SOUTH + 4 * SIDE, SOUTH + 5 * SIDE)
    ]
    path.write_text("\n".join(["period_start,period_end,x_min,y_min,size_m,crs", *rows]) + "\n", encoding="utf-8")
    return path


def test_an_outside_forecast_is_judged_by_the_same_referee(tmp_path: Path) -> None:
    file = outside_csv(tmp_path / "vendor.csv", days=12)
    verdict = run(tmp_path, "all-history", outside=(file,), crime_types=("burglary",))
    row = verdict.pooled.filter(pl.col("method") == "vendor").row(0, named=True)
    assert (row["periods"], row["periods_unanswered"]) == (12, 2)
    assert row["hit_rate"] > 0.25
    assert row["coverage"] == pytest.approx(6 / 120)
    assert row["bits"] != row["bits"], "an outside forecast without expected counts has no log score"
    assert verdict.troubles["reason"].to_list() == ["the outside forecast has no boxes of burglary for this period"]
    compared = verdict.comparisons.filter(pl.col("method") == "vendor").row(0, named=True)
    assert compared["periods"] == 12


def test_an_outside_forecast_off_the_hotspots_scores_like_chance(tmp_path: Path) -> None:
    file = outside_csv(tmp_path / "astray.csv", shift=2 * SIDE)
    verdict = run(tmp_path, outside=(file,), crime_types=("burglary",), first=date(2021, 1, 4))
    row = verdict.pooled.filter(pl.col("method") == "astray").row(0, named=True)
    assert row["pai"] < 2.0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("period_start,", "from,"), "has no period_start"),
        ((",crs", ",system"), "names no CRS"),
        (("+00:00", ""), "has no time zone"),
        (("x_min,", "left,"), "a box needs x_min, y_min and size_m, or wkt"),
        (("2021-01", "2011-01"), "none of its 14 periods is one of the backtest's"),
        ((",250.0,", ",40.0,"), "moved by about as much"),
    ],
)
def test_an_outside_forecast_that_cannot_be_judged_is_refused_with_its_mend(
    tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    from peelian.errors import SourceError

    file = outside_csv(tmp_path / "vendor.csv")
    file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises((EvaluationError, SourceError), match=reason):
        run(tmp_path, outside=(file,))


def test_floating_boxes_are_refused_on_snapped_points_with_the_reason(tmp_path: Path) -> None:
    from dataclasses import replace

    from peelian.places import LocationPrecision

    snapped = replace(inputs(), force=replace(inputs().force, location_precision=LocationPrecision.STREET_SNAPPED))
    with pytest.raises(EvaluationError, match="its points are moved further than the boxes are"):
        backtest(settings(tmp_path), snapped, request("smoothed-counts@floating"))


def test_boxes_that_keep_their_places_move_less_and_the_price_is_told(tmp_path: Path) -> None:
    verdict = run(tmp_path, "smoothed-counts@floating", "smoothed-counts@floating~0.5")
    rows = {(r["crime_type"], r["method"]): r for r in verdict.pooled.iter_rows(named=True)}
    for crime_type in TYPES:
        free = rows[crime_type, "smoothed-counts@floating"]
        kept = rows[crime_type, "smoothed-counts@floating~0.5"]
        assert kept["churn"] < free["churn"]
        assert kept["expected_hits"] < free["expected_hits"]


def test_a_bundle_of_harm_is_judged_by_weight_and_has_no_log_score(tmp_path: Path) -> None:
    from dataclasses import replace

    from peelian.jobs.choose import choose_models

    harm = replace(inputs(), bundles={"harm": {"robbery": 3.0, "burglary": 1.0}})
    verdict, folder = backtest(settings(tmp_path), harm, request(*METHODS, crime_types=("harm",)))
    counts = pl.read_parquet(folder.path / "scores.parquet").filter(pl.col("model") == "all-history")
    plain = run(tmp_path, "all-history", name="plain", crime_types=("burglary", "robbery"))
    by_type = {
        r["crime_type"]: r["events"]
        for r in plain.pooled.filter(pl.col("method") == "all-history").iter_rows(named=True)
    }
    assert counts["events"].sum() == pytest.approx(by_type["burglary"] + 3 * by_type["robbery"])
    assert verdict.pooled["bits"].is_nan().all()
    assert verdict.calibration.height == 0
    report = (folder.path / "report.html").read_text(encoding="utf-8")
    assert "catches the most of those compared" in report
    assert choose_models(settings(tmp_path), date(2021, 2, 1), backtest="test").measure == "hits"


def test_the_newest_finished_backtest_stands_last(tmp_path: Path) -> None:
    run(tmp_path, "all-history", name="first", last=date(2021, 1, 5))
    run(tmp_path, "all-history", name="second", last=date(2021, 1, 5))
    assert [f.path.name for f in backtests(tmp_path)] == ["first", "second"]
    assert isinstance(backtests(tmp_path)[0], BacktestFolder)


def test_a_key_is_a_pure_function_of_the_folder_and_its_name(tmp_path: Path) -> None:
    run(tmp_path, "all-history")
    folder = tmp_path / "backtests" / "test"
    before = prints_of(folder)
    assert replay_key(str(folder.resolve()), "0000-001") == "0000-001"
    assert prints_of(folder) == before


def test_the_burden_of_boxes_is_told_by_neighbourhood_and_group(tmp_path: Path) -> None:
    import json

    from peelian.jobs.disparity import residents_in

    ring = [[0, 0], [6, 0], [6, 10], [0, 10], [0, 0]]
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "people": 4000, "renters": renters},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[WEST + (x + shift) * SIDE, SOUTH + y * SIDE] for x, y in ring]],
            },
        }
        for name, renters, shift in (("Westside", 3000, 0), ("Eastside", 1000, 6))
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    file = tmp_path / "people.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), encoding="utf-8")
    verdict = run(tmp_path, "all-history", residents=residents_in(file, "name,people,renters"))
    assert verdict.burden is not None
    assert verdict.burden_by_group is not None
    own = verdict.burden.filter(pl.col("model") == "all-history", pl.col("crime_type") == "burglary")
    # Three boxes a district, 14 days of 24 hours: all of them lie in one of the two.
    assert own["box_hours"].sum() == pytest.approx(2 * 3 * 14 * 24)
    groups = verdict.burden_by_group.filter(pl.col("model") == "all-history", pl.col("crime_type") == "burglary")
    assert groups["group"].to_list() == ["all residents", "renters"]
    assert groups["people"].to_list() == [8000.0, 4000.0]
    assert (tmp_path / "backtests" / "test" / "burden.parquet").exists()
    assert "On whom the boxes fall" in (tmp_path / "backtests" / "test" / "report.html").read_text(encoding="utf-8")
