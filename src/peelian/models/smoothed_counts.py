"""Smoothed counts: three weeks of crime, blurred a little, on top of the long-run level. No two cells tie.

Most cells hold 0 or 1 events in three weeks, so a plain count leaves the choice of the last boxes to
the order of the cells. Here near crimes and the place's own past decide instead.
"""

from dataclasses import dataclass

from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Parameter
from peelian.models.additive import AdditiveSum, FittedSum, Part
from peelian.models.windows import Window
from peelian.places.regions import Region


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

    def fit(self, history: Events, bundle: Bundle, region: Region) -> FittedSum:
        """Return the blend itself: there is nothing to learn."""
        return FittedSum(self, bundle, region, history)

    def sum(self, history: Events, bundle: Bundle, region: Region) -> AdditiveSum:
        """Return the blend as a sum over the events of both windows."""
        own = bundle.select(history)
        weights = bundle.weights_of(own)
        on_record = self.long_window.days_on_record(history)
        recent = own.overlap(self.window.period(history)) * weights / min(self.window.days, on_record)
        long = own.overlap(self.long_window.period(history)) * weights / on_record
        daily = self.recent_share * recent + (1 - self.recent_share) * long
        kept = 1 - self.floor_share
        floor = self.floor_share * float(daily.sum()) / region.n_inside
        parts = (
            Part(0.0, kept * self.own_share * daily),
            Part(self.bandwidth_m, kept * (1 - self.own_share) * daily),
        )
        parameters: dict[str, Parameter] = {
            "window_days": self.window.days,
            "long_window_days": self.long_window.days,
            "days_on_record": round(on_record, 6),
            "anchor": self.window.anchor.value,
            "recent_share": self.recent_share,
            "own_share": self.own_share,
            "bandwidth_m": self.bandwidth_m,
            "floor_share": self.floor_share,
        }
        return AdditiveSum(self.name, bundle, region, own, parts, floor, parameters)
