"""The JSON interface itself: what every operation has in common, and how what cannot be answered is said."""

import inspect
import logging
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import isclass
from typing import Any, get_args

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from peelian.delivery import words
from peelian.errors import PeelianError
from peelian.records.scopes import Scope
from peelian.site.api import models
from peelian.site.api.callers import CLOSED, opened_by
from peelian.site.middleware import retry_after, status_of

log = logging.getLogger(__name__)

#: The media type of GeoJSON.
GEOJSON = "application/geo+json"


class Interface(NinjaAPI):
    """Says in its document what its library leaves out: the media type of GeoJSON."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:  # noqa: ANN401 - the library's own
        """Return the document; it is made once, since it changes with the program only."""
        if self._made is None:
            schema = super().get_openapi_schema(**options)
            for address, methods in schema["paths"].items():
                if address.endswith(".geojson"):
                    content = methods["get"]["responses"][200]["content"]
                    content[GEOJSON] = content.pop("application/json")
            self._made = schema
        return self._made

    _made: OpenAPISchema | None = None


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


@api.exception_handler(PeelianError)
def _refused(request: HttpRequest, error: PeelianError) -> HttpResponse:
    status = status_of(error)
    if status >= 500:  # noqa: PLR2004 - from here on it is ours, not the caller's
        log.error("%s %s: %s", request.method, request.path, error)
    return retry_after(_problem(request, status, str(error)), error)


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


def _query_names(view: View) -> frozenset[str]:
    """Return what may stand in an operation's query."""
    shapes = (p.annotation for p in inspect.signature(view).parameters.values())
    asked = (get_args(s)[0] for s in shapes if get_args(s))
    queries = (s for s in asked if isclass(s) and issubclass(s, models.Asked))
    return frozenset(name for shape in queries for name in shape.model_fields)
