"""A made-up society of people, homes, vehicles, phones and crimes: to measure how a store of records grows.

Nobody in it lives. Names, streets and words follow Zipf's law, as real ones do: a few are very common, most are rare.
Each record is the same whatever others are made; its key tells its kind and number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from peelian.records.drafts import LinkDraft, RecordDraft

#: Shares of a hundred records: of a force's store, about.
_SHARES = {"person": 25, "address": 20, "vehicle": 15, "phone": 15, "email": 5, "crime": 20}
_STARTS = (
    "b",
    "br",
    "c",
    "ch",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "th",
    "v",
    "w",
)
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ee", "oo")
_ENDS = ("", "", "", "l", "m", "n", "nd", "ng", "r", "rd", "s", "ss", "t", "tt", "ck")
_SUFFIXES = ("", "", "", "son", "ton", "ley", "ham", "ford", "well", "man", "er", "s")
_STREETS = ("Street", "Road", "Avenue", "Lane", "Close", "Drive", "Court", "Grove")
_CRIMES = (
    *("Violence and sexual offences", "Public order", "Criminal damage and arson", "Burglary", "Vehicle crime"),
    *("Other theft", "Shoplifting", "Robbery", "Bicycle theft", "Theft from the person"),
)
_BEGAN = datetime(2021, 1, 1, tzinfo=UTC)
_DAYS = 5 * 365
_MANCHESTER = (385_000.0, 398_000.0)


@dataclass(frozen=True, slots=True)
class Words:
    """Made-up words from the commonest to the rarest, and how often each falls."""

    words: tuple[str, ...]
    odds: NDArray[np.float64]

    def draw(self, rng: np.random.Generator, size: int) -> list[str]:
        """Return words drawn by Zipf's law."""
        return [self.words[i] for i in np.searchsorted(self.odds, rng.random(size))]


@dataclass(frozen=True, slots=True)
class Society:
    """How many records there are and from what seed; the words of their names are its own."""

    n_records: int = 500_000
    seed: int = 1829

    def count(self, kind: str) -> int:
        """How many records of a kind there are."""
        return self.n_records * _SHARES[kind] // 100

    def words(self) -> tuple[Words, Words, Words, Words]:
        """Given names, surnames, streets and words of narratives."""
        rng = np.random.default_rng([self.seed, 0])
        given = _words(rng, 3_000, 2, 0.8)
        return given, _words(rng, 40_000, 3, 0.9), _words(rng, 4_000, 3, 0.6), _words(rng, 12_000, 3, 1.0)

    def records(self) -> Iterator[RecordDraft]:
        """Yield every record."""
        given, surnames, streets, words = self.words()
        rng = np.random.default_rng([self.seed, 1])
        for n, first, last, birth in zip(
            range(self.count("person")),
            given.draw(rng, self.count("person")),
            surnames.draw(rng, self.count("person")),
            rng.integers(0, 70 * 365, self.count("person")),
            strict=True,
        ):
            born = datetime(1938, 1, 1, tzinfo=UTC) + timedelta(days=int(birth))
            yield _draft("person", n, given_name=first.title(), surname=last.title(), date_of_birth=f"{born:%Y-%m-%d}")
        yield from self._addresses(rng, streets)
        yield from self._objects(rng, given, surnames)
        yield from self._crimes(rng, words)

    def links(self) -> Iterator[LinkDraft]:
        """Yield who lives where, whose phone and vehicle it is, and where each crime happened."""
        rng = np.random.default_rng([self.seed, 2])
        for kind, link, end in (
            ("person", "lives-at", "address"),
            ("crime", "occurred-at", "address"),
        ):
            for n, at in enumerate(rng.integers(0, self.count(end), self.count(kind))):
                yield LinkDraft(link, f"{kind}/{n}", f"{end}/{at}")
        for link, end in (("has-phone", "phone"), ("has-vehicle", "vehicle")):
            for n, at in enumerate(rng.integers(0, self.count("person"), self.count(end))):
                yield LinkDraft(link, f"person/{at}", f"{end}/{n}")

    def _addresses(self, rng: np.random.Generator, streets: Words) -> Iterator[RecordDraft]:
        size = self.count("address")
        names = streets.draw(rng, size)
        kinds, numbers = rng.integers(0, len(_STREETS), size), rng.integers(1, 250, size)
        east, north = (rng.normal(centre, 6_000, size) for centre in _MANCHESTER)
        sector, unit = rng.integers(1, 100, size), rng.integers(0, 9 * 676, size)
        for n in range(size):
            code = f"M{sector[n]} {unit[n] // 676 + 1}{_letter(unit[n] // 26)}{_letter(unit[n])}"
            yield _draft(
                "address",
                n,
                address=f"{numbers[n]} {names[n].title()} {_STREETS[kinds[n]]}",
                postcode=code,
                point=f"EPSG:27700 {east[n]:.1f} {north[n]:.1f} exact",
            )

    def _objects(self, rng: np.random.Generator, given: Words, surnames: Words) -> Iterator[RecordDraft]:
        size = self.count("vehicle")
        letters, years = rng.integers(0, 26, (size, 5)), rng.integers(1, 75, size)
        for n in range(size):
            plate = f"{_letters(letters[n, :2])}{years[n]:02d} {_letters(letters[n, 2:])}"
            yield _draft("vehicle", n, registration=plate, make="Ford", model=("Focus", "Fiesta", "Transit")[n % 3])
        for n, number in enumerate(rng.choice(900_000_000, self.count("phone"), replace=False)):
            yield _draft("phone", n, number=f"07{number + 100_000_000:09d}")
        size = self.count("email")
        for n, first, last in zip(range(size), given.draw(rng, size), surnames.draw(rng, size), strict=True):
            yield _draft("email", n, address=f"{first}.{last}{n}@example.org")

    def _crimes(self, rng: np.random.Generator, words: Words) -> Iterator[RecordDraft]:
        size = self.count("crime")
        told = words.draw(rng, size * 25)
        minutes = np.sort(rng.integers(0, _DAYS * 1440, size))
        kinds = np.minimum(rng.geometric(0.25, size) - 1, len(_CRIMES) - 1)
        for n in range(size):
            at = _BEGAN + timedelta(minutes=int(minutes[n]))
            yield _draft(
                "crime",
                n,
                reference=f"06/{n:06d}/{at:%y}",
                crime_type=_CRIMES[kinds[n]],
                happened=at.isoformat(timespec="minutes"),
                narrative=" ".join(told[n * 25 : n * 25 + 25]).capitalize() + ".",
            )


def _words(rng: np.random.Generator, count: int, syllables: int, power: float) -> Words:
    made: dict[str, None] = {}
    while len(made) < count:
        parts = [
            _pick(rng, _STARTS) + _pick(rng, _VOWELS) + _pick(rng, _ENDS)
            for _ in range(int(rng.integers(1, syllables)))
        ]
        word = "".join(parts) + _pick(rng, _SUFFIXES)
        if len(word) > 2:  # noqa: PLR2004 - two letters are no name
            made[word] = None
    odds = np.arange(1, count + 1, dtype=np.float64) ** -power
    return Words(tuple(made), np.cumsum(odds / odds.sum()))


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _draft(kind: str, key: int, /, **values: str) -> RecordDraft:
    told = {name.replace("_", "-"): (value,) for name, value in values.items()}
    return RecordDraft(kind, f"{kind}/{key}", MappingProxyType(told))


def _letter(number: int) -> str:
    return "ABDEFGHJLNPQRSTUWXYZABDEFG"[int(number) % 26]


def _letters(numbers: NDArray[np.int64]) -> str:
    return "".join("ABCDEFGHJKLMNOPRSTUVWXYABC"[int(n)] for n in numbers)
