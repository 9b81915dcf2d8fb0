"""Records against what is already held: new, corrected, duplicate, taken back. Pure: tables in, rows of the log out.

The same file twice changes nothing; pieces of a feed in any order give the same log of what was
known when, as long as the rows of one record stay in one file (a feed publishes them so).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from peelian.events.events import EVENT_SCHEMA, INSTANT
from peelian.events.log import LOG_SCHEMA
from peelian.sources.records import Takebacks

#: What makes two rows the same version of an event; when it was recorded does not.
_CONTENT = ("crime_type", "x", "y", "occurred_from", "occurred_to", "district", "street")

#: One retraction as the feed wrote it, kept so that it can find a record that comes in a later file.
#: ``fallback_at`` counts where ``recorded_at`` is not after the event's own recording.
CLAIM_SCHEMA = pl.Schema(
    {
        "claim_id": pl.String(),
        "group": pl.String(),
        "rank": pl.String(),
        "recorded_at": INSTANT,
        "fallback_at": INSTANT,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """One batch told apart: rows for the log, and how many were held already."""

    new: pl.DataFrame
    corrected: pl.DataFrame
    n_duplicate: int


def number(
    records: pl.DataFrame, counted: pl.DataFrame | None = None, *, has_versions: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the records with ``event_id``, and the count of each identity so far in the file.

    The k-th record of one identity in one file is a separate event (one per victim): ``identity#k``
    from the second on. They are counted in the order of their content, so that a file which lists
    them otherwise gives the same ids. ``counted`` holds the counts of earlier batches of the file.
    With ``has_versions`` records of one identity are separate only when recorded at one instant.
    """
    recorded = pl.when("is_recorded_given").then("recorded_at") if has_versions else pl.lit(None, INSTANT)
    keyed = records.with_columns(pl.struct("identity", recorded.alias("recorded")).hash(0).alias("key"))
    counts = keyed.group_by("key").len("n")
    if counts.height == records.height:
        ranked = keyed.with_columns(pl.lit(1, pl.Int64).alias("k"))
    else:
        in_order = keyed.sort("identity", *_CONTENT, "recorded_at", "line")
        ranked = in_order.with_columns(pl.col("line").cum_count().over("key").cast(pl.Int64).alias("k"))
    if counted is not None:
        ranked = ranked.join(counted, on="key", how="left").with_columns(pl.col("k") + pl.col("n").fill_null(0))
        ranked = ranked.drop("n")
        counts = pl.concat([counted, counts]).group_by("key").agg(pl.col("n").sum())
    event_id = pl.when(pl.col("k") > 1).then(pl.format("{}#{}", "identity", "k")).otherwise("identity")
    return ranked.with_columns(event_id.alias("event_id")).drop("key", "k"), counts


def rounds(numbered: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the records in rounds that hold no event twice: the earliest recorded version of each first."""
    left = numbered
    if not numbered.get_column("event_id").is_duplicated().any():
        yield numbered
        return
    left = numbered.sort("recorded_at", "line", maintain_order=True)
    while left.height:
        is_first = left.get_column("event_id").is_first_distinct()
        yield left.filter(is_first)
        left = left.filter(~is_first)


def sort_out(
    records: pl.DataFrame, known: pl.DataFrame, received_at: datetime, *, has_versions: bool = False
) -> Sorted:
    """Tell numbered records (no retractions) apart against the known rows of the log with their ids.

    A row whose content is held is a duplicate; with ``has_versions`` it must be held as recorded at
    the same instant, for such a feed may go back to an earlier version. A correction is recorded
    when the feed says so anew, else when it reached us, so that what was known before stays readable.
    """
    versions = known.filter(~pl.col("is_retraction"))
    if versions.height == 0:
        return Sorted(_log_rows(records), _log_rows(records.clear()), 0)
    ids = versions.select("event_id", pl.lit(value=True).alias("is_known")).unique()
    held = versions.select("event_id", *_CONTENT, pl.lit(value=True).alias("is_held")).unique()
    stamped = versions.select("event_id", "recorded_at", pl.lit(value=True).alias("is_stamped")).unique()
    met = (
        records.join(ids, on="event_id", how="left")
        .join(held, on=["event_id", *_CONTENT], how="left", nulls_equal=True)
        .join(stamped, on=["event_id", "recorded_at"], how="left")
        .with_columns(pl.col("is_known", "is_held", "is_stamped").fill_null(value=False))
    )
    new, again = met.filter(~pl.col("is_known")), met.filter("is_known")
    says_anew = pl.col("is_recorded_given") & ~pl.col("is_stamped") if has_versions else pl.lit(value=False)
    corrected = again.filter(~(pl.col("is_held") & ~says_anew)).with_columns(
        pl.when(says_anew)
        .then("recorded_at")
        .otherwise(pl.max_horizontal("recorded_at", pl.lit(received_at)))
        .cast(INSTANT)
        .alias("recorded_at")
    )
    return Sorted(_log_rows(new), _log_rows(corrected), again.height - corrected.height)


def claims_of(numbered: pl.DataFrame, takebacks: Takebacks, received_at: datetime) -> pl.DataFrame:
    """Return the claims of numbered retraction records.

    A feed that gives times may take an event back more than once, so the time is part of the
    claim's id there. One without counts as said when it reached us, unless the feed's own rule dates it.
    """
    given = pl.col("is_recorded_given")
    stamp = pl.when(given).then(pl.format("{}@{}", "event_id", pl.col("recorded_at").dt.to_string("iso")))
    reached = pl.lit(received_at).cast(INSTANT)
    said = pl.col("recorded_at") if takebacks.is_dated else pl.when(given).then("recorded_at").otherwise(reached)
    return numbered.select(
        stamp.otherwise("event_id").alias("claim_id"),
        pl.col("event_id").str.extract(takebacks.group).fill_null("").alias("group"),
        pl.col("event_id").str.extract(takebacks.rank).fill_null("").alias("rank"),
        # What a rule dates later than it reached us was said by then: we hold it.
        pl.min_horizontal(said, reached).alias("recorded_at"),
        pl.min_horizontal(pl.col("recorded_at") if takebacks.is_dated else reached, reached).alias("fallback_at"),
    )


def settle_claims(
    claims: pl.DataFrame, held: pl.DataFrame, takebacks: Takebacks
) -> tuple[pl.DataFrame, frozenset[str]]:
    """Return the log rows that make the retractions of these groups right, and the ids of claims without a target.

    ``claims`` are all claims of the groups, old and new; ``held`` all rows of the log in them.
    Which event a claim takes back follows from the two sets alone, not from the order in which
    they came: an earlier choice that a late file shows to be wrong is put back, recorded at the
    instant at which it had been taken away, so that no cutoff ever sees the difference.
    """
    versions = held.filter(~pl.col("is_retraction")).sort("recorded_at", "ingest", maintain_order=True)
    wanted, unmet = _assigned(claims, versions, takebacks)
    standing = held.sort("recorded_at", "ingest", "is_retraction", maintain_order=True)
    standing = standing.unique(["event_id", "recorded_at"], keep="last", maintain_order=True)
    now = standing.filter("is_retraction").select("event_id", "recorded_at")
    stray = now.join(wanted, on=["event_id", "recorded_at"], how="anti")
    taken = _as_rows(wanted.join(now, on=["event_id", "recorded_at"], how="anti"), versions, is_retraction=True)
    returned = _as_rows(stray, versions, is_retraction=False)
    return pl.concat([taken, returned]), unmet


def _assigned(
    claims: pl.DataFrame, versions: pl.DataFrame, takebacks: Takebacks
) -> tuple[pl.DataFrame, frozenset[str]]:
    """Return (event_id, recorded_at) of every retraction, and the claims that find no event."""
    stamps: dict[str, list[datetime]] = defaultdict(list)
    for event_id, recorded_at in versions.select("event_id", "recorded_at").iter_rows():
        stamps[event_id].append(recorded_at)
    targets: dict[str, list[tuple[str, str]]] = defaultdict(list)
    placed = (
        versions.unique("event_id")
        .select(
            "event_id",
            pl.col("event_id").str.extract(takebacks.group).fill_null("").alias("group"),
            pl.col("event_id").str.extract(takebacks.rank).fill_null("").alias("rank"),
        )
        .sort("rank", pl.col("event_id").str.len_chars(), "event_id")
    )
    for event_id, group, rank in placed.iter_rows():
        targets[group].append((rank, event_id))
    pairs: list[tuple[str, datetime]] = []
    unmet: set[str] = set()
    order = claims.sort("group", "rank", "recorded_at", pl.col("claim_id").str.len_chars(), "claim_id")
    for claim_id, group, rank, recorded_at, fallback_at in order.iter_rows():
        eligible = [target for target in targets[group] if target[0] <= rank]
        chosen = eligible[-1:] if takebacks.one_each else eligible
        for _, event_id in chosen:
            if takebacks.is_dated:
                # Taken back before its own recording, an event would stand for ever.
                pairs.append((event_id, max(recorded_at, stamps[event_id][0])))
            else:
                # A stamp that a version carries too says nothing of the retraction: it counts from when it reached us.
                pairs.append((event_id, fallback_at if recorded_at in stamps[event_id] else recorded_at))
        if takebacks.one_each and chosen:
            targets[group].remove(chosen[0])
        if not chosen:
            unmet.add(claim_id)
    schema = pl.Schema({"event_id": pl.String(), "recorded_at": INSTANT})
    return pl.DataFrame(pairs, schema=schema, orient="row").unique(maintain_order=True), frozenset(unmet)


def _as_rows(pairs: pl.DataFrame, versions: pl.DataFrame, *, is_retraction: bool) -> pl.DataFrame:
    """Return log rows at the pairs' instants, each with what its event said then, or first said."""
    told = versions.drop("is_retraction").rename({"recorded_at": "said_at"})
    said = pl.col("said_at").to_physical()
    rows = (
        pairs.join(told, on="event_id", how="inner")
        .with_columns(pl.when(pl.col("said_at") <= pl.col("recorded_at")).then(said).otherwise(-said).alias("nearness"))
        .sort("event_id", "recorded_at", "nearness", "ingest")
        .unique(["event_id", "recorded_at"], keep="last", maintain_order=True)
    )
    return _log_rows(rows.with_columns(pl.lit(value=is_retraction).alias("is_retraction")))


def _log_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in the log's columns; the store numbers the ingest."""
    return rows.select(*EVENT_SCHEMA, "is_retraction", pl.lit(0, LOG_SCHEMA["ingest"]).alias("ingest"))
