"""The night as pages: index.html, and one page an area where there are many. No script, no network, fonts within."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from markupsafe import Markup

from peelian.delivery import words
from peelian.delivery.ground import Ground, ground_of
from peelian.delivery.names import slugs
from peelian.delivery.sentences import expectation, force_sentence
from peelian.delivery.site_documents import AreaViews
from peelian.delivery.templating import environment
from peelian.delivery.views import MapView, map_view
from peelian.forecasts.nights import AreaNight, Night

#: Up to this many areas stand together on index.html; more get a page each (docs/decisions/0020).
MOST_TOGETHER = 8

#: Family, weight, style and file of every font a page may use.
FONT_FACES = (
    ("Source Sans 3", 400, "normal", "source-sans-3-latin-400-normal"),
    ("Source Sans 3", 400, "italic", "source-sans-3-latin-400-italic"),
    ("Source Sans 3", 600, "normal", "source-sans-3-latin-600-normal"),
    ("Source Sans 3", 700, "normal", "source-sans-3-latin-700-normal"),
    ("Source Serif 4", 500, "normal", "source-serif-4-latin-500-normal"),
    ("Source Serif 4", 400, "italic", "source-serif-4-latin-400-italic"),
)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One area in the table of a night with many: what is expected of each crime type, with its map's address."""

    area: str
    href: str
    briefing: str
    cells: tuple[tuple[str, str] | None, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One HTML page, ready to be placed."""

    title: str
    style: Markup
    force: str
    period: str
    until: str
    cutoff: str
    feed: str
    now: str
    one: str
    headline: str
    lead: str
    law: str
    law_any: str
    notes: tuple[str, ...]
    nav: tuple[tuple[str, str], ...]
    back: str
    matrix_kinds: tuple[str, ...]
    matrix: tuple[MatrixRow, ...]
    views: tuple[MapView, ...]
    grounds: tuple[Ground, ...]
    withheld: tuple[tuple[str, str], ...]
    made: str


def has_area_pages(night: Night) -> bool:
    """Tell whether the night has so many areas that each gets a page of its own."""
    return len(night.layer.areas) > MOST_TOGETHER


def page_names(night: Night) -> Mapping[str, str]:
    """Return the file name of each area's page, by area id; empty where all stand on index.html."""
    if not has_area_pages(night):
        return {}
    return {area_id: f"area-{name}.html" for area_id, name in area_slugs(night).items()}


def area_slugs(night: Night) -> Mapping[str, str]:
    """Return the part of a file name that stands for each area: one for every area of the layer, all different."""
    return slugs(area.id for area in night.layer.areas)


def index_page(night: Night, drawn: Sequence[AreaViews] | None = None) -> bytes:
    """Return index.html: the night in a sentence, a table of all maps, and the maps themselves where they are few.

    ``drawn`` are the areas with maps as ``draw_area`` made them, where they were made already.
    """
    zone, period = _zone(night), words.period_words(night.period, _zone(night))
    kinds = list(dict.fromkeys(a.bundle.name for a in night.areas))
    said = force_sentence(night, period)
    apart = has_area_pages(night)
    areas = areas_with_maps(night)
    together = () if apart else drawn or [draw_area(night, a) for a in areas]
    views, grounds = [v for d in together for v in d.views], [d.ground for d in together]
    first = {v.area_id: f"#{v.anchor}" for v in reversed(views)}
    n_maps, n_areas, n_kinds = len(night.areas), len(areas), len(kinds)
    counted = (
        f"{words.number(n_maps).capitalize()} map{'s' * (n_maps != 1)}: {words.number(n_areas)} "
        f"area{'s' * (n_areas != 1)}, {words.number(n_kinds)} crime type{'s' * (n_kinds != 1)}."
    )
    known = f"Records known at {words.instant(night.cutoff, zone, with_year=True)}."
    return _render(
        night,
        title=f"{night.force.name}, {words.span(night.period, zone)} - Peelian",
        headline=said or f"No map was made for {night.force.name} {period.now}.",
        lead=f"{counted} {known} {feed_words(night)}",
        nav=tuple((night.layer.area(a).name, first[a]) for a in areas if a in first),
        back="#all",
        matrix_kinds=tuple(words.heading(k) for k in kinds) if apart else (),
        matrix=_matrix(night, areas, kinds) if apart else (),
        views=tuple(views),
        grounds=tuple(grounds),
        withheld=tuple((words.heading(k), reason) for k, reason in night.withheld),
    )


def area_page(night: Night, area_id: str, drawn: AreaViews | None = None) -> bytes:
    """Return the page of one area of a night with many; ``drawn`` is what ``draw_area`` made of it already."""
    period = words.period_words(night.period, _zone(night))
    area = night.layer.area(area_id)
    of_area = drawn or draw_area(night, area_id)
    views, grounds = of_area.views, [of_area.ground]
    first = max((a for a in night.areas if a.area.id == area_id), key=lambda a: a.expected_in_area)
    return _render(
        night,
        title=f"{area.name}, {words.span(night.period, _zone(night))} - Peelian",
        headline=expectation(first.expected_in_area, first.bundle.name, area.name, period),
        lead=(
            f"{words.number(len(views)).capitalize()} map{'s' * (len(views) != 1)} of {area.name}. {feed_words(night)}"
        ),
        nav=(("All areas", "index.html"),),
        back="index.html",
        matrix_kinds=(),
        matrix=(),
        views=views,
        grounds=tuple(grounds),
        withheld=(),
    )


def draw_area(night: Night, area_id: str) -> AreaViews:
    """Return one area as pages and the site show it: its ground once, and a view of each of its maps."""
    slug = area_slugs(night)[area_id]
    anchor = f"a-{slug}"
    ground = ground_of(night, night.layer.area(area_id), anchor)
    of_area = [a for a in night.areas if a.area.id == area_id]
    kinds = slugs((a.bundle.name for a in of_area), "type")
    views = tuple(map_view(night, a, ground, f"{anchor}-{kinds[a.bundle.name]}", briefing_name(slug)) for a in of_area)
    return AreaViews(area_id, slug, ground, views)


def briefing_name(area_slug: str) -> str:
    """Return the file name of an area's briefing."""
    return f"briefing-{area_slug}.pdf"


def _matrix(night: Night, areas: list[str], kinds: list[str]) -> tuple[MatrixRow, ...]:
    names, pages = area_slugs(night), page_names(night)
    by_key: dict[tuple[str, str], AreaNight] = {(a.area.id, a.bundle.name): a for a in night.areas}
    rows = []
    for area_id in areas:
        anchors = slugs((a.bundle.name for a in night.areas if a.area.id == area_id), "type")
        cells: list[tuple[str, str] | None] = []
        for kind in kinds:
            found = by_key.get((area_id, kind))
            address = f"{pages[area_id]}#a-{names[area_id]}-{anchors.get(kind, '')}"
            cells.append((_expected_cell(found.expected_in_area), address) if found else None)
        rows.append(
            MatrixRow(night.layer.area(area_id).name, pages[area_id], briefing_name(names[area_id]), tuple(cells))
        )
    return tuple(rows)


def _expected_cell(expected: float) -> str:
    return f"{words.about(expected):,.0f}" if expected >= 10 else f"{expected:.1f}"  # noqa: PLR2004 - two figures


def _render(night: Night, **parts: object) -> bytes:
    zone = _zone(night)
    period = words.period_words(night.period, zone)
    examples = any(c.is_example for c in night.cards)
    page = Page(
        style=page_style(),
        force=night.force.name,
        period=words.span(night.period, zone),
        until=words.instant(night.period.end, zone, with_year=True),
        cutoff=words.instant(night.cutoff, zone, with_year=True),
        feed=feed_words(night),
        now=period.now,
        one=period.one,
        law=words.NO_GROUND,
        law_any=words.NO_GROUND_ANY,
        notes=("Example night: the purpose cards, their owners and dates are made up.",) if examples else (),
        made=(
            f"Made by Peelian {night.version} with {_models(night)}, seed {night.seed}, from "
            f"{night.n_events_known:,} events; fingerprint {night.fingerprint[:12]}."
        ),
        **parts,  # type: ignore[arg-type]  # the callers name the rest of Page's fields
    )
    return environment().get_template("page.html.j2").render(page=page).encode()


def feed_words(night: Night) -> str:
    """Return what the feed can and cannot say: latest record, precision of place and day, delay."""
    zone = _zone(night)
    latest = f"Latest record {words.instant(night.latest_recorded_at, zone)}. " if night.latest_recorded_at else ""
    by_month = " Dated by the month only." if night.force.date_precision.value == "month" else ""
    return f"{latest}{words.PRECISION[night.force.location_precision]}{by_month} {night.delay_note}".strip()


def _models(night: Night) -> str:
    """Return the model, or that each map has its own."""
    if night.model != "chosen":
        return f"the model {night.model}"
    used = sorted({a.model for a in night.areas})
    return f"the model chosen for each map by past scores ({', '.join(used)})"


def areas_with_maps(night: Night) -> list[str]:
    """Return the ids of the areas that have a map, in the night's order."""
    return list(dict.fromkeys(a.area.id for a in night.areas))


def _zone(night: Night) -> ZoneInfo:
    return ZoneInfo(night.force.time_zone)


@lru_cache(maxsize=1)
def page_style() -> Markup:
    """Return the style sheet with the fonts inside it, so that a page asks nobody for anything."""
    room = files("peelian.delivery")
    faces = ""
    for family, weight, style, name in FONT_FACES:
        font = b64encode((room / "fonts" / f"{name}.woff2").read_bytes()).decode()
        faces += (
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};'
            f"src:url(data:font/woff2;base64,{font}) format('woff2')}}"
        )
    return Markup(faces + (room / "templates" / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own files
