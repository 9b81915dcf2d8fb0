"""Recent counts: the letter's three weeks, counted. The baseline that stands in every table."""

from dataclasses import dataclass

from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Parameter
from peelian.models.additive import AdditiveSum, FittedSum, Part
from peelian.models.windows import Window
from peelian.places.regions import Region


@dataclass(frozen=True, slots=True)
class RecentCounts:
    """Expected count of a cell: its events of the window, per day on record, times the period's days.

    Source: the Metropolitan Police's practice of 2013, "the most recent three weeks of crime"
    (letter to the London Assembly); as a forecast, Camacho Doyle, Gerell & Andershed 2021
    (doi 10.1080/15614263.2020.1869003) found plain counts as good as kernel density.
    """

    window: Window = Window(21)
    name: str = "recent-counts"

    def fit(self, history: Events, bundle: Bundle, region: Region) -> FittedSum:
        """Return the counting itself: there is nothing to learn."""
        return FittedSum(self, bundle, region, history)

    def sum(self, history: Events, bundle: Bundle, region: Region) -> AdditiveSum:
        """Return the count as a sum: each event of the window adds one over the days on record, in its own cell."""
        own = bundle.select(history)
        # The window ends where the record does, not where this crime type last came.
        weighted = own.overlap(self.window.period(history)) * bundle.weights_of(own)
        daily = weighted / self.window.days_on_record(history)
        parameters: dict[str, Parameter] = {"window_days": self.window.days, "anchor": self.window.anchor.value}
        return AdditiveSum(self.name, bundle, region, own, (Part(0.0, daily),), 0.0, parameters)
