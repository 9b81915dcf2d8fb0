"""The printed briefing: one A4 page a crime type, black on white, two minutes aloud from top to bottom.

All text reaches the typesetter as JSON, so that nothing in a name or an owner's words can be markup.
"""

import json
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
import typst

from peelian.delivery import sentences, words
from peelian.delivery.making import walk_sentence
from peelian.delivery.paper_map import PAPER_WIDTH, paper_map
from peelian.delivery.reasons import reasons, recent_events
from peelian.delivery.words import PeriodWords
from peelian.errors import PublicationError
from peelian.forecasts.nights import AreaNight, Night, PurposeCard, ScoreRow

#: Millimetres of the page that are not map or rows, and what a row gets: ten rows leave the map 83 mm.
_FIXED_MM = 114.0
_ROW_MM = (8.0, 5.6)
_MANY_ROWS = 14
_PAGE_MM = (190.0, 277.0)
_MAP_MM = (42.0, 92.0)
#: Letters that each line of the purpose card may have; fewer where many rows leave little room.
_LONGEST_CARD_TEXT = (100, 60)
#: Latin with all its accents (Welsh among them), and the usual marks and arrows.
_LATIN = ((0x00, 0x250), (0x1E00, 0x1F00), (0x2000, 0x2300))


def briefing_pdf(night: Night, area_id: str) -> bytes:
    """Return the area's briefing as PDF: a page for each crime type with a map; equal nights give equal bytes."""
    return typeset(briefing_paper(night, area_id), night)


def briefing_paper(night: Night, area_id: str) -> dict[str, object]:
    """Return everything that an area's briefing says, as it is typeset and as the site shows it."""
    pages = [_page(night, a) for a in night.areas if a.area.id == area_id]
    area = night.layer.area(area_id).name
    zone = ZoneInfo(night.force.time_zone)
    known = f"Records known at {words.instant(night.cutoff, zone)}."
    return {
        "title": f"Peelian briefing, {area}, {words.span(night.period, zone)}",
        "area": area,
        "period": words.span(night.period, zone),
        "until": f"Not valid after {words.instant(night.period.end, zone)}. {known}",
        "law": words.NO_GROUND_ANY,
        "foot": f"{night.force.name} · night {night.night.isoformat()}",
        "example": any(c.is_example for c in night.cards),
        "none": f"No map was made for {area}.",
        "pages": pages,
    }


def typeset(paper: dict[str, object], night: Night) -> bytes:
    """Return a briefing as PDF.

    Raises
    ------
    PublicationError
        When the typesetter gives none.
    """
    text = json.dumps(paper, ensure_ascii=False)
    made = _compiler(_is_latin(text)).compile(
        format="pdf", sys_inputs={"paper": text}, timestamp=int(night.cutoff.timestamp())
    )
    if not isinstance(made, bytes):
        raise PublicationError(
            f"the briefing of {paper['area']} was not typeset: typst gave {type(made).__name__}, wanted bytes."
        )
    return made


def _page(night: Night, area_night: AreaNight) -> dict[str, object]:
    zone = ZoneInfo(night.force.time_zone)
    period = words.period_words(night.period, zone)
    n = len(area_night.boxes)
    row_mm = _ROW_MM[0] if n <= _MANY_ROWS else _ROW_MM[1]
    map_mm = float(np.clip(_PAGE_MM[1] - _FIXED_MM - n * row_mm, *_MAP_MM))
    why = reasons(area_night)
    table = area_night.boxes.chosen
    rows = [
        {
            "number": rank,
            "firm": bool(area_night.boxes.is_firm[i]),
            "place": area_night.place_names[i] or f"Box {rank}",
            "odds": words.odds(table["expected_count"][i]),
            "why": recent_events(why[i], area_night, night.force.date_precision),
            "range": f"{table['rank_low'][i]} to {table['rank_high'][i]}",
        }
        for i, rank in enumerate(table["rank"].to_list())
    ]
    first, second = sentences.night_sentence(area_night, period, area_night.area.name)
    firm_note, unsure_note = sentences.group_notes(area_night)
    return {
        "kind": area_night.bundle.name,
        "crime": words.heading(area_night.bundle.name),
        "says": f"{first} {second}",
        "walks": walk_sentence(area_night),
        "quiet": sentences.quiet_note(area_night, night.force.date_precision),
        "map": paper_map(night, area_night, round(PAPER_WIDTH * map_mm / _PAGE_MM[0])),
        "row_mm": row_mm,
        "aloud": f"Map of {n} boxes in {area_night.area.name}; the table below lists them.",
        "groups": [
            {"note": note, "rows": chosen}
            for note, chosen in (
                (firm_note, [r for r in rows if r["firm"]]),
                (unsure_note, [r for r in rows if not r["firm"]]),
            )
            if chosen
        ],
        "in_a_box": (
            "On foot, 10 to 15 minutes, then move on. Say hello, and say why you are here. "
            f"No box gets more than {night.presence_cap_minutes} officer-minutes a day."
        ),
        "good": _how_good(night, area_night, period),
        "last": _last(area_night, period),
        "card": _card(night.card(area_night.bundle.name), _LONGEST_CARD_TEXT[n > _MANY_ROWS]),
        "feed": f"{words.PRECISION[night.force.location_precision]} "
        + ("Dated by the month only. " if night.force.date_precision.value == "month" else "")
        + night.delay_note,
    }


def _how_good(night: Night, area_night: AreaNight, period: PeriodWords) -> str:
    n = len(area_night.boxes)
    they = "One box is" if n == 1 else f"{words.number(n).capitalize()} boxes are"
    said = f"{they} {words.percent(night.coverage(area_night))} of the area. " if n else ""
    record = area_night.record
    ours = record.row("boxes", pooled=True) if record else None
    plain = record.row("recent-counts", pooled=True) if record else None
    if record is None or ours is None or not np.isfinite(ours.hit_rate):
        return said + f"No past {period.one} has been judged yet."
    _, many = words.nouns(area_night.bundle.name)
    over = f"{record.n_periods:,} {period.many}" if record.n_periods != 1 else f"one {period.one}"
    said += f"In {over} they caught {words.percent(ours.hit_rate)} of {many}{_interval(ours)}"
    if plain is not None and np.isfinite(plain.hit_rate):
        said += f"; plain counting {words.percent(plain.hit_rate)}{_interval(plain)}"
    chance = record.row("random", pooled=True)
    if chance is not None and np.isfinite(chance.hit_rate):
        said += f"; boxes at random {words.percent(chance.hit_rate)}"
    return f"{said}."


def _interval(row: ScoreRow) -> str:
    low, high = row.hit_rate_low * 100, row.hit_rate_high * 100
    return f" ({low:.0f} to {high:.0f}\u00a0%)" if np.isfinite(low) and np.isfinite(high) else ""


def _last(area_night: AreaNight, period: PeriodWords) -> str:
    if area_night.record is None:
        return ""
    said = sentences.morning_sentence(area_night.record, area_night.bundle.name, area_night.area.name, period)
    return f"The {period.one} before: {said[:1].lower()}{said[1:]}"


def _card(card: PurposeCard, longest: int) -> str:
    texts = {"Goal": card.goal, "Measure": card.measure, "Owner": card.owner, "Stop rule": card.stop_rule}
    parts = [f"{name}: {_short(text, longest)}" for name, text in texts.items()]
    parts.append(f"Ends {words.day(card.expires)}.")
    return " ".join(parts) + (" Example: owner and dates are made up." if card.is_example else "")


def _short(text: str, longest: int) -> str:
    """Return the text whole where the page has room for it, else its first words: night.json has it all."""
    text = " ".join(text.split())
    if len(text) > longest:
        return text[:longest].rsplit(" ", 1)[0] + " …"
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _is_latin(text: str) -> bool:
    """Tell whether our own fonts hold every letter; if not, the machine's fonts are asked too."""
    return all(any(first <= ord(c) < end for first, end in _LATIN) for c in text)


@lru_cache(maxsize=2)
def _compiler(is_latin: bool) -> typst.Compiler:  # noqa: FBT001 - a cache key
    room = files("peelian.delivery")
    return typst.Compiler(
        str(room / "templates" / "briefing.typ"), font_paths=[str(room / "fonts")], ignore_system_fonts=is_latin
    )
