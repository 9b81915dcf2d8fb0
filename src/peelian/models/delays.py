"""Reporting delays: how much of what happened on a recent day is on record yet, by crime type.

An event is seen only once it is recorded, so recent delays are seen only where they were short. Counting the delays
on record as they stand would make recording look quicker than it is; the reverse-time estimator below does not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.events.bundles import Bundle
from peelian.events.events import Events

#: Completeness is told at these ages in days, finer where it rises fast. A delay beyond the last is not looked for.
EDGES_DAYS = np.array([0, 1 / 24, 1 / 12, 1 / 6, 1 / 3, 0.5, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 42, 60, 90])
#: Delays are learned from the events of this many days before the cutoff: offices change.
WINDOW_DAYS = 365.0
#: What all crime types together say stands for so many events of each type.
PRIOR_EVENTS = 50.0
_CLOCKS = ("occurred_from", "occurred_to", "recorded_at")


@dataclass(frozen=True, slots=True, eq=False)
class DelayCurves:
    """``completeness[t, b]`` is the share of type ``t``'s events on record ``EDGES_DAYS[b]`` after they happened.

    Rising along each row to 1. The last row is that of all types together, and of any type not named.
    """

    crime_types: tuple[str, ...]
    completeness: NDArray[np.float64]

    def at(self, crime_type: str, age_days: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of a type's events that is on record at each age; straight between the edges."""
        row = self.crime_types.index(crime_type) if crime_type in self.crime_types else -1
        return np.asarray(np.interp(age_days, EDGES_DAYS, self.completeness[row]))

    def weights(self, history: Events, least_completeness: float) -> NDArray[np.float64]:
        """Return how many events each event on record stands for, from 1 to ``1 / least_completeness``; (n_events,).

        The weight is one over the completeness of the event's day: the mean over the 24 hours of age that hold it.
        A day's crimes then share what is missing of the day, and the first hour's few do not shout. The bound keeps
        an event of a day that is hardly on record from standing for a crowd.
        """
        days = int(EDGES_DAYS[-1])
        hours = (np.arange(days * 24) + 0.5) / 24
        by_day = np.stack(
            [np.interp(hours, EDGES_DAYS, row).reshape(days, 24).mean(axis=1) for row in self.completeness]
        )
        full = np.ones((by_day.shape[0], 1))
        table = 1.0 / np.maximum(np.concatenate([by_day, full], axis=1), least_completeness)
        day = np.clip(np.ceil(history.age_days(history.known_at)) - 1, 0, days).astype(np.int64)
        return np.asarray(table[_type_numbers(history, self.crime_types), day])


def delay_curves(history: Events) -> DelayCurves:
    """Return the curves of every crime type on record, from events known at ``history.known_at``.

    A delay runs from the middle of an event's span to its recording. With bins ``(e_{b-1}, e_b]`` of delay, let
    ``n_b`` be the events with a delay in bin ``b`` and ``N_b`` those with a delay up to ``e_b``, both among events
    that were at least ``e_b`` old at the cutoff and so could show it. Then::

        g_b = (n_b + k G_b) / (N_b + k),    F(e_{b-1}) = F(e_b) (1 - g_b),    F(last) = 1

    the product of reverse-time hazards (Kalbfleisch & Lawless 1989, doi 10.1080/01621459.1989.10478780), which is
    the chain ladder of insurance (Mack 1993, doi 10.2143/AST.23.2.2005092). ``G_b`` is the hazard of all types
    together and ``k`` is ``PRIOR_EVENTS``: a rare type leans on the others. Delays beyond the last edge, or beyond
    the age of the record, cannot be seen and are taken not to be.
    """
    age = history.age_days(history.known_at)
    clocks = [history.table.get_column(name).to_physical().to_numpy() for name in _CLOCKS]
    delay = (2 * clocks[2] - clocks[0] - clocks[1]) / 2 / 86_400e6
    codes, known = history.type_codes
    names = tuple(known[code] for code in np.unique(codes))
    new, at_risk = _triangle(delay, age, _type_numbers(history, names), len(names))
    hazard = _ratio(new.sum(axis=0), at_risk.sum(axis=0))
    of_type = _ratio(new + PRIOR_EVENTS * hazard, at_risk + PRIOR_EVENTS)
    return DelayCurves(names, completeness(np.concatenate([of_type, hazard[None]])))


def arrived_by_step(history: Events, bundle: Bundle, steps: int, step_days: float) -> NDArray[np.float64]:
    """Return the share of a bundle's events of each of the last steps, latest first, that is on record; (steps,).

    The mean over each step of its types' curves, each type by its events; 1 where it has none.
    """
    codes, names = history.type_codes
    counts = np.bincount(codes, minlength=len(names)).astype(np.float64)
    own = np.array([n if name in bundle.crime_types else 0.0 for name, n in zip(names, counts, strict=True)])
    if not steps or not own.sum():
        return np.ones(steps)
    curves = delay_curves(history)
    ages = (np.arange(24 * steps) + 0.5) / 24 * step_days
    by_type = np.stack([curves.at(name, ages) for name in names])
    return np.asarray((own @ by_type / own.sum()).reshape(steps, 24).mean(axis=1))


def completeness(hazard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares on record at each edge from the reverse-time hazards of the bins that end there; last axis.

    The first bin's hazard changes nothing: what is on record at age 0 is what is left.
    """
    kept = 1.0 - hazard[..., 1:]
    ahead = np.cumprod(kept[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([ahead, np.ones((*hazard.shape[:-1], 1))], axis=-1)


def _triangle(
    delay: NDArray[np.float64], age: NDArray[np.float64], kind: NDArray[np.int64], n_kinds: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (new, at risk) by type and bin, (n_kinds, n_edges): events of each bin, and of it and all before."""
    first = np.searchsorted(EDGES_DAYS, delay, side="left")  # the bin of the delay
    last = np.searchsorted(EDGES_DAYS, age, side="right") - 1  # the last bin that its age can show
    seen = (first <= last) & (age <= WINDOW_DAYS + EDGES_DAYS[-1]) & (kind >= 0)
    enters, leaves = (np.zeros((n_kinds, EDGES_DAYS.size + 1)) for _ in range(2))
    np.add.at(enters, (kind[seen], first[seen]), 1.0)
    np.add.at(leaves, (kind[seen], last[seen] + 1), 1.0)
    return enters[:, :-1], np.cumsum(enters - leaves, axis=1)[:, :-1]


def _type_numbers(history: Events, crime_types: tuple[str, ...]) -> NDArray[np.int64]:
    """Return each event's place in ``crime_types``, -1 where it is not among them; (n_events,)."""
    codes, names = history.type_codes
    numbers = {name: number for number, name in enumerate(crime_types)}
    return np.array([*(numbers.get(name, -1) for name in names), -1], dtype=np.int64)[codes]


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return part / whole, 0 where there is no whole."""
    return np.asarray(np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0))
