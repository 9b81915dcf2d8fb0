"""Choices of models under ``HOME/choices/FORCE/DATE.json``: one file a night, never changed by a later one."""

import json
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

from peelian.errors import StoreError
from peelian.forecasts.choices import Choice, Choices, ChosenModel
from peelian.store.files import write_whole


class ChoiceStore:
    """The choices of one home."""

    def __init__(self, home: Path) -> None:
        """Keep the place; nothing is read or made yet."""
        self._root = home / "choices"

    def keep(self, choices: Choices) -> Path:
        """Write the choices of a night, and return where."""
        path = self._root / choices.force / f"{choices.on}.json"
        plain = {**asdict(choices), "on": str(choices.on), "scored_until": choices.scored_until.isoformat()}
        write_whole(path, (json.dumps(plain, indent=1, ensure_ascii=False) + "\n").encode())
        return path

    def standing(self, force_id: str, on: date) -> Choices | None:
        """Return the newest choices made for the night or one before it; None where there are none.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        kept = sorted(p for p in (self._root / force_id).glob("*.json") if p.stem <= str(on))
        if not kept:
            return None
        try:
            return _read(json.loads(kept[-1].read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{kept[-1]} cannot be read ({error}). Delete it and run 'peelian choose' again."
            ) from error


def _read(plain: dict[str, object]) -> Choices:
    given: dict[str, object] = dict(plain)
    methods = given.pop("methods")
    choices = given.pop("choices")
    if not isinstance(methods, list) or not isinstance(choices, list):
        raise TypeError("methods and choices are lists")
    named = {label for label, _ in methods}
    unnamed = sorted({str(c["method"]) for c in choices} - named)
    if unnamed:
        raise ValueError(f"method {unnamed[0]!r} is chosen, but not among its methods")
    return Choices(
        force=str(given["force"]),
        level=str(given["level"]),
        on=date.fromisoformat(str(given["on"])),
        backtest=str(given["backtest"]),
        scored_until=datetime.fromisoformat(str(given["scored_until"])),
        measure=str(given["measure"]),
        methods=tuple(
            (label, ChosenModel(m["model"], m["boxes"], tuple((k, v) for k, v in m["parameters"]), m["keep"]))
            for label, m in methods
        ),
        choices=tuple(Choice(**c) for c in choices),
    )
