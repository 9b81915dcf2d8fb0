"""What the public is told of each ward, in sentences without our field's words, and a map that stops at the ward."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from markupsafe import Markup, escape

from peelian.delivery import words
from peelian.delivery.frame import Frame, px
from peelian.delivery.ground import shape_path
from peelian.delivery.marks import draw_scale_bar, svg
from peelian.delivery.names import slugs
from peelian.delivery.outlines import drawn_outline
from peelian.delivery.site_documents import SCHEMA, packed
from peelian.delivery.streets import path, street_lines
from peelian.forecasts.nights import Night, PurposeCard
from peelian.forecasts.wards import MonthCount, WardTally
from peelian.places.areas import AreaLayer, StudyArea

_MAP = (560.0, 460.0)
_MARGIN = 60.0
_CHART_HEIGHT, _CHART_TOP, _BAR = 150.0, 12.0, 17.0
_AT_LEAST_NAMED_PX = 46.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Answerable:
    """Where to object or ask, and within how many working days an answer comes."""

    contact: str
    reply_days: int


def public_documents(
    night: Night,
    layer: AreaLayer,
    told: Sequence[WardTally],
    last: date,
    answerable: Answerable,
    residents: Mapping[str, float],
) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, document): the list of wards, and one document a ward with every crime type."""
    names = slugs(a.id for a in layer.areas)
    by_ward: dict[str, list[WardTally]] = {}
    for tally in told:
        by_ward.setdefault(tally.area_id, []).append(tally)
    outlines = {a.id: drawn_outline(a, layer.grid) for a in layer.areas}
    noun = "ward" if layer.level == "ward" else layer.level
    shared = {
        "schema": SCHEMA,
        "force": night.force.name,
        "force_id": night.force.id,
        "noun": noun,
        "through": last.isoformat(),
        "through_words": words.day(last),
        "contact": answerable.contact,
        "reply_days": answerable.reply_days,
    }
    wards = [{"id": a.id, "name": a.name, "slug": names[a.id]} for a in layer.areas]
    yield "index.json.gz", packed({**shared, "wards": sorted(wards, key=lambda w: (w["name"], w["id"]))})
    everyone = sum(residents.values())
    for area in layer.areas:
        people = (residents.get(area.id, 0.0), everyone)
        own = sorted(by_ward.get(area.id, []), key=lambda t: (-sum(m.events or 0.0 for m in t.months), t.bundle))
        kinds = [_kind(night, area, noun, tally, people) for tally in own]
        document = {
            **shared,
            "id": area.id,
            "name": area.name,
            "slug": names[area.id],
            "map": _ward_map(night, layer, area, outlines),
            "kinds": kinds,
        }
        yield f"ward-{names[area.id]}.json.gz", packed(document)


def _kind(night: Night, area: StudyArea, noun: str, tally: WardTally, people: tuple[float, float]) -> dict[str, object]:
    one, many = words.nouns(tally.bundle)
    card = night.card(tally.bundle)
    return {
        "kind": tally.bundle,
        "crime": words.heading(tally.bundle),
        "span": f"{words.day(tally.first)} to {words.day(tally.last)}" if tally.n_nights else "",
        "headline": _headline(tally, noun, many),
        "forecast": (
            f"Places, never people. The computer counts recorded crime: where and when. It is given no names, no stops "
            f"and searches, and nothing about who lives there. {_chosen(tally, noun)}"
        ),
        "done": _done(tally),
        "happened": _happened(tally, noun, one, many),
        "worked": (
            f"One {noun} and a few months are too few to tell. Whether there was less crime because of it can only be "
            "told by a trial; until one has ended we claim nothing."
        ),
        "fair": _fair(tally, noun, many, people, night.force.name),
        "answers": _answers(card),
        "chart": _months_chart(tally.months, f"{many.capitalize()} recorded in {area.name}, month by month"),
        "chart_heading": f"{many.capitalize()} recorded in the {noun} each month",
        "chart_note": (
            f"The line is the middle {noun} of {night.force.name}. Numbers this small go up and down by chance. “?” "
            "means no records for that month."
        ),
        "months": [
            {
                "month": words.month(m.month),
                "events": "?" if m.events is None else words.digits(round(m.events, 1)),
                "middle": "?" if m.middle is None else words.digits(round(m.middle, 1)),
            }
            for m in reversed(tally.months)
        ],
    }


def _headline(tally: WardTally, noun: str, many: str) -> str:
    if not tally.n_nights:
        return f"No forecast of {many} was in use in this {noun} up to now."
    if not tally.nights_chosen:
        return f"Police were not asked to be anywhere in this {noun} because of {many}."
    return (
        f"On {tally.nights_chosen} of {tally.n_nights} nights, police were asked to be seen somewhere in this {noun} "
        f"because {many} were a little more likely there."
    )


def _chosen(tally: WardTally, noun: str) -> str:
    if not tally.boxes_chosen:
        return ""
    many = f"{words.number(tally.boxes_chosen)} place{'s' if tally.boxes_chosen != 1 else ''} of 250 metres"
    return f"In all {many} in this {noun} {'were' if tally.boxes_chosen != 1 else 'was'} chosen, a night at a time."


def _done(tally: WardTally) -> str:
    law = "A chosen place is no ground to stop and search anyone."
    if not tally.boxes_chosen:
        return f"Nothing was asked of them here. {law}"
    if not tally.visits:
        return f"No visit to a chosen place here was logged. {law}"
    typical = f", typically {round(tally.typical_minutes)} minutes long" if tally.typical_minutes else ""
    visits = "visit was" if tally.visits == 1 else "visits were"
    return f"{words.number(tally.visits).capitalize()} {visits} logged{typical}. {law}"


def _happened(tally: WardTally, noun: str, one: str, many: str) -> str:
    if not tally.n_nights:
        return f"What was recorded in the {noun} each month stands beside."
    events, hits = round(tally.events), round(tally.hits)
    if not events:
        return f"No {one} was recorded in the {noun} on these nights."
    fell = "none of them" if not hits else "all of them" if hits == events else words.number(hits)
    was = "was" if events == 1 else "were"
    return (
        f"{words.number(events).capitalize()} {one if events == 1 else many} {was} recorded in the {noun} on these "
        f"nights, {fell} in a place that had been chosen."
    )


def _fair(tally: WardTally, noun: str, many: str, people: tuple[float, float], force: str) -> str:
    here, everyone = people
    if not tally.n_nights:
        return "There was nothing to share out."
    if not here or not everyone:
        hours, all_hours = round(tally.box_hours), round(tally.force_box_hours)
        share = words.percent(tally.box_hours / all_hours if all_hours else float("nan"), 0)
        crimes = words.percent(tally.events / tally.force_events if tally.force_events else float("nan"), 0)
        return (
            f"Chosen places stood {hours:,} hours in this {noun}: {share} of all in {force}. Of all {many} recorded, "
            f"{crimes} were here. We do not know how many people live here, so we cannot say what that is for each."
        )

    def per(value: float, of: float) -> str:
        return words.digits(round(1000 * value / of, 1))

    return (
        f"Police time logged in chosen places: {per(tally.minutes, here)} minutes per 1,000 residents here, "
        f"{per(tally.force_minutes, everyone)} across {force}. {many.capitalize()} per 1,000 residents: "
        f"{per(tally.events, here)} here, {per(tally.force_events, everyone)} across {force}."
    )


def _answers(card: PurposeCard) -> str:
    example = " (An example: the name is made up.)" if card.is_example else ""
    stop = card.stop_rule[:1].lower() + card.stop_rule[1:].rstrip(".")
    owner = f"{card.owner[:1].upper()}{card.owner[1:]}"
    return f"{owner}. The use ends on {words.day(card.expires)}, or before: {stop}.{example}"


def _ward_map(night: Night, layer: AreaLayer, area: StudyArea, outlines: Mapping[str, shapely.Geometry]) -> Markup:
    """Return the ward among its neighbours: outlines, streets and names; no box, no dot."""
    shape = outlines[area.id]
    width, height = _MAP
    if shapely.is_empty(shape):
        return Markup("")
    frame = Frame.around(tuple(shapely.bounds(shape).tolist()), width, height, _MARGIN)
    view = shapely.box(*frame.bounds)
    lines = street_lines(night.streets, frame.bounds, night.force.location_precision)
    minor = path([line.points for line in lines if not line.is_main], frame)
    main = path([line.points for line in lines if line.is_main], frame)
    others = [a for a in layer.areas if a.id != area.id and shapely.intersects(outlines[a.id], view)]
    edges = "".join(f'<path class="other-ward" d="{shape_path(outlines[a.id], frame)}"/>' for a in others)
    labels = "".join(_label(a.name, shapely.intersection(outlines[a.id], view), frame, "other-name") for a in others)
    own = shape_path(shape, frame)
    return svg(
        f'<svg class="ward-map" viewBox="0 0 {px(frame.width)} {px(frame.height)}" role="img" '
        f'aria-label="{escape(f"Map of {area.name} among its neighbours; no chosen place is shown")}">'
        f'<path class="minor" d="{minor}"/><path class="main" d="{main}"/>{edges}<path class="own-ward" d="{own}"/>'
        f"{labels}{_label(area.name, shape, frame, 'own-name')}{draw_scale_bar(frame, 20, frame.height - 14)}</svg>"
    )


def _label(name: str, shape: shapely.Geometry, frame: Frame, kind: str) -> str:
    if shapely.is_empty(shape):
        return ""
    x_min, _, x_max, _ = shapely.bounds(shape).tolist()
    if (x_max - x_min) * frame.pixels_per_m < max(_AT_LEAST_NAMED_PX, 6.2 * len(name)) and kind == "other-name":
        return ""
    at = shapely.point_on_surface(shape)
    x, y = float(frame.x(np.float64(at.x))), float(frame.y(np.float64(at.y)))
    return f'<text class="{kind}" x="{px(x)}" y="{px(y)}">{escape(name)}</text>'


def _months_chart(months: Sequence[MonthCount], label: str) -> Markup:
    """Return bars by month, the middle ward's as a line over each; a month without records gets a question mark."""
    known = [m for m in months if m.events is not None]
    if not known:
        return Markup("")
    top = max(1.0, *(max(m.events or 0, m.middle or 0) for m in known))
    left, bottom = 34.0, _CHART_TOP + _CHART_HEIGHT

    def at(value: float) -> float:
        return bottom - value / top * _CHART_HEIGHT

    right = left + (_BAR + 5) * len(months)
    parts = [
        f'<path class="grid" d="M{px(left)} {px(at(t))}H{px(right)}"/>'
        f'<text class="tick ends" x="{px(left - 6)}" y="{px(at(t))}" dy=".35em">{t:,.0f}</text>'
        for t in sorted({0.0, float(round(top / 2)), float(round(top))})
    ]
    for index, month in enumerate(months):
        x = left + (_BAR + 5) * index + 2
        if month.month.month in (1, 7) or (index == 0 and month.month.month not in (6, 12)):
            year = f" {month.month.year}" if month.month.month == 1 or index == 0 else ""
            name = f"{_MONTHS[month.month.month - 1]}{year}"
            parts.append(f'<text class="tick starts" x="{px(x)}" y="{px(bottom + 16)}">{name}</text>')
        if month.events is None:
            parts.append(f'<text class="tick" x="{px(x + _BAR / 2)}" y="{px(bottom - 5)}">?</text>')
            continue
        parts.append(
            f'<rect class="month-bar" x="{px(x)}" y="{px(at(month.events))}" width="{px(_BAR)}" '
            f'height="{px(bottom - at(month.events))}"/>'
        )
        if month.middle is not None:
            parts.append(f'<path class="middle" d="M{px(x - 1)} {px(at(month.middle))}h{px(_BAR + 2)}"/>')
    return svg(
        f'<svg class="caught-chart ward-chart" viewBox="0 0 {px(right + 6)} {px(bottom + 22)}" role="img" '
        f'aria-label="{escape(label)}; the table says the same">{"".join(parts)}</svg>'
    )
