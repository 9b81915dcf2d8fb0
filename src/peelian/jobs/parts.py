"""The tables of one key, collected period by period and made once: scores, boxes, events, bins of calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.evaluation.ground import Ground
from peelian.evaluation.judgement import AREA_SCORES, Answer, Judgement, calibration_sums
from peelian.evaluation.outcomes import Fallen
from peelian.evaluation.summary import EVENT_OUTCOMES, SCORE_SCHEMA
from peelian.events.bundles import Bundle
from peelian.jobs.plans import Method
from peelian.places.periods import Period

INSTANT = pl.Datetime("us", "UTC")
BOX_ROWS = pl.Schema(
    {
        "area": pl.String(),
        "crime_type": pl.String(),
        "model": pl.String(),
        "cutoff": INSTANT,
        "period_start": INSTANT,
        "period_end": INSTANT,
        "rank": pl.Int32(),
        "x_min": pl.Float64(),
        "y_min": pl.Float64(),
        "size_m": pl.Float64(),
        "expected_count": pl.Float64(),
    }
)
BIN_ROWS = pl.Schema(
    {
        "crime_type": pl.String(),
        "method": pl.String(),
        "bin": pl.Int64(),
        "cells": pl.Int64(),
        "expected": pl.Float64(),
        "observed": pl.Float64(),
    }
)
#: Columns of a score that are weighed later, when all methods are together.
_LATER = ("baseline_hits", "baseline_bits", "churn", "compactness")


@dataclass(frozen=True, slots=True, eq=False)
class PeriodRow:
    """What became of one period."""

    period: Period
    cutoff: datetime
    status: str
    reason: str
    answer: Answer | None
    fallen: Fallen
    judgement: Judgement


@dataclass(frozen=True, slots=True, eq=False)
class PartRows:
    """The rows of one bundle and method, in order of time."""

    bundle: Bundle
    method: Method
    ground: Ground
    rows: list[PeriodRow] = field(default_factory=list)
    bins: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, row: PeriodRow) -> None:
        """Add the next period; of its surface only the sums for calibration are kept, for a block holds many."""
        answer = row.answer
        if answer is not None and answer.expected is not None:
            if self.bundle.counts_events:
                self.bins.append(np.vstack(calibration_sums(answer.expected, row.fallen, self.ground)))
            row = replace(row, answer=replace(answer, expected=None))
        self.rows.append(row)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the tables by name."""
        answered = [row for row in self.rows if row.answer is not None]
        return {
            "scores": self._scores(),
            "boxes": self._boxes(answered),
            "events": self._events(answered),
            "bins": self._bins(),
        }

    def _scores(self) -> pl.DataFrame:
        n = self.ground.n_areas
        repeats = np.full(len(self.rows), n)
        numbers = {
            name: np.concatenate([row.judgement.areas[name] for row in self.rows])
            for name in AREA_SCORES.names()
            if name != "area"
        }
        outside = np.repeat(np.array([row.fallen.outside for row in self.rows], dtype=np.float64), repeats)
        columns = {
            "crime_type": self.bundle.name,
            "method": self.method.label,
            **_times(self.rows, repeats),
            "status": [row.status for row in self.rows for _ in range(n)],
            "reason": [row.reason for row in self.rows for _ in range(n)],
            "area": list(self.ground.area_ids) * len(self.rows),
            **numbers,
            "events_outside": outside,
        }
        return _table(columns, pl.Schema({k: v for k, v in SCORE_SCHEMA.items() if k not in _LATER}))

    def _boxes(self, answered: Sequence[PeriodRow]) -> pl.DataFrame:
        areas, ranks, west, south, sizes, counts, repeats = [], [], [], [], [], [], []
        for row in answered:
            boxes = [] if row.answer is None else list(row.answer.boxes.items())
            repeats.append(sum(len(squares) for _, (squares, _) in boxes))
            for area_id, (squares, expected) in boxes:
                areas += [area_id] * len(squares)
                ranks.append(np.arange(1, len(squares) + 1))
                west.append(squares.x_min)
                south.append(squares.y_min)
                sizes.append(np.full(len(squares), squares.size_m))
                counts.append(expected)
        columns = {
            "area": areas,
            "crime_type": self.bundle.name,
            "model": self.method.label,
            **_times(answered, np.array(repeats, dtype=np.int64)),
            "rank": _joined(ranks),
            "x_min": _joined(west),
            "y_min": _joined(south),
            "size_m": _joined(sizes),
            "expected_count": _joined(counts),
        }
        return _table(columns, BOX_ROWS)

    def _events(self, answered: Sequence[PeriodRow]) -> pl.DataFrame:
        ids = np.array(self.ground.area_ids, dtype=np.object_)
        repeats = np.array([row.fallen.x.size for row in answered], dtype=np.int64)
        fallen, judged = [row.fallen for row in answered], [row.judgement for row in answered]
        area = _joined([f.area for f in fallen]).astype(np.int64)
        columns = {
            "crime_type": self.bundle.name,
            "method": self.method.label,
            "period_start": _times(answered, repeats)["period_start"],
            "area": ids[area].tolist(),
            "x": _joined([f.x for f in fallen]),
            "y": _joined([f.y for f in fallen]),
            "cell": _joined([f.cell for f in fallen]).astype(np.int64),
            "weight": _joined([f.weight for f in fallen]),
            "is_hit": _joined([j.is_hit for j in judged]).astype(np.bool_),
            "stands_low": _joined([j.stands_low for j in judged]),
            "stands_high": _joined([j.stands_high for j in judged]),
        }
        return _table(columns, EVENT_OUTCOMES)

    def _bins(self) -> pl.DataFrame:
        total = np.sum(self.bins, axis=0) if self.bins else np.zeros((3, 0))
        some = np.flatnonzero(total[0])
        columns = {
            "crime_type": self.bundle.name,
            "method": self.method.label,
            "bin": some,
            "cells": total[0][some].astype(np.int64),
            "expected": total[1][some],
            "observed": total[2][some],
        }
        return _table(columns, BIN_ROWS)


def _times(rows: Sequence[PeriodRow], repeats: NDArray[np.int64]) -> dict[str, pl.Series]:
    """Return cutoff, period_start and period_end, each repeated for the rows of its period."""
    instants = {
        "cutoff": [row.cutoff for row in rows],
        "period_start": [row.period.start for row in rows],
        "period_end": [row.period.end for row in rows],
    }
    index = np.repeat(np.arange(len(rows)), repeats)
    return {name: pl.Series(name, values, dtype=INSTANT).gather(index) for name, values in instants.items()}


def _joined(parts: Sequence[NDArray[np.generic]]) -> NDArray[np.generic]:
    return np.concatenate(parts) if parts else np.empty(0)


def _table(columns: Mapping[str, object], schema: pl.Schema) -> pl.DataFrame:
    """Return the columns as a table of that schema; a text stands for all rows."""
    long = next(v for v in columns.values() if not isinstance(v, str))
    height = len(long)  # type: ignore[arg-type]  # every column but the texts is a list, an array or a series
    whole = {
        k: pl.repeat(v, height, dtype=pl.String(), eager=True) if isinstance(v, str) else v for k, v in columns.items()
    }
    return pl.DataFrame(whole).select([pl.col(name).cast(dtype) for name, dtype in schema.items()])
