"""An ingest under way: its parts stand on the disk, but no reader knows of them until ``commit``."""

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import StoreError
from peelian.events import LOG_SCHEMA
from peelian.places import Force
from peelian.store.files import flush_file, flush_folder, write_whole, writing
from peelian.store.manifests import Manifest, Part, read_manifests, write_manifest


class Staging:
    """What one ingest has brought so far. Made by ``EventStore.ingest``, which holds the lock around it."""

    def __init__(self, folder: Path, manifests: tuple[Manifest, ...]) -> None:
        self._folder = folder
        self.manifests = manifests
        self.number = manifests[-1].number + 1 if manifests else 1
        self._parts: list[Part] = []
        self._claims: pl.DataFrame | None = None
        self._keys: NDArray[np.uint64] | None = None

    @classmethod
    def begin(cls, folder: Path, manifests: tuple[Manifest, ...]) -> "Staging":
        """Return an empty staging; what a killed ingest left behind is cleared away."""
        staging = cls(folder, manifests)
        staging.sweep()
        return staging

    @property
    def rows(self) -> int:
        """Rows of the log staged so far."""
        return sum(part.rows for part in self._parts)

    @property
    def refused_path(self) -> Path:
        """Where this ingest's refused rows are listed."""
        return self._folder / self._refused_name

    def points(self) -> pl.DataFrame:
        """Return x and y of every first version held, staged ones included."""
        return self._all().filter(~pl.col("is_retraction")).select("x", "y").collect()

    def lookup(self, event_ids: pl.Series) -> pl.DataFrame:
        """Return all rows of the log, staged ones included, that carry one of these ids.

        Most ids of a fresh file are in none: a sorted list of 64-bit keys of all ids held (8 bytes
        each, of this process alone) spares the reading of the log for those.
        """
        if self._keys is None:
            self._keys = np.sort(_keys_of(self._all().select("event_id").collect().get_column("event_id")))
        keys = _keys_of(event_ids)
        at = np.minimum(np.searchsorted(self._keys, keys), max(self._keys.size - 1, 0))
        may_be_held = self._keys[at] == keys if self._keys.size else np.zeros(keys.size, dtype=np.bool_)
        if not may_be_held.any():
            return pl.DataFrame(schema=LOG_SCHEMA)
        ids = pl.LazyFrame({"event_id": event_ids.filter(pl.Series(may_be_held))}).unique()
        return self._all().join(ids, on="event_id", how="semi").collect(engine="streaming")

    def lookup_groups(self, pattern: str, groups: pl.Series) -> pl.DataFrame:
        """Return all rows whose id's group (the pattern's capture) is one of these."""
        wanted = pl.LazyFrame({"group": groups}).unique()
        grouped = self._all().with_columns(pl.col("event_id").str.extract(pattern).fill_null("").alias("group"))
        return grouped.join(wanted, on="group", how="semi").drop("group").collect(engine="streaming")

    def claims(self, schema: pl.Schema) -> pl.DataFrame:
        """Return every retraction that earlier ingests brought, matched or not."""
        paths = [self._folder / manifest.claims for manifest in self.manifests if manifest.claims]
        return pl.concat([pl.DataFrame(schema=schema), *(pl.read_parquet(path) for path in paths)])

    def write(self, rows: pl.DataFrame, *, is_change: bool) -> None:
        """Stage rows of the log, one part a year; a retraction stands in the year of what it takes back."""
        numbered = rows.with_columns(
            pl.lit(self.number, LOG_SCHEMA["ingest"]).alias("ingest"), pl.col("occurred_from").dt.year().alias("year")
        )
        if self._keys is not None and rows.height:
            # Two sorted runs: a stable sort merges them in one pass.
            self._keys = np.sort(np.concatenate([self._keys, np.sort(_keys_of(rows["event_id"]))]), kind="stable")
        for (year,), part in sorted(numbered.partition_by("year", as_dict=True).items()):
            kind = "change" if is_change else "part"
            name = f"year={year:04d}/{kind}-{self.number:06d}-{len(self._parts):04d}.parquet"
            self._write_parquet(name, part.select(LOG_SCHEMA.names()).sort("occurred_from", "event_id", "recorded_at"))
            self._parts.append(Part(name, part.height, is_change))

    def write_claims(self, claims: pl.DataFrame) -> None:
        """Stage the retractions that this ingest brought."""
        self._claims = claims

    def write_refused(self, refused: pl.DataFrame) -> None:
        """Add refused rows to this ingest's list of them."""
        path = self.refused_path
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            is_first = not path.exists()
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            if is_first:
                writer.writerow(refused.columns)
            writer.writerows(refused.iter_rows())
            with path.open("ab") as file:
                file.write(text.getvalue().encode())

    def commit(
        self,
        force: Force,
        source: str,
        received_at: datetime,
        ground: dict[str, Any] | None = None,
        report: dict[str, Any] | None = None,
    ) -> int:
        """Make the ingest visible by the rename of its manifest, and return its number."""
        claims = None
        if self._claims is not None and self._claims.height:
            claims = f"ingests/{self.number:06d}-claims.parquet"
            self._write_parquet(claims, self._claims)
        refused = self._refused_name if self.refused_path.exists() else None
        if refused is not None:
            flush_file(self.refused_path)
        with writing(self._folder):
            for folder in {(self._folder / part.path).parent for part in self._parts} | {self._folder}:
                flush_folder(folder)
        manifest = Manifest(
            self.number, source, received_at, force, tuple(self._parts), claims, refused, ground or {}, report or {}
        )
        write_manifest(self._folder, manifest)
        self.manifests = (*self.manifests, manifest)
        return self.number

    def sweep(self) -> None:
        """Remove every file under the force's folder that no manifest on the disk names.

        The disk is asked anew: an ingest that was interrupted just after its rename is there.
        """
        manifests = read_manifests(self._folder)
        named = {self._folder / part.path for manifest in manifests for part in manifest.parts}
        named |= {self._folder / name for m in manifests for name in (m.claims, m.refused) if name}
        found = [
            *self._folder.glob("year=*/*"),
            *self._folder.glob("ingests/*-*"),
            *self._folder.glob("ingests/.*.tmp"),
        ]
        with writing(self._folder):
            for path in found:
                if path not in named:
                    path.unlink(missing_ok=True)

    @property
    def _refused_name(self) -> str:
        return f"ingests/{self.number:06d}-refused.csv"

    def _all(self) -> pl.LazyFrame:
        parts = [part for manifest in self.manifests for part in manifest.parts] + self._parts
        if not parts:
            return pl.LazyFrame(schema=LOG_SCHEMA)
        return pl.scan_parquet([self._folder / part.path for part in parts], hive_partitioning=False)

    def _write_parquet(self, name: str, table: pl.DataFrame) -> None:
        content = io.BytesIO()
        try:
            table.write_parquet(content, compression="zstd", statistics=True)
        except pl.exceptions.PolarsError as error:
            raise StoreError(f"{self._folder / name}: {error}") from error
        write_whole(self._folder / name, content.getbuffer())


def _keys_of(event_ids: pl.Series) -> NDArray[np.uint64]:
    return event_ids.hash(0).to_numpy()
