"""What phones send, now or hours later: each item is answered by itself, and kept once however often it comes.

A phone's clock may be days wrong: its times are kept beside ours, and no visit is refused for them.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from peelian.errors import NotFoundError, PeelianError, StoreError
from peelian.forecasts.visits import How, Visit, WrongBecause
from peelian.records.access import Actor, Role
from peelian.site.clock import is_demonstration, now
from peelian.site.patrols.boxes import MeantBox, key_of, meant_box, nights_given
from peelian.site.patrols.forms import Instant, SentNoteForm, SquareForm, VisitForm
from peelian.site.rules import actor_of, allow
from peelian.store.box_notes import WrittenNote, write_note
from peelian.store.patrols import LoggedVisit, log_visit, open_visit

#: Whoever stands in boxes.
PATROL = frozenset({Role.OFFICER, Role.SERGEANT})
#: Items of one sending; a phone sends the rest in the next.
MOST_ITEMS = 50
#: A phone's clock this far off leaves its times in doubt.
SURE_S = 120.0
_FORMS: dict[str, type[SquareForm]] = {"visit": VisitForm, "note": SentNoteForm}


@allow(PATROL)
@never_cache
@require_GET
def today(request: HttpRequest, force: str, level: str, area: str) -> JsonResponse:
    """Return what a phone asks before it sends, and from time to time: a token, the time, minutes of each box.

    A map that is not among them is no longer given: ended, switched off, without its purpose card, or of an area that
    is no longer the actor's. What waits on the phone can be sent all the same, and is answered item by item.
    """
    actor, at = actor_of(request), now()
    nights = [given for given in nights_given(at) if (given.force, given.level) == (force, level)]
    sheets = [s for given in nights for a in given.areas(actor) if a.slug == area for s in a.sheets(at)]
    minutes = {
        s.key(box): round(had.minutes, 2) for s in sheets for box, had in zip(s.boxes, s.minutes(at), strict=True)
    }
    told = {"csrf": get_token(request), "account": actor.id, "now": at.isoformat(), "minutes": minutes}
    return JsonResponse({**told, "still": _still(actor)})


def _still(actor: Actor) -> dict[str, object] | None:
    """Return the stay that a form began and nothing has ended."""
    still = open_visit(actor)
    if still is None:
        return None
    try:
        key = key_of(still.box)
    except NotFoundError:
        return None  # the page shows it, and how to end it; the phone's timer knows no such box
    x, y, size = still.box.square
    arrived = still.arrived.isoformat()
    return {"id": str(still.id), "box": key, "x": x, "y": y, "size": size, "arrived": arrived}


@allow(PATROL)
@never_cache
@require_POST
def send(request: HttpRequest) -> JsonResponse:
    """Keep visits and notes from a phone, and answer each: kept, known already, or refused with the reason."""
    received = now()
    try:
        items, sent_at = _read(request.body)
    except (ValueError, TypeError, ValidationError, RecursionError) as error:
        return JsonResponse({"error": f"What was sent cannot be read ({error})."}, status=400)
    if len(items) > MOST_ITEMS:
        return JsonResponse({"error": f"{len(items)} items at once; send up to {MOST_ITEMS}."}, status=400)
    offset_s = (received - sent_at).total_seconds()
    answers = [_answer(actor_of(request), item, received, offset_s) for item in items]
    return JsonResponse({"answers": answers, "now": received.isoformat(), "clock_offset_s": round(offset_s, 1)})


def _read(body: bytes) -> tuple[list[dict[str, Any]], datetime]:
    sent = json.loads(body)
    if not isinstance(sent, dict) or not isinstance(sent.get("items"), list):
        raise TypeError("send an object with a list of items")
    if not all(isinstance(item, dict) for item in sent["items"]):
        raise TypeError("an item is an object")
    sent_at = Instant().clean(sent.get("sent_at"))
    if not isinstance(sent_at, datetime):
        raise TypeError("sent_at is missing")
    return sent["items"], sent_at


def _answer(actor: Actor, item: dict[str, Any], received: datetime, offset_s: float) -> dict[str, object]:
    """Keep one item and say what became of it; the store's own failures are no answer and stop the sending."""
    told = {"id": str(item.get("id", ""))[:64]}
    kind = _FORMS.get(str(item.get("kind")))
    if kind is None:
        return {**told, "became": "refused", "reason": f"there is no kind {str(item.get('kind'))[:40]!r}."}
    form = kind(item)
    unknown = set(item) - set(form.fields) - {"kind"}
    if unknown or not form.is_valid():
        faults = [f"{name}: {' '.join(map(str, messages))}" for name, messages in form.errors.items()]
        return {**told, "became": "refused", "reason": " ".join([*faults, *(f"{u[:40]}: unknown." for u in unknown)])}
    try:
        meant = meant_box(actor, form.cleaned_data["box"], form.square)
        keep = _keep_visit if isinstance(form, VisitForm) else _keep_note
        became = keep(actor, form, meant, received, offset_s)
    except StoreError:
        raise
    except PeelianError as error:
        return {**told, "became": "refused", "reason": str(error)}
    return {**told, "became": became}


def _keep_visit(actor: Actor, form: Form, meant: MeantBox, received: datetime, offset_s: float) -> str:
    said = form.cleaned_data
    offset, is_doubtful = _clock(said["offset_s"], offset_s)
    given = meant.sheet.area.given
    arrived = said["arrived"] + timedelta(seconds=offset)
    left = arrived + timedelta(minutes=said["minutes"])
    is_doubtful |= not given.valid.holds(arrived) or left > received + timedelta(seconds=SURE_S)
    visit = Visit(
        meant.box,
        meant.sheet.day(arrived),
        arrived,
        left,
        said["minutes"],
        How(said["how"]),
        offset,
        is_doubtful,
        received,
    )
    told = LoggedVisit(said["id"], visit, said["arrived"], said["left"], offset_s, meant.is_known)
    return log_visit(actor, told).value


def _keep_note(actor: Actor, form: Form, meant: MeantBox, received: datetime, offset_s: float) -> str:
    said = form.cleaned_data
    offset, _ = _clock(said["offset_s"], offset_s)
    written = said["written"] + timedelta(seconds=offset)
    told = WrittenNote(
        said["id"], meant.box, WrongBecause(said["because"]), said["text"], written, received, said["written"], offset
    )
    return write_note(actor, told).value


def _clock(known_s: float | None, measured_s: float) -> tuple[float, bool]:
    """Return how far a phone was behind when it logged, and whether that is in doubt.

    A phone that was days wrong often sets itself right when signal returns, which is just before it sends: what it had
    last heard before it logged then counts, not what is measured now. A demonstration's clock is another than the
    phone's without either being wrong.
    """
    offset = measured_s if known_s is None else known_s
    is_wrong = abs(offset) > SURE_S and not is_demonstration()
    return offset, is_wrong or abs(offset - measured_s) > SURE_S
