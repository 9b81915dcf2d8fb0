"""Runs every saved search again, as the account that saved it, and tidies what killed uploads left: once a night."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from peelian.records.access import Actor
from peelian.records.marking import READERS
from peelian.store.records import alerts, attachments


@dataclass(frozen=True, slots=True)
class AlertReport:
    """How many searches ran, what they found anew, how many were left because their account may no longer read."""

    searches: int
    found: int
    left: int
    swept: int


def run_saved_searches(home: Path, actor_of: Callable[[int], Actor | None], at: datetime) -> AlertReport:
    """Run every saved search as its account now may read; one whose account is closed, or no reader, is left.

    ``actor_of`` gives an account's actor, None where it is closed.
    """
    ran = found = left = 0
    for search in alerts.every_saved():
        actor = actor_of(search.account)
        if actor is None or actor.role not in READERS:
            left += 1
            continue
        found += alerts.run(search, actor, at)
        ran += 1
    return AlertReport(ran, found, left, attachments.sweep(home))
