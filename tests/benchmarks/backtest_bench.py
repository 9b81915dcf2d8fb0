"""The referee on St. Louis: 180 days of 2018, six crime types, six districts, ten boxes each, models learning monthly.

Reproduces the table of ``docs/methods/st-louis-2018.md`` from ``examples/st-louis``: every model's hit rate and bits,
the gain of floating boxes over the aligned 21-day count, and what it takes in time and memory. "All models but
boosting" are all others of the catalogue on the fixed grid, and the two that version 2 lets float, in one run; a model
learns anew every 28 days, which is no more often than weekly. Boosting runs by itself, beside the count that it is
judged against.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self

import polars as pl
import psutil

EXAMPLES = Path(__file__).parents[2] / "examples" / "st-louis"
TYPES = ("burglary", "vehicle-theft", "robbery", "larceny", "aggravated-assault", "criminal-damage")
SLOW = ("boosting",)
FLOATING = ("mixture@floating", "smoothed-counts@floating")
#: Hit rates and bits of the strongest trial by hand on the same nights: what the fixed grid must reach.
TRIAL = {"burglary": (0.126, 0.72), "vehicle-theft": (0.101, 0.58), "robbery": (0.176, 0.96)}


def run() -> list[dict[str, object]]:
    """Return the rows of the table."""
    from peelian.jobs.ingest import ingest
    from peelian.models.catalogue import NAMES
    from peelian.sources.slmpd import Slmpd

    quick = [n for n in NAMES if n not in SLOW]
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        ingest(Path(folder), Slmpd(), [str(EXAMPLES)], datetime.now(UTC))
        for name, methods, seconds in (
            ("all models but boosting", [*quick, *FLOATING], 60.0),
            ("boosting", SLOW, 180.0),
        ):
            # A process of its own, as a command is: its peak holds nothing of the backtest before.
            words = [sys.executable, __file__, folder, name, str(seconds), *methods]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            rows += [json.loads(line) for line in done.stdout.splitlines()]
    return rows


def measure(home: Path, name: str, seconds: float, methods: Sequence[str]) -> list[dict[str, object]]:
    """Return the rows of one backtest: its time and memory, and how the methods did."""
    from peelian.jobs.backtest import run_backtest
    from peelian.jobs.methods import method_of
    from peelian.jobs.planning import BacktestRequest
    from peelian.settings import Settings

    request = BacktestRequest(
        date(2018, 7, 4),
        date(2018, 12, 30),
        tuple(method_of(m) for m in methods),
        name="bench-" + name.replace(" ", "-"),
        crime_types=TYPES,
        timing="occurred",
        refit_days=28,
    )
    with _PeakMemory() as memory:
        began, before = time.perf_counter(), _processor_seconds()
        verdict, _ = run_backtest(Settings(home=home), request)
        took, worked = time.perf_counter() - began, _processor_seconds() - before
    return [
        {"name": f"backtest, {name}", "measured": took, "target": seconds, "unit": "s"},
        {"name": f"its processor time, {name}", "measured": worked, "target": None, "unit": "s"},
        {"name": f"its memory, {name}", "measured": memory.peak_mb, "target": 1000.0, "unit": "MB"},
        *_figures(verdict.pooled, verdict.comparisons),
    ]


def _figures(pooled: pl.DataFrame, comparisons: pl.DataFrame) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for r in pooled.iter_rows(named=True):
        hit, bits = TRIAL.get(r["crime_type"], (None, None)) if r["method"] == "mixture" else (None, None)
        what = f"{r['crime_type']}: {r['method']}"
        low, high = r["hit_rate_low"], r["hit_rate_high"]
        rows.append(
            {"name": f"{what}, hit rate", "measured": r["hit_rate"], "target": hit, "unit": f"{low:.3f} to {high:.3f}"}
        )
        rows.append({"name": f"{what}, bits", "measured": r["bits"], "target": bits, "unit": "bits an event"})
    for r in comparisons.filter(pl.col("crime_type") == "*").iter_rows(named=True):
        goal = 2.1 if r["method"] == "mixture@floating" else None
        unit = f"times the count, {r['ratio_low']:.2f} to {r['ratio_high']:.2f}"
        rows.append({"name": f"six types: {r['method']}", "measured": r["ratio"], "target": goal, "unit": unit})
    return rows


def _processor_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


class _PeakMemory:
    """The most memory that this process and its children hold together, looked at once a second.

    A page that several of them share is counted once: each process counts its part of it.
    """

    def __enter__(self) -> Self:
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        me = psutil.Process(os.getpid())
        while not self._over.wait(1.0):
            held = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    held += process.memory_full_info().pss
                except psutil.Error:  # a worker that ended while we looked
                    continue
            self.peak_mb = max(self.peak_mb, held / 1e6)


if __name__ == "__main__":
    for row in measure(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:]):
        print(json.dumps(row))
