"""The stack: several models at once, each heard by how well it has foretold so far. No single model must be right."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import check_ground
from peelian.models.mixing import GammaPrior, poisson_weights
from peelian.models.model import FittedModel, Model
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


@dataclass(frozen=True, slots=True)
class Stack:
    """Expected count: ``sum_m w_m lambda_m``, weights non-negative and summing to one.

    The weights maximise the Poisson log score of past forecasts (stacking of predictive distributions,
    Yao, Vehtari, Simpson & Gelman 2018, doi 10.1214/17-BA1091): the members are fitted on what was known
    ``judged_days`` before the cutoff and forecast every ``stride``-th day since, each from what was known at
    its own cutoff. The members as they were judged then look at all that is known now: what they learned is as
    old as the trial, what they see is not. ``prior_events`` pull the weights towards equality where little
    has happened.
    """

    members: tuple[Model, ...]
    judged_days: int = 56
    stride: int = 4
    prior_events: float = 10.0
    name: str = "stack"

    def __post_init__(self) -> None:
        """Refuse a stack of nothing."""
        names = [member.name for member in self.members]
        if not names or len(set(names)) < len(names):
            raise ForecastError(f"stack of {names}: name at least one model, each once.")

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedStack":
        """Return the members weighed by their past log score; equally where there is nothing yet to judge by."""
        check_ground(history, region)
        start = history.known_at - timedelta(days=self.judged_days)
        then = history.as_known_then(start)
        if len(self.members) == 1 or not len(bundle.select(then)):
            fitted = tuple(member.fit(history, bundle, region) for member in self.members)
            return FittedStack(self, bundle, region, history, fitted, np.full(len(fitted), 1.0 / len(fitted)))
        judged = tuple(member.fit(then, bundle, region) for member in self.members)
        weights = _past_weights(self, judged, history, bundle, region)
        return FittedStack(
            self, bundle, region, history, tuple(member.conditioned_on(history) for member in judged), weights
        )


@dataclass(frozen=True, slots=True, eq=False)
class FittedStack:
    """Fitted members and their weights, (n_members,), standing on one history."""

    model: Stack
    bundle: Bundle
    region: Region
    history: Events
    members: tuple[FittedModel, ...]
    weights: NDArray[np.float64]

    def conditioned_on(self, history: Events) -> Self:
        """Return the same weights and members on another history."""
        members = tuple(member.conditioned_on(history) for member in self.members)
        return replace(self, history=history, members=members)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        told = [member.forecast(period).expected for member in self.members]
        expected = np.tensordot(self.weights, np.stack(told), axes=1)
        parameters: dict[str, Parameter] = {
            f"weight of {member.name}": round(float(weight), 6)
            for member, weight in zip(self.model.members, self.weights, strict=True)
        }
        return Forecast(
            self.bundle, self.region.grid, period, self.history.known_at, expected, self.model.name, parameters
        )

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the members' shares, weighed; exact when every member of some weight is."""
        matrix = csr_array((len(squares), len(self.history)))
        constant = np.zeros(len(squares))
        is_exact = True
        ids = self.history.table.select(pl.col("event_id"), column=pl.int_range(pl.len()))
        for member, weight in zip(self.members, self.weights, strict=True):
            if weight > 0:
                told = member.influence(period, squares)
                at = told.events.table.select("event_id").join(ids, on="event_id", how="left", maintain_order="left")
                column = at.get_column("column").to_numpy()
                parts = told.matrix.tocoo()
                placed = coo_array((parts.data * weight, (parts.coords[0], column[parts.coords[1]])), matrix.shape)
                matrix = matrix + csr_array(placed)
                constant = constant + weight * told.constant
                is_exact &= told.is_exact
        return Influence(squares, self.history, csr_array(matrix), constant, is_exact)


def _past_weights(
    model: Stack, judged: tuple[FittedModel, ...], history: Events, bundle: Bundle, region: Region
) -> NDArray[np.float64]:
    """Weights of the members by the log score of the days since they were fitted."""
    n_members = len(judged)
    start = history.known_at - timedelta(days=model.judged_days)
    own = bundle.select(history)
    counts_for = bundle.weights_of(own)
    cell = own.cells(region.grid)
    inside = cell >= 0
    inside[inside] = region.is_inside[cell[inside]]
    rates, counts = [], []
    exposure = np.zeros(n_members)
    for day in range(0, model.judged_days, model.stride):
        period = Period(start + timedelta(days=day), start + timedelta(days=day + 1))
        past = history.as_known_then(period.start)
        expected = np.stack([member.conditioned_on(past).forecast(period).expected for member in judged], axis=1)
        share = own.overlap(period) * counts_for
        came = inside & (share > 0)
        rates.append(expected[cell[came]])
        counts.append(share[came])
        exposure += expected.sum(axis=0)
    prior = GammaPrior(np.full(n_members, model.prior_events / n_members), np.full(n_members, model.prior_events))
    weights = poisson_weights(np.concatenate(rates), exposure, np.concatenate(counts), prior)
    return np.asarray(weights / weights.sum())
