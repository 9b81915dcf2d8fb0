"""A weight taken apart, as bars on one axis: where each step begins and ends, in hundredths of the axis."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A step of a waterfall: its words, its bits, the weight so far, and its place on the axis from 0 to 100."""

    words: str
    bits: float
    so_far: float
    left: float
    width: float
    zero: float

    @property
    def speaks_for(self) -> bool:
        """Whether the step speaks for one and the same."""
        return self.bits > 0


def bars_of(steps: Sequence[tuple[str, float, float]]) -> tuple[Bar, ...]:
    """Return the bars of (words, bits, weight so far); the axis holds zero and every step. No steps, no bars."""
    if not steps:
        return ()
    ends = [end for _, bits, so_far in steps for end in (so_far - bits, so_far)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    reach = (high - low) or 1.0
    return tuple(
        Bar(
            words,
            bits,
            so_far,
            100 * (min(so_far, so_far - bits) - low) / reach,
            100 * abs(bits) / reach,
            100 * -low / reach,
        )
        for words, bits, so_far in steps
    )
