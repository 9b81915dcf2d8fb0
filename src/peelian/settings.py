"""One frozen ``Settings``, read once by a door: defaults, then ``HOME/peelian.toml``, then environment, then options.

Secrets come only from the environment. An unknown key is refused with the nearest known one.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from peelian.errors import SettingsError

CONFIG_NAME = "peelian.toml"


@dataclass(frozen=True, slots=True)
class NightSettings:
    """``[night]``: what the nightly job makes."""

    model: str = "mixture"
    boxes: str = "auto"
    count: int = 10
    nearly: int = 4
    cell_size_m: float = 250.0
    start_hour: int = 0
    lead_hours: int = 0
    crime_types: tuple[str, ...] = ()
    level: str = ""
    seed: int = 20130831
    replay_nights: int = 28
    presence_cap_minutes: int = 45


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with its default; ``home`` is where all of a force's files live."""

    home: Path = Path("peelian-home")
    database_url: str = ""
    workers: int = 0
    executor: str = "processes"
    night: NightSettings = field(default_factory=NightSettings)
    bundles: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))


def read_settings(home: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a home folder.

    ``home`` wins over ``PEELIAN_HOME``, which wins over ``./peelian-home``.

    Raises
    ------
    SettingsError
        When ``peelian.toml`` cannot be read, or holds an unknown key or a value of another kind.
    """
    env = os.environ if environment is None else environment
    place = (home or Path(env.get("PEELIAN_HOME") or "peelian-home")).expanduser().resolve()
    settings = Settings(home=place, database_url=env.get("DATABASE_URL", ""))
    config = place / CONFIG_NAME
    if not config.exists():
        return settings
    try:
        written = tomllib.loads(config.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config}: {error}. Mend the file; TOML has quotes around text.") from error
    if "database_url" in written:
        raise SettingsError(f"{config}: database_url may hold a password; set DATABASE_URL in the environment instead.")
    merged: Settings = _merged(settings, written, str(config))
    return merged


def _merged(current: Any, written: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401 - any frozen settings value
    """Return the settings value with what was written in place of its defaults."""
    known = {f.name: getattr(current, f.name) for f in fields(current) if f.name != "home"}
    changes: dict[str, Any] = {}
    for key, value in written.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}."
            raise SettingsError(f"{where}: unknown key {key!r}{hint}")
        changes[key] = _sound(key, value, known[key], where)
    return replace(current, **changes)


def _sound(key: str, value: Any, default: Any, where: str) -> Any:  # noqa: ANN401 - TOML values are of any kind
    """Return the value in the default's kind."""
    if isinstance(default, NightSettings) and isinstance(value, dict):
        return _merged(default, value, f"{where} [{key}]")
    if key == "bundles" and isinstance(value, dict):
        for name, weights in value.items():
            if not isinstance(weights, dict) or not all(isinstance(w, int | float) and w > 0 for w in weights.values()):
                raise SettingsError(f"{where}: bundle {name!r} = {weights!r}; give crime types with positive weights.")
        return MappingProxyType(value)
    if isinstance(default, tuple) and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is type(default):
        return value
    raise SettingsError(f"{where}: {key} = {value!r} is of another kind than its default {default!r}.")
