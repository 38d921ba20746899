"""What lies in the shadow of what: along the scan lines, as sound goes."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging.image import Image
from spine_tutor.imaging.masks import among, mm_per_pixel
from spine_tutor.imaging.us_probe import place
from spine_tutor.imaging.view import UltrasoundView


def behind(image: Image, view: UltrasoundView, labels: Collection[int]) -> NDArray[np.bool_]:
    """Return the pixels at or behind the first of some labels on their scan line.

    Lines and samples are two pixels apart, so that no pixel slips between them.

    Args:
        image: the picture of the view.
        view: where the probe lies.
        labels: of what stops sound.
    """
    assert image.labels is not None
    size = image.labels.shape[0]
    line, sample, fan = place(image.subject, view).locate(
        max(2, size // 2), 2.0 * mm_per_pixel(image)
    )
    lines, samples = line.round().astype(int), sample.round().astype(int)
    at = fan & among(image.labels, labels)
    met = np.zeros((size, size + 1), bool)
    met[lines[at], samples[at]] = True
    covered = np.zeros(fan.shape, bool)
    covered[fan] = np.maximum.accumulate(met, axis=1)[lines[fan], samples[fan]]
    return covered
