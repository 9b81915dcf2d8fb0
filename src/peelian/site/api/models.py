"""The shapes of the JSON interface: what may be asked, and what is answered. OpenAPI is made from these."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from peelian.records.access import Role
from peelian.records.scopes import Scope


def _whole(value: object) -> object:
    """JSON Schema calls 3.0 an integer; pydantic does not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


#: A whole number that every database can keep.
Whole = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=2**53 - 1)]
#: One line of text without control characters: PostgreSQL keeps none of them, and nobody sees them.
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
ForceId = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$")]
#: Of a map (FORCE:NIGHT:LEVEL:AREA:TYPE) or a box (its rank behind).
Id = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9._:-]+$")]
Place = Annotated[list[float], Field(min_length=2, max_length=2, description="Longitude and latitude (WGS84).")]


class Asked(Schema):
    """What may stand in a query. Anything else in it is refused: a filter misspelt must not answer everything."""

    model_config = ConfigDict(extra="forbid")


class NightQuery(Asked):
    """Which nights."""

    force: ForceId | None = Field(None, description="A force's id.")
    night: date | None = Field(None, description="The date a night is called by; one that has ended needs `history`.")
    level: Line | None = Field(None, description="A level of areas, such as borough.")


class MapQuery(NightQuery):
    """Which maps."""

    area: Line | None = Field(None, description="An area's id.")
    crime_type: Line | None = Field(None, description="A crime type, or the name of a bundle.")


class BoxQuery(MapQuery):
    """Which boxes, and how many at a time."""

    limit: Annotated[int, Field(ge=1, le=10_000, description="How many at most.")] = 1000
    offset: Annotated[int, Field(ge=0, le=1_000_000, description="How many to pass over.")] = 0


class ScoreQuery(MapQuery):
    """Which scores, and how many at a time."""

    limit: Annotated[int, Field(ge=1, le=100, description="How many maps at most.")] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000, description="How many to pass over.")] = 0


class RunQuery(Asked):
    """Which runs."""

    force: ForceId | None = Field(None, description="A force's id.")
    limit: Annotated[int, Field(ge=1, le=1000, description="How many at most, newest first.")] = 100


class Fault(Schema):
    """One thing that is wrong with what was asked."""

    where: str
    message: str


class Problem(Schema):
    """Why there is no answer, in a sentence; for what was asked wrongly, each fault."""

    detail: str
    errors: list[Fault] = Field(default_factory=list)


class Health(Schema):
    """That the site and its store answer."""

    status: Literal["well"]
    version: str


class Self(Schema):
    """Who asks, as the interface sees them."""

    name: str
    role: Role
    areas: list[str] = Field(description='Ids of areas; "*" is all.')
    scopes: list[Scope]


class Withheld(Schema):
    """What is not handed on now, and why."""

    force: str
    night: date
    level: str
    crime_type: str = Field(description='"" where it is every crime type.')
    reason: str


class Night(Schema):
    """One level of a force's night."""

    force: str
    force_name: str
    time_zone: str
    night: date
    level: str
    valid_from: datetime
    valid_to: datetime
    has_ended: bool
    cutoff: datetime = Field(description="The last instant whose records the forecast could use.")
    feed: str = Field(description="What the records say of themselves.")
    model: str
    seed: int
    version: str
    fingerprint: str = Field(description="SHA-256 of the events known at the cutoff.")
    withheld: str = Field(description='Why its boxes are not to be used; "" where they are.')


class Area(Schema):
    """A study area."""

    force: str
    level: str
    id: str
    name: str


class CrimeType(Schema):
    """A crime type, or a bundle of several, that has maps."""

    force: str
    name: str
    words: str


class MapLine(Schema):
    """One map in a list."""

    id: str
    force: str
    night: date
    level: str
    area_id: str
    area: str
    crime_type: str
    expected_count: float = Field(description="Events expected in the area in the period.")
    n_boxes: int
    n_firm: int = Field(description="Boxes whose range of ranks lies inside the list.")
    chance_any_in_boxes: float


class Card(Schema):
    """A purpose card: why maps exist, and when that ends."""

    crime_type: str = Field(description='A crime type or bundle; "*" speaks for all without their own.')
    goal: str
    measure: str
    owner: str
    stop_rule: str
    expires: date
    is_example: bool
    is_valid: bool


class Walk(Schema):
    """Boxes near enough to walk between."""

    name: str
    boxes: list[int] = Field(description="Their ranks.")


class MapWhole(MapLine):
    """One map: its sentences, its coverage beside what it expects, its shading, its purpose."""

    valid_from: datetime
    valid_to: datetime
    has_ended: bool
    headline: list[str]
    coverage: float = Field(description="Share of the area that the boxes cover.")
    coverage_words: list[str]
    area_km2: float
    expected_at_random: float = Field(description="Events expected in one box at random.")
    presence_cap_minutes: int
    model: str = Field(description="What drew the boxes, and why that model; empty in nights made before it was kept.")
    walks: list[Walk] = Field(description="Boxes near enough to walk between; none where boxes are not joined.")
    goal: str
    owner: str
    expires: date
    shading: dict[str, Any] = Field(description="Version 1 as a GeoJSON feature collection; step 3 is the most.")
    note: str


class Polygon(Schema):
    """A square as GeoJSON."""

    type: Literal["Polygon"]
    coordinates: list[list[Place]]


class BoxFacts(Schema):
    """What is said of a box: the columns of the night's boxes.geojson, its address before them."""

    force: str
    night: date
    level: str
    area_id: str
    area: str
    crime_type: str
    rank: int
    rank_low: int = Field(description="With rank_high the 80 % range of the rank.")
    rank_high: int
    is_firm: bool
    expected_count: float
    chance: float | None
    place: str
    walk: str = Field("", description="Letter of the walk that the box is on; empty where it stands alone.")
    why: str
    valid_from: datetime
    valid_to: datetime
    cutoff: datetime
    location_precision: str
    model: str
    purpose: str
    owner: str
    purpose_expires: date
    is_example: bool
    uncertainty: str
    note: str
    suppressed: str = Field(description="Which analyst suppressed the box, and why: nobody is to visit it. Else empty.")


class Box(BoxFacts):
    """A box."""

    id: str
    has_ended: bool
    polygon: Polygon


class Edit(Schema):
    """A box that an analyst added, or one of the forecast's that was suppressed: never part of the forecast."""

    id: int
    force: str
    night: date
    level: str
    area_id: str
    crime_type: str
    kind: Literal["add", "suppress"]
    letter: str = Field(description="What an added box is called; empty for a suppressed one.")
    rank: int | None = Field(description="The suppressed box's rank; null for one that was added.")
    place: str
    reason: str
    by: str
    at: datetime
    polygon: Polygon


class Edits(Schema):
    """What analysts added and suppressed, and has not been withdrawn."""

    items: list[Edit]
    note: str


class BoxFeature(Schema):
    """A box as a GeoJSON feature."""

    type: Literal["Feature"]
    id: str
    geometry: Polygon
    properties: BoxFacts


class Told(Schema):
    """One past crime behind a box."""

    at: Place
    share: float = Field(description="Its share of the box's expected count.")
    age_days: float
    distance_m: float
    crime_types: list[str]


class Part(Schema):
    """One line of the explanation."""

    words: str
    share: str


class Stretch(Schema):
    """A stretch of street within a box."""

    street: str = Field(description="Empty where it has no name.")
    share: float = Field(description="Of all that is expected on the box's streets.")
    length_m: float = Field(description="Of the part inside the box.")
    lines: list[list[Place]]


class Why(Schema):
    """Why a box was chosen."""

    box: str
    why: str
    sentence: str
    rank_sentence: str
    walk: str = Field(description="With which boxes it makes a walk; empty where it stands alone.")
    streets: str = Field(description="On which streets the crimes behind it were recorded; empty where none is named.")
    stretches: list[Stretch] = Field(description="Those that carry it, most first; none without a street network.")
    no_stretches: str = Field(description="Why none may be told, where the feed is too coarse; else empty.")
    chosen_before: str = Field(description="In how many of the nights before this place was chosen.")
    is_exact: bool = Field(description="Whether shares are exact for this model; else they are those of a like one.")
    parts: list[Part]
    told: list[Told]


class ScoreRow(Schema):
    """How one method's boxes did; null where there was no event to catch."""

    method: str
    n_periods: int
    n_boxes: int
    hits: float
    events: float
    expected: float | None
    coverage: float | None
    hit_rate: float | None
    hit_rate_low: float | None
    hit_rate_high: float | None
    pai: float | None
    pei: float | None


class Score(Schema):
    """How a map's boxes did: the last period and all pooled, every baseline beside. Rates carry 95 % intervals."""

    map: str
    force: str
    level: str
    area_id: str
    area: str
    crime_type: str
    last_valid_from: datetime
    last_valid_to: datetime
    is_replayed: bool = Field(description="Whether the boxes were made afterwards, from what was known then.")
    last: list[ScoreRow]
    n_periods: int
    first_period_start: datetime | None
    pooled: list[ScoreRow]
    difference_to_recent_counts: list[float | None] = Field(
        description="Pooled hit rate less that of the plain count: value, low, high.", min_length=3, max_length=3
    )


class Run(Schema):
    """One try at a force's night."""

    force: str
    night: date
    status: Literal["running", "done", "failed", "died"]
    started_at: datetime
    ended_at: datetime | None
    model: str
    fingerprint: str
    error: str


class Nights(Schema):
    """Nights, newest first."""

    items: list[Night]


class Areas(Schema):
    """Areas of the nights asked for."""

    items: list[Area]


class CrimeTypes(Schema):
    """Crime types of the nights asked for."""

    items: list[CrimeType]


class Maps(Schema):
    """Maps, and those that are withheld."""

    items: list[MapLine]
    withheld: list[Withheld]


class Boxes(Schema):
    """Boxes, how many there are in all, and where the next ones are."""

    items: list[Box]
    number_matched: int
    next: str | None
    withheld: list[Withheld]


class BoxCollection(Schema):
    """Boxes as a GeoJSON feature collection (RFC 7946), with what it is."""

    type: Literal["FeatureCollection"]
    note: str
    number_matched: int
    next: str | None
    withheld: list[Withheld]
    features: list[BoxFeature]


class Scores(Schema):
    """Scores of the maps asked for."""

    items: list[Score]


class Cards(Schema):
    """Purpose cards in force, or expired and not replaced."""

    items: list[Card]


class Runs(Schema):
    """Runs, newest first."""

    items: list[Run]
