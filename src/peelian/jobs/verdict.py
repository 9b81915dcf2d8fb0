"""From a backtest's parts to its verdict and its files: boxes.parquet, scores.parquet, verdict.json, report.html."""

import json
import math
from typing import Any

import numpy as np
import polars as pl

from peelian.evaluation.origins import origin_record, over_origins
from peelian.evaluation.pictures import calibration, curves, misses
from peelian.evaluation.steadiness import churn, compactness
from peelian.evaluation.summary import (
    SCORE_SCHEMA,
    Judged,
    comparisons,
    events_outside,
    measures,
    troubles,
    with_baseline,
)
from peelian.forecasts.verdicts import BacktestTerms, Verdict
from peelian.jobs.plans import Plan
from peelian.places.areas import AreaLayer
from peelian.store.backtests import BacktestFolder

_KEY = ["crime_type", "method", "period_start", "area"]


def verdict_of(folder: BacktestFolder, plan: Plan, layer: AreaLayer, seconds: float) -> Verdict:
    """Return the verdict of a backtest whose parts are all there; writes boxes and scores on the way."""
    keys, crime_types = plan.keys(), tuple(b.name for b in plan.bundles)
    boxes = folder.read_parts(keys, "boxes").sort("crime_type", "model", "period_start", "area", "rank")
    folder.write_result("boxes.parquet", boxes)
    events = folder.read_parts(keys, "events")
    scores = with_baseline(folder.read_parts(keys, "scores"), events, plan.baseline)
    scores = scores.join(_movement(boxes, plan), on=_KEY, how="left").sort(_KEY).select(SCORE_SCHEMA.names())
    folder.write_result("scores.parquet", scores.rename({"method": "model"}))
    judged = _judged(scores, plan)
    origins, elsewhere = _origins(folder, plan, judged) if plan.origins > 1 else (None, [])
    return Verdict(
        terms=_terms(folder, plan, crime_types),
        layer=layer,
        measures=measures(judged, events),
        comparisons=comparisons(judged),
        curves=curves(events, judged),
        calibration=calibration(folder.read_parts(keys, "bins"), judged),
        misses=misses(events),
        troubles=pl.concat([troubles(scores), *elsewhere]),
        events_outside=events_outside(scores),
        seconds=seconds,
        origins=origins,
    )


def _judged(scores: pl.DataFrame, plan: Plan) -> Judged:
    types, methods = tuple(b.name for b in plan.bundles), tuple(m.label for m in plan.methods)
    return Judged(scores, methods, types, plan.baseline, plan.seed)


def _origins(folder: BacktestFolder, plan: Plan, here: Judged) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Return the table over origins, and the troubles that the grid has elsewhere alone, with where that is."""
    records, own = [origin_record(here)], troubles(here.scores)
    elsewhere = []
    for origin, (east, north) in enumerate(plan.shifts[1:], start=1):
        keys = plan.keys(origin)
        scores = with_baseline(folder.read_parts(keys, "scores"), folder.read_parts(keys, "events"), plan.baseline)
        records.append(origin_record(_judged(scores, plan)))
        new = troubles(scores).join(own, on=["crime_type", "method", "status", "reason"], how="anti")
        side_m = plan.grid.cell_size_m
        where = f"with the grid {east * side_m:g} m further east and {north * side_m:g} m further north: "
        elsewhere.append(new.with_columns(reason=where + pl.col("reason")))
    return over_origins(records, here), elsewhere


def write_results(folder: BacktestFolder, verdict: Verdict) -> None:
    """Write verdict.json and report.html."""
    from peelian.delivery.backtest_report import backtest_report

    folder.write_result("verdict.json", (json.dumps(verdict_json(verdict), indent=1) + "\n").encode())
    folder.write_result("report.html", backtest_report(verdict).encode())


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict in JSON's kinds; NaN is null. Times are told apart, so that the rest repeats to the byte."""
    terms = verdict.terms
    return {
        "backtest": terms.name,
        "force": terms.force.id,
        "level": terms.level,
        "from": str(terms.first),
        "to": str(terms.last),
        "horizon": terms.horizon,
        "periods": terms.n_periods,
        "timing": terms.timing,
        "lead_hours": terms.lead_hours,
        "refit_days": terms.refit_days,
        "boxes_per_area": terms.count,
        "box_m": terms.cell_size_m,
        "baseline": terms.baseline,
        "models": list(terms.methods),
        "crime_types": list(terms.crime_types),
        "judged_at": terms.judged_at.isoformat(),
        "fingerprint": terms.fingerprint,
        "version": terms.version,
        "seed": terms.seed,
        "is_complete": verdict.is_complete,
        "events_outside": verdict.events_outside,
        "measures": _rows(verdict.measures),
        "comparisons": _rows(verdict.comparisons),
        "troubles": _rows(verdict.troubles),
        "origins": [] if verdict.origins is None else _rows(verdict.origins),
        "burden_by_group": [] if verdict.burden_by_group is None else _rows(verdict.burden_by_group),
    }


def _terms(folder: BacktestFolder, plan: Plan, crime_types: tuple[str, ...]) -> BacktestTerms:
    return BacktestTerms(
        name=folder.path.name,
        force=plan.force,
        level=plan.level,
        first=plan.first,
        last=plan.last,
        horizon=plan.horizon,
        n_periods=len(plan.periods()),
        timing=plan.timing,
        lead_hours=plan.lead_hours,
        refit_days=plan.refit_days,
        count=plan.count,
        cell_size_m=plan.grid.cell_size_m,
        methods=tuple(m.label for m in plan.methods),
        baseline=plan.baseline,
        crime_types=crime_types,
        judged_at=plan.judged_at,
        fingerprint=plan.fingerprint,
        version=plan.version,
        seed=plan.seed,
    )


def _movement(boxes: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Return churn and compactness of every choice of boxes; NaN in the first period, and after a gap."""
    starts = pl.Series("period_start", [p.start for p in plan.periods()], dtype=pl.Datetime("us", "UTC"))
    choices = boxes.partition_by(["crime_type", "model", "area"], as_dict=True)
    moved = np.full((len(choices), starts.len()), np.nan)
    strewn = np.empty_like(moved)
    for number, rows in enumerate(choices.values()):
        at = starts.search_sorted(rows.get_column("period_start")).to_numpy()
        place = rows.get_column("rank").to_numpy() - 1
        corners = np.full((starts.len(), int(place.max()) + 1, 2), np.nan)
        corners[at, place, 0] = rows.get_column("x_min").to_numpy()
        corners[at, place, 1] = rows.get_column("y_min").to_numpy()
        size_m = float(rows.get_column("size_m")[0])
        moved[number, 1:] = churn(corners[:-1], corners[1:], size_m)
        strewn[number] = compactness(corners, size_m)
    names = ("crime_type", "method", "area")
    labels = pl.DataFrame(list(choices), schema=dict.fromkeys(names, pl.String), orient="row")
    return labels.join(starts.to_frame(), how="cross").with_columns(churn=moved.ravel(), compactness=strewn.ravel())


def _rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    return [{key: _plain(value) for key, value in row.items()} for row in table.iter_rows(named=True)]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a table's values are of several kinds
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else value
