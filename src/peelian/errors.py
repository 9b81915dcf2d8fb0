"""The one tree of errors. A message names the thing, its value, what was wanted and the mend.

Errors know no HTTP status and no exit code: the doors hold those tables.
"""


class PeelianError(Exception):
    """Anything Peelian refuses to do, with the reason and the mend in its text."""


class SettingsError(PeelianError):
    """A setting is unknown, out of range or missing."""


class PlaceError(PeelianError):
    """Coordinates, a grid, a study area or a projection that cannot be right."""


class PeriodError(PeelianError):
    """A period, a date or a time zone that cannot be right."""


class EventsError(PeelianError):
    """A table of events that breaks its schema, or events that may not be used."""


class SourceError(PeelianError):
    """A feed, or its mapping, that cannot be read at all."""


class RefusedSourceError(SourceError):
    """A feed that Peelian will not take as forecast input, whatever its quality."""


class ForecastError(PeelianError):
    """A model, forecast, choice or explanation that cannot be made."""


class EvaluationError(PeelianError):
    """A score or comparison that would mislead if it were printed."""


class LinkageError(PeelianError):
    """Records that cannot be compared, or a decision that contradicts another."""


class StoreError(PeelianError):
    """The home folder or the database cannot be read or written."""


class LockedError(StoreError):
    """Another process holds the lock."""


class PublicationError(PeelianError):
    """A map that may not be published: no valid purpose card, or switched off."""


class NotAllowedError(PeelianError):
    """Something the actor's role or areas do not allow."""


class NotFoundError(PeelianError):
    """Something asked for that does not exist."""


class ConflictError(PeelianError):
    """A change that something else has overtaken."""


class TooOftenError(PeelianError):
    """Something asked for more often than is allowed; ``wait_s`` says in how many seconds it may be asked again."""

    def __init__(self, message: str, wait_s: int) -> None:
        """Keep how long to wait."""
        super().__init__(message)
        self.wait_s = wait_s


class RecordError(PeelianError):
    """A record, statement or link that cannot be right, or is of a type nobody described."""
