"""Exact keys: numbers that are given to one thing only, and rules that propose a pair for sharing one.

A rule needs no Splink and no training, and names its reason. What very many records share is dealt with so that
the pairs stay few: of a key that can have one owner only (a plate) each record is proposed with the first, and a
key that many people may use (a switchboard's number) proposes nothing. Both are said.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, product

import polars as pl

from peelian.linkage.names import name_words
from peelian.linkage.records import EntityType, LinkageRecords, values_of
from peelian.records import normal

#: Text that stands for "we do not know"; never a key.
_UNKNOWN = frozenset({"NA", "NONE", "NULL", "UNKNOWN", "NOTKNOWN", "NIL", "TBC", "NFA", "WITHHELD"})
_LEGAL_FORMS = frozenset({"and", "co", "company", "corp", "inc", "limited", "llc", "llp", "ltd", "plc", "the"})
#: Digits of a phone number with its country, by E.164.
_SHORTEST_PHONE, _LONGEST_PHONE = 8, 15
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
#: Keys of one record under one rule: more values than this are no person's.
_MOST_KEYS = 100
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")


def code_key(text: str) -> str:
    """Return letters and digits only, in capitals: a document number, VIN, IMEI, postcode or company number."""
    key = normal.reference_key(text)
    return "" if key in _UNKNOWN or set(key) == {"0"} else key


def plate_key(text: str) -> str:
    """Return a plate's letters and digits; O and 0, I and 1 count as the same. A plate has two at least."""
    return normal.plate_key(text) if len(code_key(text)) > 1 else ""


def phone_key(text: str) -> str:
    """Return a phone number's digits with its country's, British unless it says otherwise; empty where it is none."""
    key = normal.phone_key(text)
    return key if _SHORTEST_PHONE <= len(key) <= _LONGEST_PHONE and len(set(key)) > 1 else ""


def email_key(text: str) -> str:
    """Return an e-mail address in lower case; empty when it is none."""
    key = normal.email_key(text)
    return key if _MAILBOX.fullmatch(key) else ""


def address_key(text: str) -> str:
    """Return an address with one spelling for each kind of street and no punctuation."""
    return " ".join(normal.address_words(text))


def organisation_key(text: str) -> str:
    """Return an organisation's name without punctuation and legal form."""
    words = [word for word in normal.words_of(text) if word not in _LEGAL_FORMS]
    return "" if "".join(words).upper() in _UNKNOWN else " ".join(words)


def name_key(text: str) -> str:
    """Return a name in lower case and plain letters, without titles."""
    return " ".join(name_words(text))


def born_key(text: str) -> str:
    """Return a date as ``yyyymmdd``, possible or not; empty where it has not that shape."""
    found = _DATE.fullmatch(text.strip()[:10])
    return "".join(found.groups()) if found else ""


@dataclass(frozen=True, slots=True)
class ExactRule:
    """Two records with the same key in every one of ``columns`` are proposed, for ``reason``.

    ``has_one_owner``: only one person or thing can have the key, however many records carry it.
    """

    reason: str
    columns: tuple[tuple[str, Callable[[str], str]], ...]
    has_one_owner: bool = True


RULES: dict[EntityType, tuple[ExactRule, ...]] = {
    EntityType.PERSON: (
        ExactRule("same document number", (("document_number", code_key),)),
        ExactRule("same e-mail address", (("email", email_key),), has_one_owner=False),
        ExactRule("same phone number", (("phone", phone_key),), has_one_owner=False),
        ExactRule(
            "same name, date of birth and postcode",
            (
                ("given_name", name_key),
                ("surname", name_key),
                ("date_of_birth", born_key),
                ("postcode", code_key),
            ),
        ),
    ),
    EntityType.ORGANISATION: (
        ExactRule("same company number", (("company_number", code_key),)),
        ExactRule("same e-mail address", (("email", email_key),), has_one_owner=False),
        ExactRule("same phone number", (("phone", phone_key),), has_one_owner=False),
        ExactRule("same name and postcode", (("name", organisation_key), ("postcode", code_key))),
    ),
    EntityType.ADDRESS: (
        ExactRule("same UPRN", (("uprn", code_key),)),
        ExactRule("same address and postcode", (("address", address_key), ("postcode", code_key))),
    ),
    EntityType.VEHICLE: (
        ExactRule("same registration plate", (("plate", plate_key),)),
        ExactRule("same vehicle identification number", (("vin", code_key),)),
    ),
    EntityType.PHONE: (
        ExactRule("same phone number", (("phone", phone_key),)),
        ExactRule("same IMEI", (("imei", code_key),)),
    ),
}


def exact_pairs(records: LinkageRecords, most_sharing: int) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return pairs (``left_id < right_id``) with ``reasons`` in order of the rules, and in words what was cut short.

    Up to ``most_sharing`` records that share a key are proposed each with each other.
    """
    found: list[pl.DataFrame] = []
    cut: list[str] = []
    for place, rule in enumerate(RULES[records.entity_type]):
        keyed = _keyed(records, rule)
        size = pl.len().over("key")
        few, many = keyed.filter(size.is_between(2, most_sharing)), keyed.filter(size > most_sharing)
        pairs = [few.join(few, on="key", suffix="_r").filter(pl.col("record_id") < pl.col("record_id_r"))]
        if many.height:
            first = many.group_by("key", maintain_order=True).agg(pl.col("record_id").min(), count=pl.len())
            cut += [_cut(rule, record_id, count) for _, record_id, count in first.sort("record_id").rows()]
            if rule.has_one_owner:
                star = first.select("record_id", "key").join(many, on="key", suffix="_r")
                pairs.append(star.filter(pl.col("record_id") != pl.col("record_id_r")))
        found += [
            each.select(left_id="record_id", right_id="record_id_r", place=pl.lit(place), reason=pl.lit(rule.reason))
            for each in pairs
        ]
    pairs_with_reasons = (
        pl.concat(found)
        .unique()
        .sort("left_id", "right_id", "place")
        .group_by("left_id", "right_id", maintain_order=True)
        .agg(reasons="reason")
    )
    return pairs_with_reasons, tuple(cut)


def _cut(rule: ExactRule, record_id: str, count: int) -> str:
    what = "each is proposed with it alone" if rule.has_one_owner else "it tells none of them apart"
    return f"{rule.reason} as record {record_id}: {count:,} records share it; {what}."


def _keyed(records: LinkageRecords, rule: ExactRule) -> pl.DataFrame:
    """Every key that a record has under a rule: one for each value, or for each choice of one value a column."""
    texts = [records.table.get_column(column).to_list() for column, _ in rule.columns]
    found = []
    for record_id, *said in zip(records.table.get_column("record_id"), *texts, strict=True):
        parts = [
            sorted({part for value in values_of(text) if (part := key(value))})
            for text, (_, key) in zip(said, rule.columns, strict=True)
        ]
        found += [(record_id, " | ".join(choice)) for choice in islice(product(*parts), _MOST_KEYS)]
    return pl.DataFrame(found, schema={"record_id": pl.String(), "key": pl.String()}, orient="row")
