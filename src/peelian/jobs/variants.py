"""What a night holds beside its own maps: other levels of areas, and a longer list of boxes. For the site's readers.

Each is judged by its own past, never mixed with the night's own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from peelian.delivery.night_files import site_files
from peelian.errors import PeelianError
from peelian.forecasts.nights import Night
from peelian.jobs.terms import NightTerms


def levels_of(terms: NightTerms) -> tuple[str, ...]:
    """Return the further levels that are asked for."""
    return tuple(level for level in dict.fromkeys(terms.levels) if level != terms.level)


def at_level(terms: NightTerms, level: str) -> NightTerms:
    """Return the night's terms for another level; a level has no levels beside it."""
    return replace(terms, level=level, levels=())


@dataclass(slots=True)
class LevelFiles:
    """The site's files of all further levels, each composed when its turn comes, so that one at a time is in memory.

    ``compose`` returns a level's night, and the same with the longer list where one is asked for.
    """

    levels: tuple[str, ...]
    compose: Callable[[str], tuple[Night, Night | None]]
    made: list[Night] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield (name, bytes); a level that fails costs the night nothing, and its reason is kept."""
        for level in self.levels:
            try:
                night, longer = self.compose(level)
            except PeelianError as error:
                self.failed.append((level, str(error)))
                continue
            yield from site_files(night, longer=False)
            if longer is not None:
                yield from site_files(longer, longer=True)
            self.made.append(night)
