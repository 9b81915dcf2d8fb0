"""The event log in Parquet under ``HOME/events/force=ID/year=YYYY/``: append-only, read through manifests.

No Django here, and no arithmetic: what is a duplicate or a correction is told apart in ``sources``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from peelian.errors import StoreError
from peelian.events import LOG_SCHEMA, EventLog, Events
from peelian.places import Force, local_midnight
from peelian.store.locks import lock
from peelian.store.manifests import Manifest, Part, read_manifests
from peelian.store.staging import Staging

#: Delays are told of the records of so long before the newest.
DELAYS_OF = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a log is: its rows, the latest crime and the latest record, and how late records come.

    Half of the last two months' records came within ``half_h`` hours of the crime, nine in ten within ``most_h``;
    None where there are no records.
    """

    rows: int
    latest_occurred: datetime | None
    latest_recorded: datetime | None
    half_h: float | None
    most_h: float | None
    crime_types: tuple[str, ...]


class EventStore:
    """All forces' event logs in one home folder."""

    def __init__(self, home: Path) -> None:
        """Keep the place; nothing is read or made yet."""
        self._home = Path(home)
        self._root = Path(home) / "events"

    def forces(self) -> tuple[Force, ...]:
        """Return the forces that hold at least one ingest, by id."""
        folders = sorted(self._root.glob("force=*"))
        kept = (read_manifests(folder) for folder in folders)
        return tuple(manifests[-1].force for manifests in kept if manifests)

    def force(self, force_id: str) -> Force:
        """Return the force of that id.

        Raises
        ------
        StoreError
            When no events of such a force are kept.
        """
        return self._manifests(force_id)[-1].force

    def log(self, force_id: str, since: date | None = None) -> EventLog:
        """Return the force's log.

        With ``since`` only rows whose span ends on that local day or after it, and every later
        version and retraction of their events, so that ``as_known_at`` stays right for them.
        """
        manifests = self._manifests(force_id)
        force = manifests[-1].force
        parts = [part for manifest in manifests for part in manifest.parts]
        firsts = self._scan(force_id, [part for part in parts if not part.is_change])
        changes = self._scan(force_id, [part for part in parts if part.is_change])
        if since is None:
            return EventLog(self._collected(force_id, pl.concat([firsts, changes])), force.crs)
        start = local_midnight(since, force.time_zone)
        recent = self._collected(force_id, firsts.filter(pl.col("occurred_to") >= start))
        later = self._collected(force_id, changes)
        recent_ids = pl.concat(
            [recent.select("event_id"), later.filter(pl.col("occurred_to") >= start).select("event_id")]
        )
        later = later.join(recent_ids.unique(), on="event_id", how="semi", maintain_order="left")
        return EventLog(pl.concat([recent, later]), force.crs)

    def known_at(self, force_id: str, cutoff: datetime, since: date | None = None) -> Events:
        """Return the force's events as they were known at the cutoff (since a day)."""
        return self.log(force_id, since).as_known_at(cutoff)

    def manifests(self, force_id: str) -> tuple[Manifest, ...]:
        """Return the force's ingests in the order they came; none when it has none."""
        return read_manifests(self._folder(force_id))

    def freshness(self, force_id: str, at: datetime) -> Freshness:
        """Return how fresh the log was at an instant, without reading it whole."""
        manifests = [m for m in self._manifests(force_id) if m.parts]
        rows = self._scan(force_id, [part for manifest in manifests for part in manifest.parts])
        known = rows.filter(pl.col("recorded_at") <= at)
        late_h = (pl.col("recorded_at") - pl.col("occurred_to")).dt.total_minutes() / 60
        newest = pl.col("recorded_at").max()
        told = self._collected(
            force_id,
            known.select(
                rows=pl.len(),
                occurred=pl.col("occurred_to").max(),
                recorded=newest,
                half=late_h.filter(pl.col("recorded_at") > newest - DELAYS_OF).quantile(0.5, "nearest"),
                most=late_h.filter(pl.col("recorded_at") > newest - DELAYS_OF).quantile(0.9, "nearest"),
                kinds=pl.col("crime_type").unique().sort().implode(),
            ),
        ).row(0, named=True)
        return Freshness(
            told["rows"], told["occurred"], told["recorded"], told["half"], told["most"], tuple(told["kinds"] or ())
        )

    def refused(self, force_id: str, number: int) -> pl.DataFrame:
        """Return the rows that an ingest refused: file, line, reason, value; none where it refused none.

        Raises
        ------
        StoreError
            When the force has no such ingest.
        """
        found = [manifest for manifest in self._manifests(force_id) if manifest.number == number]
        if not found:
            raise StoreError(
                f"force {force_id!r} has no ingest {number}; the last is {len(self._manifests(force_id))}."
            )
        schema = {"file": pl.String, "line": pl.Int64, "reason": pl.String, "value": pl.String}
        if found[0].refused is None:
            return pl.DataFrame(schema=schema)
        return pl.read_csv(self._folder(force_id) / found[0].refused, schema=schema)

    @contextmanager
    def ingest(self, force_id: str) -> Iterator[Staging]:
        """Begin an ingest: nothing of it is seen by a reader before ``Staging.commit``.

        Raises
        ------
        LockedError
            When another process is at an ingest of this force.
        StoreError
            When the disk is full or may not be written.
        """
        folder = self._folder(force_id)
        with lock(self._home, f"ingest-{force_id}"):
            staging = Staging.begin(folder, read_manifests(folder))
            try:
                yield staging
            finally:
                staging.sweep()

    def append(self, force: Force, source: str, received_at: datetime, log: EventLog) -> int:
        """Append the rows of a log in one ingest of their own and return its number.

        For rows that are sorted out already (a town, the store of records): first rows of events
        that the log does not hold yet may stand among corrections and retractions.

        Raises
        ------
        StoreError
            When the log's CRS is not the force's.
        """
        if log.crs != force.crs:
            raise StoreError(f"the log is in {log.crs}, force {force.id!r} in {force.crs}; project it first.")
        with self.ingest(force.id) as staging:
            held = staging.lookup(log.table.get_column("event_id"))
            seen = log.table.join(held.select("event_id").unique(), on="event_id", how="semi", maintain_order="left")
            fresh = log.table.join(seen.select("event_id").unique(), on="event_id", how="anti", maintain_order="left")
            is_first = ~fresh.get_column("is_retraction") & fresh.get_column("event_id").is_first_distinct()
            staging.write(fresh.filter(is_first), is_change=False)
            staging.write(pl.concat([fresh.filter(~is_first), seen]), is_change=True)
            return staging.commit(force, source, received_at)

    def _manifests(self, force_id: str) -> tuple[Manifest, ...]:
        manifests = read_manifests(self._folder(force_id))
        if not manifests:
            known = ", ".join(force.id for force in self.forces()) or "none: run `peelian ingest` first"
            raise StoreError(f"no events of force {force_id!r} are kept in {self._home}; known are {known}.")
        return manifests

    def _scan(self, force_id: str, parts: Sequence[Part]) -> pl.LazyFrame:
        if not parts:
            return pl.LazyFrame(schema=LOG_SCHEMA)
        return pl.scan_parquet([self._folder(force_id) / part.path for part in parts], hive_partitioning=False).select(
            LOG_SCHEMA.names()
        )

    def _collected(self, force_id: str, rows: pl.LazyFrame) -> pl.DataFrame:
        try:
            return rows.collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            reason = str(error).splitlines()[0][:200]
            raise StoreError(
                f"{self._folder(force_id)}: a part of the log is missing or damaged ({reason}). "
                "Restore the folder from a backup, or remove it and ingest the feed's files again."
            ) from error

    def _folder(self, force_id: str) -> Path:
        if "/" in force_id or force_id in ("", ".", ".."):
            raise StoreError(f"force id {force_id!r} cannot name a folder.")
        return self._root / f"force={force_id}"
