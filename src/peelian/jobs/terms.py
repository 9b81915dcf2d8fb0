"""Terms: what a door asks of the jobs. The settings file fills them in; jobs read no settings themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

#: ``model = "chosen"``: each area and crime type by the model that ``peelian choose`` picked for it.
CHOSEN = "chosen"
#: Where no choice stands.
FALLBACK = "mixture"


@dataclass(frozen=True, slots=True)
class NightTerms:
    """``[night]``: what the nightly job makes.

    ``choice_days``: a choice resting on scores older than this no longer stands. ``keep``: by what share a newcomer
    must expect more than a standing box to take its place. ``walk_gap_m``: boxes with no more open ground between
    them are one walk; below 0 boxes are not joined.
    """

    model: str = FALLBACK
    choice_days: int = 184
    boxes: str = "auto"
    keep: float = 0.0
    walk_gap_m: float = -1.0
    count: int = 10
    nearly: int = 4
    cell_size_m: float = 250.0
    start_hour: int = 0
    lead_hours: int = 0
    crime_types: tuple[str, ...] = ()
    level: str = ""
    #: Further levels whose maps the site shows beside those of ``level``.
    levels: tuple[str, ...] = ()
    #: A longer list of boxes for the site to show on request; 0 or ``count`` for none.
    longer: int = 20
    seed: int = 20130831
    replay_nights: int = 28
    presence_cap_minutes: int = 45


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """``[notices]``: when a night is late, and where notices may go."""

    #: The local hour by which a force's night is published.
    expected_by: int = 7
    #: Networks that webhooks may reach though they are not public, such as "10.1.0.0/16" or "127.0.0.1/32".
    private_networks: tuple[str, ...] = ()
    #: The site's address as readers know it, for links in e-mail; without it there is none.
    site_address: str = ""


@dataclass(frozen=True, slots=True)
class PublicTerms:
    """``[public]``: what the pages for everybody say of wards, and how late."""

    #: A public page tells of a night only so many days after it; never less than one.
    delay_days: int = 14
    #: Where to object or ask: an e-mail address, a telephone number, or an address of a page.
    contact: str = ""
    #: Within how many working days an answer is promised.
    reply_days: int = 20
    #: A polygon file in the home with how many people live in each ward, and its columns.
    residents: str = ""
    residents_name: str = "name"
    residents_column: str = "residents"


@dataclass(frozen=True, slots=True)
class RecordTerms:
    """``[records]``: what the common store takes, and where clamd listens (empty: nothing is scanned)."""

    attachment_limit_mb: int = 100
    clamd: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What every job may be asked for, with its default; ``home`` is where all of a force's files live."""

    home: Path = Path("peelian-home")
    workers: int = 0
    executor: str = "processes"
    night: NightTerms = field(default_factory=NightTerms)
    records: RecordTerms = field(default_factory=RecordTerms)
    public: PublicTerms = field(default_factory=PublicTerms)
    bundles: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    layers: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
