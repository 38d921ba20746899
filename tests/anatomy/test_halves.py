"""Solids of the right half: distances as if the left were there."""

import numpy as np

from spine_tutor.anatomy.halves import signed_distance


def test_distances_of_a_half_are_those_of_the_whole():
    x, y, z = np.meshgrid(np.arange(-30, 31), np.arange(40), np.arange(30), indexing="ij")
    whole = ((np.abs(x) - 9) / 11.0) ** 2 + ((y - 18) / 14.0) ** 2 + ((z - 15) / 9.0) ** 2 < 1
    both, half = signed_distance(whole, 2.0), signed_distance(whole[30:], 2.0)
    np.testing.assert_allclose(half, both[30:], atol=1e-4)
