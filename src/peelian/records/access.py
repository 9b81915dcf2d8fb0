"""Who acts, as what, where, and what for: the words in which every permission and every audit line is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

#: An actor whose areas hold this sees every area.
EVERYWHERE = "*"


class Role(StrEnum):
    """What a person is to Peelian. One role a person: whoever needs two has two accounts, and the log shows which."""

    ADMINISTRATOR = "administrator"
    ANALYST = "analyst"
    SERGEANT = "sergeant"
    OFFICER = "officer"
    EVALUATOR = "evaluator"
    OVERSEER = "overseer"
    PUBLIC = "public"  # whoever has not signed in


#: Everyone who has signed in.
STAFF = frozenset(Role) - {Role.PUBLIC}


class Act(StrEnum):
    """What was done. The first six are those of the Data Protection Act 2018, section 62."""

    COLLECTED = "collected"
    ALTERED = "altered"
    CONSULTED = "consulted"
    DISCLOSED = "disclosed"
    COMBINED = "combined"
    ERASED = "erased"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    REFUSED = "refused"  # a sign-in or a page that was not allowed
    PUBLISHED = "published"
    SWITCHED = "switched"  # forecasts off or on


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: an account, the program itself, or somebody unknown.

    ``areas`` are ids of study areas (of any level), or ``("*",)`` for all; ``id`` is None for who has no account.
    """

    id: int | None
    name: str
    role: Role
    areas: tuple[str, ...] = ()

    def may_see(self, *area_ids: str) -> bool:
        """Tell whether one of these areas is the actor's; a caller names an area together with what contains it."""
        return EVERYWHERE in self.areas or any(a in self.areas for a in area_ids)

    def reaching(self, held: Mapping[str, tuple[str, ...]]) -> "Actor":
        """Return the actor with the smaller areas that its own hold: whoever works in a borough works in its wards."""
        return replace(
            self, areas=tuple(dict.fromkeys([*self.areas, *(i for a in self.areas for i in held.get(a, ()))]))
        )


#: Who has not signed in.
NOBODY = Actor(None, "", Role.PUBLIC)


def program(name: str) -> Actor:
    """Return the actor for an act of the program itself, such as the nightly job or a command."""
    return Actor(None, name, Role.ADMINISTRATOR, (EVERYWHERE,))
