"""Notify: find a night that is late, and send what the outbox holds. Safe to repeat, at any time, from any process."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from peelian.errors import SettingsError
from peelian.jobs import mail, webhooks
from peelian.jobs.calendar import night_of
from peelian.jobs.mail import Post
from peelian.jobs.terms import NoticeTerms
from peelian.places.forces import Force
from peelian.store import nights, notices, runs
from peelian.store.events import EventStore
from peelian.store.locks import lock
from peelian.store.notices import Due, Occasion, Way

_LAST = {
    "running": "It is being made.",
    "failed": "The last try failed; 'peelian doctor' says why.",
    "died": "The last try was broken off.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one notice: ``error`` is "" where it was taken; ``again`` is when it is tried next, if it is."""

    name: str
    occasion: Occasion
    error: str
    again: datetime | None


def notify(home: Path, terms: NoticeTerms, post: Post, at: datetime, subscription: int | None = None) -> list[Told]:
    """Tell whom something is to be told, and return what became of each notice.

    With ``subscription`` only that one's are sent.

    Raises
    ------
    SettingsError
        When a setting cannot be right.
    LockedError
        When another process is sending.
    """
    allowed = webhooks.networks(terms.private_networks)
    if not 0 <= terms.expected_by <= 23:  # noqa: PLR2004 - the hours of a day
        raise SettingsError(f"[notices] expected_by = {terms.expected_by}; name an hour from 0 to 23.")
    with lock(home, "notify"):
        for force in EventStore(home).forces():
            tell_if_late(force, terms.expected_by, at)
        notices.clear(at)
        return asyncio.run(_send_all(notices.due(at, subscription), allowed, post, terms.site_address, at))


def tell_if_late(force: Force, expected_by: int, at: datetime) -> bool:
    """Put a notice into the outbox where a force's night should stand by now and does not; tell whether it is so.

    A force that never had a night, or whose forecasts are switched off, is not late.
    """
    here = at.astimezone(ZoneInfo(force.time_zone))
    night = night_of(force, here.date())
    expected = here.replace(
        year=night.year, month=night.month, day=night.day, hour=expected_by, minute=0, second=0, microsecond=0
    )
    done = runs.nights_done(force.id)
    if here < expected or not done or night in done or nights.switched_off(force.id):
        return False
    told = notices.about_night(
        force.id, night, expected_by=expected.isoformat(timespec="minutes"), last=_last(force, night)
    )
    notices.put(Occasion.LATE, force.id, f"late {force.id} {night}", told, at)
    return True


def _last(force: Force, night: date) -> str:
    last = runs.last_run(force.id)
    return _LAST.get(last[1], "") if last and last[0] == night else "It was not tried."


async def _send_all(due: Iterable[Due], allowed: webhooks.Networks, post: Post, site: str, at: datetime) -> list[Told]:
    """Send side by side to different receivers, to each in order: a slow one keeps nobody else waiting."""
    ordered = sorted(due, key=lambda d: d.subscription)  # stable: each receiver's stay in order of time
    queues = [list(group) for _, group in groupby(ordered, key=lambda d: d.subscription)]
    sent = await asyncio.gather(*(_send_in_turn(queue, allowed, post, site, at) for queue in queues))
    return [one for queue in sent for one in queue]


async def _send_in_turn(
    queue: list[Due], allowed: webhooks.Networks, post: Post, site: str, at: datetime
) -> list[Told]:
    """Send a receiver its notices; after one that failed the others wait for another time."""
    done: list[Told] = []
    for due in queue:
        if due.way is Way.WEBHOOK:
            error = await webhooks.send(due, allowed, at)
        else:
            error = await asyncio.to_thread(mail.send, due, post, json.loads(due.body), site)
        again = await asyncio.to_thread(_enter, due, error, at)
        done.append(Told(due.name, due.occasion, error, again))
        if error:
            break
    return done


def _enter(due: Due, error: str, at: datetime) -> datetime | None:
    """Enter what became of a notice, in a thread whose connection is closed again."""
    from django.db import connection

    try:
        if error:
            return notices.failed(due.id, due.tries, error, at)
        notices.told(due.id, at)
        return None
    finally:
        connection.close()
