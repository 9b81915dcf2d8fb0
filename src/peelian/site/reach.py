"""How far an actor reaches: an account's areas, and the smaller ones that lie in them."""

from collections.abc import Mapping

from peelian.records.access import Actor
from peelian.site.configuration import site_settings
from peelian.store.areas import AreaStore


def held_areas() -> Mapping[str, tuple[str, ...]]:
    """Return which areas of this home lie in which larger ones."""
    return AreaStore(site_settings().home).held()


def reaching(actor: Actor) -> Actor:
    """Return the actor with the smaller areas that its own hold."""
    return actor.reaching(held_areas())
