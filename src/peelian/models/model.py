"""What every model is: ``fit`` returns a fitted value, which returns expected counts and says what made them."""

from typing import Protocol, Self

from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast
from peelian.forecasts.influence import Influence
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


class FittedModel(Protocol):
    """Parameters learned at one cutoff, and the history the next forecast stands on."""

    def conditioned_on(self, history: Events) -> Self:
        """Return the same parameters standing on another history: a later cutoff without a refit."""
        ...

    def forecast(self, period: Period) -> Forecast:
        """Return the expected count of every cell of the region's grid; 0 outside the region."""
        ...

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return what each past event adds to the expected count of each square.

        Squares are unions of whole cells of the region's grid. Where the model is additive the
        rows sum to the forecast exactly; otherwise ``is_exact`` is False. A square's row is the same
        to the bit whatever squares are asked beside it: several lists of boxes share one asking.
        """
        ...


class Model(Protocol):
    """A way to forecast; a frozen value that holds settings and nothing learned."""

    @property
    def name(self) -> str:
        """The model's name in the catalogue, on pages and in files."""
        ...

    def fit(self, history: Events, bundle: Bundle, region: Region) -> FittedModel:
        """Learn from what was known at ``history.known_at``, which is the cutoff.

        ``history`` may hold events of other crime types: a model may learn from them, and counts
        only those of the bundle as events to expect.
        """
        ...
