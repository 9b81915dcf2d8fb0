"""Recent counts: the letter's three weeks, counted. The baseline that stands in every table."""

from dataclasses import dataclass, replace
from typing import Self

from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import AdditiveSum, Part, check_ground
from peelian.models.windows import Window
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


@dataclass(frozen=True, slots=True)
class RecentCounts:
    """Expected count of a cell: its events of the window, per day on record, times the period's days.

    Source: the Metropolitan Police's practice of 2013, "the most recent three weeks of crime"
    (letter to the London Assembly); as a forecast, Camacho Doyle, Gerell & Andershed 2021
    (doi 10.1080/15614263.2020.1869003) found plain counts as good as kernel density.
    """

    window: Window = Window(21)
    name: str = "recent-counts"

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedRecentCounts":
        """Return the counting itself: there is nothing to learn."""
        check_ground(history, region)
        return FittedRecentCounts(self, bundle, region, bundle.select(history), self.window.days_on_record(history))


@dataclass(frozen=True, slots=True, eq=False)
class FittedRecentCounts:
    """Counts standing on one history."""

    model: RecentCounts
    bundle: Bundle
    region: Region
    history: Events
    days_on_record: float

    def conditioned_on(self, history: Events) -> Self:
        """Return the same counting on another history."""
        on_record = self.model.window.days_on_record(history)
        return replace(self, history=self.bundle.select(history), days_on_record=on_record)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        return self._sum().forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event; see ``FittedModel``."""
        return self._sum().influence(period, squares)

    def _sum(self) -> AdditiveSum:
        window = self.model.window
        weighted = self.history.overlap(window.period(self.history)) * self.bundle.weights_of(self.history)
        daily = weighted / self.days_on_record
        parameters: dict[str, Parameter] = {"window_days": window.days, "anchor": window.anchor.value}
        return AdditiveSum(
            self.model.name, self.bundle, self.region, self.history, (Part(0.0, daily),), 0.0, parameters
        )
