"""The log replayed: what was known at any of many cutoffs, without sorting the log again each time.

``EventLog.as_known_at`` sorts and weeds the whole log. A backtest asks it for hundreds of cutoffs: here the
sorting is done once, and each row is told from when until when it stood.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import EventsError
from peelian.events.events import EVENT_SCHEMA, Events, codes_of, rows_where, spots_of
from peelian.events.log import EventLog
from peelian.places.grid import Grid

#: Until the end of time: no later row of the log speaks of the event.
FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Every standing version of every event, ordered by (occurred_from, event_id), with when it stood.

    ``stands_from`` and ``stands_until`` (n_rows,) are microseconds of the epoch, half-open: a version stands
    from its recording until the next row of the log that speaks of the same event.
    """

    table: pl.DataFrame
    stands_from: NDArray[np.int64]
    stands_until: NDArray[np.int64]
    crs: str

    @classmethod
    def of(cls, log: EventLog) -> "Replay":
        """Return the replay of a log; the order of versions is that of ``EventLog.as_known_at``."""
        order = ["recorded_at", "ingest", "is_retraction"]
        following = pl.col("recorded_at").shift(-1).over("event_id").dt.epoch("us")
        rows = (
            log.table.sort(order, maintain_order=True)
            .with_columns(following.alias("stands_until"))
            .filter(~pl.col("is_retraction"))
            .sort("occurred_from", "event_id", maintain_order=True)
        )
        until = rows.get_column("stands_until").fill_null(FOREVER).to_numpy()
        since = np.maximum(_epoch(rows, "recorded_at"), _epoch(rows, "occurred_from"))
        stood = until > since
        return cls(rows.filter(stood).select(EVENT_SCHEMA.names()), since[stood], until[stood], log.crs)

    def as_known_at(self, cutoff: datetime) -> Events:
        """Return what ``EventLog.as_known_at`` returns, in a fraction of the time.

        Raises
        ------
        EventsError
            When ``cutoff`` has no time zone.
        """
        return rows_where(self.table, _held(self), self.stands_at(cutoff), self.crs, cutoff)

    def stands_at(self, cutoff: datetime) -> NDArray[np.bool_]:
        """Return which rows of ``table`` stand at the cutoff, (n_rows,); errors as in ``as_known_at``."""
        if cutoff.tzinfo is None:
            raise EventsError(f"cutoff = {cutoff.isoformat()} has no time zone; give an aware instant.")
        at = np.int64(round(cutoff.timestamp() * 1_000_000))
        return np.asarray((self.stands_from <= at) & (at < self.stands_until))

    def lay_on(self, grid: Grid) -> None:
        """Find each row's cell on the grid now: the events of every cutoff then have theirs at hand."""
        held = _held(self)
        held[grid] = grid.cell_of(held["x"], held["y"])

    @property
    def first_recorded_at(self) -> datetime | None:
        """When the first standing row was recorded; None for an empty log."""
        earliest = self.table.get_column("recorded_at").min()
        return earliest if isinstance(earliest, datetime) else None

    @property
    def last_recorded_at(self) -> datetime | None:
        """When the last standing row was recorded; None for an empty log."""
        latest = self.table.get_column("recorded_at").max()
        return latest if isinstance(latest, datetime) else None


def known_when_it_occurred(log: EventLog) -> EventLog:
    """Return a log in which every event that stands at its end was recorded the moment it began.

    This is the literature's timing: it forgets that records arrive late and are mended, and flatters every
    forecast. For comparison with published figures only.
    """
    replay = Replay.of(log)
    standing = replay.table.filter(replay.stands_until == FOREVER)
    rows = standing.with_columns(
        recorded_at=pl.col("occurred_from"), is_retraction=pl.lit(value=False), ingest=pl.lit(0, dtype=pl.Int32)
    )
    return EventLog(rows.select(log.table.columns), log.crs)


@lru_cache(maxsize=1)
def _held(replay: Replay) -> dict[object, Any]:
    """Return the columns that every model reads, as arrays of the whole log: cut for a cutoff, they cost little."""
    table = replay.table
    held: dict[object, Any] = {name: table.get_column(name).to_numpy() for name in ("x", "y")}
    held |= {name: table.get_column(name).to_physical().to_numpy() for name in ("occurred_from", "occurred_to")}
    return held | {"types": codes_of(table.get_column("crime_type")), "spots": spots_of(held["x"], held["y"])}


def _epoch(rows: pl.DataFrame, column: str) -> NDArray[np.int64]:
    return rows.get_column(column).dt.epoch("us").to_numpy()
