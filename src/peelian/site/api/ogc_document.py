"""The layer's interface as an OpenAPI 3.0 document, as the standard wants it (requirements class "oas30")."""

from typing import Any

from peelian import __version__
from peelian.delivery import words
from peelian.site.api.ogc_query import DEFAULT, MOST, TOKEN

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
_PROBLEMS = {
    "400": "What was asked cannot be read",
    "401": "No token, or none that is good",
    "403": "Not in the token's scopes",
    "404": "Nothing has this address",
    "409": "Withheld: switched off, or without a valid purpose card",
    "429": "Asked too often",
    "503": "The store cannot be reached",
}


def document(address: str) -> dict[str, Any]:
    """Return the document for a site at ``address``."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Peelian: boxes as a layer",
            "version": __version__,
            "description": f"OGC API - Features, part 1: core. {words.NO_GROUND_ANY}",
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "paths": {
            "/": _get("getLandingPage", "What is here", _answer("Landing page", "landing"), is_open=True),
            "/api": _get("getApi", "This document", _answer("OpenAPI", "object", _OPENAPI), is_open=True),
            "/conformance": _get("getConformance", "Classes that hold", _answer("Classes", "classes"), is_open=True),
            "/collections": _get("getCollections", "The layers", _answer("Layers", "collections")),
            "/collections/{collectionId}": _get(
                "getCollection", "One layer", _answer("A layer", "collection"), "collectionId"
            ),
            "/collections/{collectionId}/items": _get(
                "getFeatures", "Boxes", _answer("Boxes", "features", _GEOJSON), "collectionId", *_ITEMS
            ),
            "/collections/{collectionId}/items/{featureId}": _get(
                "getFeature", "One box", _answer("A box", "feature", _GEOJSON), "collectionId", "featureId"
            ),
        },
        "components": {"parameters": _PARAMETERS, "schemas": _SCHEMAS, "securitySchemes": _WAYS},
    }


_JSON, _GEOJSON, _OPENAPI = "application/json", "application/geo+json", "application/vnd.oai.openapi+json;version=3.0"
_ITEMS = ("bbox", "datetime", "limit", "offset", "force", "area_id", "crime_type")


def _get(
    operation: str, summary: str, answer: dict[str, Any], *parameters: str, is_open: bool = False
) -> dict[str, Any]:
    problems = {k: v for k, v in _PROBLEMS.items() if not is_open or k in ("400", "503")}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{p}"} for p in (*parameters, "f")],
            "responses": {"200": answer, **{k: _answer(v, "problem") for k, v in problems.items()}},
            **({} if is_open else {"security": [{name: []} for name in _WAYS]}),
        }
    }


def _answer(description: str, schema: str, kind: str = _JSON) -> dict[str, Any]:
    told = {"$ref": f"#/components/schemas/{schema}"} if schema != "object" else {"type": "object"}
    return {"description": description, "content": {kind: {"schema": told}}}


def _query(name: str, description: str, schema: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema, **more}


def _object(required: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": {**required, **more}}


def _list_of(schema: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}


_WAYS = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "Any name; a token as the password."},
    "query": {"type": "apiKey", "in": "query", "name": TOKEN},
    "session": {"type": "apiKey", "in": "cookie", "name": "peelian_session"},
}
_PARAMETERS = {
    "collectionId": {"name": "collectionId", "in": "path", "required": True, "schema": _TEXT},
    "featureId": {"name": "featureId", "in": "path", "required": True, "schema": {**_TEXT, "maxLength": 400}},
    "f": _query("f", "The format; there is one.", {"type": "string", "enum": ["json"]}),
    "bbox": _query(
        "bbox",
        "Boxes that touch this rectangle: west,south,east,north in degrees (CRS84); heights are passed over.",
        {"type": "array", "oneOf": [{"minItems": n, "maxItems": n} for n in (4, 6)], "items": {"type": "number"}},
        style="form",
        explode=False,
    ),
    "datetime": _query(
        "datetime",
        "Boxes whose period holds the instant, or meets the interval (begin/end; .. is open). Without it, boxes of "
        "nights that have not ended; with it, ended ones too for who holds the scope history.",
        {"type": "string"},
        style="form",
        explode=False,
    ),
    "limit": _query(
        "limit",
        f"How many at a time; {MOST} at most, however many are asked for.",
        {"type": "integer", "minimum": 1, "default": DEFAULT},
    ),
    "offset": _query("offset", "How many to pass over.", {"type": "integer", "minimum": 0, "default": 0}),
    "force": _query("force", "A force's id.", _TEXT),
    "area_id": _query("area_id", "An area's id.", _TEXT),
    "crime_type": _query("crime_type", "A crime type, or the name of a bundle.", _TEXT),
}
_STRING, _OBJECT, _COUNT = {"type": "string"}, {"type": "object"}, {"type": "integer", "minimum": 0}
_SCHEMAS: dict[str, Any] = {
    "problem": _object({"code": _STRING}, description=_STRING),
    "link": _object({"href": _STRING, "rel": _STRING}, type=_STRING, title=_STRING),
    "landing": _object({"links": _list_of("link")}, title=_STRING, description=_STRING),
    "classes": _object({"conformsTo": {"type": "array", "items": _STRING}}),
    "collection": _object(
        {"id": _STRING, "links": _list_of("link")},
        title=_STRING,
        description=_STRING,
        extent=_OBJECT,
        itemType=_STRING,
        crs={"type": "array", "items": _STRING},
    ),
    "collections": _object({"links": _list_of("link"), "collections": _list_of("collection")}),
    "geometry": _object({"type": {"type": "string", "enum": ["Polygon"]}, "coordinates": {"type": "array"}}),
    "feature": _object(
        {
            "type": {"type": "string", "enum": ["Feature"]},
            "geometry": {"$ref": "#/components/schemas/geometry"},
            "properties": _OBJECT,
        },
        id=_STRING,
        links=_list_of("link"),
    ),
    "features": _object(
        {"type": {"type": "string", "enum": ["FeatureCollection"]}, "features": _list_of("feature")},
        links=_list_of("link"),
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched=_COUNT,
        numberReturned=_COUNT,
    ),
}
_SCHEMAS["geometry"]["properties"]["coordinates"]["items"] = {"type": "array", "items": {"type": "array"}}
