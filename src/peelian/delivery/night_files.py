"""The files of a night, as names and bytes. Nothing here touches the disk but the GeoPackage, at the path it is given.

A whole night is ``night_files``. To spread the work over processes, take ``shared_files`` in one and
``area_files(night_of_area(night, id), id)`` in others: an area's files need its own maps and streets only.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from peelian.delivery.briefing import briefing_paper, typeset
from peelian.delivery.geojson import boxes_geojson
from peelian.delivery.ground import bounds_of
from peelian.delivery.night_record import night_json
from peelian.delivery.outlines import outline
from peelian.delivery.page import (
    area_page,
    area_slugs,
    areas_with_maps,
    briefing_name,
    draw_area,
    feed_words,
    has_area_pages,
    index_page,
    page_names,
)
from peelian.delivery.site_documents import (
    AreaViews,
    box_count,
    boxes_document,
    briefing_document,
    ground_document,
    index_document,
    map_documents,
)
from peelian.delivery.spreadsheet import boxes_csv
from peelian.forecasts.nights import Night

#: Streets this far outside an area may still be on its maps: the pictures are wider than the area.
_AROUND_M = 6000.0


def night_files(night: Night) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the night but boxes.gpkg, as (name, bytes): pages, tables, the record, briefings."""
    yield from shared_files(night)
    for area_id in areas_with_maps(night):
        yield from area_files(night, area_id)


def shared_files(night: Night) -> Iterator[tuple[str, bytes]]:
    """Yield the files that speak of all areas: index.html, boxes.geojson, boxes.csv, night.json, the site's list.

    Where the areas are so few that index.html shows them all, they are drawn here, and the site's documents with them.
    """
    areas = areas_with_maps(night)
    drawn = [] if has_area_pages(night) else [draw_area(night, a) for a in areas]
    yield "index.html", index_page(night, drawn)
    yield "boxes.geojson", boxes_geojson(night)
    yield "boxes.csv", boxes_csv(night)
    yield "night.json", night_json(night)
    names = area_slugs(night)
    yield (
        f"{site_folder(night)}/index.json.gz",
        index_document(night, [(a, names[a]) for a in areas], feed_words(night)),
    )
    yield f"{site_folder(night)}/boxes.json.gz", boxes_document(night)
    for area in drawn:
        yield from _documents(night, area)


def site_files(night: Night, *, longer: bool) -> Iterator[tuple[str, bytes]]:
    """Yield what the site shows of a night beside another: a longer list of its maps, or the maps of another level.

    A longer list stands on the same ground, and is named by its number of boxes; a level has its list, its grounds and
    its briefings too.
    """
    names, areas, folder = area_slugs(night), areas_with_maps(night), site_folder(night)
    if not longer:
        yield f"{folder}/index.json.gz", index_document(night, [(a, names[a]) for a in areas], feed_words(night))
        yield f"{folder}/boxes.json.gz", boxes_document(night)
    for area_id in areas:
        drawn = draw_area(night, area_id)
        if longer:
            yield from _map_documents(night, drawn, f"-top-{box_count(night)}")
        else:
            yield from _documents(night, drawn)
            yield from _briefing(night, area_id, f"{folder}/{briefing_name(names[area_id])}")


def area_files(night: Night, area_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield one area's briefing, typeset and as a document, and where there are many areas its page and documents.

    Nothing for an area without a map.
    """
    if area_id not in areas_with_maps(night):
        return
    yield from _briefing(night, area_id, briefing_name(area_slugs(night)[area_id]))
    if has_area_pages(night):
        drawn = draw_area(night, area_id)
        yield page_names(night)[area_id], area_page(night, area_id, drawn)
        yield from _documents(night, drawn)


def _briefing(night: Night, area_id: str, name: str) -> Iterator[tuple[str, bytes]]:
    paper = briefing_paper(night, area_id)
    yield name, typeset(paper, night)
    yield f"{site_folder(night)}/briefing-{area_slugs(night)[area_id]}.json.gz", briefing_document(paper)


def site_folder(night: Night) -> str:
    """Return where in a night's folder the site finds its documents."""
    return f"site/{night.layer.level}"


def _documents(night: Night, drawn: AreaViews) -> Iterator[tuple[str, bytes]]:
    folder = site_folder(night)
    yield f"{folder}/ground-{drawn.slug}.json.gz", ground_document(night, drawn)
    yield from _map_documents(night, drawn)


def _map_documents(night: Night, drawn: AreaViews, ending: str = "") -> Iterator[tuple[str, bytes]]:
    for name, document in map_documents(night, drawn):
        yield f"{site_folder(night)}/{name}{ending}.json.gz", document


def night_of_area(night: Night, area_id: str) -> Night:
    """Return the night with one area's maps and the streets near it; little enough to send to another process.

    The layer stays whole, so that file names and the choice between one page and many stay as in the whole night.
    """
    area = night.layer.area(area_id)
    x_min, y_min, x_max, y_max = bounds_of(night, area, outline(area, night.layer.grid))
    low, high = np.array([x_min, y_min]) - _AROUND_M, np.array([x_max, y_max]) + _AROUND_M
    streets = {
        name: points for name, points in night.streets.items() if ((points > low) & (points < high)).all(axis=1).any()
    }
    return replace(night, areas=tuple(a for a in night.areas if a.area.id == area_id), streets=streets)
