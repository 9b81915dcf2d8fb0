"""Who may see what. Every view carries a rule; one without is refused to everybody, and a test walks them all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver

from peelian.errors import NotAllowedError
from peelian.records.access import NOBODY, STAFF, Actor, Role

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """The roles that may ask for a view; ``PUBLIC`` among them lets in who has not signed in."""

    roles: frozenset[Role]

    def lets_in(self, actor: Actor) -> bool:
        """Tell whether the actor's role may ask; what of it they see is then a question of areas."""
        return actor.role in self.roles


#: Pages for all the world.
EVERYONE = frozenset(Role)
#: Pages for whoever has signed in.
SIGNED_IN = STAFF


def allow(*roles: Role | frozenset[Role]) -> Callable[[View], View]:
    """Mark a view with the roles that may ask for it."""
    together = frozenset().union(*(r if isinstance(r, frozenset) else {r} for r in roles))

    def mark(view: View) -> View:
        view.rule = Rule(frozenset(Role(r) for r in together))  # type: ignore[attr-defined] # a mark on a function
        return view

    return mark


def rule_of(view: Callable[..., Any]) -> Rule | None:
    """Return a view's rule, or None where it has none."""
    rule = getattr(view, "rule", None)
    return rule if isinstance(rule, Rule) else None


def actor_of(request: HttpRequest) -> Actor:
    """Return whoever asks; the middleware has put it there."""
    actor = getattr(request, "actor", NOBODY)
    return actor if isinstance(actor, Actor) else NOBODY


def need_area(request: HttpRequest, *area_ids: str) -> None:
    """Refuse an actor to whom none of these areas belongs (an area, and the larger ones that hold it).

    Raises
    ------
    NotAllowedError
        When none is the actor's.
    """
    if not actor_of(request).may_see(*area_ids):
        raise NotAllowedError(f"area {area_ids[0]!r} is not among yours. Your administrator can change that.")


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address pattern of the site with its view."""
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, address)
        else:
            yield address, pattern
