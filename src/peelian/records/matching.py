"""How well a record's own words meet a query's: every word must find its own counterpart, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from peelian.records.normal import slips_allowed

#: A word that is the same, that begins so, an initial for a name, and one slip less each.
SAME, BEGINS, INITIAL, SLIP = 1.0, 0.85, 0.7, 0.15


@dataclass(frozen=True, slots=True)
class Match:
    """How well a line met the words: 1 for word for word and nothing else; ``notes`` tell what was let pass."""

    score: float
    notes: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every word is the line's own and the line has no other."""
        return self.score >= 1.0


def meet(words: Sequence[str], line: Sequence[str]) -> Match | None:
    """Return how well the query's words meet a line's words, or None where one finds no counterpart.

    Each word takes the best word of the line that is still free, the longest word first. The score is the mean over
    the query's words, less up to a tenth for words of the line that nobody asked for.
    """
    free = list(line)
    total = 0.0
    notes: list[str] = []
    for word in sorted(words, key=len, reverse=True):
        best, at, note = 0.0, -1, ""
        for i, other in enumerate(free):
            score, told = _one(word, other)
            if score > best:
                best, at, note = score, i, told
        if at < 0:
            return None
        free.pop(at)
        total += best
        if note:
            notes.append(note)
    score = total / len(words)
    if free:
        score -= 0.1 * len(free) / len(line)
    elif list(words) != list(line) and not notes:
        notes.append("words in another order")
    return Match(score, tuple(notes))


def _one(word: str, other: str) -> tuple[float, str]:
    if word == other:
        return SAME, ""
    if len(word) == 1 or len(other) == 1:
        return (
            (INITIAL, f"initial {word[0]}") if word[0] == other[0] and word.isalpha() and other.isalpha() else (0.0, "")
        )
    if other.startswith(word) and len(word) > 2 and not word.isdigit():  # noqa: PLR2004 - two letters begin too much
        return BEGINS, f"begins with {word!r}"
    allowed = min(slips_allowed(word), slips_allowed(other)) if len(word) != len(other) else slips_allowed(word)
    if not allowed:
        return 0.0, ""
    slips = OSA.distance(word, other, score_cutoff=allowed)
    if slips > allowed:
        return 0.0, ""
    return SAME - SLIP * slips, f"{other!r} is {('one slip', 'two slips')[slips - 1]} from {word!r}"
