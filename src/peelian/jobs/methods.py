"""Which methods a backtest compares: written on the command line or in a TOML file, and made into models.

``recent-counts`` is a model of the catalogue with boxes on the fixed grid; ``mixture@floating`` lets them float;
``mixture@floating~0.25`` keeps yesterday's unless a newcomer expects 25 % more (``@fixed~0.25`` on the grid);
``smoothed-counts:bandwidth_m=300,own_share=0.4`` gives parameters.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from peelian.errors import EvaluationError, ForecastError
from peelian.forecasts.forecast import Parameter
from peelian.jobs.plans import FIXED, FLOATING, Method
from peelian.models.catalogue import NAMES
from peelian.models.catalogue import model as model_named
from peelian.models.model import Model
from peelian.models.windows import Window
from peelian.places.covariates import PlaceLayers
from peelian.places.forces import DatePrecision
from peelian.places.grid import Grid

#: The field by which a model takes layers of places.
LAYERS = "covariates"


def method_of(text: str) -> Method:
    """Return the method written as ``MODEL[@fixed|@floating[~margin]][:name=value,...]``; its label is the text.

    Raises
    ------
    EvaluationError
        When the text is not of that form.
    """
    head, _, tail = text.partition(":")
    name, _, choice = head.partition("@")
    boxes, kept, margin = choice.partition("~")
    keep = _value(margin) if kept else 0.0
    is_margin = isinstance(keep, int | float) and not isinstance(keep, bool)
    if not name or "~" in name or boxes not in ("", FIXED, FLOATING) or not is_margin or float(keep) < 0:
        raise EvaluationError(
            f"method {text!r}: write MODEL, MODEL@floating or MODEL:parameter=value, such as "
            "'smoothed-counts@floating:bandwidth_m=300'."
        )
    given = []
    for part in tail.split(",") if tail else []:
        key, equals, value = part.partition("=")
        if not equals:
            raise EvaluationError(f"method {text!r}: {part!r} is no parameter; write it as name=value.")
        given.append((key.strip(), _value(value.strip())))
    return Method(text, name, boxes or FIXED, tuple(sorted(given)), float(keep))


def all_methods() -> tuple[Method, ...]:
    """Return every model of the catalogue, its boxes on the fixed grid."""
    return tuple(Method(name, name) for name in NAMES)


def methods_in(file: Path) -> tuple[Method, ...]:
    """Return the methods of a TOML file: ``[[method]]`` tables with model, and label, boxes, parameters as wanted.

    Raises
    ------
    EvaluationError
        When the file cannot be read or holds another key.
    """
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EvaluationError(f'{file}: {error}. It holds [[method]] tables with model = "NAME".') from error
    methods = []
    for row in written.get("method", []):
        unknown = [k for k in row if k not in ("label", "model", "boxes", "parameters", "keep")]
        if unknown or "model" not in row:
            wrong = f"unknown key {unknown[0]!r}" if unknown else "a method without model"
            raise EvaluationError(
                f"{file}: {wrong}; a [[method]] has model, and label, boxes, parameters, keep as wanted."
            )
        boxes = row.get("boxes", FIXED)
        parameters = tuple(sorted(row.get("parameters", {}).items()))
        label = row.get("label") or row["model"] + ("@floating" if boxes == FLOATING else "")
        if boxes not in (FIXED, FLOATING):
            raise EvaluationError(f"{file}: boxes = {boxes!r}; they are {FIXED!r} or {FLOATING!r}.")
        keep = row.get("keep", 0.0)
        if not isinstance(keep, int | float) or keep < 0:
            raise EvaluationError(f"{file}: keep = {keep!r}: a share from 0 up, such as 0.25.")
        methods.append(Method(label, row["model"], boxes, parameters, float(keep)))
    if not methods or set(written) - {"method"}:
        raise EvaluationError(f"{file}: holds no [[method]] table, or something else beside them.")
    return tuple(methods)


def model_of(
    method: Method, precision: DatePrecision, places: PlaceLayers | None = None, grid: Grid | None = None
) -> Model:
    """Return the catalogue's model of a method, with its parameters in place of the defaults.

    A model that looks at what places are like is given the layers of ``places`` on the ``grid`` that it works on;
    the others do without.

    Raises
    ------
    ForecastError
        When the catalogue has no such model, the model no such parameter, or a value is of another kind.
    """
    value: Any = model_named(method.model, precision)
    known = {f.name: getattr(value, f.name) for f in fields(value) if f.name not in ("name", LAYERS)}
    changes = {key: _sound(method, key, given, known) for key, given in method.parameters}
    if places is not None and grid is not None and takes_layers(value):
        changes[LAYERS] = places.on(grid)
    changed: Model = replace(value, **changes)
    return changed


def takes_layers(model: Model) -> bool:
    """Tell whether a model looks at layers of places."""
    return hasattr(model, LAYERS)


def _sound(method: Method, key: str, value: Parameter, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of the field's own kind
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}."
        raise ForecastError(f"{method.model} has no parameter {key!r}; {hint}")
    default = known[key]
    if isinstance(default, Window) and isinstance(value, int | float) and not isinstance(value, bool):
        return replace(default, days=float(value))
    if isinstance(default, bool) or not isinstance(default, int | float):
        sound = type(value) is type(default)
    else:
        sound = isinstance(value, int | float) and not isinstance(value, bool)
    if not sound:
        raise ForecastError(f"{method.model}: {key} = {value!r} is of another kind than its default {default!r}.")
    return float(value) if isinstance(default, float) else value


def _value(text: str) -> Parameter:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
