"""Which pixels a thin line can reach: the others of a picture need not be looked at."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d


def along(line: NDArray[np.float64], pitch: float) -> NDArray[np.float64]:
    """Return (n, d) points on a polyline (m, d), at most `pitch` apart."""
    dense = [
        a + np.linspace(0, 1, int(np.linalg.norm(b - a) / pitch) + 2)[:, None] * (b - a)
        for a, b in pairwise(line)
    ]
    return np.concatenate(dense)


def around(middle: NDArray[np.float64], wide: int, shape: tuple[int, int]) -> NDArray[np.intp]:
    """Return the pixels of a picture within a square around places, (n, 2) row and column.

    Args:
        middle: (m, 2) rows and columns, at most a pixel apart.
        wide: half the side of the square, pixels.
        shape: of the picture.
    """
    at = np.unique(np.rint(middle).astype(int), axis=0)
    at = at[np.all((at >= -wide) & (at < np.array(shape) + wide), axis=1)]
    if not len(at):
        return np.empty((0, 2), np.intp)
    low = at.min(axis=0) - wide
    mask = np.zeros(at.max(axis=0) + wide + 1 - low, np.uint8)
    mask[tuple((at - low).T)] = 1
    for axis in (0, 1):
        mask = maximum_filter1d(mask, 2 * wide + 1, axis=axis, mode="constant")
    found = np.argwhere(mask) + low
    return found[np.all((found >= 0) & (found < np.array(shape)), axis=1)]
