"""Who may read a record: by role, by area, by how sensitive it is. A record that may not be read is only a notice."""

from dataclasses import dataclass
from enum import StrEnum

from peelian.errors import NotAllowedError, RecordError
from peelian.records.access import Actor, Role

#: Roles that work with records. Evaluators and overseers see counts and the log, never a person.
READERS = frozenset({Role.ADMINISTRATOR, Role.ANALYST, Role.SERGEANT, Role.OFFICER})
#: Roles that may unite records, seal them and decide on their disposal.
KEEPERS = frozenset({Role.ADMINISTRATOR, Role.ANALYST})


class Sensitivity(StrEnum):
    """How widely a record may be read."""

    OPEN = "open"  # everyone who works with records
    RESTRICTED = "restricted"  # those of them whose area it is
    SEALED = "sealed"  # those named, one by one


@dataclass(frozen=True, slots=True)
class Marking:
    """Where a record belongs and who may read it; ``keeper`` is whom to ask, ``cleared`` are ids of accounts."""

    sensitivity: Sensitivity = Sensitivity.OPEN
    area: str = ""
    keeper: str = ""
    cleared: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """A record that is kept from some names whom they may ask."""
        if self.sensitivity is not Sensitivity.OPEN and not self.keeper.strip():
            raise RecordError(f"a {self.sensitivity} record names whom to ask; give its keeper.")


@dataclass(frozen=True, slots=True)
class Notice:
    """All that is told of a record to who may not read it."""

    keeper: str

    @property
    def sentence(self) -> str:
        """The notice in words."""
        return f"A record exists. Ask {self.keeper}."


def may_read(actor: Actor, marking: Marking) -> bool:
    """Tell whether an actor may read a record so marked."""
    if actor.role not in READERS:
        return False
    match marking.sensitivity:
        case Sensitivity.OPEN:
            return True
        case Sensitivity.RESTRICTED:
            return actor.may_see(marking.area)
        case Sensitivity.SEALED:
            return actor.id is not None and actor.id in marking.cleared


def is_no_closer(one: Marking, other: Marking) -> bool:
    """Tell whether everybody who may read the other may read the one."""
    match one.sensitivity:
        case Sensitivity.OPEN:
            return True
        case Sensitivity.RESTRICTED:
            return other.sensitivity is Sensitivity.RESTRICTED and other.area == one.area
        case Sensitivity.SEALED:
            return False


def need_reader(actor: Actor) -> None:
    """Let through who works with records.

    Raises
    ------
    NotAllowedError
        For everybody else.
    """
    if actor.role not in READERS:
        raise NotAllowedError(f"records are not for the role {actor.role.value!r}; ask an analyst.")


def need_keeper(actor: Actor, act: str) -> None:
    """Let through who may decide over records.

    Raises
    ------
    NotAllowedError
        For everybody else, with the act's name.
    """
    if actor.role not in KEEPERS:
        raise NotAllowedError(f"to {act} is for an analyst or an administrator, not for the role {actor.role.value!r}.")
