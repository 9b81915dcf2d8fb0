"""night.json: what made the night, so that anyone can make it again, and how the last one did.

Equal bytes for an equal night but for the one key ``timings``.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from zoneinfo import ZoneInfo

from peelian.delivery import words
from peelian.delivery.box_rows import iso, rounded
from peelian.delivery.making import walk_names
from peelian.forecasts.nights import AreaNight, Night, ScoreRow, TrackRecord


def night_json(night: Night) -> bytes:
    """Return the record of the night; a number that does not exist is null."""
    zone = ZoneInfo(night.force.time_zone)
    record = {
        "force": {**asdict(night.force)},
        "level": night.layer.level,
        "night": night.night.isoformat(),
        "valid_from": iso(night.period.start, zone),
        "valid_to": iso(night.period.end, zone),
        "cutoff": iso(night.cutoff, zone),
        "note": words.NO_GROUND_ANY,
        "uncertainty": "Ranks carry their 80 % range, hit rates their 95 % interval and their baselines.",
        "inputs": {
            "fingerprint": night.fingerprint,
            "n_events_known": night.n_events_known,
            "latest_recorded_at": iso(night.latest_recorded_at, zone) if night.latest_recorded_at else None,
            "delay": night.delay_note,
            "layers": dict(sorted(night.layers.items())),
        },
        "model": night.model,
        "parameters": dict(sorted(night.parameters.items())),
        "seed": night.seed,
        "version": night.version,
        "grid": asdict(night.layer.grid),
        "purpose_cards": [{**asdict(c), "expires": c.expires.isoformat()} for c in night.cards],
        "withheld": [{"crime_type": kind, "reason": reason} for kind, reason in night.withheld],
        "maps": [_map(night, a, zone) for a in night.areas],
        "timings": dict(night.timings),
    }
    return (json.dumps(clean(record), ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def _map(night: Night, area_night: AreaNight, zone: ZoneInfo) -> dict[str, object]:
    boxes, shading = area_night.boxes, area_night.shading
    return {
        "area_id": area_night.area.id,
        "area": area_night.area.name,
        "crime_type": area_night.bundle.name,
        "weights": dict(area_night.bundle.weights),
        "n_boxes": len(boxes),
        "firm": [int(r) for r, firm in zip(boxes.chosen["rank"], boxes.is_firm, strict=True) if firm],
        "area_km2": night.area_km2(area_night),
        "coverage": night.coverage(area_night),
        "expected_in_area": area_night.expected_in_area,
        "expected_in_boxes": boxes.expected_total,
        "chance_any_in_boxes": area_night.chance_any_in_boxes,
        "model": area_night.model,
        "model_why": area_night.model_why,
        "keep": area_night.keep,
        "stood_before": area_night.n_stood if area_night.keep else None,
        "walks": list(walk_names(area_night)) if area_night.walk_of else [],
        "is_explanation_exact": area_night.is_explanation_exact,
        "version1": {
            "coverage": list(shading.coverage),
            "expected_share": list(shading.expected_share),
            "recorded_share": list(shading.recorded_share),
        },
        "score": score(area_night.record, zone),
    }


def score(record: TrackRecord | None, zone: ZoneInfo) -> dict[str, object] | None:
    """Return how the boxes did, last and pooled, beside every baseline; None where nothing was judged."""
    if record is None:
        return None
    return {
        "last_valid_from": iso(record.last_period.start, zone),
        "last_valid_to": iso(record.last_period.end, zone),
        "is_replayed": record.is_replayed,
        "last": [_row(r) for r in record.last],
        "n_periods": record.n_periods,
        "first_period_start": iso(record.first_period_start, zone) if record.first_period_start else None,
        "pooled": [_row(r) for r in record.pooled],
        "difference_to_recent_counts": [record.difference, record.difference_low, record.difference_high],
    }


def _row(row: ScoreRow) -> Mapping[str, object]:
    return asdict(row)


def clean(value: object) -> object:
    """Turn numbers that do not exist into null and round the others, all the way down; ``timings`` stay as they are."""
    if isinstance(value, Mapping):
        return {str(k): clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(v) for v in value]
    if isinstance(value, float):
        return rounded(value) if math.isfinite(value) else None
    return value
