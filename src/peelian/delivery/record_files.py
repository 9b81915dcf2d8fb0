"""Records as files for another program: CSV with the mapping that reads it, SDM JSON, FollowTheMoney JSON."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from peelian.records.catalogue import Catalogue, Kind
from peelian.records.drafts import LinkDraft, RecordDraft
from peelian.records.formats import read_table, sdm_names

#: Between several values of one cell, and for "nobody knows": marks that no keyboard types.
SEPARATOR, UNKNOWN_MARK = "␞", "␀"


def csv_rows(catalogue: Catalogue, kind: str, records: Iterable[RecordDraft] | None) -> str:
    """Return records of one type as CSV lines; the line of column names where ``records`` is None."""
    names = list(catalogue.type(kind).properties)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if records is None:
        writer.writerow(["key", "area", *names])
    for draft in records or ():
        cells = (SEPARATOR.join(UNKNOWN_MARK if v is None else v for v in draft.values.get(n, ())) for n in names)
        writer.writerow([draft.key, draft.marking.area, *cells])
    return out.getvalue()


def csv_links(links: Iterable[LinkDraft] | None) -> str:
    """Return links as CSV lines; the line of column names where ``links`` is None."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if links is None:
        writer.writerow(["start", "end", "detail"])
    for link in links or ():
        writer.writerow([link.start_key, link.end_key, link.detail])
    return out.getvalue()


def csv_mapping(catalogue: Catalogue, kinds: Sequence[str], links: Sequence[str], source: str) -> str:
    """Return the mapping that reads an export in CSV again."""
    lines = [f"source = {json.dumps(source)}", f"unknown = [{json.dumps(UNKNOWN_MARK, ensure_ascii=False)}]"]
    for kind in kinds:
        lines += ["", "[[records]]", f'file = "records-{kind}.csv"', f'type = "{kind}"', 'key = "key"', 'area = "area"']
        lines += ["", "[records.values]"]
        for name, prop in catalogue.type(kind).properties.items():
            split = "" if prop.single or prop.kind is Kind.POINT else f', split = "{SEPARATOR}"'
            lines.append(f'{name} = {{ columns = "{name}"{split} }}')
    for name in links:
        lines += ["", "[[links]]", f'file = "links-{name}.csv"', f'type = "{name}"']
        lines += ['start = "start"', 'end = "end"', 'detail = "detail"']
    return "\n".join(lines) + "\n"


def sdm_resource(catalogue: Catalogue, draft: RecordDraft, links: Sequence[LinkDraft], types: Mapping[str, str]) -> Any:  # noqa: ANN401 - a JSON value
    """Return a record as an SDM resource; ``types`` gives our type of each key that a link leads to."""
    names = sdm_names()
    kind = catalogue.type(draft.type)
    attributes: dict[str, Any] = {}
    for name, values in draft.values.items():
        if values == (None,):
            if name in names.known:
                attributes[names.known[name]] = False
            continue
        told = [_sdm_value(kind.property(name).kind, str(v)) for v in values]
        attributes[names.theirs("properties", name)] = told[0] if kind.property(name).single else told
    relationships: dict[str, Any] = {}
    for link in links:
        end: dict[str, Any] = {"type": names.theirs("types", types[link.end_key]), "id": link.end_key}
        if link.detail:
            end["meta"] = {"detail": link.detail}
        relationships.setdefault(names.theirs("links", link.type), {"data": []})["data"].append(end)
    resource = {"type": names.theirs("types", draft.type), "id": draft.key, "attributes": attributes}
    return resource | ({"relationships": relationships} if relationships else {})


def _sdm_value(kind: Kind, text: str) -> Any:  # noqa: ANN401 - a JSON value
    if kind is Kind.DATE:
        first, _, last = text.partition("/")
        return {"dateFrom": first, "dateTo": last or first}
    return text


def ftm_entities(draft: RecordDraft) -> Iterator[Mapping[str, Any]]:
    """Yield a record as FollowTheMoney's entity; nothing where it has no schema for it."""
    body = read_table("followthemoney")["types"].get(draft.type)
    if body is None:
        return
    properties = {}
    for theirs, ours in body["properties"].items():
        told = [v for v in draft.values.get(ours, ()) if v is not None]
        if told:
            properties[theirs] = told
    if draft.type == "person" and "name" not in properties:
        parts = [v for name in ("given-name", "surname") for v in draft.values.get(name, ())[:1] if v]
        if parts:
            properties["name"] = [" ".join(parts)]
    yield {"id": draft.key, "schema": body["schemata"][0], "properties": properties}


def ftm_link(link: LinkDraft, types: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Return a link as FollowTheMoney's entity; None where it has no schema for it."""
    pair = f"{types[link.start_key]} {types[link.end_key]}"
    for schema, body in read_table("followthemoney")["links"].items():
        if body["links"].get(pair) == link.type:
            start, end = body["ends"]
            properties = {start: [link.start_key], end: [link.end_key]}
            if link.detail:
                properties[body["detail"]] = [link.detail]
            key = f"{link.type}:{link.start_key}:{link.end_key}:{link.detail}"
            return {"id": key, "schema": schema, "properties": properties}
    return None
