"""The event log: every version of every event, and every retraction, with when each was recorded.

Append-only. ``as_known_at`` is the one way from the log to the events that a model may see.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from peelian.errors import EventsError
from peelian.events.events import EVENT_SCHEMA, Events, check_schema

#: An event's row, whether this row takes the event back, and the number of the ingest that brought it.
LOG_SCHEMA = pl.Schema({**EVENT_SCHEMA, "is_retraction": pl.Boolean(), "ingest": pl.Int32()})


@dataclass(frozen=True, slots=True, eq=False)
class EventLog:
    """All rows that one force's feeds have brought, in metres of ``crs``."""

    table: pl.DataFrame
    crs: str

    def __post_init__(self) -> None:
        """Hold the table to its schema."""
        check_schema(self.table, LOG_SCHEMA)

    def __len__(self) -> int:
        """Number of rows: versions and retractions, not events."""
        return self.table.height

    def as_known_at(self, cutoff: datetime) -> Events:
        """Return the events as an analyst would have seen them at the cutoff.

        Of each event the version recorded last, at the cutoff or before it; none where that row
        is a retraction; none that began after the cutoff. Of versions recorded at the same
        instant the later ingest stands, and a retraction stands over a version.

        Raises
        ------
        EventsError
            When ``cutoff`` has no time zone.
        """
        if cutoff.tzinfo is None:
            raise EventsError(f"cutoff = {cutoff.isoformat()} has no time zone; give an aware instant.")
        known = self.table.filter(pl.col("recorded_at") <= cutoff)
        latest = known
        if known.get_column("event_id").n_unique() < known.height or known.get_column("is_retraction").any():
            order = ["recorded_at", "ingest", "is_retraction"]
            latest = known.sort(*order, maintain_order=True).unique("event_id", keep="last", maintain_order=True)
        standing = latest.filter(~pl.col("is_retraction") & (pl.col("occurred_from") <= cutoff))
        return Events(standing.select(EVENT_SCHEMA.names()).sort("occurred_from", "event_id"), self.crs, cutoff)
