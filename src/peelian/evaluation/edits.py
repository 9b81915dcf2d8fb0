"""How an analyst's edits did, on a line of their own: what fell in added and in suppressed boxes while they stood.

Nothing here touches the score of the forecast: a suppressed box stays in it, an added one never enters it.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from peelian.evaluation.hits import hit_rate, is_hit, proportion_interval
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.edits import BoxEdit, EditKind, EditLine, EditScore
from peelian.places.areas import AreaLayer
from peelian.places.periods import Period


def score_edits(
    edits: Sequence[BoxEdit], periods: Mapping[date, Period], history: Events, bundle: Bundle, layer: AreaLayer
) -> EditScore | None:
    """Return the score of one area's and bundle's edits over past periods, by the nights they were made for.

    ``periods`` are those that the record tells of, in order of time; edits of other nights are left out. None where
    none is left. An event in two added boxes is one hit; it counts by its share of the time in which the box stood.
    """
    told = [e for e in edits if e.night in periods and e.within(periods[e.night]) is not None]
    if not told:
        return None
    last = list(periods)[-1]

    def line(kind: EditKind, nights: Sequence[date]) -> EditLine:
        mine = [e for e in told if e.kind is kind and e.night in nights]
        return _line(mine, periods, history, bundle, layer)

    every = list(periods)
    return EditScore(
        line(EditKind.ADD, [last]),
        line(EditKind.SUPPRESS, [last]),
        line(EditKind.ADD, every),
        line(EditKind.SUPPRESS, every),
    )


def _line(
    edits: Sequence[BoxEdit], periods: Mapping[date, Period], history: Events, bundle: Bundle, layer: AreaLayer
) -> EditLine:
    nights = sorted({e.night for e in edits})
    parts = [
        _period([e for e in edits if e.night == night], periods[night], bundle.select(history), bundle, layer)
        for night in nights
    ]
    hits, events, at_random = np.sum(parts, axis=0) if parts else np.zeros(3)
    interval = proportion_interval(min(float(hits), float(events)), float(events))
    rate = hit_rate(float(hits), float(events))
    return EditLine(
        len(edits), len(nights), float(hits), float(events), float(at_random), rate, interval.low, interval.high
    )


def _period(
    edits: Sequence[BoxEdit], period: Period, own: Events, bundle: Bundle, layer: AreaLayer
) -> NDArray[np.float64]:
    """Return hits, events and what boxes at random would have caught, over one period; (3,)."""
    inside = own.touching(period)
    area = next((i for i, a in enumerate(layer.areas) if a.id == edits[0].area_id), None)
    if area is None:
        return np.zeros(3)  # the area was renamed since: nobody can say what fell in it
    cell = layer.grid.cell_of(inside.x, inside.y)
    here = (cell >= 0) & (layer.owner[np.maximum(cell, 0)] == area)
    weight = np.where(here, bundle.weights_of(inside), 0.0)
    area_m2 = layer.areas[area].n_cells * layer.grid.cell_area_m2
    caught, at_random = np.zeros(len(inside)), 0.0
    for edit in edits:
        stood = edit.within(period)
        if stood is None:
            continue
        share = inside.overlap(stood)
        caught = np.maximum(caught, share * is_hit(edit.square, inside.x, inside.y))
        at_random += float((share * weight).sum()) * edit.size_m**2 / area_m2
    return np.array([(caught * weight).sum(), (inside.overlap(period) * weight).sum(), at_random])
