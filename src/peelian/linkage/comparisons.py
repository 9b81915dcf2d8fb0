"""How two persons are compared: for each value its levels of agreement, in words and in SQL.

A level carries two starting chances: ``m``, how often records of the same person agree so far, and ``u``, how often
records of two different people do. Its weight is log2(m / u) bits. Training replaces both where there are enough
records to learn from; the starting chances are for stores too small to learn from.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

#: Weights are kept in whole 65,536ths of a bit: sums are then exact in any order, and the last digits of a
#: chance learned on another machine change nothing.
GRAIN = 65_536


class Belonging(Enum):
    """Whose a value is: a person's own, a whole household's, or neither in particular."""

    OWN = "own"
    HOUSEHOLD = "household"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of agreement; the first that holds counts. ``is_rarity_weighed``: a rare value weighs more."""

    words: str
    sql: str
    m: float
    u: float
    is_rarity_weighed: bool = False

    @property
    def bits(self) -> float:
        """The level's weight: log2(m / u), above 0 where it speaks for the same person."""
        return in_grains(math.log2(self.m / self.u))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One value compared, best level first; the last level is all that is left. Nothing said on a side weighs 0."""

    name: str
    words: str
    column: str
    levels: tuple[Level, ...]
    belonging: Belonging = Belonging.NEITHER

    def with_chances(self, chances: Sequence[tuple[float, float]]) -> "Comparison":
        """Return the same comparison with another (m, u) for each level, in the order of the levels."""
        levels = zip(self.levels, chances, strict=True)
        return replace(self, levels=tuple(replace(level, m=m, u=u) for level, (m, u) in levels))


def in_grains(bits: float) -> float:
    """Return bits rounded to the grain in which weights are kept."""
    return round(bits * GRAIN) / GRAIN


def _same(column: str) -> str:
    return f'"{column}_l" = "{column}_r"'


def _alike(column: str, least: float) -> str:
    return f'jaro_winkler_similarity("{column}_l", "{column}_r") >= {least}'


def _edits(column: str, most: int) -> str:
    return f'damerau_levenshtein("{column}_l", "{column}_r") <= {most}'


def _among(column: str, other_column: str) -> str:
    """Among the other's words, or nearly the other's other name: given name and surname swapped and misspelt."""
    among = f'list_contains("words_r", "{column}_l") or list_contains("words_l", "{column}_r")'
    swapped = (
        f'jaro_winkler_similarity("{column}_l", "{other_column}_r") >= 0.92 '
        f'or jaro_winkler_similarity("{column}_r", "{other_column}_l") >= 0.92'
    )
    return f"{among} or {swapped}"


_INITIAL = '(length("given_l") = 1 or length("given_r") = 1) and substr("given_l", 1, 1) = substr("given_r", 1, 1)'
_SWAPPED = (
    'substr("born_l", 1, 4) = substr("born_r", 1, 4) and substr("born_l", 5, 2) = substr("born_r", 7, 2) '
    'and substr("born_l", 7, 2) = substr("born_r", 5, 2)'
)
_PART = 'contains("place_l", "place_r") or contains("place_r", "place_l")'


def _compared(
    name: str,
    words: str,
    m: float,
    u: float,
    *between: Level,
    belonging: Belonging = Belonging.NEITHER,
    is_rarity_weighed: bool = True,
) -> Comparison:
    """Return a comparison: "the same" (``m``, ``u``), the levels between, and "different", which takes what is left."""
    told = (Level("the same", _same(name), m, u, is_rarity_weighed), *between)
    left = (round(1.0 - sum(chances), 9) for chances in zip(*((level.m, level.u) for level in told), strict=True))
    return Comparison(name, words, name, (*told, Level("different", "ELSE", *left)), belonging)


GIVEN = _compared(
    "given",
    "given name",
    0.70,
    0.010,
    Level("a short form of the other", 'list_has_any("given_forms_l", "given_forms_r")', 0.10, 0.005),
    Level("spelt almost the same", _alike("given", 0.9), 0.08, 0.004),
    Level("the other's initial", _INITIAL, 0.02, 0.004),
    Level("found elsewhere in the other's name", _among("given", "family"), 0.04, 0.006),
    Level("spelt alike", _alike("given", 0.8), 0.02, 0.010),
    belonging=Belonging.OWN,
)
FAMILY = _compared(
    "family",
    "surname",
    0.75,
    0.002,
    Level("spelt almost the same", _alike("family", 0.92), 0.10, 0.001),
    Level("found elsewhere in the other's name", _among("family", "given"), 0.05, 0.003),
    Level("spelt alike", _alike("family", 0.84), 0.05, 0.003),
    belonging=Belonging.HOUSEHOLD,
)
BORN = _compared(
    "born",
    "date of birth",
    0.80,
    0.0001,
    Level("day and month swapped", _SWAPPED, 0.01, 0.00005),
    Level("one digit apart", _edits("born", 1), 0.10, 0.001),
    Level("two digits apart", _edits("born", 2), 0.04, 0.01),
    Level("the same year", 'substr("born_l", 1, 4) = substr("born_r", 1, 4)', 0.02, 0.01),
    belonging=Belonging.OWN,
)
SEX = _compared("sex", "sex", 0.98, 0.55, is_rarity_weighed=False)
OCCUPATION = _compared("occupation", "occupation", 0.80, 0.05)
PLACE = _compared(
    "place",
    "place",
    0.70,
    0.02,
    Level("spelt almost the same", _alike("place", 0.9), 0.10, 0.01),
    Level("one names part of the other", _PART, 0.02, 0.005),
    belonging=Belonging.HOUSEHOLD,
)
POSTCODE = _compared(
    "postcode",
    "postcode",
    0.60,
    0.0005,
    Level("one character apart", _edits("postcode", 1), 0.10, 0.0005),
    Level("the same sector", _same("sector"), 0.05, 0.001),
    Level("the same district", _same("district"), 0.07, 0.003),
    Level("the same area", _same("area"), 0.06, 0.02),
    belonging=Belonging.HOUSEHOLD,
)
ADDRESS = _compared(
    "address",
    "address",
    0.55,
    0.0003,
    Level("spelt almost the same", _alike("address", 0.92), 0.20, 0.001),
    Level("spelt alike", _alike("address", 0.84), 0.05, 0.005),
    belonging=Belonging.HOUSEHOLD,
)
PHONE = _compared(
    "phone",
    "phone number",
    0.60,
    0.0001,
    Level("one digit apart", _edits("phone", 1), 0.05, 0.0001),
    belonging=Belonging.HOUSEHOLD,
)
EMAIL = _compared(
    "email",
    "e-mail address",
    0.65,
    0.0001,
    Level("the same before the @", _same("email_user"), 0.05, 0.0002),
    Level("spelt almost the same", _alike("email", 0.92), 0.15, 0.0005),
    belonging=Belonging.OWN,
)
DOCUMENT = _compared(
    "document_number",
    "document number",
    0.85,
    0.00001,
    Level("one character apart", _edits("document_number", 1), 0.08, 0.0001),
    Level("two characters apart", _edits("document_number", 2), 0.03, 0.001),
    belonging=Belonging.OWN,
)

PERSON_COMPARISONS = (GIVEN, FAMILY, BORN, SEX, OCCUPATION, PLACE, POSTCODE, ADDRESS, PHONE, EMAIL, DOCUMENT)
