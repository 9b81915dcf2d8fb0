"""Backtests under ``HOME/backtests/NAME/``: what was asked, a snapshot of what it is made from, parts, results.

Each key writes its own part by temp-then-rename, so a killed run keeps what it has and a rerun does only what is
missing. Workers are given this folder's path and a key, never a frame. No Django here, and no arithmetic.
"""

import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely

from peelian.errors import NotFoundError, StoreError
from peelian.events import EVENT_SCHEMA, Replay
from peelian.places import AreaLayer, Grid, StudyArea
from peelian.places.covariates import PlaceLayers
from peelian.store.files import write_whole, writing

_PLAN, _EVENTS = "plan.json", "inputs/events.parquet"
_PLACES = "inputs/places.parquet"
#: The part that is written last: where it stands, the key is done.
LAST = "scores"
_LONGEST = 80


class BacktestFolder:
    """One backtest's files."""

    def __init__(self, path: Path) -> None:
        """Keep the place; nothing is read or made yet."""
        self.path = path

    @classmethod
    def of(cls, home: Path, name: str) -> "BacktestFolder":
        """Return the folder of a backtest of that name.

        Raises
        ------
        StoreError
            When the name cannot name a folder.
        """
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            raise StoreError(f"backtest name {name!r}: use letters, digits, dots and hyphens, such as 'autumn-2018'.")
        return cls(home / "backtests" / name)

    def begin(
        self, plan: Mapping[str, Any], replay: Replay, layers: Sequence[AreaLayer], places: PlaceLayers | None = None
    ) -> None:
        """Write the plan and the snapshot, or check that those which stand are the same; ``layers`` by origin.

        Raises
        ------
        StoreError
            When the folder holds a backtest of another plan, or of other events.
        """
        asked = json.loads(json.dumps(plan))
        if (self.path / _PLAN).exists():
            standing = self.plan()
            differing = sorted(k for k in {*asked, *standing} if asked.get(k) != standing.get(k))
            if differing:
                key = differing[0]
                raise StoreError(
                    f"backtest {self.path.name!r} was made with {key} = {_short(standing.get(key))}, asked is "
                    f"{_short(asked.get(key))}. Give this one another --name, or delete {self.path}."
                )
            return
        self._write(_EVENTS, _snapshot(replay))
        for origin, layer in enumerate(layers):
            self._write(_areas_file(origin), _areas(layer))
        if places is not None:
            self._write(_PLACES, _shapes(places))
        write_whole(self.path / _PLAN, (json.dumps(asked, indent=2) + "\n").encode())

    def plan(self) -> dict[str, Any]:
        """Return what was asked.

        Raises
        ------
        StoreError
            When there is no such backtest, or its plan cannot be read.
        """
        path = self.path / _PLAN
        if not path.exists():
            raise StoreError(f"there is no backtest {self.path.name!r} in {self.path.parent}.")
        try:
            plan: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read ({error}). Delete {self.path} and run again.") from error
        return plan

    def replay(self, crs: str) -> Replay:
        """Return the snapshot of the log."""
        rows = self._read(_EVENTS)
        since, until = (rows.get_column(name).to_numpy() for name in ("stands_from", "stands_until"))
        return Replay(rows.select(EVENT_SCHEMA.names()), since, until, crs)

    def layer(self, level: str, grid: Grid, origin: int = 0) -> AreaLayer:
        """Return the areas of an origin of the grid as they were when the backtest began."""
        areas = (
            StudyArea(i, name, np.array(cells, dtype=np.int64), shapely.from_wkb(wkb) if wkb else None)
            for i, name, wkb, cells in self._read(_areas_file(origin)).iter_rows()
        )
        return AreaLayer(level, grid, tuple(areas))

    def places(self) -> PlaceLayers | None:
        """Return the layers of places as they were when the backtest began; None where none were given."""
        if not (self.path / _PLACES).exists():
            return None
        rows = self._read(_PLACES)
        shapes = tuple(np.asarray(shapely.from_wkb(wkb.to_list()), dtype=object) for wkb in rows.get_column("wkb"))
        return PlaceLayers(tuple(rows.get_column("name")), tuple(rows.get_column("of")), shapes)

    def is_done(self, key: str) -> bool:
        """Tell whether the key's part stands whole."""
        return (self.path / _part(key, LAST)).exists()

    def write_part(self, key: str, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write the tables of one key; ``scores`` last, which makes it done."""
        for name in sorted(tables, key=lambda n: (n == LAST, n)):
            path = self.path / _part(key, name)
            beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                # Renamed but not flushed: a part lost with the power is made again, and thousands are written.
                beside.write_bytes(_parquet(tables[name]))
                beside.replace(path)

    def read_parts(self, keys: Sequence[str], name: str) -> pl.DataFrame:
        """Return one table of all these keys, in their order."""
        return pl.concat([self._read(_part(key, name)) for key in keys])

    def write_result(self, name: str, content: pl.DataFrame | bytes) -> Path:
        """Write a result beside the plan, whole or not at all, and return where."""
        if isinstance(content, pl.DataFrame):
            self._write(name, content)
        else:
            write_whole(self.path / name, content)
        return self.path / name

    def verdict(self) -> dict[str, Any]:
        """Return what verdict.json tells.

        Raises
        ------
        NotFoundError
            When the backtest has not come to a verdict.
        StoreError
            When the file cannot be read.
        """
        path = self.path / "verdict.json"
        if not path.is_file():
            raise NotFoundError(f"backtest {self.path.name!r} has come to no verdict yet.")
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read ({error}). Run the same backtest again.") from error
        return told

    def read_result(self, name: str) -> pl.DataFrame:
        """Return a result's table."""
        return self._read(name)

    def _write(self, name: str, table: pl.DataFrame) -> None:
        write_whole(self.path / name, _parquet(table))

    def _read(self, name: str) -> pl.DataFrame:
        path = self.path / name
        try:
            return pl.read_parquet(path, hive_partitioning=False)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StoreError(f"{path} cannot be read ({error}). Delete it and run the same command again.") from error


def backtests(home: Path) -> tuple[BacktestFolder, ...]:
    """Return the backtests of a home that have a plan, the one finished last at the end."""
    plans = [p for p in (home / "backtests").glob(f"*/{_PLAN}") if (p.parent / "scores.parquet").exists()]
    plans.sort(key=lambda p: ((p.parent / "scores.parquet").stat().st_mtime_ns, p.parent.name))
    return tuple(BacktestFolder(p.parent) for p in plans)


def _parquet(table: pl.DataFrame) -> memoryview:
    content = io.BytesIO()
    table.rechunk().write_parquet(content, compression="zstd", statistics=False)
    return content.getbuffer()


def _areas_file(origin: int) -> str:
    return f"inputs/areas-{origin:02d}.parquet" if origin else "inputs/areas.parquet"


def _part(key: str, name: str) -> str:
    return f"parts/{key}.{name}.parquet"


def _snapshot(replay: Replay) -> pl.DataFrame:
    return replay.table.with_columns(
        pl.Series("stands_from", replay.stands_from), pl.Series("stands_until", replay.stands_until)
    )


def _areas(layer: AreaLayer) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": [a.id for a in layer.areas],
            "name": [a.name for a in layer.areas],
            "wkb": [None if a.boundary is None else shapely.to_wkb(a.boundary) for a in layer.areas],
            "cells": [a.cells.tolist() for a in layer.areas],
        },
        schema={"id": pl.String(), "name": pl.String(), "wkb": pl.Binary(), "cells": pl.List(pl.Int64())},
    )


def _shapes(places: PlaceLayers) -> pl.DataFrame:
    wkb = [list(shapely.to_wkb(shapes)) for shapes in places.shapes]
    schema = {"name": pl.String(), "of": pl.String(), "wkb": pl.List(pl.Binary())}
    return pl.DataFrame({"name": places.names, "of": places.kinds, "wkb": wkb}, schema=schema)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
