"""Every box of a night as one flat row: what GeoJSON, CSV and GeoPackage all say, in the same words."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from peelian.delivery import words
from peelian.delivery.making import walk_names
from peelian.delivery.reasons import headline, reasons
from peelian.forecasts.nights import AreaNight, Night


@dataclass(frozen=True, slots=True)
class BoxRow:
    """One box; the fields are the columns. ``chance`` is None where weights make it no count of events."""

    area_id: str
    area: str
    crime_type: str
    rank: int
    rank_low: int
    rank_high: int
    is_chosen: bool
    is_firm: bool
    expected_count: float
    chance: float | None
    place: str
    walk: str
    why: str
    valid_from: str
    valid_to: str
    cutoff: str
    location_precision: str
    model: str
    purpose: str
    owner: str
    purpose_expires: str
    is_example: bool
    uncertainty: str
    note: str
    x_min: float
    y_min: float
    size_m: float


COLUMNS = tuple(f.name for f in fields(BoxRow))


def box_rows(night: Night) -> Iterator[BoxRow]:
    """Yield the boxes of all areas and bundles: areas in the night's order, ranks rising, nearly chosen ones last."""
    for area_night in night.areas:
        yield from _rows_of(night, area_night)


def _rows_of(night: Night, area_night: AreaNight) -> Iterator[BoxRow]:
    boxes, card = area_night.boxes, night.card(area_night.bundle.name)
    zone = ZoneInfo(night.force.time_zone)
    chances, why, n_chosen = area_night.chances, reasons(area_night), len(boxes)
    walks = walk_names(area_night)
    for index, row in enumerate(boxes.table.iter_rows(named=True)):
        yield BoxRow(
            area_id=area_night.area.id,
            area=area_night.area.name,
            crime_type=area_night.bundle.name,
            rank=row["rank"],
            rank_low=row["rank_low"],
            rank_high=row["rank_high"],
            is_chosen=row["is_chosen"],
            is_firm=row["is_chosen"] and row["rank_high"] <= n_chosen,
            expected_count=rounded(row["expected_count"]),
            chance=rounded(float(chances[index])) if np.isfinite(chances[index]) else None,
            place=area_night.place_names[index],
            walk=walks[index] if index < n_chosen else "",
            why=headline(why[index], area_night, night.force.date_precision),
            valid_from=iso(area_night.period.start, zone),
            valid_to=iso(area_night.period.end, zone),
            cutoff=iso(area_night.cutoff, zone),
            location_precision=str(night.force.location_precision),
            model=boxes.model,
            purpose=card.goal,
            owner=card.owner,
            purpose_expires=card.expires.isoformat(),
            is_example=card.is_example,
            uncertainty=f"rank {row['rank']}; anything from {row['rank_low']} to {row['rank_high']} fits (80 % range)",
            note=words.NO_GROUND,
            x_min=row["x_min"],
            y_min=row["y_min"],
            size_m=boxes.size_m,
        )


def rounded(value: float) -> float:
    """Return the value to nine significant digits: the same text wherever the last bits differ."""
    return float(f"{value:.9g}")


def iso(at: datetime, zone: ZoneInfo) -> str:
    """Return the instant in the force's own time with its offset."""
    return at.astimezone(zone).isoformat(timespec="seconds")
