"""Decayed counts: every past event counts, an old one less. No edge at the end of a window."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import AdditiveSum, Part, check_ground
from peelian.models.windows import Anchor, Window
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares

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

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedDecayedCounts":
        """Return the counting itself: there is nothing to learn."""
        check_ground(history, region)
        fitted = FittedDecayedCounts(self, bundle, region, history, 1.0)
        return fitted.conditioned_on(history)


@dataclass(frozen=True, slots=True, eq=False)
class FittedDecayedCounts:
    """Decayed counts standing on one history."""

    model: DecayedCounts
    bundle: Bundle
    region: Region
    history: Events
    days_on_record: float

    def conditioned_on(self, history: Events) -> Self:
        """Return the same counting on another history."""
        on_record = replace(_ALL, anchor=self.model.anchor).days_on_record(history)
        return replace(self, history=self.bundle.select(history), days_on_record=on_record)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        return self._sum().forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event; see ``FittedModel``."""
        return self._sum().influence(period, squares)

    def _sum(self) -> AdditiveSum:
        model, history = self.model, self.history
        end = replace(_ALL, anchor=model.anchor).end(history)
        faded = decay(history.age_days(end), model.half_life_days)
        daily = faded * self.bundle.weights_of(history) / decay_span(model.half_life_days, self.days_on_record)
        parameters: dict[str, Parameter] = {
            "half_life_days": model.half_life_days,
            "days_on_record": round(self.days_on_record, 6),
            "anchor": model.anchor.value,
        }
        return AdditiveSum(model.name, self.bundle, self.region, history, (Part(0.0, daily),), 0.0, parameters)


def decay(age_days: NDArray[np.float64], half_life_days: float) -> NDArray[np.float64]:
    """Return ``2^(-age / h)``, 0 for events at the end or after it; shape of ``age_days``."""
    return np.where(age_days > 0, 2.0 ** (-np.maximum(age_days, 0.0) / half_life_days), 0.0)


def decay_span(half_life_days: float, days: float) -> float:
    """Return the days that a decayed count effectively looks over: ``2^(-a / h)`` integrated from 0 to ``days``."""
    if np.isinf(half_life_days):
        return days
    return float(half_life_days / np.log(2) * (1.0 - 2.0 ** (-days / half_life_days)))
