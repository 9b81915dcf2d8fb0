"""Laws of floating boxes: packed boxes never overlap, the best comes first, and moving everything changes nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from peelian.selection.floating import Positions, pack

GAINS = arrays(np.float64, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.integers(-1, 5).map(float))


@given(GAINS, st.integers(1, 4), st.integers(1, 12))
def test_packed_boxes_never_overlap_and_never_stand_where_none_may(gain: np.ndarray, side: int, most: int) -> None:
    chosen = pack(Positions(gain, 0, 0, side), most)
    rows, columns = np.divmod(chosen, gain.shape[1])
    near = (np.abs(np.subtract.outer(rows, rows)) < side) & (np.abs(np.subtract.outer(columns, columns)) < side)
    assert near.sum() == chosen.size <= most
    assert (gain.ravel()[chosen] >= 0).all()


@given(GAINS, st.integers(1, 4), st.integers(1, 12))
def test_gains_fall_from_box_to_box_and_no_free_place_was_better(gain: np.ndarray, side: int, most: int) -> None:
    chosen = pack(Positions(gain, 0, 0, side), most)
    held = gain.ravel()[chosen]
    assert (np.diff(held) <= 0).all()
    assert chosen.size == 0 or held[0] == gain.max()
    if chosen.size < most:
        rows, columns = np.divmod(chosen, gain.shape[1])
        free = gain >= 0
        for row, column in zip(rows, columns, strict=True):
            free[max(row - side + 1, 0) : row + side, max(column - side + 1, 0) : column + side] = False
        assert not free.any()


@given(GAINS, st.integers(1, 4), st.integers(1, 12), st.integers(0, 5), st.integers(0, 5))
def test_ground_added_around_moves_no_box(gain: np.ndarray, side: int, most: int, south: int, west: int) -> None:
    padded = np.full((gain.shape[0] + south, gain.shape[1] + west), -1.0)
    padded[south:, west:] = gain
    rows, columns = np.divmod(pack(Positions(gain, 0, 0, side), most), gain.shape[1])
    moved_rows, moved_columns = np.divmod(pack(Positions(padded, 0, 0, side), most), padded.shape[1])
    assert np.array_equal(rows + south, moved_rows)
    assert np.array_equal(columns + west, moved_columns)
