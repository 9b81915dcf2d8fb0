"""How much a choice of boxes moves from one period to the next, and how far it is strewn. Neither is accuracy.

Adepeju, Rosser & Cheng 2016 (doi 10.1080/13658816.2016.1159684) judge spatio-temporal stability beside accuracy,
because the two are traded for each other.
"""

import numpy as np
from numpy.typing import NDArray


def churn(before: NDArray[np.float64], after: NDArray[np.float64], size_m: float) -> NDArray[np.float64]:
    """Return the share of each period's boxed ground that was not boxed the period before; (n,).

    ``before`` and ``after`` are south-west corners, (n, n_boxes, 2), NaN where there is no box. NaN where one
    of the two has no box at all. Boxes of one choice do not overlap.
    """
    shift = np.abs(after[:, :, None, :] - before[:, None, :, :])
    shared = np.clip(size_m - shift, 0.0, None).prod(axis=-1)
    kept = np.nansum(shared, axis=(1, 2))
    n_after = (~np.isnan(after[..., 0])).sum(axis=1)
    n_before = (~np.isnan(before[..., 0])).sum(axis=1)
    chosen = np.where((n_after > 0) & (n_before > 0), n_after * size_m**2, np.nan)
    return np.asarray(1.0 - kept / chosen)


def compactness(corners: NDArray[np.float64], size_m: float) -> NDArray[np.float64]:
    """Return how few walks the boxes make, (n,): 1 when all touch in one group, 0 when none touches another.

    ``1 - (groups - 1) / (boxes - 1)``; boxes touch when they share an edge or a corner. ``corners`` as in
    ``churn``; NaN where there are fewer than two boxes.
    """
    apart = np.abs(corners[:, :, None, :] - corners[:, None, :, :]).max(axis=-1)
    n_slots = corners.shape[1]
    touches = np.nan_to_num(apart, nan=np.inf) <= size_m * (1 + 1e-9)
    reach = touches.astype(np.float32)
    # Paths of up to n boxes: squaring doubles their length.
    for _ in range(max(1, int(np.ceil(np.log2(max(n_slots, 2)))))):
        reach = (reach @ reach > 0).astype(np.float32)
    # The first box of each group is the one that reaches no earlier box.
    earlier = np.tril(np.ones((n_slots, n_slots), dtype=np.bool_), k=-1)
    stands = ~np.isnan(corners[..., 0])
    heads = stands & ~((reach > 0) & earlier).any(axis=2)
    n_boxes = stands.sum(axis=1)
    result = np.full(corners.shape[0], np.nan)
    several = n_boxes > 1
    result[several] = 1.0 - (heads.sum(axis=1)[several] - 1) / (n_boxes[several] - 1)
    return result
