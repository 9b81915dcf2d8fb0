"""No comparison finer than the feed's location precision: on moved points tiny units look brilliant for nothing."""

from peelian.errors import EvaluationError
from peelian.places.forces import LocationPrecision

#: The smallest side, in metres, of a unit that a feed of this precision can judge.
#: Snapped feeds move a crime to the nearest of a list of points, often a street's middle, and pile many onto one: a
#: unit smaller than a box then holds the point or does not, whatever happened in the street. A block is about 100 m.
SMALLEST_SIDE_M = {
    LocationPrecision.EXACT: 0.0,
    LocationPrecision.BLOCK: 100.0,
    LocationPrecision.STREET_SNAPPED: 250.0,
}


def check_unit(side_m: float, precision: LocationPrecision, what: str) -> None:
    """Refuse units too small for the feed.

    Raises
    ------
    EvaluationError
        With the reason: the feed says only an area, or moves its points further than the unit is wide.
    """
    if precision not in SMALLEST_SIDE_M:
        raise EvaluationError(f"{what}: the feed says only in which area a crime was; no box within it can be judged.")
    least = SMALLEST_SIDE_M[precision]
    if side_m < least * (1 - 1e-6):
        raise EvaluationError(
            f"{what} are {side_m:g} m wide, but the feed is {precision.value}: its points are moved by about as much, "
            f"so a comparison below {least:g} m would measure the moving and not the forecast. Use {least:g} m or more."
        )
