"""Boxes as a layer for maps: OGC API - Features, part 1 (core, GeoJSON, OpenAPI 3.0), under /ogc/.

QGIS, ArcGIS and GDAL add it by its address. Two collections a level of areas, since boxes of boroughs and of wards lie
over each other: the forecast's boxes, and apart from them those that analysts added. Who may read it is asked as in the
JSON interface; a token may also come as the password of basic authorization, or in the query, for programs that can
send it no other way (docs/decisions/0067-tokens-and-layers.md).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import path

from peelian.delivery import words
from peelian.errors import NotFoundError, PeelianError
from peelian.forecasts.edits import EditKind
from peelian.records.scopes import Scope
from peelian.site.api import answers, ogc_query
from peelian.site.api.callers import Caller, basic_password, caller_of, signed_in, with_token
from peelian.site.api.ogc_document import document
from peelian.site.api.shelf import Shelf, Wanted
from peelian.site.middleware import log, retry_after, status_of
from peelian.store.night_boxes import NightKey

JSON, GEOJSON, OPENAPI = "application/json", "application/geo+json", "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson", "oas30")
)
#: How a collection's name begins: the forecast's boxes, and those that analysts added.
_BOXES, _ADDED = "boxes-", "added-"

View = Callable[..., HttpResponse]


def layer(scope: Scope | None, *parameters: str) -> Callable[[View], View]:
    """Mark a view with the scope it wants (None opens it to everybody) and with what may stand in its query."""

    def mark(view: View) -> View:
        @wraps(view)
        def held(request: HttpRequest, **parts: str) -> HttpResponse:
            if request.method not in ("GET", "HEAD"):
                return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
            try:
                if scope is not None:
                    caller = _caller(request)
                    if caller is None:
                        return _problem(401, "Send a token: as a bearer, as the password of basic authorization, or in "
                                        "the query as token=.")  # fmt: skip
                    caller.need(scope)
                    caller.count()
                    request.auth = caller  # type: ignore[attr-defined] # where the JSON interface puts it too
                ogc_query.need_known(request, *parameters)
                return view(request, **parts)
            except PeelianError as error:
                return retry_after(_problem(status_of(error), str(error)), error)
            except DatabaseError as error:
                log.error("%s: %s", request.path, error)
                return _problem(503, "Peelian cannot reach its store. Ask again in a while.")

        held.scope = scope  # type: ignore[attr-defined] # a mark on a function
        held.csrf_exempt = True  # type: ignore[attr-defined] # it only reads
        return held

    return mark


@layer(None)
def landing(request: HttpRequest) -> HttpResponse:
    """Say what is here and where it goes on."""
    links = [
        _link(request, "", "self", JSON, "This page"),
        _link(request, "api", "service-desc", OPENAPI, "The interface, as OpenAPI 3.0"),
        _link(request, "conformance", "conformance", JSON, "What it conforms to"),
        _link(request, "collections", "data", JSON, "Its layers"),
    ]
    said = "Boxes of nights that have not ended, two layers a level of areas: the forecast's, and analysts' own."
    return _json({"title": "Peelian: boxes", "description": f"{said} {words.NO_GROUND_ANY}", "links": links})


@layer(None)
def conformance(request: HttpRequest) -> HttpResponse:
    """Name the classes of the standard that hold here."""
    del request
    return _json({"conformsTo": list(CONFORMS_TO)})


@layer(None)
def api(request: HttpRequest) -> HttpResponse:
    """Return the interface as OpenAPI 3.0."""
    return _json(document(request.build_absolute_uri("/ogc")), OPENAPI)


@layer(Scope.NIGHTS)
def collections(request: HttpRequest) -> HttpResponse:
    """List the layers: two a level of areas."""
    shelf = Shelf(caller_of(request))
    told = [
        _collection(request, shelf, _Layer(stem, level, keys))
        for level, keys in _levels(shelf).items()
        for stem in (_BOXES, _ADDED)
    ]
    return _json({"links": [_link(request, "collections", "self", JSON, "These layers")], "collections": told})


@layer(Scope.NIGHTS)
def collection(request: HttpRequest, name: str) -> HttpResponse:
    """Describe one layer."""
    shelf = Shelf(caller_of(request))
    return _json(_collection(request, shelf, _layer(shelf, name)))


@layer(Scope.BOXES, *ogc_query.ITEMS)
def items(request: HttpRequest, name: str) -> HttpResponse:
    """Return the boxes of a layer that are asked for, a part at a time."""
    shelf = Shelf(caller_of(request))
    told = _layer(shelf, name)
    asked = ogc_query.items_asked(request, told.level)
    found = list(_features(shelf, told, asked.wanted))
    some = found[asked.offset : asked.offset + asked.limit]
    here = f"collections/{name}/items"
    links = [
        _link(request, here, "self", GEOJSON, "These boxes", request.GET.dict()),
        _link(request, f"collections/{name}", "collection", JSON, "The layer"),
    ]
    if asked.offset + asked.limit < len(found):
        onward = request.GET.dict() | {"limit": str(asked.limit), "offset": str(asked.offset + asked.limit)}
        links.append(_link(request, here, "next", GEOJSON, "The next boxes", onward))
    head = {
        "type": "FeatureCollection",
        "links": links,
        "timeStamp": shelf.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberMatched": len(found),
        "numberReturned": len(some),
    }
    return _answer(f'{_text(head)[:-1]},"features":[{",".join(some)}]}}', GEOJSON)


@layer(Scope.BOXES)
def item(request: HttpRequest, name: str, box_id: str) -> HttpResponse:
    """Return one box."""
    shelf = Shelf(caller_of(request))
    told = _layer(shelf, name)
    if told.stem == _ADDED:
        key, edit = shelf.added(box_id)
        feature = _text(answers.added_box(shelf, key, edit))
    else:
        key, box = shelf.box(box_id)
        feature = box.feature
    if key.level != told.level:
        raise NotFoundError(f"layer {name!r} has no box {box_id!r}.")
    links = [
        _link(request, f"collections/{name}/items/{box_id}", "self", GEOJSON, "This box"),
        _link(request, f"collections/{name}", "collection", JSON, "The layer"),
    ]
    return _answer(f'{feature[:-1]},"links":{_text(links)}}}', GEOJSON)


addresses = [
    path("", landing, name="landing"),
    path("api", api, name="api"),
    path("conformance", conformance, name="conformance"),
    path("collections", collections, name="collections"),
    path("collections/<str:name>", collection, name="collection"),
    path("collections/<str:name>/items", items, name="items"),
    path("collections/<str:name>/items/<str:box_id>", item, name="item"),
]


def _caller(request: HttpRequest) -> Caller | None:
    kind, _, told = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return with_token(told.strip())
    password = basic_password(request)
    if password is not None:
        return with_token(password)
    if ogc_query.TOKEN in request.GET:
        return with_token(request.GET[ogc_query.TOKEN])
    return signed_in(request)


def _levels(shelf: Shelf) -> dict[str, list[NightKey]]:
    """Return the newest nights by level, in which the caller sees an area."""
    found: dict[str, list[NightKey]] = {}
    for key in shelf.newest(Wanted()):
        if next(shelf.lines(key, Wanted(), only_valid=False), None) is not None:
            found.setdefault(key.level, []).append(key)
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class _Layer:
    """One collection: whose boxes, of which level, and the newest nights of that level."""

    stem: str
    level: str
    keys: list[NightKey]

    @property
    def name(self) -> str:
        """What it is called in addresses."""
        return f"{self.stem}{self.level}"

    @property
    def told(self) -> tuple[str, str]:
        """Title and description."""
        if self.stem == _ADDED:
            return f"Boxes added by analysts, by {self.level}", "Added to the forecast's by hand, each with its reason."
        return f"Boxes by {self.level}", f"Boxes of 250 metres or of the force's own size, chosen by {self.level}."


def _layer(shelf: Shelf, name: str) -> _Layer:
    stem = next((s for s in (_BOXES, _ADDED) if name.startswith(s)), "")
    level = name.removeprefix(stem)
    keys = _levels(shelf).get(level)
    if keys is None or not stem:
        raise NotFoundError(f"there is no layer {name!r}; /ogc/collections lists them.")
    return _Layer(stem, level, keys)


def _features(shelf: Shelf, told: _Layer, wanted: Wanted) -> Iterator[str]:
    if told.stem == _ADDED:
        added = (e for e in shelf.edits(wanted) if e[1].kind is EditKind.ADD)
        yield from (_text(answers.added_box(shelf, *e)) for e in added)
    else:
        yield from (box.feature for _, box in shelf.boxes(wanted))


def _collection(request: HttpRequest, shelf: Shelf, told: _Layer) -> dict[str, Any]:
    begins = None if Scope.HISTORY in shelf.caller.scopes else min(k.valid_from for k in told.keys).isoformat()
    bounds = list(_bounds(shelf, told.keys))
    title, description = told.told
    return {
        "id": told.name,
        "title": title,
        "description": f"{description} {words.NO_GROUND_ANY}",
        "itemType": "feature",
        "crs": [CRS84],
        "extent": {
            **({"spatial": {"bbox": [_around(bounds)], "crs": CRS84}} if bounds else {}),
            "temporal": {"interval": [[begins, max(k.valid_to for k in told.keys).isoformat()]], "trs": _GREGORIAN},
        },
        "links": [
            _link(request, f"collections/{told.name}", "self", JSON, "This layer"),
            _link(request, f"collections/{told.name}/items", "items", GEOJSON, "Its boxes"),
        ],
    }


def _bounds(shelf: Shelf, keys: list[NightKey]) -> Iterator[tuple[float, ...]]:
    """Yield the bounds of each area of the caller's, as its ground has them."""
    for key in keys:
        for told in shelf.folders.index(key.force, key.night, key.level)["areas"]:
            if shelf.caller.may_see(told["id"], key.force):
                yield tuple(shelf.folders.ground(key.force, key.night, key.level, told["slug"])["bounds"])


def _around(bounds: list[tuple[float, ...]]) -> list[float]:
    west, south, east, north = zip(*bounds, strict=True)
    return [min(west), min(south), max(east), max(north)]


def _link(
    request: HttpRequest, where: str, rel: str, kind: str, title: str, query: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return a link; it carries a token on that came in the query, since such programs only follow."""
    token = {ogc_query.TOKEN: request.GET[ogc_query.TOKEN]} if ogc_query.TOKEN in request.GET else {}
    asked = dict(query or {}) | token
    address = request.build_absolute_uri(f"/ogc/{where}") + (f"?{urlencode(asked)}" if asked else "")
    return {"href": address, "rel": rel, "type": kind, "title": title}


def _problem(status: int, detail: str) -> HttpResponse:
    answer = _answer(_text({"code": str(status), "description": detail}), JSON, status)
    if status == 401:  # noqa: PLR2004 - desktop programs ask for name and password on this
        answer["WWW-Authenticate"] = 'Basic realm="Peelian: any name, a token as password", charset="UTF-8"'
    return answer


def _json(told: object, kind: str = JSON) -> HttpResponse:
    return _answer(_text(told), kind)


def _answer(text: str, kind: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, content_type=kind, status=status)


def _text(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
