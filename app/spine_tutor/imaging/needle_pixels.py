"""Which pixels a thin line can reach: the others of a picture need not be looked at."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


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
    mask = np.zeros((shape[0] + 2 * wide, shape[1] + 2 * wide), bool)
    at = np.unique(np.rint(middle).astype(int), axis=0) + wide
    at = at[np.all((at >= 0) & (at < np.array(mask.shape)), axis=1)]
    reach = np.arange(-wide, wide + 1)
    for down in reach:
        for right in reach:
            row = np.clip(at[:, 0] + down, 0, mask.shape[0] - 1)
            mask[row, np.clip(at[:, 1] + right, 0, mask.shape[1] - 1)] = True
    return np.argwhere(mask[wide:-wide, wide:-wide])
