"""Severity: how much one crime of each type weighs against another, and who says so. A table becomes a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peelian.errors import EventsError
from peelian.events.bundles import Bundle


@dataclass(frozen=True, slots=True)
class SeverityRow:
    """One crime type's weight, and of which offences it is."""

    crime_type: str
    weight: float
    of: str


@dataclass(frozen=True, slots=True)
class SeverityTable:
    """Weights by crime type in one ``unit``, with where they were published, where read, and how far to trust that."""

    title: str
    unit: str
    published: str
    reference: str
    read_from: str
    standing: str
    law: str
    rows: tuple[SeverityRow, ...]

    def __post_init__(self) -> None:
        """Refuse a table without rows, a crime type twice, or a weight that is not positive."""
        types = [row.crime_type for row in self.rows]
        if not types or len(set(types)) < len(types):
            raise EventsError(f"severity table {self.title!r} holds {types}: give crime types, each once.")
        for row in self.rows:
            if not (np.isfinite(row.weight) and row.weight > 0):
                raise EventsError(f"{self.title}: weight of {row.crime_type!r} is {row.weight}; weights are positive.")

    def bundle(self, name: str, crime_types: Sequence[str]) -> Bundle:
        """Return the bundle of these crime types, each weighed as the table says.

        Raises
        ------
        EventsError
            When the table says nothing of a type: no weight is made up for it.
        """
        weights = {row.crime_type: row.weight for row in self.rows}
        missing = [t for t in crime_types if t not in weights]
        if missing:
            raise EventsError(
                f"{self.title} has no weight for {missing[0]!r}; it has {', '.join(weights)}. "
                "Write the weight you can answer for into [bundles] by hand."
            )
        return Bundle.from_mapping(name, {t: weights[t] for t in crime_types})
