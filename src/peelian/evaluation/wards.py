"""From boxes, visits and crimes to a tally a ward: sums by place, no finer than the ward."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.evaluation.hits import is_hit
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.wards import MonthCount, WardTally
from peelian.places.areas import AreaLayer
from peelian.places.periods import Period
from peelian.places.squares import Squares

#: So many months stand on a ward's page.
MONTHS = 24


@dataclass(frozen=True, slots=True, eq=False)
class GivenNight:
    """One night's published boxes: bundle, x_min, y_min, size_m, one row each."""

    night: date
    period: Period
    boxes: pl.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Doings:
    """Visits: bundle, x and y of the middle of the box's square, and the minutes; all (n,)."""

    bundle: NDArray[np.str_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    minutes: NDArray[np.float64]


def tallies(
    layer: AreaLayer,
    bundles: Sequence[Bundle],
    nights: Sequence[GivenNight],
    doings: Doings,
    events: Events,
    months: Sequence[tuple[date, Period]],
) -> Iterator[WardTally]:
    """Yield a tally for every ward of the layer and every bundle; ``nights`` in order of time, ``months`` too.

    A box belongs to the ward in which its centre lies, a crime to that of its cell: as everywhere in the layer. A month
    without any record of any crime in the whole force is unknown, not quiet.
    """
    owner = layer.owner
    wards = len(layer.areas)
    told = [bool(len(events.touching(period))) for _, period in months]
    for bundle in bundles:
        own = bundle.select(events)
        sums = _sums(layer, owner, bundle, nights, own)
        done = _done(layer, owner, doings, bundle)
        by_month = np.stack([_by_ward(layer, owner, own, period, wards) for _, period in months])
        middle = np.median(by_month, axis=1)
        for index, area in enumerate(layer.areas):
            visits = done[done[:, 0] == index, 1]
            yield WardTally(
                area_id=area.id,
                bundle=bundle.name,
                first=nights[0].night if nights else months[-1][0],
                last=nights[-1].night if nights else months[-1][0],
                n_nights=int((sums.boxes.sum(axis=1) > 0).sum()),
                nights_chosen=int((sums.boxes[:, index] > 0).sum()),
                boxes_chosen=int(sums.boxes[:, index].sum()),
                visits=visits.size,
                minutes=float(visits.sum()),
                typical_minutes=float(np.median(visits)) if visits.size else None,
                events=float(sums.events[:, index].sum()),
                hits=float(sums.hits[:, index].sum()),
                box_hours=float(sums.hours[:, index].sum()),
                force_minutes=float(done[:, 1].sum()),
                force_box_hours=float(sums.hours.sum()),
                force_events=float(sums.events.sum()),
                months=tuple(
                    MonthCount(
                        month,
                        float(by_month[i, index]) if told[i] else None,
                        float(middle[i]) if told[i] else None,
                    )
                    for i, (month, _) in enumerate(months)
                ),
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """(n_nights, n_wards) each."""

    boxes: NDArray[np.float64]
    hours: NDArray[np.float64]
    events: NDArray[np.float64]
    hits: NDArray[np.float64]


def _sums(
    layer: AreaLayer, owner: NDArray[np.int64], bundle: Bundle, nights: Sequence[GivenNight], own: Events
) -> _Sums:
    shape = (len(nights), len(layer.areas))
    sums = _Sums(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape))
    for i, night in enumerate(nights):
        boxes = night.boxes.filter(bundle=bundle.name)
        if not boxes.height:
            continue
        size = float(boxes["size_m"][0])
        squares = Squares(boxes["x_min"].to_numpy(), boxes["y_min"].to_numpy(), size)
        ward = _ward_of(layer, owner, *squares.centres)
        np.add.at(sums.boxes[i], ward[ward >= 0], 1.0)
        np.add.at(sums.hours[i], ward[ward >= 0], night.period.duration / timedelta(hours=1))
        fell = own.touching(night.period)
        share, at = fell.overlap(night.period), _ward_of(layer, owner, fell.x, fell.y)
        caught = is_hit(squares, fell.x, fell.y)
        np.add.at(sums.events[i], at[at >= 0], share[at >= 0])
        np.add.at(sums.hits[i], at[(at >= 0) & caught], share[(at >= 0) & caught])
    return sums


def _done(layer: AreaLayer, owner: NDArray[np.int64], doings: Doings, bundle: Bundle) -> NDArray[np.float64]:
    """Return (ward, minutes) of every visit of the bundle inside a ward."""
    own = doings.bundle == bundle.name
    ward = _ward_of(layer, owner, doings.x[own], doings.y[own])
    pairs = np.column_stack([ward.astype(np.float64), doings.minutes[own]])
    return pairs[ward >= 0]


def _by_ward(
    layer: AreaLayer, owner: NDArray[np.int64], own: Events, period: Period, wards: int
) -> NDArray[np.float64]:
    fell = own.touching(period)
    ward, counts = _ward_of(layer, owner, fell.x, fell.y), np.zeros(wards)
    np.add.at(counts, ward[ward >= 0], fell.overlap(period)[ward >= 0])
    return counts


def _ward_of(
    layer: AreaLayer, owner: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.int64]:
    cell = layer.grid.cell_of(x, y)
    return np.where(cell >= 0, owner[np.maximum(cell, 0)], -1)
