"""What is expected, what was chosen, why, and how it turned out: the frozen values between models and doors.

Forecast -> Boxes -> AreaNight -> Night. Made by ``models``, ``selection`` and ``evaluation``, carried by
``jobs``, kept by ``store``, drawn by ``delivery``. About places only: ``records`` may not be imported here.
"""

from peelian.forecasts.boxes import BOX_SCHEMA, Boxes
from peelian.forecasts.forecast import Forecast
from peelian.forecasts.influence import CONTRIBUTION_SCHEMA, Contributions, Influence
from peelian.forecasts.nights import AreaNight, Night, PurposeCard, ScoreRow, Shading, TrackRecord

__all__ = [
    "BOX_SCHEMA",
    "CONTRIBUTION_SCHEMA",
    "AreaNight",
    "Boxes",
    "Contributions",
    "Forecast",
    "Influence",
    "Night",
    "PurposeCard",
    "ScoreRow",
    "Shading",
    "TrackRecord",
]
