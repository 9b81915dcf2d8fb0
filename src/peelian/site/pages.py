"""How a page is answered: one call, one frame around it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from peelian.records.access import STAFF, Role
from peelian.records.marking import READERS
from peelian.site import kept
from peelian.site.clock import is_demonstration, now
from peelian.site.rules import actor_of


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the site, as the head of every page names it."""

    key: str
    words: str
    address: str
    roles: frozenset[Role]


#: The parts of the site in the order of the head; a part is shown to whom its rule lets in.
PLACES = (
    Place("tonight", "Tonight", "/tonight/", STAFF),
    Place("patrol", "Patrol", "/patrol/", frozenset({Role.SERGEANT, Role.OFFICER, Role.ANALYST, Role.ADMINISTRATOR})),
    Place("morning", "Morning after", "/morning/", STAFF),
    Place("desk", "Desk", "/desk/", frozenset({Role.ANALYST, Role.ADMINISTRATOR})),
    Place("records", "Records", "/records/", READERS),
    Place("audit", "Audit", "/audit/", frozenset({Role.OVERSEER, Role.ADMINISTRATOR})),
    Place("accounts", "Accounts", "/accounts/", frozenset({Role.ADMINISTRATOR})),
    Place("public", "For the public", "/public/", frozenset(Role)),
)


def page(request: HttpRequest, template: str, *, status: int = 200, place: str = "", **parts: object) -> HttpResponse:
    """Return a page from its template; ``place`` is the part of the site it belongs to."""
    actor = actor_of(request)
    context = {
        "actor": actor,
        "is_signed_in": actor.role != Role.PUBLIC,
        "places": [p for p in PLACES if actor.role in p.roles],
        "place": place,
        "language": "en-GB" if (spoken := translation.get_language() or "en") == "en" else spoken,
        "clock": now() if is_demonstration() else None,
        "is_kept": kept.is_kept(request),
        **parts,
    }
    return render(request, template, context, status=status, using="jinja2")
