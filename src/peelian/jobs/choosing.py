"""Which model draws which area of a night, and why: as the settings say, or as ``peelian choose`` picked from scores.

The night never waits for a choice: where none was made, or it is out of date, the fallback draws and the page says why.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from peelian.errors import ForecastError, StoreError
from peelian.events.bundles import Bundle
from peelian.forecasts.choices import Choices, ChosenModel
from peelian.jobs.forecasting import AreaModels, Drawing
from peelian.jobs.methods import model_of
from peelian.jobs.terms import CHOSEN, FALLBACK, NightTerms
from peelian.places.areas import AreaLayer
from peelian.places.forces import Force
from peelian.store.choices import ChoiceStore


@dataclass(frozen=True, slots=True)
class ModelRule:
    """By what rule a night's models are taken: ``choices`` where some stand, else ``missing`` says why none does."""

    force: Force
    settings: NightTerms
    choices: Choices | None = None
    missing: str = ""

    @classmethod
    def of(cls, store: ChoiceStore, force: Force, night: date, settings: NightTerms) -> Self:
        """Return the rule of a night: what stood for it then, never a choice made for a later one."""
        if settings.model != CHOSEN:
            return cls(force, settings)
        try:
            choices = store.standing(force.id, night)
        except StoreError as error:
            return cls(force, settings, None, str(error))
        if choices is None:
            return cls(force, settings, None, "no model was chosen for this night or before; run 'peelian choose'")
        if choices.scored_until.date() < night - timedelta(days=settings.choice_days):
            return cls(
                force,
                settings,
                None,
                f"the choice of {choices.on} rests on scores up to {choices.scored_until.date()}, more than "
                f"{settings.choice_days} days ago; backtest later nights and run 'peelian choose'",
            )
        return cls(force, settings, choices)

    def models(self, layer: AreaLayer, bundle: Bundle) -> AreaModels:
        """Return how each area of the layer is drawn: one group of areas for each different drawing."""
        plain = Drawing.of(self.force, self.settings)
        if self.settings.model != CHOSEN:
            return AreaModels(((plain, tuple(a.id for a in layer.areas)),))
        groups: dict[Drawing, list[str]] = {} if layer.areas else {plain: []}
        why: dict[str, str] = {}
        sound: dict[ChosenModel, str] = {}
        for area in layer.areas:
            found = self._chosen(layer.level, area.id, bundle.name)
            if isinstance(found, str):
                drawing, why[area.id] = plain, f"{FALLBACK} stands in: {found}"
            else:
                chosen, why[area.id] = found
                if chosen not in sound:
                    sound[chosen] = self._fault(chosen)
                drawing = plain if sound[chosen] else Drawing.of(self.force, self.settings, chosen)
                why[area.id] = f"{FALLBACK} stands in: {sound[chosen]}" if sound[chosen] else why[area.id]
            groups.setdefault(drawing, []).append(area.id)
        return AreaModels(tuple((d, tuple(ids)) for d, ids in groups.items()), why)

    def _chosen(self, level: str, area_id: str, crime_type: str) -> tuple[ChosenModel, str] | str:
        """Return the chosen model and the reason, or why there is none."""
        choices = self.choices
        if choices is None:
            return self.missing
        if choices.level != level:
            return f"models were chosen for the level {choices.level!r}, this night is drawn by {level!r}"
        found = choices.choice_for(area_id, crime_type)
        if found is None:
            return f"backtest {choices.backtest!r} did not judge this crime type here"
        choice, model = found
        return model, f"{choice.why}; scores of backtest {choices.backtest!r} up to {choices.scored_until.date()}"

    def _fault(self, chosen: ChosenModel) -> str:
        """Return why this model cannot be made now; "" where it can."""
        try:
            model_of(Drawing.of(self.force, self.settings, chosen).method, self.force.date_precision)
        except ForecastError as error:
            return f"the model chosen cannot be made: {error}"
        return ""
