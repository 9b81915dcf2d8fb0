"""Bundles: several crime types forecast as one, each with its weight. A single crime type is a bundle of one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.errors import EventsError
from peelian.events.events import Events


@dataclass(frozen=True, slots=True)
class Bundle:
    """A name and a weight per crime type; weights are positive and count events, or their harm."""

    name: str
    weights: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        """Refuse a bundle without types, a type twice, or a weight that is not positive."""
        types = [crime_type for crime_type, _ in self.weights]
        if not types or len(set(types)) < len(types):
            raise EventsError(f"bundle {self.name!r} holds {types}: name at least one crime type, each once.")
        for crime_type, weight in self.weights:
            if not (np.isfinite(weight) and weight > 0):
                raise EventsError(f"bundle {self.name!r}: weight of {crime_type!r} is {weight}; weights are positive.")

    @classmethod
    def of(cls, crime_type: str) -> "Bundle":
        """Return the bundle of one crime type, weight one."""
        return cls(crime_type, ((crime_type, 1.0),))

    @classmethod
    def from_mapping(cls, name: str, weights: Mapping[str, float]) -> "Bundle":
        """Return a bundle from ``{crime type: weight}``, in the order of the types' names."""
        return cls(name, tuple(sorted((t, float(w)) for t, w in weights.items())))

    @property
    def crime_types(self) -> tuple[str, ...]:
        """The crime types in the bundle."""
        return tuple(crime_type for crime_type, _ in self.weights)

    @property
    def counts_events(self) -> bool:
        """Whether every weight is one, so that an expected count is a number of events and not of harm."""
        return all(weight == 1.0 for _, weight in self.weights)

    def select(self, events: Events) -> Events:
        """Return the events of the bundle's types."""
        return events.of_types(self.crime_types)

    def weights_of(self, events: Events) -> NDArray[np.float64]:
        """Return each event's weight, 0 for types outside the bundle; (n_events,)."""
        codes, names = events.type_codes
        weights = dict(self.weights)
        of_code = np.array([weights.get(name, 0.0) for name in names], dtype=np.float64)
        return of_code[codes] if names else np.zeros(len(events))
