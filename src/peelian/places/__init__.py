"""Where things are: grids, squares, study areas, projections. No events, no disk, no clock."""

from peelian.places.areas import AreaLayer, StudyArea
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.places.grid import CellId, Grid
from peelian.places.periods import Period, day_of, local_midnight, month_of
from peelian.places.projections import Projection, metric_crs_for
from peelian.places.regions import Region
from peelian.places.squares import Squares

__all__ = [
    "AreaLayer",
    "CellId",
    "DatePrecision",
    "Force",
    "Grid",
    "LocationPrecision",
    "Period",
    "Projection",
    "Region",
    "Squares",
    "StudyArea",
    "day_of",
    "local_midnight",
    "metric_crs_for",
    "month_of",
]
