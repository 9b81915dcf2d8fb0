"""The first page, and what every page loads."""

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

from peelian import __version__
from peelian.records.access import Role
from peelian.site import assets
from peelian.site.pages import page
from peelian.site.rules import EVERYONE, actor_of, allow

_FOR_EVER = "public, max-age=31536000, immutable"


@allow(EVERYONE)
def home(request: HttpRequest) -> HttpResponse:
    """Lead each role to where its day begins; who has not signed in, to the public page."""
    starts = {
        Role.PUBLIC: "/public/",
        Role.OFFICER: "/patrol/",
        Role.EVALUATOR: "/morning/",
        Role.OVERSEER: "/audit/",
    }
    return HttpResponseRedirect(starts.get(actor_of(request).role, "/tonight/"))


@allow(EVERYONE)
def health(request: HttpRequest) -> HttpResponse:
    """Tell a watching program that the site and its store answer."""
    del request
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "well", "version": __version__})


@allow(EVERYONE)
def style(request: HttpRequest, seal: str) -> HttpResponse:
    """Return the style sheet."""
    del request, seal
    return HttpResponse(assets.style_sheet(), content_type="text/css", headers={"Cache-Control": _FOR_EVER})


@allow(EVERYONE)
def font(request: HttpRequest, name: str) -> HttpResponse:
    """Return a font."""
    del request
    content = assets.font(name)
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="font/woff2", headers={"Cache-Control": _FOR_EVER})


@allow(EVERYONE)
def explainer(request: HttpRequest) -> HttpResponse:
    """Return what the map is and what it cannot know, in two minutes."""
    return page(request, "explainer.html.j2")
