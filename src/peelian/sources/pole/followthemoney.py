"""FollowTheMoney JSON: one entity a line, to drafts. A phone or e-mail that is a property there is a record here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from peelian.errors import RecordError, SourceError
from peelian.records.catalogue import Catalogue
from peelian.records.drafts import LinkDraft, RecordDraft
from peelian.records.formats import read_table
from peelian.records.normal import email_key, phone_key
from peelian.sources.pole.feed import Batch, Refusal
from peelian.sources.pole.json_files import Made, cut, fingerprint

_RECORDS, _LINKS = "records", "links"
_LONGEST_LINE = 4 << 20


@dataclass(frozen=True, slots=True)
class FtmFeed:
    """One file of entities; ``kinds`` tells our type of each, by its id."""

    path: Path
    source: str
    catalogue: Catalogue
    kinds: Mapping[str, str]

    def fingerprint(self) -> str:
        """The file's own digest."""
        return fingerprint(self.path)

    def parts(self) -> Sequence[str]:
        """The entities that are records, then all that ties them."""
        return (_RECORDS, _LINKS)

    def batches(self, part: str, after: int, size: int) -> Iterator[Batch]:
        """The file's records, or its ties."""
        return cut(self._records() if part == _RECORDS else self._links(), after, size)

    def _records(self) -> Iterator[Made]:
        own_keys: set[str] = set()
        for number, entity in _entities(self.path):
            if isinstance(entity, Refusal):
                yield number, entity
                continue
            schema = str(entity["schema"])
            if schema in read_table("followthemoney")["links"]:
                continue
            kind = _kind_of(schema)
            if kind is None:
                yield number, Refusal(number, f"schema {schema!r} is none of ours")
                continue
            try:
                yield number, self._record(kind, entity).checked(self.catalogue)
                for key, own_type, own_property, value, _ in _own(entity):
                    if key not in own_keys:
                        own_keys.add(key)
                        yield (
                            number,
                            RecordDraft(own_type, key, MappingProxyType({own_property: (value,)})).checked(
                                self.catalogue
                            ),
                        )
            except RecordError as error:
                yield number, Refusal(number, str(error))

    def _record(self, kind: str, entity: Mapping[str, Any]) -> RecordDraft:
        names = read_table("followthemoney")["types"][kind]["properties"]
        values: dict[str, tuple[str | None, ...]] = {}
        for name, told in entity["properties"].items():
            if name in names:
                single = self.catalogue.type(kind).property(names[name]).single
                values[names[name]] = tuple(map(str, told[:1] if single else told))
        return RecordDraft(kind, str(entity["id"]), MappingProxyType(values))

    def _links(self) -> Iterator[Made]:
        table = read_table("followthemoney")
        for number, entity in _entities(self.path):
            if isinstance(entity, Refusal):
                continue  # told of with the records
            key, properties = str(entity["id"]), entity["properties"]
            ties: list[tuple[Mapping[str, str], str, str, str]] = []
            if schema := table["links"].get(entity["schema"]):
                starts, ends = (properties.get(end, []) for end in schema["ends"])
                detail = next(iter(properties.get(schema["detail"], [])), "")
                ties += [(schema["links"], str(s), str(e), str(detail)) for s in starts for e in ends]
            elif key in self.kinds:
                for own_key, _, _, _, link in _own(entity):
                    yield number, LinkDraft(link, key, own_key).checked(self.catalogue)
                for name, body in table["references"].items():
                    ties += [(body["links"], key, str(end), "") for end in properties.get(name, [])]
            for words, start, end, detail in ties:
                yield number, self._tie(number, words, start, end, detail)

    def _tie(self, number: int, words: Mapping[str, str], start: str, end: str, detail: str) -> LinkDraft | Refusal:
        pair = f"{self.kinds.get(start, '?')} {self.kinds.get(end, '?')}"
        if "?" in pair:
            return Refusal(number, "an end of the tie is none of the file's records")
        if pair not in words:
            return Refusal(number, f"we have no such tie from {pair.replace(' ', ' to ')}")
        try:
            return LinkDraft(words[pair], start, end, detail).checked(self.catalogue)
        except RecordError as error:
            return Refusal(number, str(error))


def open_ftm(path: Path, source: str, catalogue: Catalogue) -> FtmFeed:
    """Return the feed of a file of FollowTheMoney entities.

    Raises
    ------
    SourceError
        When it cannot be read, or holds no entity at all.
    """
    kinds: dict[str, str] = {}
    n_entities = 0
    for _, entity in _entities(path):
        if isinstance(entity, Refusal):
            continue
        n_entities += 1
        kind = _kind_of(str(entity["schema"]))
        if kind is not None:
            kinds[str(entity["id"])] = kind
    if not n_entities:
        raise SourceError(
            f'{path}: no FollowTheMoney entity; each line is one: {{"id": …, "schema": …, "properties": …}}.'
        )
    return FtmFeed(path, source, catalogue, MappingProxyType(kinds))


def _entities(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | Refusal]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1):
                if line.strip():
                    yield number, _entity(number, line)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error


def _entity(number: int, line: bytes) -> Mapping[str, Any] | Refusal:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return Refusal(number, "the line is no JSON")
    properties = told.get("properties") if isinstance(told, dict) else None
    if not isinstance(properties, dict) or not told.get("id") or not isinstance(told.get("schema"), str):
        return Refusal(number, "the line is no entity: one has an id, a schema and properties")
    if not all(isinstance(v, list) and all(isinstance(t, str | int | float) for t in v) for v in properties.values()):
        return Refusal(number, "a property is no list of texts")
    return {"id": told["id"], "schema": told["schema"], "properties": properties}


def _kind_of(schema: str) -> str | None:
    types = read_table("followthemoney")["types"]
    return next((kind for kind, body in types.items() if schema in body["schemata"]), None)


def _own(entity: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (key, type, property, value, link) of each value that is a record of its own here."""
    for name, (kind, prop, link) in read_table("followthemoney")["own"].items():
        for value in entity["properties"].get(name, []):
            key = phone_key(str(value)) if kind == "phone" else email_key(str(value))
            if key:
                yield f"{kind}:{key}"[:120], kind, prop, str(value), link
