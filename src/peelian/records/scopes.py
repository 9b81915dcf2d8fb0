"""What a program may ask the interface for: one scope a kind of reading, and the roles that may have it."""

from enum import StrEnum

from peelian.records.access import STAFF, Role


class Scope(StrEnum):
    """One kind of reading. A token holds some; who signed in holds those of their role."""

    NIGHTS = "nights"  # which nights, areas, crime types and maps there are
    BOXES = "boxes"  # boxes while they are valid, and why
    HISTORY = "history"  # nights that have ended: to judge, never to act on
    SCORES = "scores"  # how boxes did, beside the baselines
    CARDS = "cards"  # what maps are for, and who answers for them
    RUNS = "runs"  # how the nightly job went


_EVALUATES = frozenset({Role.ADMINISTRATOR, Role.ANALYST, Role.EVALUATOR, Role.OVERSEER})
_HOLDERS = {Scope.HISTORY: _EVALUATES, Scope.RUNS: _EVALUATES}


def scopes_of(role: Role) -> frozenset[Scope]:
    """Return what a role may ask for; nothing for who has not signed in."""
    return frozenset(s for s in Scope if role in _HOLDERS.get(s, STAFF))


def words_of(scope: Scope) -> str:
    """Return what a scope opens, in a few words."""
    return _WORDS[scope]


_WORDS = {
    Scope.NIGHTS: "which nights, areas, crime types and maps there are",
    Scope.BOXES: "boxes while they are valid, and why each was chosen",
    Scope.HISTORY: "nights that have ended",
    Scope.SCORES: "how boxes did, beside the baselines",
    Scope.CARDS: "purpose cards",
    Scope.RUNS: "how the nightly job went",
}
