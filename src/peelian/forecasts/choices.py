"""Which model each area and crime type is given tonight, and why: decided from past scores only."""

from dataclasses import dataclass
from datetime import date, datetime

from peelian.forecasts.forecast import Parameter


@dataclass(frozen=True, slots=True)
class Choice:
    """One area's and crime type's model.

    ``method`` is the backtest's label; ``gain`` is how much better it is judged than ``best_over_all`` here (bits an
    event, or hits an event where weights leave no log score), shrunk, with its standard error; 0 where it is that one.
    """

    area: str
    crime_type: str
    method: str
    best_over_all: str
    gain: float
    standard_error: float
    events: float
    periods: int
    why: str


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A method as the night can fit it: the catalogue's name, how boxes are chosen and kept, parameters."""

    model: str
    boxes: str
    parameters: tuple[tuple[str, Parameter], ...]
    keep: float = 0.0


@dataclass(frozen=True, slots=True)
class Choices:
    """All choices of one force made for one night, from one backtest's scores up to ``scored_until``."""

    force: str
    level: str
    on: date
    backtest: str
    scored_until: datetime
    measure: str
    methods: tuple[tuple[str, ChosenModel], ...]
    choices: tuple[Choice, ...]

    def choice_for(self, area: str, crime_type: str) -> tuple[Choice, ChosenModel] | None:
        """Return the choice of an area and crime type with its model; None where none was made."""
        methods = dict(self.methods)
        for choice in self.choices:
            if (choice.area, choice.crime_type) == (area, crime_type):
                return choice, methods[choice.method]
        return None
