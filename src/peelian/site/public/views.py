"""The public's pages: which wards there are, and one ward."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from peelian.errors import NotFoundError
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.site.maps.drawings import ours
from peelian.site.pages import page
from peelian.site.rules import EVERYONE, allow
from peelian.store.night_folders import Document
from peelian.store.public import PublicStore


@allow(EVERYONE)
def places(request: HttpRequest) -> HttpResponse:
    """Return the forces with public pages; lead on where there is one."""
    store = PublicStore(site_settings().home)
    forces = store.forces()
    if len(forces) == 1:
        return HttpResponseRedirect(reverse("public-force", kwargs={"force": forces[0]}))
    return page(request, "public/places.html.j2", place="public", forces=[store.index(f) for f in forces])


@allow(EVERYONE)
def wards(request: HttpRequest, force: str) -> HttpResponse:
    """Return the wards of a force."""
    index = _shown(PublicStore(site_settings().home).index(force))
    return page(request, "public/wards.html.j2", place="public", index=index)


@allow(EVERYONE)
def ward(request: HttpRequest, force: str, ward: str) -> HttpResponse:
    """Return what is told of one ward and crime type."""
    store = PublicStore(site_settings().home)
    document = _shown(store.ward(force, ward))
    asked = request.GET.get("crime", "")
    kinds = document["kinds"]
    kind = next((k for k in kinds if k["kind"] == asked), kinds[0] if kinds else None)
    return page(
        request,
        "public/ward.html.j2",
        place="public",
        ward=document,
        kind={**kind, "chart": ours(kind["chart"])} if kind else None,
        map=ours(document["map"]),
        delay=site_settings().public.delay_days,
    )


def _shown(document: Document) -> Document:
    """Return a document whose last night is as long past as the delay asks; its job keeps that, and so do we.

    Raises
    ------
    NotFoundError
        When the night is too near: the settings' delay was made longer since.
    """
    delay = timedelta(days=max(site_settings().public.delay_days, 1))
    told = datetime.combine(date.fromisoformat(document["through"]), time.min, tzinfo=ZoneInfo("UTC"))
    if now() < told + delay:
        opens = (told + delay).date()
        raise NotFoundError(
            f"this page is not public yet; its nights will be long enough past on {opens.day} {opens:%B %Y}."
        )
    return document
