"""What happened: recorded crimes as places and time spans, never people. Above ``places``, below all methods."""

from peelian.events.bundles import Bundle
from peelian.events.counts import Counts, count
from peelian.events.events import EVENT_SCHEMA, Events
from peelian.events.log import LOG_SCHEMA, EventLog
from peelian.events.replay import Replay, known_when_it_occurred

__all__ = [
    "EVENT_SCHEMA",
    "LOG_SCHEMA",
    "Bundle",
    "Counts",
    "EventLog",
    "Events",
    "Replay",
    "count",
    "known_when_it_occurred",
]
