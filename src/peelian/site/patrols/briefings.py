"""The shift's briefing: the words and maps of the printed one, on a page that prints the same, and the PDF itself."""

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from peelian.delivery import words
from peelian.errors import NotFoundError, PublicationError
from peelian.records.access import STAFF, Role
from peelian.site.clock import now
from peelian.site.pages import page
from peelian.site.patrols.boxes import GivenArea, folders, night_of
from peelian.site.rules import actor_of, allow
from peelian.store.nights import switched_off

#: Who looks at a night after it has ended: to judge it, never to patrol by it.
JUDGES = STAFF - {Role.OFFICER}


@allow(STAFF)
@require_GET
def briefing(request: HttpRequest, force: str, night: str, level: str, area: str) -> HttpResponse:
    """Return the briefing as a page: a sheet of A4 for each crime type that may be given."""
    given, kinds = _given(request, force, night, level, area)
    paper = folders().briefing(force, given.given.night, level, area)
    shown: dict[str, Any] = {**paper, "pages": [p for p in paper["pages"] if p["kind"] in kinds]}
    is_over = given.given.is_over(now())
    ended = words.instant(given.given.valid.end, given.given.zone, with_year=True) if is_over else ""
    return page(request, "patrol_briefing.html.j2", place="patrol", area=given, paper=shown, ended=ended)


@allow(STAFF)
@require_GET
def briefing_pdf(request: HttpRequest, force: str, night: str, level: str, area: str) -> FileResponse:
    """Return the PDF that the night made."""
    given, kinds = _given(request, force, night, level, area)
    paper = folders().briefing(force, given.given.night, level, area)
    kept_back = [p["crime"] for p in paper["pages"] if p["kind"] not in kinds]
    if kept_back:
        # The paper was typeset with them: it is whole or not given.
        raise PublicationError(
            f"{words.joined(kept_back)}: no purpose card is valid today, and the printed briefing shows them. "
            "Print the page instead: it leaves them out."
        )
    first = folders().map(force, given.given.night, level, area, _any_kind(given))
    path = folders().file(force, given.given.night, first["view"]["briefing"])
    name = f"briefing-{given.given.night}-{area}.pdf"
    return FileResponse(path.open("rb"), content_type="application/pdf", filename=name)


def _given(request: HttpRequest, force: str, night: str, level: str, area: str) -> tuple[GivenArea, frozenset[str]]:
    """Return the area and the crime types that may be shown of it.

    Raises
    ------
    PublicationError
        When forecasts are switched off, or the night has ended and the reader does not judge nights.
    """
    actor, at = actor_of(request), now()
    given = night_of(force, night, level).area(actor, area)
    if given.given.is_over(at):
        if actor.role not in JUDGES:
            until = words.instant(given.given.valid.end, given.given.zone, with_year=True)
            raise PublicationError(f"these boxes ended {until}. They mean nothing now.")
        return given, frozenset(k["name"] for k in given.given.index["kinds"])
    off = switched_off(force)
    if off is not None:
        raise PublicationError(f"forecasts are switched off: {off.reason}")
    return given, frozenset(name for _, name in given.given.kinds(given, at))


def _any_kind(given: GivenArea) -> str:
    for told in given.given.index["maps"]:
        if told["area"] == given.slug:
            return str(told["kind"])
    raise NotFoundError(f"the night of {given.given.night} has no map of {given.name}.")
