"""What every page of the desk shares: its parts by name, and who may change what speaks for all areas."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from peelian.errors import NotAllowedError
from peelian.records.access import Role
from peelian.site.pages import page
from peelian.site.rules import actor_of

DESK = frozenset({Role.ANALYST, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the desk; ``name`` is the name of its address."""

    name: str
    words: str


PARTS = (
    Part("desk", "Today"),
    Part("desk-boxes", "Boxes"),
    Part("desk-cards", "Purpose cards"),
    Part("desk-bundles", "Bundles"),
    Part("desk-shifts", "Shifts"),
    Part("desk-tactics", "Tactics"),
    Part("desk-models", "Models"),
    Part("desk-feeds", "Feeds"),
    Part("desk-nights", "Nights"),
    Part("desk-switch", "Off and on"),
)


def desk_page(request: HttpRequest, template: str, part: str, *, status: int = 200, **parts: object) -> HttpResponse:
    """Return a page of the desk."""
    actor = actor_of(request)
    parts_shown = [p for p in PARTS if p.name != "desk-switch" or actor.role == Role.ADMINISTRATOR]
    told = {"desk_parts": parts_shown, "desk_part": part, "speaks_for_all": actor.may_see(), **parts}
    return page(request, f"desk/{template}", status=status, place="desk", **told)


def need_all_areas(request: HttpRequest, *area_ids: str) -> None:
    """Refuse a change of what speaks for every area to an account of some; ``area_ids`` would do as well.

    Raises
    ------
    NotAllowedError
        When the account is for some areas only.
    """
    if not actor_of(request).may_see(*area_ids):
        raise NotAllowedError("this speaks for all areas, and your account is for some. Ask an analyst of all areas.")
