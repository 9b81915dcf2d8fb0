"""Events: recorded crimes as they were known at one instant. What a model, a choice or a score may see.

There is no column here for a person, and ``Events`` refuses any that it does not know: that is
promise 1 as a data contract (the import contract stands in ``pyproject.toml``).
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import EventsError
from peelian.places.grid import Grid
from peelian.places.periods import Period

T = TypeVar("T")

INSTANT = pl.Datetime("us", "UTC")

#: One recorded crime. ``occurred_from == occurred_to`` for an exact instant; else the span is half-open.
EVENT_SCHEMA = pl.Schema(
    {
        "event_id": pl.String(),
        "crime_type": pl.String(),
        "x": pl.Float64(),
        "y": pl.Float64(),
        "occurred_from": INSTANT,
        "occurred_to": INSTANT,
        "recorded_at": INSTANT,
        "district": pl.String(),
        "street": pl.String(),
    }
)
#: What follows from the same events is kept for so many askers: the latest, and no longer than the events themselves.
MOST_KEPT = 16
_REQUIRED = ("event_id", "crime_type", "x", "y", "occurred_from", "occurred_to", "recorded_at")


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Events in metres of ``crs``, known at ``known_at``, ordered by (occurred_from, event_id)."""

    table: pl.DataFrame
    crs: str
    known_at: datetime
    #: Columns as arrays, and cells by grid, once somebody asked for them: a value is read many times.
    _held: dict[object, Any] = field(default_factory=dict, init=False, repr=False)
    #: What was made of the events by ``once``, latest last.
    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Hold the table to its schema and to its instant.

        Raises
        ------
        EventsError
            When a column is missing, unknown or of another type, holds a null or a non-finite
            coordinate, a span is reversed, or an event is later than ``known_at`` by either clock.
        """
        if self.known_at.tzinfo is None:
            raise EventsError(f"known_at = {self.known_at.isoformat()} has no time zone; give an aware instant.")
        check_schema(self.table, EVENT_SCHEMA)
        late = self.table.filter((pl.col("recorded_at") > self.known_at) | (pl.col("occurred_from") > self.known_at))
        if late.height:
            first = late.row(0, named=True)
            raise EventsError(
                f"event {first['event_id']}: recorded {first['recorded_at']}, occurred {first['occurred_from']}, but "
                f"these events are those known at {self.known_at}. Make Events with EventLog.as_known_at."
            )
        if not self.table.get_column("occurred_from").is_sorted():
            object.__setattr__(self, "table", self.table.sort("occurred_from", "event_id"))

    @classmethod
    def empty(cls, crs: str, known_at: datetime) -> "Events":
        """Return no events at all, which is an answer too."""
        return cls(pl.DataFrame(schema=EVENT_SCHEMA), crs, known_at)

    def __len__(self) -> int:
        """Number of events."""
        return self.table.height

    @property
    def x(self) -> NDArray[np.float64]:
        """Easting in metres, (n_events,)."""
        return np.asarray(self._column("x"))

    @property
    def y(self) -> NDArray[np.float64]:
        """Northing in metres, (n_events,)."""
        return np.asarray(self._column("y"))

    @property
    def type_codes(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Each event's crime type as a number, (n_events,), and what the numbers stand for; some may have no event."""
        if "types" not in self._held:
            self._held["types"] = codes_of(self.table.get_column("crime_type"))
        codes: tuple[NDArray[np.int32], tuple[str, ...]] = self._held["types"]
        return codes

    def cells(self, grid: Grid) -> NDArray[np.int64]:
        """Return each event's cell on the grid, -1 outside it; (n_events,)."""
        if grid not in self._held:
            self._held[grid] = grid.cell_of(self.x, self.y)
        return np.asarray(self._held[grid])

    @property
    def spots(self) -> NDArray[np.int64]:
        """Each event's very point as a number, (n_events,): events at the same coordinates share it."""
        if "spots" not in self._held:
            self._held["spots"] = spots_of(self.x, self.y)
        return np.asarray(self._held["spots"])

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` returns, made at the first asking: many models look at the same events alike.

        The ``MOST_KEPT`` latest are kept, with these events and no longer. What is made must be changed by nobody and
        must not hold these events, or they would never go.
        """
        if key not in self._made:
            self._made[key] = make()
            if len(self._made) > MOST_KEPT:
                del self._made[next(iter(self._made))]
        made: T = self._made[key]
        return made

    def of_types(self, crime_types: Sequence[str]) -> "Events":
        """Return only the events of these crime types."""
        return self.once(("of types", *crime_types), lambda: self._of_types(crime_types))

    def _of_types(self, crime_types: Sequence[str]) -> "Events":
        codes, names = self.type_codes
        wanted = np.array([name in crime_types for name in names], dtype=np.bool_)
        return self._where(wanted[codes] if names else np.zeros(len(self), dtype=np.bool_))

    def touching(self, period: Period) -> "Events":
        """Return the events whose span meets the period, in whole or in part."""
        return self._with(self.table.filter(_meets(period)))

    def occurring_before(self, instant: datetime) -> "Events":
        """Return the events that began before the instant."""
        return self._with(self.table.filter(pl.col("occurred_from") < instant))

    def as_known_then(self, instant: datetime) -> "Events":
        """Return what of these events had begun and was on record at an earlier instant.

        Corrections since are not undone: these are each event's present version only.
        """
        at = round(instant.timestamp() * 1_000_000)
        known = (self._column("recorded_at") <= at) & (self._column("occurred_from") < at)
        return rows_where(self.table, self._held, known, self.crs, instant)

    def since(self, instant: datetime) -> "Events":
        """Return the events whose span ends at the instant or after it."""
        return self._with(self.table.filter(pl.col("occurred_to") >= instant))

    def overlap(self, period: Period) -> NDArray[np.float64]:
        """Return the aoristic share of each event that falls in the period, (n_events,), 0..1.

        An event of unknown hour is spread evenly over its span (Ratcliffe & McCullagh 1998,
        doi 10.1080/136588198241644); an exact instant counts whole where it falls. Over periods
        that tile time the shares of an event sum to one. Models ask for the same windows: not to be written to.
        """
        return self.once(("overlap", period.start, period.end), lambda: self._overlap(period))

    def _overlap(self, period: Period) -> NDArray[np.float64]:
        start, end = self.seconds_before(period.start), self.seconds_before(period.end)
        share = _share(-start[0], -start[1], -end[0])
        share.flags.writeable = False
        return share

    def seconds_before(self, instant: datetime) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how long before the instant each span begins and ends, in seconds; two (n_events,).

        Negative where it lies after the instant.
        """
        at = int(instant.timestamp() * 1_000_000)
        return (at - self._column("occurred_from")) / 1e6, (at - self._column("occurred_to")) / 1e6

    def age_days(self, instant: datetime) -> NDArray[np.float64]:
        """Return the age of each event at the instant in days of 24 hours, from the middle of its span; (n_events,)."""
        began, ended = self.seconds_before(instant)
        return np.asarray((began + ended) / 2 / 86_400)

    def _column(self, name: str) -> Any:  # noqa: ANN401 - floats of a place, whole microseconds of an instant
        if name not in self._held:
            self._held[name] = self.table.get_column(name).to_physical().to_numpy()
        return self._held[name]

    def _with(self, table: pl.DataFrame) -> "Events":
        return sound_events(table, self.crs, self.known_at)

    def _where(self, chosen: NDArray[np.bool_]) -> "Events":
        """Return the chosen events; what is held of all of them is held of these."""
        return rows_where(self.table, self._held, chosen, self.crs, self.known_at)


def rows_where(
    table: pl.DataFrame, held: Mapping[object, Any], chosen: NDArray[np.bool_], crs: str, known_at: datetime
) -> Events:
    """Return the chosen rows of a sound table, with what is held of them; for this room alone.

    Rows without a gap are a view of the whole, not a copy.
    """
    index = np.flatnonzero(chosen)
    if index.size and index[-1] - index[0] + 1 == index.size:
        first, n = int(index[0]), int(index.size)
        rows, cut = table.slice(first, n), slice(first, first + n)
        kept = {key: (v[0][cut], v[1]) if isinstance(v, tuple) else v[cut] for key, v in held.items()}
    else:
        rows = table.filter(pl.Series(chosen))
        kept = {k: (v[0].take(index), v[1]) if isinstance(v, tuple) else v.take(index) for k, v in held.items()}
    return sound_events(rows, crs, known_at, kept)


def sound_events(table: pl.DataFrame, crs: str, known_at: datetime, held: dict[object, Any] | None = None) -> Events:
    """Return events whose table needs no check: rows of events or of a log that were checked, in their order.

    For this room alone. A backtest makes thousands of such values, and checking each took a third of its time; what
    is ``held`` of the rows already need not be read from the table again.
    """
    events = object.__new__(Events)
    for name, value in (("table", table), ("crs", crs), ("known_at", known_at), ("_held", held or {}), ("_made", {})):
        object.__setattr__(events, name, value)
    return events


def codes_of(crime_types: pl.Series) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return crime types as numbers and their names, the names in order; (n,)."""
    names = crime_types.unique().sort()
    codes = crime_types.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int32)
    return codes, tuple(names.to_list())


def spots_of(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return a number for each point, (n,), the same for the same coordinates."""
    return np.asarray(np.unique(x + 1j * y, return_inverse=True)[1], dtype=np.int64)


def check_schema(table: pl.DataFrame, schema: pl.Schema) -> None:
    """Raise ``EventsError`` unless the table has exactly these columns, in this order, with sound values."""
    unknown = [c for c in table.columns if c not in schema]
    if unknown:
        raise EventsError(
            f"column {unknown[0]!r} is not a column of events; known are {', '.join(schema)}. "
            "Nothing about a person may travel with an event."
        )
    missing = [c for c in schema if c not in table.columns]
    if missing:
        raise EventsError(f"column {missing[0]!r} is missing; events have {', '.join(schema)}.")
    for name, dtype in schema.items():
        if table.schema[name] != dtype:
            raise EventsError(f"column {name!r} is {table.schema[name]}, wanted {dtype}.")
    if table.columns != schema.names():
        raise EventsError(f"columns stand as {table.columns}; wanted the order {schema.names()}.")
    for name in _REQUIRED:
        if table.get_column(name).null_count():
            raise EventsError(f"column {name!r} holds a null; refuse such rows at ingest.")
    unsound = table.filter(
        ~pl.col("x").is_finite() | ~pl.col("y").is_finite() | (pl.col("occurred_to") < pl.col("occurred_from"))
    )
    if unsound.height:
        first = unsound.row(0, named=True)
        raise EventsError(
            f"event {first['event_id']}: x = {first['x']}, y = {first['y']}, from {first['occurred_from']} to "
            f"{first['occurred_to']}; coordinates are finite metres and a span does not run backwards."
        )


def _meets(period: Period) -> pl.Expr:
    """An instant meets ``[start, end)`` when inside; a half-open span when the two overlap."""
    begins, ends = pl.col("occurred_from"), pl.col("occurred_to")
    return (begins < period.end) & ((ends > period.start) | ((begins == ends) & (begins == period.start)))


def _share(
    begins: NDArray[np.float64], ends: NDArray[np.float64], begins_less_end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of each span inside a period, from seconds since the period's start and since its end."""
    length = begins - begins_less_end
    inside = np.clip(np.minimum(ends, length) - np.maximum(begins, 0.0), 0.0, None)
    span = ends - begins
    instant = (begins >= 0) & (begins < length)
    return np.where(span > 0, inside / np.where(span > 0, span, 1.0), instant.astype(np.float64))
