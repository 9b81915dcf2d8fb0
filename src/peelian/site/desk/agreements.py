"""What analysts agree on for every night: purpose cards, bundles, shifts and tactics; and the switch that ends it."""

from dataclasses import asdict
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from peelian.delivery import words
from peelian.errors import NotFoundError
from peelian.events.bundles import Bundle
from peelian.forecasts.nights import PurposeCard
from peelian.forecasts.tactics import Tactics
from peelian.places.shifts import WEEKDAYS, Shift
from peelian.records.access import Role
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.site.desk import standing
from peelian.site.desk.forms import BundleForm, CardForm, ShiftForm, SwitchForm, TacticsForm
from peelian.site.desk.frame import DESK, desk_page, need_all_areas
from peelian.site.fields import DRAWN_FROM
from peelian.site.rules import actor_of, allow
from peelian.store import desk
from peelian.store import nights as night_store

_ALL = "all crime types"
#: Tactics agreed on today are looked at again a year from now, unless another day is named.
_REVIEW_YEARS = 1


@allow(DESK)
@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    """Return all purpose cards with their state; of one crime type every version that was agreed on."""
    today, wanted = standing.local_day(now()), request.GET.get("crime_type", "")
    known = night_store.cards()
    shown = [
        {"card": card, "name": _kind(name), "state": standing.card_state(card, today)}
        for name, card in sorted(known.items(), key=lambda item: (item[0] != "*", item[0]))
    ]
    without = [k for k in _kinds() if night_store.card_for(k, today) is None]
    return desk_page(
        request,
        "cards.html.j2",
        "desk-cards",
        cards=shown,
        without=[words.crime_name(k) for k in without],
        wanted=_kind(wanted),
        history=[
            {"agreed": a, "at": _told(a.at), "state": standing.card_state(a.card, today) if i == 0 else "replaced"}
            for i, a in enumerate(night_store.card_history(wanted))
        ],
    )


@allow(DESK)
@require_http_methods(["GET", "POST"])
def new_card(request: HttpRequest) -> HttpResponse:
    """Agree on a purpose card; it is in force from now on."""
    need_all_areas(request)
    today = standing.local_day(now())
    kinds = [("*", f"{_ALL} without a card of their own"), *((k, words.crime_name(k)) for k in _kinds())]
    wanted = request.GET.get("crime_type", "*")
    before = night_store.cards().get(wanted)
    initial = {"crime_type": wanted}
    if before is not None and not before.is_example:
        initial |= {k: getattr(before, k) for k in ("goal", "measure", "owner", "stop_rule")}
    form = CardForm(kinds, today, request.POST or None, initial=initial)
    form.hold_to({} if before is None else asdict(before))
    if request.method == "POST" and form.is_valid():
        card = PurposeCard(**{name: told for name, told in form.cleaned_data.items() if name != DRAWN_FROM})
        night_store.agree_card(card, now(), actor_of(request))
        return HttpResponseRedirect(reverse("desk-cards"))
    return desk_page(request, "card.html.j2", "desk-cards", status=400 if form.errors else 200, form=form)


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def switch(request: HttpRequest) -> HttpResponse:
    """Switch forecasts off or on again, for a reason."""
    forces = standing.forces()
    form = SwitchForm([(f.id, f.name) for f in forces], request.POST or None, initial={"force": "*", "state": "off"})
    if request.method == "POST":
        need_all_areas(request)
        if form.is_valid():
            said = form.cleaned_data
            night_store.switch(
                said["force"],
                is_off=said["state"] == "off",
                reason=said["reason"],
                by=actor_of(request).name,
                at=now(),
                actor=actor_of(request),
            )
            return HttpResponseRedirect(reverse("desk-switch"))
    turned = [
        (turn.at, {"name": name, "turn": turn, "at": _told(turn.at)})
        for force, name in (("*", "all forces"), *((f.id, f.name) for f in forces))
        for turn in night_store.switches(force)
    ]
    off = [(f.name, found, _told(found.at)) for f in forces if (found := night_store.switched_off(f.id)) is not None]
    return desk_page(
        request,
        "switch.html.j2",
        "desk-switch",
        status=400 if form.errors else 200,
        form=form,
        turns=[told for _, told in sorted(turned, key=lambda t: t[0], reverse=True)],
        off=off,
        n_forces=len(forces),
    )


@allow(DESK)
@require_http_methods(["GET", "POST"])
def bundles(request: HttpRequest) -> HttpResponse:
    """Return the bundles, and agree on one."""
    form = BundleForm(standing.crime_types(), request.POST or None, initial=_bundle_before(request))
    if request.method == "POST":
        need_all_areas(request)
        if form.is_valid():
            bundle = Bundle.from_mapping(form.cleaned_data["name"], form.cleaned_data["weights"])
            desk.agree_bundle(actor_of(request), bundle, at=now())
            return HttpResponseRedirect(reverse("desk-bundles"))
    held, filed = desk.bundles(), site_settings().bundles
    names = {b.bundle.name for b in held}
    return desk_page(
        request,
        "bundles.html.j2",
        "desk-bundles",
        status=400 if form.errors else 200,
        form=form,
        bundles=[{"agreed": b, "at": _told(b.at), "is_filed": b.bundle.name in filed} for b in held],
        filed=[Bundle.from_mapping(name, weights) for name, weights in sorted(filed.items()) if name not in names],
        kinds=standing.crime_types(),
        digits=words.digits,
    )


@allow(DESK)
@require_POST
def end_bundle(request: HttpRequest) -> HttpResponse:
    """End a bundle."""
    need_all_areas(request)
    desk.end_bundle(actor_of(request), request.POST.get("name", ""), at=now())
    return HttpResponseRedirect(reverse("desk-bundles"))


@allow(DESK)
@require_safe
def shifts(request: HttpRequest) -> HttpResponse:
    """Return every force's shifts; where there is one force, its page."""
    forces = standing.forces()
    if len(forces) == 1:
        return HttpResponseRedirect(reverse("desk-force-shifts", kwargs={"force": forces[0].id}))
    return desk_page(request, "shifts_forces.html.j2", "desk-shifts", forces=forces)


@allow(DESK)
@require_http_methods(["GET", "POST"])
def force_shifts(request: HttpRequest, force: str) -> HttpResponse:
    """Return a force's shifts, and agree on one."""
    found = next((f for f in standing.forces() if f.id == force), None)
    if found is None:
        raise NotFoundError(f"there is no force {force!r}.")
    form = ShiftForm(request.POST or None)
    if request.method == "POST":
        need_all_areas(request, force)
        if form.is_valid():
            said = form.cleaned_data
            shift = Shift(said["name"], said["start"], said["hours"], tuple(said["weekdays"]))
            desk.agree_shift(actor_of(request), force, shift, at=now())
            return HttpResponseRedirect(reverse("desk-force-shifts", kwargs={"force": force}))
    zone = ZoneInfo(found.time_zone)
    return desk_page(
        request,
        "shifts.html.j2",
        "desk-shifts",
        status=400 if form.errors else 200,
        force=found,
        form=form,
        shifts=[
            {"shift": s, "length": f"{words.digits(s.minutes / 60)} hours", "days": _weekdays(s.weekdays)}
            for s in desk.shifts(force)
        ],
        history=[(name, ended, by, words.instant(at, zone)) for name, ended, by, at in desk.shift_history(force)],
        may_change=actor_of(request).may_see(force),
    )


@allow(DESK)
@require_POST
def end_shift(request: HttpRequest, force: str) -> HttpResponse:
    """End a shift."""
    need_all_areas(request, force)
    desk.end_shift(actor_of(request), force, request.POST.get("name", ""), at=now())
    return HttpResponseRedirect(reverse("desk-force-shifts", kwargs={"force": force}))


@allow(DESK)
@require_safe
def tactics(request: HttpRequest) -> HttpResponse:
    """Return the tactics of every crime type, and of one every version."""
    today, wanted = standing.local_day(now()), request.GET.get("crime_type", "")
    kinds = ("*", *_kinds())
    return desk_page(
        request,
        "tactics.html.j2",
        "desk-tactics",
        tactics=[_tactics_row(kind, today) for kind in kinds],
        wanted=_kind(wanted),
        history=[(t, _told(t.at) if t.at else "") for t in (desk.tactics_of(wanted) if wanted else ())],
    )


@allow(DESK)
@require_http_methods(["GET", "POST"])
def edit_tactics(request: HttpRequest) -> HttpResponse:
    """Agree on the tactics of a crime type."""
    need_all_areas(request)
    kind, today = request.GET.get("crime_type", "*"), standing.local_day(now())
    if kind != "*" and kind not in _kinds():
        raise NotFoundError(f"no crime type is called {kind!r} here.")
    held = desk.tactics_for(kind)
    later = date(today.year + _REVIEW_YEARS, today.month, min(today.day, 28))
    initial = {"text": "\n".join(held.lines), "source": held.source, "review_by": later}
    form = TacticsForm(today, request.POST or None, initial=initial)
    form.hold_to({"text": held.lines, "source": held.source})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        agreed = Tactics(kind, desk.lines_of(said["text"]), said["source"], said["review_by"])
        desk.agree_tactics(actor_of(request), agreed, at=now())
        return HttpResponseRedirect(reverse("desk-tactics"))
    status = 400 if form.errors else 200
    return desk_page(
        request, "tactics_edit.html.j2", "desk-tactics", status=status, form=form, name=_kind(kind), kind=kind
    )


@allow(DESK)
@require_POST
def end_tactics(request: HttpRequest) -> HttpResponse:
    """Go back to the tactics that come with Peelian."""
    need_all_areas(request)
    kind = request.POST.get("crime_type", "")
    if kind not in {t.crime_type for t in desk.tactics_of(kind) if not t.is_shipped}:
        raise NotFoundError(f"no tactics of your own are kept for {kind!r}.")
    desk.end_tactics(actor_of(request), kind, review_by=standing.local_day(now()), at=now())
    return HttpResponseRedirect(reverse("desk-tactics"))


def _kinds() -> tuple[str, ...]:
    """Return the crime types on record and the bundles, by name."""
    held = {*standing.crime_types(), *(b.bundle.name for b in desk.bundles()), *site_settings().bundles}
    return tuple(sorted(held))


def _kind(name: str) -> str:
    return _ALL if name == "*" else words.crime_name(name) if name else ""


def _told(at: Any) -> str:  # noqa: ANN401 - an instant
    forces = standing.forces()
    zone = ZoneInfo(forces[0].time_zone) if forces else ZoneInfo("UTC")
    return words.instant(at, zone, with_year=True)


def _weekdays(days: tuple[int, ...]) -> str:
    if len(days) == len(WEEKDAYS):
        return "every day"
    return words.joined([WEEKDAYS[d] for d in days])


def _tactics_row(kind: str, today: date) -> dict[str, object]:
    held = desk.tactics_for(kind)
    return {
        "kind": kind,
        "name": _kind(kind),
        "held": held,
        "is_own": held.crime_type == kind,
        "at": _told(held.at) if held.at else "",
        "review": words.day(held.review_by),
        "is_due": held.is_due(today),
    }


def _bundle_before(request: HttpRequest) -> dict[str, str]:
    """Return a bundle's name and weights, for a change of it."""
    wanted = request.GET.get("name", "")
    held = next((b.bundle for b in desk.bundles() if b.bundle.name == wanted), None)
    if held is None:
        return {}
    return {"name": held.name, "weights": "\n".join(f"{k} {w:g}" for k, w in held.weights)}
