"""A night: all that one run knows about one force's next period, ready to be kept and drawn.

Delivery draws these values and computes nothing but layout; a number that is on a page is in here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from peelian.events.bundles import Bundle
from peelian.forecasts.boxes import Boxes
from peelian.forecasts.edits import EditScore
from peelian.forecasts.influence import Contributions
from peelian.places.areas import AreaLayer, StudyArea
from peelian.places.forces import Force
from peelian.places.periods import Period


@dataclass(frozen=True, slots=True)
class PurposeCard:
    """Why a map exists, who answers for it and when it ends. Without a valid one nothing is published."""

    crime_type: str  # a bundle's name, or "*" for every map of the force
    goal: str
    measure: str
    owner: str
    stop_rule: str
    expires: date
    is_example: bool = False  # True for the card the demo makes: every page then says "example"

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the card still stands on that day; it ends with the day named in ``expires``."""
        return day <= self.expires


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """How one method's boxes did: over one period, or pooled over several. Never shown without its neighbours.

    ``hits`` of ``events`` fell in boxes of ``coverage`` (share of area); ``hit_rate_low``..``high`` is the 95 %
    interval; rates and indices are NaN when there was no event. ``method`` is "boxes", "recent-counts" (plain 21-day
    count), "all-history", "random" (expectation of boxes drawn at random, exact) or "hindsight" (the best that any
    equally large choice of cells could have done).
    """

    method: str
    n_periods: int
    n_boxes: int
    hits: float
    events: float
    expected: float
    coverage: float
    hit_rate: float
    hit_rate_low: float
    hit_rate_high: float
    pai: float
    pei: float


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Yesterday, and the pooled record behind it, with the baselines beside; rows as in ``ScoreRow``.

    ``last_boxes`` are the squares judged (rank, x_min, y_min), ``last_baseline`` those of the plain count, and
    ``last_events`` where the period's events fell (x, y, in_box: bool, in_baseline: bool). ``is_replayed`` tells that
    the last period had no published night, so its boxes were made afterwards from what was known then.
    ``difference_low``..``high`` is the 95 % interval of the difference in hit rate to the plain count, pooled.
    """

    last_period: Period
    last: tuple[ScoreRow, ...]
    last_boxes: pl.DataFrame
    last_baseline: pl.DataFrame
    last_events: pl.DataFrame
    is_replayed: bool
    n_periods: int
    first_period_start: datetime | None
    pooled: tuple[ScoreRow, ...]
    difference: float
    difference_low: float
    difference_high: float

    def row(self, method: str, *, pooled: bool) -> ScoreRow | None:
        """Return the row of one method, or None where it was not judged."""
        return next((r for r in (self.pooled if pooled else self.last) if r.method == method), None)


@dataclass(frozen=True, slots=True, eq=False)
class Shading:
    """Version 1: the cells that make up the top shares of the area by expected count.

    ``step`` (n_cells of the grid,) is 3 for the top 10 % of the area's cells, 2 to 22 %, 1 to 40 %, 0 below.
    ``coverage`` and ``expected_share`` per step tell what the larger area would catch and cost.
    """

    step: NDArray[np.int8]
    coverage: tuple[float, ...]  # of steps 3, 2+3, 1+2+3: share of the area
    expected_share: tuple[float, ...]  # share of the area's expected count in them
    recorded_share: tuple[float, ...]  # share of the track record's events in them; NaN where none
    n_streets: tuple[int, ...] = ()  # names of ``Night.streets`` with a point in them; () where the feed names none


#: What became of a box's square in each past period: the rank at which it was chosen (null where it was not), and the
#: weight of the events that fell in it. ``square`` is the row of ``boxes.table``.
HISTORY_SCHEMA = pl.Schema(
    {
        "square": pl.Int32(),
        "period_start": pl.Datetime("us", "UTC"),
        "rank": pl.Int32(),
        "n_events": pl.Float64(),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stretch of a street within a box: ``share`` is of all that is expected on the box's streets.

    ``street`` is "" where it has no name; ``line`` is the part inside the box, in metres.
    """

    street: str
    share: float
    length_m: float
    line: shapely.Geometry


@dataclass(frozen=True, slots=True, eq=False)
class AreaNight:
    """One area and bundle for one period: version 1, version 2, why, and how the last ones did."""

    area: StudyArea
    bundle: Bundle
    period: Period
    cutoff: datetime
    boxes: Boxes
    place_names: tuple[str, ...]  # one per row of boxes.table; unique; "" where the feed names no street
    contributions: Contributions  # column ``square`` is the row of boxes.table
    is_explanation_exact: bool
    recent_days: float  # events younger than this are told one by one, older ones as the long-run level
    expected_in_area: float
    chance_any_in_boxes: float  # Poisson chance of at least one event in the chosen boxes
    chosen_before: tuple[int, ...]  # per row of boxes.table: of the last n_before periods, in how many it was chosen
    n_before: int
    baseline_squares: pl.DataFrame  # rank, x_min, y_min of tonight's plain-count boxes
    shading: Shading
    record: TrackRecord | None  # None before there is any past period to judge
    events: pl.DataFrame  # x, y, occurred_from, occurred_to, age_days: what the map draws as dots
    history: pl.DataFrame = field(default_factory=HISTORY_SCHEMA.to_frame)  # every square in every past period judged
    n_streets_in_boxes: int | None = None  # names of ``Night.streets`` with a point in a chosen box; None: none known
    model: str = ""  # the method that drew it, as a backtest labels it
    model_why: str = ""  # why that one, where ``Night.model`` is "chosen"
    keep: float = 0.0  # by what share a newcomer had to expect more to take a standing box's place
    n_stood: int = 0  # of the chosen boxes, how many stood at the same place in the period before
    streets_behind: tuple[
        tuple[tuple[str, float], ...], ...
    ] = ()  # per row of boxes.table: (street, its share) of note
    stretches: tuple[tuple[Stretch, ...], ...] = ()  # per chosen box: those that carry it; () where no network is given
    walk_of: tuple[int, ...] = ()  # per chosen box: which walk it belongs to, from 0; () where boxes are not joined
    edits_score: EditScore | None = (
        None  # how analysts' edits did; None where nobody edited, never mixed into ``record``
    )

    @property
    def chances(self) -> NDArray[np.float64]:
        """Poisson chance of any event in each row of ``boxes.table``; NaN where weights make it no count of events."""
        expected = self.boxes.table.get_column("expected_count").to_numpy()
        return np.where(self.bundle.counts_events, -np.expm1(-expected), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """One run for one force: what was known, for when, by which model, and every area and bundle in it."""

    force: Force
    layer: AreaLayer
    night: date
    period: Period
    cutoff: datetime
    model: str
    parameters: Mapping[str, str | float | int | bool]
    seed: int
    version: str
    fingerprint: str  # SHA-256 of the events known at the cutoff
    n_events_known: int
    latest_recorded_at: datetime | None
    delay_note: str  # what is assumed or known of the recording delay, in a sentence
    cards: tuple[PurposeCard, ...]  # the card in force for each area night's bundle
    withheld: tuple[tuple[str, str], ...]  # (crime type, reason) of maps that were not published
    areas: tuple[AreaNight, ...]
    streets: Mapping[str, NDArray[np.float64]]  # street name -> (n, 2) points known on it, for names on the map
    timings: Mapping[str, float]  # seconds by step
    layers: Mapping[str, str] = field(default_factory=dict)  # layers of places at hand: name -> kind, file, SHA-256
    presence_cap_minutes: int = 45  # officer-minutes a box may be given in a day; every briefing says so

    def area_km2(self, area_night: AreaNight) -> float:
        """Return the size of one study area in km²: its cells, whole."""
        return area_night.area.n_cells * self.layer.grid.cell_area_m2 / 1e6

    def expected_in_force(self, bundle: str) -> float:
        """Return the expected (weighted) events of a bundle in all areas together; areas share no cell."""
        return sum(a.expected_in_area for a in self.areas if a.bundle.name == bundle)

    def coverage(self, area_night: AreaNight) -> float:
        """Return the chosen boxes' share of their study area, 0..1; NaN where the area holds no cell."""
        area = self.area_km2(area_night)
        return area_night.boxes.area_m2 / 1e6 / area if area else float("nan")

    def expected_at_random(self, area_night: AreaNight) -> float:
        """Return what one box drawn at random from the area may expect; NaN where the area holds no cell."""
        area = self.area_km2(area_night)
        return area_night.expected_in_area * area_night.boxes.size_m**2 / 1e6 / area if area else float("nan")

    def card(self, bundle: str) -> PurposeCard:
        """Return the purpose card of a bundle's maps."""
        return next(c for c in self.cards if c.crime_type in (bundle, "*"))
