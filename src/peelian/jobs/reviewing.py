"""Keeps the judged nights: after each night its record joins the review, and the pages over time are made anew."""

from pathlib import Path

import polars as pl

from peelian.delivery.review_documents import review_documents
from peelian.evaluation.review import reviews, with_new_events, with_new_judgements
from peelian.forecasts.nights import Night
from peelian.store.reviews import ReviewStore


def review(home: Path, night: Night, judged: pl.DataFrame, fell: pl.DataFrame) -> None:
    """Add what a night looked back on to its level's review, and publish the review's documents.

    ``judged`` are ``JUDGED_SCHEMA`` rows with ``is_replayed``, ``fell`` what fell in the same periods. A night judged
    before is judged anew, since records come late; what was first known of it stays beside.
    """
    store, force, level = ReviewStore(home), night.force, night.layer.level
    kept, kept_fell = store.judged(force.id, level)
    rows = with_new_judgements(kept, judged, night.cutoff)
    events = with_new_events(kept_fell, fell, judged)
    store.keep_judged(force.id, level, rows, events)
    store.publish(force.id, level, review_documents(night, list(reviews(rows, events, force.time_zone, night.seed))))
