"""The operations of the JSON interface, version 1. Each says its scope; none writes."""

import inspect
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import wraps
from inspect import isclass
from itertools import islice
from typing import Annotated, Any, get_args

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Path, Query
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from peelian import __version__
from peelian.delivery import words
from peelian.errors import PeelianError
from peelian.records.scopes import Scope
from peelian.site.api import answers, models
from peelian.site.api.callers import CLOSED, caller_of, opened_by
from peelian.site.api.shelf import Shelf, Wanted
from peelian.site.middleware import status_of
from peelian.store import nights as night_store
from peelian.store import runs as run_store
from peelian.store.night_boxes import NightBox, NightKey

log = logging.getLogger(__name__)

#: The media type of GeoJSON.
GEOJSON = "application/geo+json"


class Interface(NinjaAPI):
    """Says in its document what its library leaves out: the media type of GeoJSON."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:  # noqa: ANN401 - the library's own
        """Return the document."""
        schema = super().get_openapi_schema(**options)
        for address, methods in schema["paths"].items():
            if address.endswith(".geojson"):
                content = methods["get"]["responses"][200]["content"]
                content[GEOJSON] = content.pop("application/json")
        return schema


api = Interface(
    title="Peelian",
    version="1",
    description=(
        "Boxes, why they were chosen, and how they did. Forecasts are about places, never about people; "
        f"{words.NO_GROUND_ANY[0].lower()}{words.NO_GROUND_ANY[1:]} Every operation reads; none writes."
    ),
    auth=CLOSED,
    urls_namespace="api",
    docs_url=None,
    openapi_extra={"info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}},
)

#: What any operation may answer beside what was asked for.
_PROBLEMS = dict.fromkeys((400, 401, 403, 404, 409, 422, 429, 503), models.Problem)
View = Callable[..., Any]


def reads(path: str, answer: Any, scope: Scope | None) -> Callable[[View], View]:  # noqa: ANN401 - a shape of ``models``
    """Make an operation; ``scope`` None opens it to everybody, and that is said where it is made."""

    def mark(view: View) -> View:
        known = _query_names(view)

        @wraps(view)
        def held(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the view has them
            unknown = sorted(request.GET.keys() - known)
            if unknown:
                listed = ", ".join(sorted(known)) or "none"
                faults = [{"loc": ("query", name), "msg": f"unknown; known are {listed}"} for name in unknown]
                raise ValidationError(faults)
            return view(request, *args, **kwargs)

        says = "Open to everybody." if scope is None else f"Scope: `{scope.value}`."
        register = api.get(
            path,
            response={200: answer, **_PROBLEMS},
            auth=None if scope is None else opened_by(scope),
            summary=(view.__doc__ or "").partition(".")[0],
            description=f"{inspect.getdoc(view)}\n\n{says}",
            openapi_extra={"x-scope": None if scope is None else scope.value},
        )
        made: View = register(held)
        return made

    return mark


@reads("/health", models.Health, None)
def health(request: HttpRequest) -> models.Health:
    """Whether the site and its store answer."""
    del request
    night_store.KillSwitch.objects.exists()
    return models.Health(status="well", version=__version__)


@reads("/me", models.Self, Scope.NIGHTS)
def me(request: HttpRequest) -> models.Self:
    """Who asks, as the interface sees them."""
    caller = caller_of(request)
    actor = caller.actor
    return models.Self(name=actor.name, role=actor.role, areas=list(actor.areas), scopes=sorted(caller.scopes))


@reads("/nights", models.Nights, Scope.NIGHTS)
def nights(request: HttpRequest, query: Query[models.NightQuery]) -> models.Nights:
    """Nights that have not ended, newest first. With `night`, that night, ended or not (`history`)."""
    shelf, wanted = Shelf(caller_of(request)), Wanted(**query.model_dump())
    return models.Nights(items=[answers.night(shelf, k) for k in shelf.keys(wanted)])


@reads("/nights/all", models.Nights, Scope.HISTORY)
def all_nights(request: HttpRequest, query: Query[models.RunQuery]) -> models.Nights:
    """Every published night, newest first, those that have ended too."""
    shelf = Shelf(caller_of(request))
    keys = islice(shelf.every(Wanted(force=query.force)), query.limit)
    return models.Nights(items=[answers.night(shelf, k) for k in keys])


@reads("/areas", models.Areas, Scope.NIGHTS)
def areas(request: HttpRequest, query: Query[models.NightQuery]) -> models.Areas:
    """Areas that have maps. Those of the caller only."""
    return models.Areas(items=list(answers.areas(Shelf(caller_of(request)), Wanted(**query.model_dump()))))


@reads("/crime-types", models.CrimeTypes, Scope.NIGHTS)
def crime_types(request: HttpRequest, query: Query[models.NightQuery]) -> models.CrimeTypes:
    """Crime types and bundles that have maps."""
    return models.CrimeTypes(items=list(answers.crime_types(Shelf(caller_of(request)), Wanted(**query.model_dump()))))


@reads("/maps", models.Maps, Scope.BOXES)
def maps(request: HttpRequest, query: Query[models.MapQuery]) -> models.Maps:
    """Maps of the nights that have not ended. One an area and crime type."""
    shelf, wanted = Shelf(caller_of(request)), Wanted(**query.model_dump())
    return models.Maps(
        items=[answers.map_line(m) for m in shelf.maps(wanted)], withheld=answers.withheld(shelf, wanted)
    )


@reads("/maps/{map_id}", models.MapWhole, Scope.BOXES)
def one_map(request: HttpRequest, map_id: Annotated[models.Id, Path()]) -> models.MapWhole:
    """One map: its sentences, its coverage beside what it expects, its shading, its purpose."""
    shelf = Shelf(caller_of(request))
    return answers.map_whole(shelf, shelf.map(map_id))


@reads("/boxes", models.Boxes, Scope.BOXES)
def boxes(request: HttpRequest, query: Query[models.BoxQuery]) -> HttpResponse:
    """Boxes that are valid now or will be. None where forecasts are switched off or a purpose card has expired."""
    shelf = Shelf(caller_of(request))
    found, beside = _part(request, shelf, query)
    return _json(_text({"items": [answers.box(shelf, *f) for f in found], **beside}))


@reads("/boxes.geojson", models.BoxCollection, Scope.BOXES)
def boxes_geojson(request: HttpRequest, query: Query[models.BoxQuery]) -> HttpResponse:
    """The same boxes as GeoJSON. RFC 7946, WGS84."""
    found, beside = _part(request, Shelf(caller_of(request)), query)
    head = _text({"type": "FeatureCollection", "note": words.NO_GROUND_ANY, **beside})
    features = ",".join(box.feature for _, box in found)
    return _json(f'{head[:-1]},"features":[{features}]}}', GEOJSON)


@reads("/boxes/{box_id}", models.Box, Scope.BOXES)
def one_box(request: HttpRequest, box_id: Annotated[models.Id, Path()]) -> HttpResponse:
    """One box. Refused with the reason where it has ended, is switched off or has no purpose card."""
    shelf = Shelf(caller_of(request))
    return _json(_text(answers.box(shelf, *shelf.box(box_id))))


@reads("/boxes/{box_id}/why", models.Why, Scope.BOXES)
def why(request: HttpRequest, box_id: Annotated[models.Id, Path()]) -> models.Why:
    """Why a box was chosen: the past crimes behind it, each with its exact share, age and distance."""
    shelf = Shelf(caller_of(request))
    _, found = shelf.box(box_id)
    return answers.why(shelf, found)


@reads("/scores", models.Scores, Scope.SCORES)
def scores(request: HttpRequest, query: Query[models.ScoreQuery]) -> models.Scores:
    """How boxes did, last and pooled, beside every baseline. Of the newest night, or of the one named; never off."""
    shelf = Shelf(caller_of(request))
    wanted = Wanted(**query.model_dump(exclude={"limit", "offset"}))
    lines = (m for key in shelf.newest(wanted) for m in shelf.lines(key, wanted, only_valid=False))
    some = islice(lines, query.offset, query.offset + query.limit)
    return models.Scores(items=[s for s in (answers.score(shelf, m) for m in some) if s is not None])


@reads("/purpose-cards", models.Cards, Scope.CARDS)
def purpose_cards(request: HttpRequest, query: Query[models.Nothing]) -> models.Cards:
    """What maps are for, who answers for them, and when that ends."""
    del query
    shelf = Shelf(caller_of(request))
    return models.Cards(items=[answers.card(shelf, c) for _, c in sorted(night_store.cards().items())])


@reads("/runs", models.Runs, Scope.RUNS)
def runs(request: HttpRequest, query: Query[models.RunQuery]) -> models.Runs:
    """How the nightly job went, newest first."""
    caller_of(request)
    return models.Runs(items=[models.Run(**asdict(r)) for r in run_store.newest(query.force, most=query.limit)])


@api.exception_handler(PeelianError)
def _refused(request: HttpRequest, error: PeelianError) -> HttpResponse:
    status = status_of(error)
    if status >= 500:  # noqa: PLR2004 - from here on it is ours, not the caller's
        log.error("%s %s: %s", request.method, request.path, error)
    return _problem(request, status, str(error))


@api.exception_handler(ValidationError)
def _asked_wrongly(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [
        models.Fault(where=" ".join(str(part) for part in fault["loc"]), message=fault["msg"]) for fault in error.errors
    ]
    return _problem(request, 422, "What was asked cannot be understood.", faults)


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    del error
    answer = _problem(request, 401, "Send a token (Authorization: Bearer ...), or sign in to the site first.")
    answer["WWW-Authenticate"] = 'Bearer realm="peelian"'
    return answer


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _problem(request, error.status_code, str(error))


@api.exception_handler(Http404)
def _nothing(request: HttpRequest, error: Http404) -> HttpResponse:
    del error
    return _problem(request, 404, "Nothing has this address. The document is at /api/v1/openapi.json.")


@api.exception_handler(DatabaseError)
def _unreachable(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    log.error("%s %s: %s", request.method, request.path, error)
    return _problem(request, 503, "Peelian cannot reach its store. Ask again in a while.")


def _problem(request: HttpRequest, status: int, detail: str, errors: Sequence[models.Fault] = ()) -> HttpResponse:
    told = models.Problem(detail=detail, errors=list(errors)).model_dump()
    return api.create_response(request, told, status=status)


def _part(
    request: HttpRequest, shelf: Shelf, query: models.BoxQuery
) -> tuple[list[tuple[NightKey, NightBox]], dict[str, Any]]:
    """Return the boxes asked for, and what is said beside them."""
    wanted = Wanted(**query.model_dump(exclude={"limit", "offset"}))
    found = list(shelf.boxes(wanted))
    beside = {
        "number_matched": len(found),
        "next": answers.next_page(request, len(found), query.limit, query.offset),
        "withheld": [w.model_dump(mode="json") for w in answers.withheld(shelf, wanted)],
    }
    return found[query.offset : query.offset + query.limit], beside


def _json(text: str, media_type: str = "application/json") -> HttpResponse:
    return HttpResponse(text, content_type=f"{media_type}; charset=utf-8" if media_type != GEOJSON else media_type)


def _text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _query_names(view: View) -> frozenset[str]:
    """Return what may stand in an operation's query."""
    shapes = (p.annotation for p in inspect.signature(view).parameters.values())
    asked = (get_args(s)[0] for s in shapes if get_args(s))
    queries = (s for s in asked if isclass(s) and issubclass(s, models.Asked))
    return frozenset(name for shape in queries for name in shape.model_fields)
