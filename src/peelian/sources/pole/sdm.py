"""SDM JSON: documents of the Single Online Home Standard Data Model, in JSON:API's shape, to drafts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from peelian.errors import RecordError, SourceError
from peelian.records.catalogue import Catalogue, RecordType
from peelian.records.drafts import UNKNOWN, LinkDraft, RecordDraft
from peelian.records.formats import sdm_names
from peelian.sources.pole.feed import Batch, Refusal
from peelian.sources.pole.json_files import Made, cut, fingerprint, read_document

_RECORDS, _LINKS = "records", "links"


@dataclass(frozen=True, slots=True)
class SdmFeed:
    """One document: its ``data`` and what is ``included`` with it."""

    path: Path
    source: str
    catalogue: Catalogue
    resources: tuple[Mapping[str, Any], ...]

    def fingerprint(self) -> str:
        """The file's own digest."""
        return fingerprint(self.path)

    def parts(self) -> Sequence[str]:
        """The resources, then the relationships among them."""
        return (_RECORDS, _LINKS)

    def batches(self, part: str, after: int, size: int) -> Iterator[Batch]:
        """The document's resources, or their relationships."""
        return cut(self._records() if part == _RECORDS else self._links(), after, size)

    def _records(self) -> Iterator[Made]:
        for number, resource in enumerate(self.resources, 1):
            try:
                draft, dropped = _draft(resource, self.catalogue)
                yield number, draft.checked(self.catalogue)
            except RecordError as error:
                yield number, Refusal(number, str(error))
                continue
            for name in dropped:
                yield number, Refusal(number, f"attribute {name!r} of {resource['type']} is not ours: it is not kept")

    def _links(self) -> Iterator[Made]:
        for number, resource in enumerate(self.resources, 1):
            told = resource.get("relationships")
            for name, body in (told if isinstance(told, dict) else {}).items():
                for end in _ends(body):
                    try:
                        kind = sdm_names().ours("links", name)
                        detail = str(end.get("meta", {}).get("detail", "")) if isinstance(end.get("meta"), dict) else ""
                        yield number, LinkDraft(kind, _key(resource), _key(end), detail).checked(self.catalogue)
                    except RecordError as error:
                        yield number, Refusal(number, str(error))


def open_sdm(path: Path, source: str, catalogue: Catalogue) -> SdmFeed:
    """Return the feed of an SDM document.

    Raises
    ------
    SourceError
        When it is no JSON:API document.
    """
    document = read_document(path)
    data = document.get("data") if isinstance(document, dict) else None
    told = [*(data if isinstance(data, list) else [data] if data else []), *(_list(document, "included"))]
    if not told or not all(isinstance(r, dict) for r in told):
        raise SourceError(f'{path}: no JSON:API document; one has "data": a resource, or a list of them.')
    return SdmFeed(path, source, catalogue, tuple(told))


def _list(document: Any, name: str) -> list[Any]:  # noqa: ANN401 - any JSON
    told = document.get(name) if isinstance(document, dict) else None
    return told if isinstance(told, list) else []


def _key(resource: Mapping[str, Any]) -> str:
    kind, number = resource.get("type"), resource.get("id")
    if not isinstance(kind, str) or not isinstance(number, str | int) or not str(number):
        raise RecordError("a resource has a type and an id, and this one lacks one")
    return f"{kind}/{number}"


def _draft(resource: Mapping[str, Any], catalogue: Catalogue) -> tuple[RecordDraft, list[str]]:
    """Return a resource's draft, and the names of attributes that we have no property for."""
    key = _key(resource)
    kind = catalogue.type(sdm_names().ours("types", resource["type"]))
    values: dict[str, tuple[str | None, ...]] = {}
    dropped: list[str] = []
    attributes = resource.get("attributes")
    for name, told in (attributes if isinstance(attributes, dict) else {}).items():
        asked = next((ours for ours, word in sdm_names().known.items() if word == name), None)
        if asked in kind.properties:
            if told is False:
                values[asked or ""] = (UNKNOWN,)
        elif (ours := _property(kind, name)) is None:
            dropped.append(name)
        elif texts := tuple(_texts(told, ours)):
            values[ours] = texts
    return RecordDraft(kind.name, key, MappingProxyType(values)), dropped


def _property(kind: RecordType, name: str) -> str | None:
    ours = sdm_names().ours("properties", name)
    return ours if ours in kind.properties else None


def _texts(told: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield the texts of an attribute: one, a list of them, or a span of dates."""
    match told:
        case None | "":
            return
        case list():
            for each in told:
                yield from _texts(each, name)
        case {"dateFrom": first, **rest}:
            last = rest.get("dateTo")
            yield f"{first}/{last}" if last and last != first else str(first)
        case bool():
            yield "yes" if told else "no"
        case str() | int() | float():
            yield str(told)
        case _:
            raise RecordError(f"{name} is neither a text, a number, a list of them nor a span of dates")


def _ends(body: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - any JSON
    data = body.get("data") if isinstance(body, dict) else None
    for end in data if isinstance(data, list) else [data]:
        if isinstance(end, dict):
            yield end
