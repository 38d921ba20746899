"""Where an injected fluid goes: a small volume of shares, and what it fills with how many mL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy import Subject
from spine_tutor.imaging import spread_media
from spine_tutor.imaging.injectate import Injectate, Space
from spine_tutor.imaging.spread_joint import distended
from spine_tutor.imaging.spread_media import CODE, RULES
from spine_tutor.imaging.spread_seat import Seat, find_seat, problem
from spine_tutor.imaging.spread_window import Window

EFFECTS = (
    "injected fluid: travels through the tissues that let it, easiest way first, voxel by voxel",
    "injected fluid: goes around lobules of fat and bundles of fibres; capsules hold it and burst",
    "injected fluid: blood carries it off, CSF thins it",
)
OMISSIONS = (
    "injected fluid: the subdural space, septa and adhesions, bubbles",
    "injected fluid: gravity, resorption, and injections into two spaces at once",
    "injected fluid: tissue makes room for it and is not moved",
)

CROP_VOXELS = 3_000_000
"""The most voxels that a spread keeps; a larger one is averaged over pairs of voxels."""
MIXING = 3.0
"""How many times its volume of CSF a fluid mixes with while it is injected (E)."""
THINNING = 60.0
"""s after which CSF has mixed with another part of it (E)."""


@dataclass(frozen=True, eq=False)
class Spread:
    """A fluid in the body.

    Attributes:
        injectate: what was injected.
        subject: into whom.
        tip: (3,) where, world mm: in the space that it fills.
        space: what it fills.
        share: (nx, ny, nz) float32 share of each voxel's volume that is fluid, 0–1; its outermost
            voxels are empty.
        origin, spacing: (3,) of `share`, mm.
        ml: mL in each structure that holds any, most first; a joint's recesses are joint.
        taken_ml: mL that the space took; less than was injected where it is full or the model ends.
        escaped_ml: mL of it outside the space: beyond a capsule or sleeve, out of the foramen.
    """

    injectate: Injectate
    subject: Subject
    tip: tuple[float, float, float]
    space: Space
    share: NDArray[np.float32]
    origin: NDArray[np.float64]
    spacing: NDArray[np.float64]
    ml: Mapping[str, float]
    taken_ml: float
    escaped_ml: float

    @property
    def present_ml(self) -> float:
        """Return how much is still there, mL: less than was taken once blood has carried it off."""
        return float(self.share.sum(dtype=float) * np.prod(self.spacing) / 1000.0)

    @property
    def iodine(self) -> NDArray[np.float32]:
        """Return the iodine in each voxel of `share`, mg/mL."""
        return self.share * np.float32(self.injectate.iodine)

    def sample(self, points: ArrayLike) -> NDArray[np.float32]:
        """Return the share of fluid at world points, interpolated.

        Args:
            points: (..., 3) mm.
        """
        from scipy.ndimage import map_coordinates

        points = np.asarray(points, float)
        at = ((points - self.origin) / self.spacing).reshape(-1, 3).T
        found = map_coordinates(self.share, at, order=1, mode="constant", cval=0.0)
        return np.asarray(found, np.float32).reshape(points.shape[:-1])

    @cached_property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lowest and highest corner of what is kept, mm."""
        return self.origin, self.origin + (np.array(self.share.shape) - 1) * self.spacing


def spread(
    subject: Subject, injectate: Injectate, tip: tuple[float, float, float] | None = None
) -> Spread:
    """Return where an injectate goes; the last few are kept.

    Args:
        subject: the body.
        injectate: what is injected.
        tip: the needle's tip, which counts where the injectate names no place of its own.

    Raises:
        ProblemError: if there is no such place, if it is outside the body or in bone, or if the
            space that is asked for is not there.
    """
    if tip is not None and not np.all(np.isfinite(tip)):
        raise problem(f"the tip {tip} is no place.", "Give three finite numbers, mm.")
    if injectate.at is not None:
        tip = None
    return _spread(subject, injectate, tip)


@lru_cache(maxsize=12)
def _spread(
    subject: Subject, injectate: Injectate, tip: tuple[float, float, float] | None
) -> Spread:
    seat = find_seat(subject, injectate, tip)
    if seat.space == "joint":
        seat = distended(subject, seat, injectate.volume_ml)
    window = Window.around(subject, seat, injectate.volume_ml, injectate.seed)
    ml, ago = injectate.volume_ml, injectate.seconds
    if seat.space == "intravascular":  # what is no longer there was taken all the same
        index, share = window.blood(subject, seat, ml, ago)
        return _kept(subject, injectate, seat, index, share, np.zeros(len(share), bool), ml)
    volume, voxel = 1000.0 * ml, float(np.prod(seat.grid.spacing))
    if seat.space == "intrathecal":
        index, share, _, escaped = window.travel(seat.voxel, volume * (MIXING + ago / THINNING))
        share = _mixed(share, voxel, volume)
    else:
        index, share, _, escaped = window.travel(seat.voxel, volume)
        share = _cut(share, voxel, volume)
    taken = float(share.sum(dtype=float)) * voxel / 1000.0
    return _kept(subject, injectate, seat, index, share, escaped, taken)


def _cut(share: NDArray[np.float32], voxel: float, volume: float) -> NDArray[np.float32]:
    """Return shares in order of arrival, the last one cut so that `volume` is not passed."""
    if len(share):
        surplus = float(share.sum(dtype=float)) - volume / voxel
        share[-1] -= np.float32(min(max(surplus, 0.0), float(share[-1])))
    return share


def _mixed(share: NDArray[np.float32], voxel: float, volume: float) -> NDArray[np.float32]:
    """Return the share of a fluid in the CSF it has mixed with: most near the tip, none at last."""
    rank = (np.arange(len(share)) + 0.5) / max(len(share), 1)
    weight = share * (1.0 - rank**2)
    whole = max(float(weight.sum()) * voxel, 1e-9)
    return np.minimum(weight * (volume / whole), 1.0).astype(np.float32)


def _kept(
    subject: Subject,
    injectate: Injectate,
    seat: Seat,
    index: NDArray[np.int64],
    share: NDArray[np.float32],
    escaped: NDArray[np.bool_],
    taken: float,
) -> Spread:
    """Return filled voxels as a small volume with an empty border."""
    grid = seat.grid
    spacing = np.asarray(grid.spacing, float)
    index, escaped, share = index[share > 0], escaped[share > 0], share[share > 0]
    low, high = (index.min(axis=0), index.max(axis=0)) if len(index) else (seat.voxel, seat.voxel)
    crop = np.zeros(tuple(high - low + 3), np.float32)
    crop[tuple((index - low + 1).T)] = share
    labels = np.asarray(grid.labels)[tuple(index.T)]
    ml_each = share.astype(float) * float(np.prod(spacing)) / 1000.0
    sums = np.bincount(labels, weights=ml_each)
    rule = RULES[seat.space]
    own = [CODE[name] for name in (*rule.home, *rule.also)]
    foreign = ~np.isin(spread_media.media_of(subject.structures)[labels], own)
    escaped = foreign & (escaped | (not np.isfinite(rule.reach)))
    ml: dict[str, float] = {}
    for label in np.argsort(-sums, kind="stable").tolist():
        structure = subject.structures.by_label(label)
        if sums[label] > 0 and structure is not None:
            ml[structure.id] = float(sums[label])
    origin = np.asarray(grid.points(low - 1), float)
    while crop.size > CROP_VOXELS:
        crop, origin, spacing = _halved(crop, origin, spacing)
    tip = grid.points(seat.voxel)
    return Spread(
        injectate, subject, (float(tip[0]), float(tip[1]), float(tip[2])), seat.space,
        crop, origin, spacing, ml, taken, float(ml_each[escaped].sum()),
    )  # fmt: skip


def _halved(
    crop: NDArray[np.float32], origin: NDArray[np.float64], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Return a volume averaged over pairs of voxels along the axis where they are smallest."""
    axis = int(np.lexsort((-np.array(crop.shape), spacing))[0])
    pad = [(0, 0)] * 3
    pad[axis] = (2, 2 + crop.shape[axis] % 2)
    wide = np.pad(crop, pad)
    pairs = np.moveaxis(wide, axis, 0)
    half = np.moveaxis(0.5 * (pairs[0::2] + pairs[1::2]), 0, axis)
    origin, spacing = origin.copy(), spacing.copy()
    origin[axis] += -2 * spacing[axis] + 0.5 * spacing[axis]
    spacing[axis] *= 2
    return np.ascontiguousarray(half), origin, spacing
