"""Proposals: pairs of records that may be one and the same, each with its reasons and its weight taken apart."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from peelian.errors import LinkageError
from peelian.linkage.comparisons import Comparison
from peelian.linkage.records import EntityType

#: ``probability`` and ``weight`` are empty where only a rule spoke; ``reasons`` are the rules that did. ``household``
#: is the bits taken back because what agrees is what a household shares (0 or below). Behind these stand two for
#: each comparison: ``level NAME`` (place in its levels; empty where a side says nothing) and ``rarity NAME`` (bits).
PROPOSAL_SCHEMA = pl.Schema(
    {
        "left_id": pl.String(),
        "right_id": pl.String(),
        "probability": pl.Float64(),
        "weight": pl.Float64(),
        "reasons": pl.List(pl.String()),
        "household": pl.Float64(),
    }
)


@dataclass(frozen=True, slots=True)
class Part:
    """One step of the waterfall: what was compared, how far it agrees, and what that weighs, in bits."""

    name: str
    words: str
    level: str
    bits: float
    rarity_bits: float

    @property
    def total_bits(self) -> float:
        """What the step adds to the weight."""
        return self.bits + self.rarity_bits

    @property
    def factor(self) -> float:
        """How many times likelier the step makes it that both records are one (the Bayes factor)."""
        return float(2.0**self.total_bits)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two records, ``left_id < right_id``, that a person is asked to accept or reject.

    ``weight`` is ``start_bits`` plus every part's bits, exactly; ``probability`` is 2**weight / (1 + 2**weight).
    A pair that only a rule found has neither, and no parts.
    """

    left_id: str
    right_id: str
    probability: float | None
    weight: float | None
    start_bits: float
    parts: tuple[Part, ...]
    reasons: tuple[str, ...]

    def waterfall(self) -> Iterator[tuple[str, float, float]]:
        """Yield each step's words, its bits and the weight so far; the last weight is the proposal's."""
        if self.weight is None:
            return
        so_far = self.start_bits
        yield "two records drawn at random", self.start_bits, so_far
        for part in self.parts:
            so_far += part.bits
            yield f"{part.words}: {part.level}", part.bits, so_far
            if part.rarity_bits:
                so_far += part.rarity_bits
                yield (
                    f"{part.words}: how {'rare' if part.rarity_bits > 0 else 'common'} it is",
                    part.rarity_bits,
                    so_far,
                )

    def as_json(self) -> dict[str, object]:
        """Return the proposal for a page or a store: plain text and numbers."""
        return {
            "left_id": self.left_id,
            "right_id": self.right_id,
            "probability": self.probability,
            "weight": self.weight,
            "reasons": list(self.reasons),
            "waterfall": [{"words": words, "bits": bits, "so_far": total} for words, bits, total in self.waterfall()],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """A run's proposals, surest first, then by id; those of rules alone stand last.

    ``threshold`` is the least probability proposed, ``expected_precision`` the share of the weighed proposals that
    the model itself expects to be right, ``remarks`` what was left out or narrowed, in words.
    """

    entity_type: EntityType
    table: pl.DataFrame
    comparisons: tuple[Comparison, ...] = ()
    start_bits: float = 0.0
    threshold: float | None = None
    expected_precision: float | None = None
    remarks: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse a table of another shape."""
        wanted = proposal_schema(self.comparisons)
        if self.table.schema != wanted:
            raise LinkageError(f"proposals with columns {self.table.schema}; wanted {wanted}.")

    def __len__(self) -> int:
        """Number of proposals."""
        return self.table.height

    def __getitem__(self, place: int) -> Proposal:
        """Return one proposal in full."""
        return self._proposal(self.table.row(place, named=True))

    def __iter__(self) -> Iterator[Proposal]:
        """Yield every proposal in full."""
        return (self._proposal(row) for row in self.table.iter_rows(named=True))

    def between(self, one_id: str, other_id: str) -> Proposal | None:
        """Return the proposal for a pair of records, whichever is named first; None where there is none."""
        left, right = sorted((one_id, other_id))
        found = self.table.filter((pl.col("left_id") == left) & (pl.col("right_id") == right))
        return self._proposal(found.row(0, named=True)) if found.height else None

    def _proposal(self, row: dict[str, object]) -> Proposal:
        is_weighed = row["weight"] is not None
        return Proposal(
            str(row["left_id"]),
            str(row["right_id"]),
            _number(row["probability"]),
            _number(row["weight"]),
            self.start_bits if is_weighed else 0.0,
            tuple(self._parts(row)) if is_weighed else (),
            tuple(str(reason) for reason in _list(row["reasons"])),
        )

    def _parts(self, row: dict[str, object]) -> Iterator[Part]:
        for each in self.comparisons:
            yield _part(each, row)
        if household := _number(row["household"]):
            yield Part("household", "what a household shares", "counts nothing, as nothing else agrees", household, 0.0)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people have decided: pairs that are one, and pairs that are not. The order within a pair is nothing."""

    accepted: frozenset[tuple[str, str]] = frozenset()
    rejected: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, accepted: Iterable[tuple[str, str]] = (), rejected: Iterable[tuple[str, str]] = ()) -> "Decisions":
        """Return decisions with each pair in the order of its ids.

        Raises
        ------
        LinkageError
            When a pair is of one record only, or both accepted and rejected.
        """
        yes, no = _ordered(accepted), _ordered(rejected)
        if yes & no:
            left, right = min(yes & no)
            raise LinkageError(f"{left!r} and {right!r} are both accepted and rejected; keep the later decision only.")
        return cls(yes, no)

    @property
    def table(self) -> pl.DataFrame:
        """Every decided pair, ``left_id < right_id``."""
        pairs = sorted(self.accepted | self.rejected)
        schema = {"left_id": pl.String(), "right_id": pl.String()}
        return pl.DataFrame(pairs, schema=schema, orient="row")


def proposal_schema(comparisons: Iterable[Comparison]) -> pl.Schema:
    """Return the columns of a table of proposals weighed by these comparisons."""
    schema = dict(PROPOSAL_SCHEMA)
    for each in comparisons:
        schema |= {f"level {each.name}": pl.Int8(), f"rarity {each.name}": pl.Float64()}
    return pl.Schema(schema)


def probability_of(weight: float) -> float:
    """Return the chance that stands for a weight in bits."""
    return 1.0 / (1.0 + math.exp2(-weight)) if weight > -1000 else 0.0  # noqa: PLR2004 - past the smallest number


def _part(comparison: Comparison, row: dict[str, object]) -> Part:
    place = row[f"level {comparison.name}"]
    if not isinstance(place, int):
        return Part(comparison.name, comparison.words, "not said on both", 0.0, 0.0)
    level = comparison.levels[place]
    rarity = _number(row[f"rarity {comparison.name}"]) or 0.0
    return Part(comparison.name, comparison.words, level.words, level.bits, rarity)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _ordered(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    ordered = set()
    for one, other in pairs:
        if one == other:
            raise LinkageError(f"a decision about {one!r} and itself; a pair is two records.")
        ordered.add((min(one, other), max(one, other)))
    return frozenset(ordered)
