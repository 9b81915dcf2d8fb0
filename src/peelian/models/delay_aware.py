"""Any additive model, corrected for what is not on record yet: recent events stand for those still to be recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import AdditiveSum
from peelian.models.delays import DelayCurves, delay_curves
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


class FittedSum(Protocol):
    """A fitted model that is a sum over past events."""

    def conditioned_on(self, history: Events) -> Self:
        """See ``FittedModel``."""
        ...

    def sum(self) -> AdditiveSum:
        """Return the forecast as a sum over past events."""
        ...


class SumModel(Protocol):
    """A model whose fitted value is a sum over past events."""

    def fit(self, history: Events, bundle: Bundle, region: Region) -> FittedSum:
        """See ``Model``."""
        ...


@dataclass(frozen=True, slots=True)
class DelayAware:
    """The ``inner`` model with each event's share divided by how complete its day is on record.

    ``sum_j share_j(c) / max(F(age_j), least_completeness)`` in place of ``sum_j share_j(c)``, with ``F`` from
    ``delays.delay_curves``: each event on record stands for those of its kind and day that are still to be recorded
    (Horvitz & Thompson 1952, doi 10.1080/01621459.1952.10483446). Where: as the recorded ones; a place whose crimes
    are recorded later than elsewhere is not told apart.
    """

    inner: SumModel
    least_completeness: float = 0.2
    name: str = "delay-aware"

    def __post_init__(self) -> None:
        """Refuse a bound that would weigh an event below one, or without end."""
        if not 0 < self.least_completeness <= 1:
            raise ForecastError(
                f"least_completeness = {self.least_completeness!r}: it is a share above 0 and up to 1, such as 0.2."
            )

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
        return self.sum().forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the share of each event, with those it stands for; exact as the inner model's is."""
        return self.sum().influence(period, squares)

    def sum(self) -> AdditiveSum:
        """Return the inner sum with every event's share weighed."""
        plain = self.inner.sum()
        weights = self.curves.weights(plain.history, self.model.least_completeness)
        parts = tuple(replace(part, daily=part.daily * weights) for part in plain.parts)
        told: Mapping[str, Parameter] = {
            **plain.parameters,
            "least_completeness": self.model.least_completeness,
            "events_standing_for": round(float(weights.sum()), 3),
        }
        return replace(plain, model=self.model.name, parts=parts, parameters=told)
