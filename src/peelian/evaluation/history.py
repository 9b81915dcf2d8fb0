"""What became of a place in the periods before: when it was chosen, at which rank, and what fell in it."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl

from peelian.forecasts.nights import HISTORY_SCHEMA
from peelian.places.squares import Squares


def square_history(
    squares: Squares, starts: Sequence[datetime], track: pl.DataFrame, fell: pl.DataFrame
) -> pl.DataFrame:
    """Return a row of ``HISTORY_SCHEMA`` for every square and period, periods in the order given.

    ``track`` (period_start, rank, x_min, y_min) are the boxes of those periods, ``fell`` (period_start, x, y, weight)
    what was recorded in them. A square counts as chosen where a box of the same size covered at least half of it, at
    the best rank of such boxes; what fell is what the square itself holds.
    """
    frames = []
    for start in starts:
        boxes, events = track.filter(period_start=start), fell.filter(period_start=start)
        east = squares.size_m - np.abs(np.subtract.outer(squares.x_min, boxes["x_min"].to_numpy()))
        north = squares.size_m - np.abs(np.subtract.outer(squares.y_min, boxes["y_min"].to_numpy()))
        covers = np.clip(east, 0, None) * np.clip(north, 0, None) >= squares.size_m**2 / 2
        ranks = np.where(covers, boxes["rank"].to_numpy(), np.iinfo(np.int32).max).min(
            axis=1, initial=np.iinfo(np.int32).max
        )
        held = squares.contain(events["x"].to_numpy(), events["y"].to_numpy())
        frames.append(
            pl.DataFrame(
                {
                    "square": np.arange(len(squares), dtype=np.int32),
                    "period_start": pl.Series([start] * len(squares), dtype=HISTORY_SCHEMA["period_start"]),
                    "rank": pl.Series(ranks, dtype=pl.Int32).replace(np.iinfo(np.int32).max, None),
                    "n_events": held @ events["weight"].to_numpy(),
                },
                schema=HISTORY_SCHEMA,
            )
        )
    return pl.concat(frames) if frames else HISTORY_SCHEMA.to_frame()
