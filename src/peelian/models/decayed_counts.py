"""Decayed counts: every past event counts, an old one less. No edge at the end of a window."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Parameter
from peelian.models.additive import AdditiveSum, FittedSum, Part
from peelian.models.windows import Anchor, Window
from peelian.places.regions import Region

#: Longer than any record.
_ALL = Window(36_525)


@dataclass(frozen=True, slots=True)
class DecayedCounts:
    """Expected events a day in a cell: ``sum_j 2^(-age_j / h) / span``, ``span = h (1 - 2^(-T / h)) / ln 2``.

    ``h`` is ``half_life_days``, ``T`` the days on record, so that a steady record gives its own rate
    however young it is. Exponential smoothing of counts (Holt 1957, reprinted 2004, doi
    10.1016/j.ijforecast.2003.09.015) in continuous time; used for crime by Gorr, Olligschlaeger &
    Thompson 2003 (doi 10.1016/S0169-2070(03)00092-X).
    """

    half_life_days: float = 60.0
    anchor: Anchor = Anchor.CUTOFF
    name: str = "decayed-counts"

    def __post_init__(self) -> None:
        """Refuse a half-life that is not a positive time."""
        if not self.half_life_days > 0:
            raise ForecastError(f"half_life_days = {self.half_life_days!r}: a half-life is longer than nothing.")

    def fit(self, history: Events, bundle: Bundle, region: Region) -> FittedSum:
        """Return the counting itself: there is nothing to learn."""
        return FittedSum(self, bundle, region, history)

    def sum(self, history: Events, bundle: Bundle, region: Region) -> AdditiveSum:
        """Return the decayed count as a sum over all past events."""
        window = replace(_ALL, anchor=self.anchor)
        own = bundle.select(history)
        on_record = window.days_on_record(history)
        faded = decay(own.age_days(window.end(history)), self.half_life_days)
        daily = faded * bundle.weights_of(own) / decay_span(self.half_life_days, on_record)
        parameters: dict[str, Parameter] = {
            "half_life_days": self.half_life_days,
            "days_on_record": round(on_record, 6),
            "anchor": self.anchor.value,
        }
        return AdditiveSum(self.name, bundle, region, own, (Part(0.0, daily),), 0.0, parameters)


def decay(age_days: NDArray[np.float64], half_life_days: float) -> NDArray[np.float64]:
    """Return ``2^(-age / h)``, 0 for events at the end or after it; shape of ``age_days``."""
    return np.where(age_days > 0, 2.0 ** (-np.maximum(age_days, 0.0) / half_life_days), 0.0)


def decay_span(half_life_days: float, days: float) -> float:
    """Return the days that a decayed count effectively looks over: ``2^(-a / h)`` integrated from 0 to ``days``."""
    if np.isinf(half_life_days):
        return days
    return float(half_life_days / np.log(2) * (1.0 - 2.0 ** (-days / half_life_days)))
