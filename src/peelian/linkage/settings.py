"""How one entity type is linked: its limits, and from where a pair is worth a person's time."""

from dataclasses import dataclass

from peelian.errors import LinkageError
from peelian.linkage.records import EntityType


@dataclass(frozen=True, slots=True)
class LinkageSettings:
    """Settings of one run. Persons are weighed by Splink as well as by rules; the other types go by rules alone.

    A pair is proposed when it is more likely right than wrong (``least_probability``), and the bar rises until by
    the model's own reckoning at least ``least_precision`` of the proposals are right. No label is looked at. A pair
    that speaks against one person before the start is added is proposed by a rule or not at all.
    Below ``least_to_learn`` records nothing can be learned: the starting chances stand, and rarity counts nothing.
    ``records_at_a_time`` bounds the memory and changes no proposal.
    """

    entity_type: EntityType = EntityType.PERSON
    is_weighed: bool = True
    least_probability: float = 0.5
    least_precision: float = 0.95
    least_to_learn: int = 500
    most_in_block: int = 200
    most_in_loose_block: int = 40
    most_sharing: int = 20
    records_at_a_time: int = 10_000
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse limits that cannot be meant."""
        for name in ("least_probability", "least_precision"):
            if not 0 < getattr(self, name) < 1:
                raise LinkageError(f"{name} = {getattr(self, name)}; wanted a chance between 0 and 1.")
        for name in ("least_to_learn", "most_in_block", "most_in_loose_block", "most_sharing", "records_at_a_time"):
            if getattr(self, name) < 2:  # noqa: PLR2004 - a pair is two
                raise LinkageError(f"{name} = {getattr(self, name)}; wanted at least 2.")

    @property
    def uses_splink(self) -> bool:
        """Whether pairs are weighed, or only rules asked."""
        return self.is_weighed and self.entity_type is EntityType.PERSON
