"""A check-up of the installation, the data and the last night, in plain words."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peelian import __version__
from peelian.errors import PeelianError
from peelian.jobs.calendar import night_of
from peelian.jobs.terms import Terms
from peelian.places.forces import DatePrecision, Force
from peelian.places.projections import BRITISH_NATIONAL_GRID, Projection

#: Less free room than this and a night may not fit.
LEAST_FREE_BYTES = 500_000_000
#: A daily feed whose newest record is older than this has stopped.
LATE = timedelta(days=3)
#: A backup older than this would lose too much.
STALE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: ``is_well``, what was found, and the mend where there is one."""

    subject: str
    is_well: bool
    words: str


def examine(settings: Terms, now: datetime, *, is_open: bool) -> list[Finding]:
    """Return the findings; an error while looking is a finding too, never a traceback. ``is_open`` is the store."""
    findings = [*_installation(), *_home(settings)]
    if is_open:
        findings += _guarded("imports", _imports)
    if (settings.home / "events").is_dir():
        findings += _guarded("data", lambda: _data(settings, now))
    return findings


def _guarded(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except PeelianError as error:
        return [Finding(subject, is_well=False, words=str(error))]


def _installation() -> Iterator[Finding]:
    python = ".".join(str(n) for n in sys.version_info[:3])
    yield Finding(
        "program", is_well=True, words=f"Peelian {__version__} on Python {python}, SQLite {sqlite3.sqlite_version}."
    )
    import numpy as np

    easting, northing = Projection(BRITISH_NATIONAL_GRID).to_metres(
        np.array([-0.11992557180]), np.array([51.48936564950])
    )
    off_m = float(np.hypot(easting[0] - 530624.974, northing[0] - 178388.464))
    yield Finding(
        "British grid",
        is_well=off_m < 0.1,  # noqa: PLR2004 - a tenth of a metre: OSTN15 itself is good to that
        words=f"an Ordnance Survey test point comes out {off_m * 100:.1f} cm off (OSTN15).",
    )


def _home(settings: Terms) -> Iterator[Finding]:
    home = settings.home
    if not home.is_dir():
        yield Finding("home", is_well=False, words=f"{home} does not exist; 'peelian ingest' or './run demo' makes it.")
        return
    writable = os.access(home, os.W_OK)
    yield Finding(
        "home", is_well=writable, words=f"{home} is {'writable' if writable else 'not writable by this user'}."
    )
    free = shutil.disk_usage(home).free
    words = f"{free / 1e9:.1f} GB free." + ("" if free >= LEAST_FREE_BYTES else " Free some: a night needs room.")
    yield Finding("disk", is_well=free >= LEAST_FREE_BYTES, words=words)
    if not (home / "events").is_dir():
        yield Finding("data", is_well=False, words="no events yet; bring some in with 'peelian ingest SOURCE PATH'.")


def _data(settings: Terms, now: datetime) -> Iterator[Finding]:
    # Imported here: without data no store is open, and the rest of the check-up must still speak.
    from peelian.store import nights as night_store
    from peelian.store import runs
    from peelian.store.events import EventStore

    yield from _backup(now)

    store = EventStore(settings.home)
    for force in store.forces():
        log = store.log(force.id)
        newest = log.table.get_column("recorded_at").max()
        if isinstance(newest, datetime):
            late = force.date_precision is not DatePrecision.MONTH and now - newest > LATE
            words = f"{len(log):,} rows; the newest was recorded {newest:%Y-%m-%d %H:%M} UTC."
            yield Finding(f"feed {force.id}", is_well=not late, words=words + (" The feed is late." if late else ""))
        off = night_store.switched_off(force.id)
        if off is not None:
            yield Finding(f"switch {force.id}", is_well=False, words=f"forecasts are off: {off.reason} ({off.by}).")
        yield _last_night(force, runs.last_run(force.id), runs.nights_done(force.id), now.date())
    cards = night_store.cards()
    if not cards:
        yield Finding(
            "purpose", is_well=False, words="no purpose card: no map is published. 'peelian purpose set --help'."
        )
    for card in cards.values():
        valid = card.is_valid_on(now.date())
        words = f"'{card.crime_type}' is owned by {card.owner} until {card.expires}." + (
            "" if valid else " It has expired."
        )
        yield Finding("purpose", is_well=valid, words=words)


def _backup(now: datetime) -> Iterator[Finding]:
    # As in ``_data``: these need an open store.
    from peelian.jobs.backup import last_backup
    from peelian.store import accounts

    last = last_backup()
    if last is None:
        # Until somebody works with it, a home can be made again from its feeds.
        n_accounts = len(accounts.accounts())
        words = (
            "none was ever made; 'peelian backup PATH' makes one." if n_accounts else "no account yet, no backup yet."
        )
        yield Finding("backup", is_well=not n_accounts, words=words)
        return
    days = (now - last).days
    words = f"the last was made {last:%Y-%m-%d %H:%M} UTC." + (
        "" if days < STALE_DAYS else " Make one: 'peelian backup'."
    )
    yield Finding("backup", is_well=days < STALE_DAYS, words=words)


def _imports() -> Iterator[Finding]:
    # As in ``_data``: this needs an open store.
    from peelian.store.records import imports

    for one in imports.unfinished():
        so_far = f"{one.tally.get('read', 0):,} rows read, {one.tally.get('records', 0):,} records kept"
        why = one.error or "no reason was left: it was killed, or runs still."
        words = (
            f"import {one.number}, begun {one.started_at:%Y-%m-%d %H:%M} UTC, has not ended: {so_far}; {why} "
            "What came is whole; run the same 'peelian records import' again: it goes on from there."
        )
        yield Finding(f"import {one.source}", is_well=False, words=words)


def _last_night(force: Force, last: tuple[date, str, str] | None, done: set[date], today: date) -> Finding:
    subject = f"night {force.id}"
    if last is None:
        return Finding(subject, is_well=False, words="no night was ever made; 'peelian night' makes one.")
    night, status, error = last
    if status != "done":
        return Finding(
            subject, is_well=False, words=f"the last try, {night}, {status}: {error or 'no reason was left'}"
        )
    newest = max(done)
    missed = newest < night_of(force, today)
    words = f"{newest} is the newest of {len(done)} published." + (" Tonight's is not made yet." if missed else "")
    return Finding(subject, is_well=not missed, words=words)
