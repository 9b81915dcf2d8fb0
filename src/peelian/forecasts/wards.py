"""What the public is told of one ward: counts of nights, boxes, visits and crimes. Nothing finer than the ward."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class MonthCount:
    """Crimes recorded in the ward in one month, and in the middle ward of the force; None where the feed has none."""

    month: date
    events: float | None
    middle: float | None


@dataclass(frozen=True, slots=True)
class WardTally:
    """One ward and crime type over the nights ``first`` to ``last``.

    ``n_nights`` nights had boxes anywhere in the force, ``nights_chosen`` of them one whose centre lies in the ward,
    ``boxes_chosen`` boxes in all. ``visits`` and ``minutes`` were logged in those boxes. ``events`` were recorded in
    the ward on those nights, ``hits`` of them in a box. ``box_hours`` is how long boxes stood in the ward; what begins
    with ``force_`` is the same of the whole force.
    """

    area_id: str
    bundle: str
    first: date
    last: date
    n_nights: int
    nights_chosen: int
    boxes_chosen: int
    visits: int
    minutes: float
    typical_minutes: float | None
    events: float
    hits: float
    box_hours: float
    force_minutes: float
    force_box_hours: float
    force_events: float
    months: tuple[MonthCount, ...]
