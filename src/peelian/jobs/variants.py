"""What a night holds beside its own maps: other levels of areas, and a longer list of boxes. For the site's readers.

A variant is the same night composed with one term changed, judged by its own past, never mixed with the night's own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from peelian.delivery.night_files import site_files
from peelian.errors import PeelianError
from peelian.forecasts.nights import Night
from peelian.jobs.terms import NightTerms


@dataclass(frozen=True, slots=True)
class Variant:
    """One term changed: ``level`` names other areas, or ``count`` asks for more boxes of the night's own areas."""

    level: str = ""
    count: int = 0

    @property
    def name(self) -> str:
        """The variant in words, also the folder of its past boxes."""
        return f"level-{self.level}" if self.level else f"top-{self.count}"

    def of(self, terms: NightTerms) -> NightTerms:
        """Return the night's terms with this one changed."""
        changed = replace(terms, level=self.level) if self.level else replace(terms, count=self.count)
        return replace(changed, levels=(), longer=0)


def variants_of(terms: NightTerms) -> tuple[Variant, ...]:
    """Return what is asked for beside the night's own maps."""
    levels = tuple(Variant(level=level) for level in terms.levels if level != terms.level)
    longer = (Variant(count=terms.longer),) if terms.longer > terms.count else ()
    return longer + levels


Compose = Callable[[Variant], Night]


@dataclass(slots=True)
class VariantFiles:
    """The files of all variants, each composed when its turn comes, so that one at a time is in memory."""

    variants: tuple[Variant, ...]
    compose: Compose
    made: list[Night] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield (name, bytes); a variant that fails costs the night nothing, and its reason is kept."""
        for variant in self.variants:
            try:
                night = self.compose(variant)
            except PeelianError as error:
                self.failed.append((variant.name, str(error)))
                continue
            yield from site_files(night, longer=bool(variant.count))
            if variant.level:
                self.made.append(night)
