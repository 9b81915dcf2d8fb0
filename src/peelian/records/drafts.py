"""Drafts: records and links on their way into the store, as a file or a person tells them, not yet numbered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from peelian.errors import RecordError
from peelian.records.catalogue import Catalogue
from peelian.records.marking import Marking
from peelian.records.statements import Reliability
from peelian.records.writing import clean, written

#: What a draft gives in place of a value where it is known that nobody knows.
UNKNOWN = None
_LONGEST_KEY = 120


@dataclass(frozen=True, slots=True)
class RecordDraft:
    """A record as its source tells it. ``key`` is the source's own name for it: by it the record is found again."""

    type: str
    key: str
    values: Mapping[str, tuple[str | None, ...]]
    marking: Marking = field(default_factory=Marking)
    stated_at: datetime | None = None
    reliability: Reliability = Reliability.STATED

    def checked(self, catalogue: Catalogue) -> "RecordDraft":
        """Return the draft with every value as the store writes it, each once.

        Raises
        ------
        RecordError
            When the type, a property or a value cannot be right.
        """
        record_type = catalogue.type(self.type)
        _check_key(self.key)
        values: dict[str, tuple[str | None, ...]] = {}
        for name, given in self.values.items():
            prop = record_type.property(name)
            told = tuple(dict.fromkeys(UNKNOWN if v is UNKNOWN else written(prop, v) for v in given))
            if prop.single and len(told) > 1:
                raise RecordError(f"{name} holds one value, not {len(told)}: {', '.join(map(repr, told))}.")
            if UNKNOWN in told and len(told) > 1:
                raise RecordError(f"{name} is both given and unknown; leave one out.")
            if told:
                values[name] = told
        return RecordDraft(
            self.type, self.key, MappingProxyType(values), self.marking, self.stated_at, self.reliability
        )


@dataclass(frozen=True, slots=True)
class LinkDraft:
    """A link as its source tells it, between two records that it names by its own keys."""

    type: str
    start_key: str
    end_key: str
    detail: str = ""
    key: str = ""
    reliability: Reliability = Reliability.STATED

    def checked(self, catalogue: Catalogue) -> "LinkDraft":
        """Return the draft with its detail cleaned and a key of its own.

        Raises
        ------
        RecordError
            When the type is unknown, an end is missing or both ends are one record.
        """
        catalogue.link(self.type)
        _check_key(self.start_key)
        _check_key(self.end_key)
        if self.start_key == self.end_key:
            raise RecordError(f"link {self.type!r} ties record {self.start_key!r} to itself.")
        detail = clean(self.detail)
        if len(detail) > _LONGEST_KEY:
            raise RecordError(f"link {self.type!r}: a detail of {len(detail)} characters; at most {_LONGEST_KEY}.")
        key = self.key or f"{self.type}:{self.start_key}:{self.end_key}:{detail}"
        return LinkDraft(self.type, self.start_key, self.end_key, detail, key, self.reliability)


def _check_key(key: str) -> None:
    if not key or len(key) > _LONGEST_KEY or " ".join(clean(key).split()) != key:
        raise RecordError(f"key {key[:60]!r}: a source's name for a record has 1 to {_LONGEST_KEY} plain characters.")
