"""The shift's briefing: the words and maps of the printed one, on a page that prints the same."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from peelian.delivery import words
from peelian.errors import PublicationError
from peelian.records.access import STAFF
from peelian.site.clock import now
from peelian.site.maps.standing import LOOKS_BACK
from peelian.site.pages import page
from peelian.site.patrols.boxes import GivenArea, folders, night_of
from peelian.site.rules import actor_of, allow
from peelian.store.nights import switched_off


@allow(STAFF)
@require_GET
def briefing(request: HttpRequest, force: str, night: str, level: str, area: str) -> HttpResponse:
    """Return the briefing as a page: a sheet of A4 for each crime type that may be given."""
    given, kinds = _given(request, force, night, level, area)
    paper = folders().briefing_words(force, given.given.night, level, area)
    shown: dict[str, Any] = {**paper, "pages": [p for p in paper["pages"] if p["kind"] in kinds]}
    is_over = given.given.is_over(now())
    # The PDF was typeset with every type: where one may not be shown, the page alone leaves it out.
    is_whole = len(shown["pages"]) == len(paper["pages"]) and not is_over
    ended = words.instant(given.given.valid.end, given.given.zone, with_year=True) if is_over else ""
    return page(
        request, "patrol_briefing.html.j2", place="patrol", area=given, paper=shown, ended=ended, is_whole=is_whole
    )


def _given(request: HttpRequest, force: str, night: str, level: str, area: str) -> tuple[GivenArea, frozenset[str]]:
    """Return the area and the crime types that may be shown of it.

    Raises
    ------
    PublicationError
        When forecasts are switched off, or the night has ended and the reader does not look back.
    """
    actor, at = actor_of(request), now()
    given = night_of(force, night, level).area(actor, area)
    if given.given.is_over(at):
        if actor.role not in LOOKS_BACK:
            until = words.instant(given.given.valid.end, given.given.zone, with_year=True)
            raise PublicationError(f"these boxes ended {until}. They mean nothing now.")
        return given, frozenset(k["name"] for k in given.given.index["kinds"])
    off = switched_off(force)
    if off is not None:
        raise PublicationError(f"forecasts are switched off: {off.reason}")
    return given, frozenset(name for _, name in given.given.kinds(given, at))
