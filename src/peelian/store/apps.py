"""The Django app that holds every table of Peelian."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """One app, one migrations folder; its models are gathered in ``peelian.store.models``."""

    name = "peelian.store"
    label = "store"
    verbose_name = "Peelian store"
