"""Exact keys: numbers that are given to one thing only, and rules that propose a pair for sharing one.

A rule needs no Splink and no training, and names its reason. What very many records share is dealt with so that
the pairs stay few: of a key that can have one owner only (a plate) each record is proposed with the first, and a
key that many people may use (a switchboard's number) proposes nothing. Both are said.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product

import polars as pl
from anyascii import anyascii

from peelian.linkage.names import name_words
from peelian.linkage.records import EntityType, LinkageRecords, values_of

#: Text that stands for "we do not know"; never a key.
_UNKNOWN = frozenset({"", "na", "none", "null", "unknown", "notknown", "nil", "tbc", "nfa", "withheld"})

_STREET_WORDS = {
    "street": "st",
    "road": "rd",
    "avenue": "ave",
    "lane": "ln",
    "drive": "dr",
    "close": "cl",
    "court": "ct",
    "crescent": "cres",
    "place": "pl",
    "square": "sq",
    "terrace": "ter",
    "gardens": "gdns",
    "flat": "flat",
    "apartment": "flat",
    "apt": "flat",
}
#: Keys of one record under one rule: more values than this are no person's.
_MOST_KEYS = 100
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_LEGAL_FORMS = frozenset({"co", "company", "corp", "inc", "limited", "llc", "llp", "ltd", "plc", "the"})


def code_key(text: str) -> str:
    """Return letters and digits only, in capitals: a document number, VIN, IMEI or company number."""
    key = re.sub(r"[^A-Z0-9]", "", anyascii(text).upper())
    return "" if key.lower() in _UNKNOWN or set(key) == {"0"} else key


def plate_key(text: str) -> str:
    """Return a plate without its blanks and dashes; a plate has at least two characters."""
    key = code_key(text)
    return key if len(key) > 1 else ""


@lru_cache(maxsize=100_000)
def phone_key(text: str) -> str:
    """Return a phone number in E.164, British unless it says otherwise; empty when it can be no number."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, "GB")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def email_key(text: str) -> str:
    """Return an e-mail address in lower case; empty when it is none."""
    key = text.strip().lower()
    return key if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", key) else ""


def address_key(text: str) -> str:
    """Return an address with one spelling for each kind of street and no punctuation."""
    words = re.findall(r"[a-z0-9]+", anyascii(text).lower())
    return " ".join(_STREET_WORDS.get(word, word) for word in words)


def organisation_key(text: str) -> str:
    """Return an organisation's name without punctuation and legal form."""
    words = re.findall(r"[a-z0-9]+", anyascii(text).lower().replace("&", " and ").replace("'", ""))
    key = " ".join(word for word in words if word not in _LEGAL_FORMS)
    return "" if key.replace(" ", "") in _UNKNOWN else key


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
