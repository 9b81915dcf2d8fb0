"""Any additive model, made up for what is not on record yet: recent events stand for those still to be recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import AdditiveSum, Surface
from peelian.models.delays import DelayCurves, delay_curves
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


class FittedSum(Protocol):
    """A fitted model that is a sum over past events."""

    @property
    def history(self) -> Events:
        """The events that the sum is over."""
        ...

    def conditioned_on(self, history: Events) -> Self:
        """See ``FittedModel``."""
        ...

    def sum(self) -> AdditiveSum:
        """Return the forecast as a sum over past events."""
        ...

    def surface(self) -> Surface:
        """Return what the sum adds up to in each cell."""
        ...

    def shares(self) -> NDArray[np.float64]:
        """Return what each event of the history sends a day through all parts of the sum together; (n_events,)."""
        ...


class SumModel(Protocol):
    """A model whose fitted value is a sum over past events."""

    def fit(self, history: Events, bundle: Bundle, region: Region) -> FittedSum:
        """See ``Model``."""
        ...


@dataclass(frozen=True, slots=True)
class DelayAware:
    """The ``inner`` model, its total made up for the crimes that are not on record yet.

    With ``F`` from ``delays.delay_curves`` each event on record stands for ``w_j = 1 / max(F(age_j),
    least_completeness)`` events of its kind and day (Horvitz & Thompson 1952, doi 10.1080/01621459.1952.10483446). What
    is missing is put where the model itself expects crime: every share is multiplied by ``sum_j w_j share_j /
    sum_j share_j``, so that places keep their order and the level is mended. That is what an unseen part of a Poisson
    process is expected to do, given its intensity; ``share_at_events`` puts that part of the missing at the places of
    the recorded events instead, which proved worse (``docs/methods/delays.md``).
    """

    inner: SumModel
    least_completeness: float = 0.2
    share_at_events: float = 0.0
    name: str = "delay-aware"

    def __post_init__(self) -> None:
        """Refuse a bound that would weigh an event below one, or without end, and what is no share."""
        if not 0 < self.least_completeness <= 1:
            raise ForecastError(
                f"least_completeness = {self.least_completeness!r}: it is a share above 0 and up to 1, such as 0.2."
            )

        if not 0 <= self.share_at_events <= 1:
            raise ForecastError(f"share_at_events = {self.share_at_events!r}: it is a share from 0 to 1.")

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedDelayAware":
        """Return the inner model fitted, and the delays learned, from the same record."""
        return FittedDelayAware(self, self.inner.fit(history, bundle, region), delay_curves(history))


@dataclass(frozen=True, slots=True, eq=False)
class FittedDelayAware:
    """The inner model's learned values and the delays, standing on one history."""

    model: DelayAware
    inner: FittedSum
    curves: DelayCurves = field(repr=False)

    def conditioned_on(self, history: Events) -> Self:
        """Return the same learned values on another history."""
        return replace(self, inner=self.inner.conditioned_on(history))

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        if self.model.share_at_events:
            return self.sum().forecast(period)
        plain, shares = self.inner.surface(), self.inner.shares()
        recorded = float(shares.sum())
        wanted = float((shares * self.curves.weights(self.inner.history, self.model.least_completeness)).sum())
        made_up_for = wanted / recorded if recorded > 0 else 1.0
        told = self._told(plain.parameters, made_up_for)
        made_up = replace(plain, model=self.model.name, driven=plain.driven * made_up_for, parameters=told)
        return made_up.forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the share of each event, with its part of what is missing; exact as the inner model's is."""
        return self.sum().influence(period, squares)

    def sum(self) -> AdditiveSum:
        """Return the inner sum with what is missing made up for."""
        plain, model = self.inner.sum(), self.model
        weights = self.curves.weights(plain.history, model.least_completeness)
        at_events = 1.0 + model.share_at_events * (weights - 1.0)
        wanted, placed = (sum(float((part.daily * w).sum()) for part in plain.parts) for w in (weights, at_events))
        scale = at_events * (wanted / placed if placed > 0 else 1.0)
        parts = tuple(replace(part, daily=part.daily * scale) for part in plain.parts)
        recorded = sum(float(part.daily.sum()) for part in plain.parts)
        told = self._told(plain.parameters, wanted / recorded if recorded > 0 else 1.0)
        return replace(plain, model=model.name, parts=parts, parameters=told)

    def _told(self, plain: Mapping[str, Parameter], made_up_for: float) -> Mapping[str, Parameter]:
        return {
            **plain,
            "least_completeness": self.model.least_completeness,
            "share_at_events": self.model.share_at_events,
            "made_up_for": round(made_up_for, 6),
        }
