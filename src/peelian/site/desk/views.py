"""The desk's front page, and how things are: models in use, feeds, nights."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from peelian.delivery import words
from peelian.errors import PeelianError, StoreError
from peelian.records.access import Actor
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.site.desk import standing
from peelian.site.desk.frame import DESK, desk_page
from peelian.site.desk.maps import Listing, folders, listings, visible_areas
from peelian.site.rules import actor_of, allow
from peelian.store import runs
from peelian.store.choices import ChoiceStore
from peelian.store.events import EventStore
from peelian.store.manifests import Manifest
from peelian.store.night_folders import Document

_MOST_INGESTS = 12


@allow(DESK)
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Return where things stand, in one sentence, and what waits."""
    at = now()
    nights = [standing.night_standing(force, at, site_settings().night) for force in standing.forces()]
    waits = list(standing.waiting(at))
    return desk_page(
        request,
        "front.html.j2",
        "desk",
        sentence=standing.front_sentence(nights, waits),
        nights=nights,
        waits=waits,
        edited=_edited(actor_of(request)),
    )


@allow(DESK)
@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """Return which model made the present maps, and why it was chosen for each area and crime type."""
    shown = []
    for listing in _newest():
        areas = visible_areas(actor_of(request), listing)
        if not areas:
            continue
        try:
            choices, trouble = ChoiceStore(site_settings().home).standing(listing.force, listing.night), ""
        except PeelianError as error:
            choices, trouble = None, str(error)
        names = {a["slug"]: a["name"] for a in areas}
        shown.append(
            {
                "listing": listing,
                "drawn": _drawn(_record(listing).get("parameters", {})),
                "maps": _models(listing.index, names),
                "chosen": choices,
                "scored_until": words.instant(choices.scored_until, listing.zone, with_year=True) if choices else "",
                "trouble": trouble,
            }
        )
    return desk_page(request, "models.html.j2", "desk-models", nights=shown)


@allow(DESK)
@require_safe
def feeds(request: HttpRequest) -> HttpResponse:
    """Return how fresh each feed is, and what became of every row of its ingests."""
    at, shown = now(), []
    for force in standing.forces():
        zone, fresh = ZoneInfo(force.time_zone), standing.freshness(force.id, at)
        manifests = EventStore(site_settings().home).manifests(force.id)
        shown.append(
            {
                "force": force,
                "rows": fresh.rows,
                "occurred": words.instant(fresh.latest_occurred, zone, with_year=True)
                if fresh.latest_occurred
                else "–",
                "recorded": words.instant(fresh.latest_recorded, zone, with_year=True)
                if fresh.latest_recorded
                else "–",
                "delay": _delay(fresh.half_h, fresh.most_h),
                "ingests": [_ingest(m, zone) for m in reversed(manifests[-_MOST_INGESTS:])],
                "n_ingests": len(manifests),
            }
        )
    return desk_page(request, "feeds.html.j2", "desk-feeds", feeds=shown)


@allow(DESK)
@require_safe
def nights(request: HttpRequest) -> HttpResponse:
    """Return every try at a night: done, failed with its reason, died, or under way."""
    shown = []
    for force in standing.forces():
        zone = ZoneInfo(force.time_zone)
        told = [
            {
                "run": run,
                "night": words.short_day(run.night) + f" {run.night.year}",
                "started": words.instant(run.started_at, zone, with_year=True),
                "lasted": _lasted(run),
            }
            for run in runs.newest(force.id, most=60)
        ]
        shown.append({"standing": standing.night_standing(force, now(), site_settings().night), "runs": told})
    return desk_page(request, "nights.html.j2", "desk-nights", forces=shown)


def _edited(actor: Actor) -> list[Listing]:
    """Return the nights whose boxes may be edited now, of areas that are the actor's."""
    return [listing for listing in listings() if visible_areas(actor, listing)]


def _newest() -> list[Listing]:
    """Return each force's newest night, at every level."""
    held, found = folders(), {}
    for force in standing.forces():
        for night in held.nights():
            if force.id in held.forces(night):
                for level in held.levels(force.id, night):
                    found[force.id, level] = Listing(force.id, night, level, held.index(force.id, night, level))
                if held.levels(force.id, night):
                    break
    return list(found.values())


def _record(listing: Listing) -> dict[str, Any]:
    """Return the night's own record, night.json."""
    path = folders().folder(listing.force, listing.night) / "night.json"
    try:
        read: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path.name} of {listing.night} cannot be read. Make the night anew.") from error
    return read


def _models(index: Document, names: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """Return area, crime type, model and why of each map that is named, as the night tells them; none of old nights."""
    kinds = {k["slug"]: k["words"] for k in index["kinds"]}
    return [
        (names[m["area"]], kinds[m["kind"]], m["model"], m["model_why"])
        for m in index["maps"]
        if m["area"] in names and m.get("model_why")
    ]


def _drawn(parameters: dict[str, Any]) -> str:
    """Return how a night's boxes were drawn, in words."""
    said = {
        "boxes": "boxes that {}",
        "count": "{} boxes a map",
        "longer": "{} on the longer list",
        "cell_size_m": "squares of {:g} m",
    }
    kinds = {"floating": "float off the grid", "grid": "stand on the grid"}
    return ", ".join(said[k].format(kinds.get(v, v)) for k, v in parameters.items() if k in said and v)


def _ingest(manifest: Manifest, zone: ZoneInfo) -> dict[str, object]:
    report = manifest.report
    return {
        "number": manifest.number,
        "source": manifest.source,
        "received": words.instant(manifest.received_at, zone, with_year=True),
        "files": [Path(name).name for name in report.get("files", [])],
        "counts": {k: report.get(k) for k in ("rows_read", "kept", "corrected", "duplicate", "retracted")},
        "refused": report.get("refused", []),
        "skipped": [(Path(s["file"]).name, s["value"]) for s in report.get("skipped", [])],
        "rows": sum(part.rows for part in manifest.parts),
    }


def _delay(half_h: float | None, most_h: float | None) -> str:
    if half_h is None or most_h is None:
        return "No record of the last two months tells how late it came."
    if half_h == most_h:
        return f"Of the last two months' records, nine in ten came {_hours(half_h)} after the crime or sooner."
    return (
        f"Of the last two months' records, half came within {_hours(half_h)} of the crime, "
        f"nine in ten within {_hours(most_h)}."
    )


def _hours(hours: float) -> str:
    if hours < 1:
        return "an hour"
    if hours < 48:  # noqa: PLR2004 - from two days on it is days
        return f"{words.number(hours)} hour{'s' * (round(hours) != 1)}"
    return f"{words.number(hours / 24)} days"


def _lasted(run: runs.Run) -> str:
    if run.ended_at is None:
        return "–"
    seconds = (run.ended_at - run.started_at).total_seconds()
    return f"{words.digits(round(seconds, 1))} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two minutes
