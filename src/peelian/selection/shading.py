"""Version 1: the most at-risk share of an area, shaded in three steps, and what it would catch and cost."""

import numpy as np
from numpy.typing import NDArray

from peelian.forecasts.forecast import Forecast
from peelian.forecasts.nights import Shading
from peelian.places.areas import StudyArea
from peelian.selection.top import rank_cells

#: Shares of the area's cells in steps 3; 3 and 2; 3, 2 and 1 (LOOK.md section 3).
SHARES = (0.10, 0.22, 0.40)


def shade(forecast: Forecast, area: StudyArea, recorded: NDArray[np.float64]) -> Shading:
    """Return the three steps of one area.

    ``recorded`` (n_cells,) counts the events that later happened in judged periods; the share of
    them in tonight's steps is told beside the expected share. Cells of which nothing is expected are
    never shaded; equal counts are taken by rising cell id.
    """
    step = np.zeros(forecast.grid.n_cells, dtype=np.int8)
    ranked = rank_cells(forecast.expected, area.cells, int(np.ceil(SHARES[-1] * area.n_cells)))
    ranked = ranked[forecast.expected[ranked] > 0]
    expected_total = float(forecast.expected[area.cells].sum())
    recorded_total = float(recorded[area.cells].sum())
    coverage, expected_share, recorded_share = [], [], []
    for value, share in zip((3, 2, 1), SHARES, strict=True):
        chosen = ranked[: int(np.ceil(share * area.n_cells))]
        fresh = chosen[step[chosen] == 0]
        step[fresh] = value
        coverage.append(chosen.size / area.n_cells if area.n_cells else 0.0)
        expected_share.append(float(forecast.expected[chosen].sum()) / expected_total if expected_total else 0.0)
        recorded_share.append(float(recorded[chosen].sum()) / recorded_total if recorded_total else float("nan"))
    return Shading(step, tuple(coverage), tuple(expected_share), tuple(recorded_share))
