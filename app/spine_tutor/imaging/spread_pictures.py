"""What each modality shows of an injected fluid: one function a modality, called by its simulator.

Fluid takes the place of tissue in linear shares. The body itself, its maps and its caches stay as
they are.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from spine_tutor.anatomy import TISSUE_CODE, LabelGrid, Subject
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.geometry import ConeGeometry, PlaneGeometry
from spine_tutor.imaging.iodine import absorbed, fluid_hounsfield, fluid_water
from spine_tutor.imaging.projector import Volume, line_integrals
from spine_tutor.imaging.reslice import plane_volume
from spine_tutor.imaging.reslice import sample as sample_labels
from spine_tutor.imaging.spread import Spread, spread
from spine_tutor.imaging.xray import basis_by_tissue


def fluid(subject: Subject, additions: Additions) -> Spread | None:
    """Return what the additions inject into a subject; None where that is nothing.

    Raises:
        ProblemError: if the place of the injection or of the needle cannot be.
    """
    if additions.injectate is None:
        return None
    tip = None
    if additions.injectate.at is None and additions.needle is not None:
        x, y, z = (float(v) for v in additions.needle.placed(subject).tip)
        tip = (x, y, z)
    found = spread(subject, additions.injectate, tip)
    return found if found.ml else None


# -- fluoroscopy -----------------------------------------------------------------------------------


@lru_cache(maxsize=12)
def _projectable(found: Spread) -> tuple[Volume, float, float]:
    """Return the share as a volume, and the mean parts of water and mineral that it displaces."""
    index = np.argwhere(found.share > 0)
    weight = found.share[tuple(index.T)]
    _, codes = sample_labels(found.subject, found.origin + index * found.spacing)
    water, mineral = np.average(basis_by_tissue()[codes], axis=0, weights=weight)
    return Volume(found.share, found.origin, found.spacing), float(water), float(mineral)


def with_fluid(
    water: NDArray[np.float32],
    mineral: NDArray[np.float32],
    found: Spread,
    geometry: ConeGeometry,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the parts of water and mineral along each ray with a fluid in the body, and iodine.

    The fluid's water displaces the mean of the tissues that it lies in.

    Args:
        water, mineral: (rows, columns) mm, of the body alone.
        found: the fluid.
        geometry: the projection.

    Returns:
        (rows, columns) water and mineral, mm, and iodine, mg/mL · mm.
    """
    volume, displaced_water, displaced_mineral = _projectable(found)
    length = line_integrals(volume, geometry)  # mm of undiluted fluid
    iodine = found.injectate.iodine
    water = water + length * np.float32(fluid_water(iodine) - displaced_water)
    mineral = mineral - length * np.float32(displaced_mineral)
    return water, mineral, length * np.float32(iodine)


def dim(
    signal: NDArray[np.float32],
    water: NDArray[np.float32],
    mineral: NDArray[np.float32],
    iodine: NDArray[np.float32],
    beam: tuple[float, float, float],
) -> None:
    """Take from a fluoroscopic picture, in place, what iodine absorbs.

    Args:
        signal: (rows, columns) I/I₀ behind everything else.
        water, mineral, iodine: (rows, columns) of `with_fluid`.
        beam: kVp, mm aluminium and mm copper.
    """
    met = iodine > 0
    signal[met] *= np.exp(-absorbed(water[met], mineral[met], iodine[met], beam))


# -- slices ---------------------------------------------------------------------------


def _plane_share(found: Spread, geometry: PlaneGeometry, thickness: float) -> NDArray[np.float32]:
    """Return the mean share of fluid in a slice, (rows, columns)."""
    return plane_volume(found.share, found, geometry, thickness, outside=0.0)


def mixed_hounsfield(
    pixels: NDArray[np.float32], found: Spread, geometry: PlaneGeometry, thickness: float
) -> NDArray[np.float32]:
    """Return CT numbers with a fluid in its share of each pixel, HU, not clipped."""
    share = _plane_share(found, geometry, thickness)
    return pixels + share * (np.float32(fluid_hounsfield(found.injectate.iodine)) - pixels)


def mixed_signal(
    in_water: NDArray[np.float32],
    in_fat: NDArray[np.float32],
    signals: tuple[NDArray[np.float64], NDArray[np.float64]],
    found: Spread,
    geometry: PlaneGeometry,
    thickness: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the MRI signals of water and of fat with a fluid in its share of each pixel.

    Plain fluid gives the signal of CSF; contrast medium goes over to that of the tissue table's
    ``contrast`` with its iodine. No gadolinium is in it.

    Args:
        in_water, in_fat: (rows, columns) signals of the body alone.
        signals: signal of the water and of the fat in every tissue, by code.
        found, geometry, thickness: the fluid and the slice.
    """
    share = _plane_share(found, geometry, thickness)
    strength = found.injectate.iodine / 300.0
    plain, contrast = (signals[0][TISSUE_CODE[t]] for t in ("csf", "contrast"))
    own = np.float32((1.0 - strength) * plain + strength * contrast)
    return in_water + share * (own - in_water), in_fat * (1 - share)


# -- ultrasound ---------------------------------------------------------------------------

SILENT_SPACES = ("intrathecal", "intravascular")
"""Fluid in fluid: both without echoes, so that nothing is seen of it (bubbles are not modelled)."""

POOL_MM = 1.2
"""Standard deviation over which fluid between bundles and lobules runs together (E)."""


def filled(subject: Subject, additions: Additions) -> Subject:
    """Return a subject with fluid as tissue where it parts the tissue, as ultrasound meets it."""
    found = fluid(subject, additions)
    if found is None or found.space in SILENT_SPACES:
        return subject
    return replace(subject, grids=_filled_grids(subject, found))


@lru_cache(maxsize=2)
def _filled_grids(subject: Subject, found: Spread) -> tuple[LabelGrid, ...]:
    """Return grids in which the voxels where most fluid runs together hold fluid and no tissue.

    There are as many as the fluid fills: ultrasound sees it part the tissue.
    """
    n = next(n for n, g in enumerate(subject.grids) if g.voxel_of(found.tip)[1])
    grid = subject.grids[n]
    # it pools: what lies between bundles and lobules runs together over a few millimetres
    pooled = gaussian_filter(found.share, POOL_MM / found.spacing, mode="constant")
    flat = np.where(found.share > 0, pooled, 0).ravel()
    parted = round(1000.0 * found.present_ml / float(np.prod(found.spacing)))
    chosen = np.argpartition(flat, -parted)[-parted:] if parted else np.zeros(0, np.intp)
    index = np.stack(np.unravel_index(chosen, found.share.shape), axis=1)
    finer = np.rint(found.spacing / np.asarray(grid.spacing)).astype(int)
    code = TISSUE_CODE["csf" if found.injectate.is_plain else "contrast"]
    tissues = np.array(grid.tissues)
    first = found.origin - 0.5 * (finer - 1) * np.asarray(grid.spacing)
    for offset in product(*map(range, finer)):
        at = first + index * found.spacing + np.array(offset) * grid.spacing
        voxel, inside = grid.voxel_of(at)
        tissues[tuple(voxel[inside].T)] = code
    changed = replace(grid, tissues=tissues)
    return (*subject.grids[:n], changed, *subject.grids[n + 1 :])
