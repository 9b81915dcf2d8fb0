"""Choose each area's and crime type's model for a night, from the scores of periods that were over by then."""

from datetime import date, datetime

import polars as pl

from peelian.errors import EvaluationError
from peelian.evaluation.choice import choose
from peelian.evaluation.summary import ANSWERED
from peelian.forecasts.choices import Choices, ChosenModel
from peelian.jobs.forecasting import Drawing
from peelian.jobs.plans import OUTSIDE, Plan
from peelian.jobs.terms import Terms
from peelian.places.periods import local_midnight
from peelian.store.backtests import BacktestFolder, backtests
from peelian.store.choices import ChoiceStore


def choose_models(
    settings: Terms,
    on: date,
    *,
    backtest: str | None = None,
    force: str | None = None,
    boxes: str | None = None,
    by: str = "bits",
) -> Choices:
    """Return the choices for the night of ``on``, and keep them.

    The newest finished backtest decides, or the one named. Only methods of one kind of boxes compete, where the
    backtest has any: ``boxes`` ("fixed" or "floating"), or the kind that the night draws. The log score that decides
    looks at cells: it cannot tell what letting boxes float is worth. ``by`` is the measure, "bits" or "hits".

    Raises
    ------
    EvaluationError
        When ``boxes`` is no known kind, no backtest is finished, or it holds no period that was over and recorded
        by then.
    """
    if boxes not in (None, "fixed", "floating"):
        raise EvaluationError(f"boxes = {boxes!r}; boxes that compete are 'fixed' or 'floating'.")
    folder = _folder(settings, backtest, force)
    plan = Plan.from_json(folder.plan())
    until = local_midnight(on, plan.force.time_zone, settings.night.start_hour)
    scores = folder.read_result("scores.parquet").rename({"model": "method"})
    past = scores.filter((pl.col("period_end") <= until) & (pl.col("status") == ANSWERED))
    if not past.height:
        raise EvaluationError(
            f"backtest {folder.path.name!r} has no period that was over by {on}; its first ends at "
            f"{plan.periods()[0].end:%Y-%m-%d %H:%M} UTC. Backtest an earlier range."
        )
    ours = [m for m in plan.methods if m.boxes != OUTSIDE]
    kind = boxes or Drawing.of(plan.force, settings.night).method.boxes
    candidates = [m for m in ours if m.boxes == kind] or ours
    store = ChoiceStore(settings.home)
    before = store.standing(plan.force.id, on)
    standing = {} if before is None else {(c.area, c.crime_type): c.method for c in before.choices}
    chosen, measure = choose(past, [m.label for m in candidates], standing, by)
    latest = past.get_column("period_end").max()
    choices = Choices(
        force=plan.force.id,
        level=plan.level,
        on=on,
        backtest=folder.path.name,
        scored_until=latest if isinstance(latest, datetime) else until,
        measure=measure,
        methods=tuple((m.label, ChosenModel(m.model, m.boxes, m.parameters, m.keep)) for m in candidates),
        choices=tuple(chosen),
    )
    store.keep(choices)
    return choices


def _folder(settings: Terms, name: str | None, force: str | None) -> BacktestFolder:
    if name is not None:
        return BacktestFolder.of(settings.home, name)
    finished = [f for f in backtests(settings.home) if force is None or f.plan()["force"]["id"] == force]
    if not finished:
        raise EvaluationError(
            f"{settings.home} holds no finished backtest{f' of {force}' if force else ''}; models are chosen by past "
            "scores only. Run 'peelian backtest --from ... --to ...' first."
        )
    return finished[-1]
