"""What a night looks like from outside: pages, a printed briefing, GeoJSON, CSV, GeoPackage, night.json.

Draws ``forecasts.Night`` and computes nothing but layout. Bytes go out; only the GeoPackage touches a path.
"""

from peelian.delivery.briefing import briefing_pdf
from peelian.delivery.geojson import boxes_geojson
from peelian.delivery.geopackage import write_geopackage
from peelian.delivery.night_files import area_files, night_files, night_of_area, shared_files
from peelian.delivery.night_record import night_json
from peelian.delivery.page import area_page, index_page
from peelian.delivery.spreadsheet import boxes_csv

__all__ = [
    "area_files",
    "area_page",
    "boxes_csv",
    "boxes_geojson",
    "briefing_pdf",
    "index_page",
    "night_files",
    "night_json",
    "night_of_area",
    "shared_files",
    "write_geopackage",
]
