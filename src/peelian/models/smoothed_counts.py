"""Smoothed counts: three weeks of crime, blurred a little, on top of the long-run level. No two cells tie.

Most cells hold 0 or 1 events in three weeks, so a plain count leaves the choice of the last boxes to
the order of the cells. Here near crimes and the place's own past decide instead.
"""

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
class SmoothedCounts:
    """Expected events a day in a cell: a blend of four counts, each spread by its own kernel.

    With ``R`` the window's rate, ``L`` the rate of the long window and ``w`` the shares below::

        expected = w_recent (w_own R + (1 - w_own) blur(R)) + (1 - w_recent) (w_own L + (1 - w_own) blur(L)) + floor

    ``blur`` is a Gaussian of ``bandwidth_m`` that keeps counts within the region; ``floor`` spreads
    ``floor_share`` of the long-run total evenly, so that no cell is impossible. Where the long
    window is younger than the record, only the days on record count. The blend is fixed, not
    fitted; what it gains is told by ``docs/methods/smoothed-counts.md``.
    """

    window: Window = Window(21)
    long_window: Window = Window(730)
    recent_share: float = 0.3
    own_share: float = 0.5
    bandwidth_m: float = 200.0
    floor_share: float = 0.01
    name: str = "smoothed-counts"

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedSmoothedCounts":
        """Return the fixed blend on this history."""
        check_ground(history, region)
        on_record = self.long_window.days_on_record(history)
        return FittedSmoothedCounts(self, bundle, region, bundle.select(history), on_record)


@dataclass(frozen=True, slots=True, eq=False)
class FittedSmoothedCounts:
    """The blend standing on one history."""

    model: SmoothedCounts
    bundle: Bundle
    region: Region
    history: Events
    days_on_record: float

    def conditioned_on(self, history: Events) -> Self:
        """Return the same blend on another history."""
        on_record = self.model.long_window.days_on_record(history)
        return replace(self, history=self.bundle.select(history), days_on_record=on_record)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        return self._sum().forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event; see ``FittedModel``."""
        return self._sum().influence(period, squares)

    def _sum(self) -> AdditiveSum:
        model, history = self.model, self.history
        weights = self.bundle.weights_of(history)
        recent_days = min(model.window.days, self.days_on_record)
        recent = history.overlap(model.window.period(history)) * weights / recent_days
        long = history.overlap(model.long_window.period(history)) * weights / self.days_on_record
        daily = model.recent_share * recent + (1 - model.recent_share) * long
        kept = 1 - model.floor_share
        floor = model.floor_share * float(daily.sum()) / self.region.n_inside
        parts = (
            Part(0.0, kept * model.own_share * daily),
            Part(model.bandwidth_m, kept * (1 - model.own_share) * daily),
        )
        parameters: dict[str, Parameter] = {
            "window_days": model.window.days,
            "long_window_days": model.long_window.days,
            "days_on_record": round(self.days_on_record, 6),
            "anchor": model.window.anchor.value,
            "recent_share": model.recent_share,
            "own_share": model.own_share,
            "bandwidth_m": model.bandwidth_m,
            "floor_share": model.floor_share,
        }
        return AdditiveSum(model.name, self.bundle, self.region, history, parts, floor, parameters)
