"""Ingest: files of a feed into a force's event log, whole or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from peelian.errors import RefusedSourceError, SourceError
from peelian.places import Force
from peelian.sources import reconcile
from peelian.sources.files import expand
from peelian.sources.ground import ENOUGH_POINTS, Ground, place, settle
from peelian.sources.records import Batch, Feed, Source
from peelian.sources.refusals import Reason, refusals_of
from peelian.sources.report import Example, IngestReport, Tally
from peelian.store.events import EventStore
from peelian.store.staging import Staging

#: Told the file under way and the rows read so far.
Progress = Callable[[Path, int], None]
_NO_POINTS = pl.DataFrame(schema={"x": pl.Float64, "y": pl.Float64})


def ingest(
    home: Path,
    source: Source,
    paths: Sequence[str | Path],
    received_at: datetime,
    progress: Progress | None = None,
) -> IngestReport:
    """Take files of one feed into the log of its force, and report what became of every row.

    ``received_at`` is when the files reached us: nothing may be later, and a correction without
    a recording time of its own counts as recorded then.

    Raises
    ------
    SourceError
        When a file cannot be read, or no row of any is fit to be kept; nothing is kept then.
    StoreError
        When the disk is full or another ingest of the force is under way; nothing is kept then.
    """
    if received_at.tzinfo is None:
        raise SourceError(f"received_at = {received_at.isoformat()} has no time zone; give an aware instant.")
    files = expand(paths)
    readable, skipped = _told_apart(source, files)
    feed = source.feed_of(readable)
    store = EventStore(home)
    with store.ingest(feed.force_id) as staging:
        run = _Run(feed, staging, received_at)
        for path in readable:
            run.take_file(source, path, progress)
        run.settle_claims()
        return run.close(readable, skipped)


def _told_apart(source: Source, files: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Example, ...]]:
    """Return the files that may be read, and those that are no forecast input with the reason.

    Raises
    ------
    RefusedSourceError
        When none may be read.
    """
    reasons = {path: source.why_refused(path) for path in files}
    skipped = tuple(Example(str(path), 1, reason) for path, reason in reasons.items() if reason)
    readable = tuple(path for path, reason in reasons.items() if not reason)
    if not readable:
        raise RefusedSourceError(f"{skipped[0].file}: {skipped[0].value}")
    return readable, skipped


class _Run:
    """One ingest under way: the feed's ground, the counts, the claims met so far."""

    def __init__(self, feed: Feed, staging: Staging, received_at: datetime) -> None:
        self._staging = staging
        self._received_at = received_at
        self._tally = Tally()
        self._claims: list[pl.DataFrame] = []
        self._known_claims = staging.claims(reconcile.CLAIM_SCHEMA)
        self._retracted_late = 0
        self._ground: Ground | None = None
        if staging.manifests:
            held = staging.manifests[-1]
            _check_same_feed(feed, held.force, held.source)
            feed = replace(feed, metric_crs=held.force.crs)
            self._ground = Ground(**held.ground) if held.ground else None
        self._feed = feed

    def take_file(self, source: Source, path: Path, progress: Progress | None) -> None:
        """Read one file to its end, batch by batch."""
        counted = counted_claims = None
        is_settled = False
        for batch in source.batches(path):
            self._tally.rows_read += batch.records.height + batch.refused.height
            if progress is not None:
                progress(path, self._tally.rows_read)
            if not is_settled:
                is_settled = self._settle(batch)
            # Without any point yet a batch holds nothing but refusals and retractions, which need no place.
            placed = place(self._feed, self._ground, batch, self._received_at) if self._ground else batch
            self._refuse(placed.refused)
            taken_back = placed.records.get_column("is_retraction")
            kept = placed.records.filter(~taken_back)
            events, counted = reconcile.number(kept, counted, has_versions=self._feed.has_versions)
            for versions in reconcile.rounds(events):
                self._keep(versions)
            if taken_back.any():
                claims, counted_claims = reconcile.number(
                    placed.records.filter(taken_back), counted_claims, has_versions=self._feed.has_versions
                )
                self._claim(claims, str(path))

    def _settle(self, batch: Batch) -> bool:
        """Hold a file's first points against the feed's CRS; settle the ground of a young force."""
        is_young = self._ground is None or self._ground.n_points < ENOUGH_POINTS
        found = settle(self._feed, batch, self._staging.points() if is_young else _NO_POINTS)
        if found is not None and is_young:
            self._ground = found
        return found is not None

    def _keep(self, events: pl.DataFrame) -> None:
        known = self._staging.lookup(events.get_column("event_id"))
        told = reconcile.sort_out(events, known, self._received_at, has_versions=self._feed.has_versions)
        self._staging.write(told.new, is_change=False)
        self._staging.write(told.corrected, is_change=True)
        self._tally.kept += told.new.height
        self._tally.corrected += told.corrected.height
        self._tally.duplicate += told.n_duplicate

    def _claim(self, numbered: pl.DataFrame, file: str) -> None:
        claims = reconcile.claims_of(numbered, self._feed.takebacks, self._received_at).with_columns(
            numbered.get_column("line"), pl.lit(file).alias("file")
        )
        seen = pl.concat([self._known_claims.select("claim_id"), *(c.select("claim_id") for c in self._claims)])
        fresh = claims.join(seen, on="claim_id", how="anti")
        self._tally.duplicate += claims.height - fresh.height
        self._claims.append(fresh)

    def settle_claims(self) -> None:
        """Match retractions, those of this ingest and those still open, with the events now held."""
        met = pl.concat(
            [pl.DataFrame(schema={**reconcile.CLAIM_SCHEMA, "line": pl.Int64, "file": pl.String}), *self._claims]
        )
        fresh = met.select(reconcile.CLAIM_SCHEMA.names())
        every = pl.concat([self._known_claims, fresh])
        if every.height == 0:
            return
        held = self._staging.lookup_groups(self._feed.takebacks.group, every.get_column("group"))
        rows, unmet = reconcile.settle_claims(every, held, self._feed.takebacks)
        before = held.filter(pl.col("ingest") < self._staging.number)
        _, unmet_before = reconcile.settle_claims(self._known_claims, before, self._feed.takebacks)
        self._retracted_late = len(unmet_before - unmet)
        self._staging.write(rows, is_change=True)
        self._staging.write_claims(fresh)
        open_now = met.filter(pl.col("claim_id").is_in(list(unmet)))
        for file, open_rows in open_now.partition_by("file", as_dict=True).items():
            self._refuse(refusals_of(str(file[0]), open_rows, Reason.UNMATCHED, pl.col("claim_id")))
        self._tally.retracted += met.height - open_now.height

    def _refuse(self, refused: pl.DataFrame) -> None:
        self._tally.refuse(refused)
        if refused.height:
            self._staging.write_refused(refused)

    def close(self, files: Sequence[Path], skipped: tuple[Example, ...]) -> IngestReport:
        """Commit when anything is new, and return the report."""
        feed, ground, tally = self._feed, self._ground, self._tally
        if tally.rows_read == 0:
            raise SourceError(f"{files[0]}: a line of column names and no row below it; nothing to ingest.")
        if ground is None or not (tally.kept or tally.corrected or tally.duplicate or tally.retracted):
            first = tally.refused[0]
            where = f"{first.examples[0].file}, line {first.examples[0].line}: {first.examples[0].value!r}"
            raise SourceError(
                f"all {tally.rows_read:,} rows are refused, {first.count:,} of them as {first.reason} ({where}). "
                f"Mend: {first.mend}."
            )
        is_new = self._staging.rows > 0 or any(claims.height for claims in self._claims)
        report = IngestReport(
            force_id=feed.force_id,
            source=feed.source,
            number=self._staging.number if is_new else None,
            received_at=self._received_at,
            files=tuple(str(path) for path in files),
            rows_read=tally.rows_read,
            kept=tally.kept,
            corrected=tally.corrected,
            duplicate=tally.duplicate,
            retracted=tally.retracted,
            refused=tally.refused,
            skipped=skipped,
            retracted_late=self._retracted_late,
            delay_note=feed.delay_note,
            crs=ground.crs,
            refused_file=str(self._staging.refused_path) if is_new and tally.refused else None,
        )
        if is_new:
            force = Force(
                feed.force_id,
                feed.force_name,
                ground.crs,
                feed.time_zone,
                feed.location_precision,
                feed.date_precision,
                feed.delay_note,
            )
            self._staging.commit(force, feed.source, self._received_at, asdict(ground), report.to_json())
        return report


def _check_same_feed(feed: Feed, held: Force, source: str) -> None:
    """Refuse a second feed under one force's id: its events would be counted twice."""
    shared = ("time_zone", "location_precision", "date_precision")
    differs = [name for name in shared if getattr(feed, name) != getattr(held, name)]
    if feed.source != source or differs:
        told = f"source {source!r}, not {feed.source!r}" if feed.source != source else f"another {differs[0]}"
        raise SourceError(
            f"force {held.id!r} is kept from {told}. One force has one feed: give this one another id "
            "(--force, or `id` in the mapping), or another home folder."
        )
