"""Where an injected fluid goes: a small volume of shares, and what it fills with how many mL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy import LabelGrid, Subject
from spine_tutor.imaging import spread_media, spread_travel
from spine_tutor.imaging.injectate import Injectate, Space
from spine_tutor.imaging.spread_media import CODE, MEDIA, RULES, SpaceRule
from spine_tutor.imaging.spread_seat import Seat, find_seat, problem
from spine_tutor.imaging.spread_vessel import (
    DISPERSION,
    INJECTION_RATE,
    blood,
    bolus,
    hearts,
    is_vein,
    speeds,
)

EFFECTS = (
    "injected fluid: travels through the tissues that let it, easiest way first, voxel by voxel",
    "lobules of fat and bundles of fibres that it goes around; capsules that hold it and burst",
    "blood that carries it off; CSF that thins it",
)
OMISSIONS = (
    "injected fluid: subdural space, septa and adhesions, flow within a space once it is full",
    "injected fluid: gravity, resorption, and injections into two spaces at once",
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
        ml: mL in each structure that holds any, most first.
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
    rule = RULES[seat.space]
    grid = seat.grid
    half = rule.half_size[0] + rule.half_size[1] * injectate.volume_ml
    reach = np.ceil(half / np.asarray(grid.spacing)).astype(np.int64)
    low = np.maximum(seat.voxel - reach, 0)
    high = np.minimum(seat.voxel + reach + 1, grid.labels.shape)
    volume = 1000.0 * injectate.volume_ml
    limit, most = volume, np.inf
    if seat.space == "intrathecal":
        limit = volume * (MIXING + injectate.seconds / THINNING)
    if seat.space == "intravascular":
        limit, most = np.inf, _last(injectate)
    window = _Window(grid, low, high, _media(subject, seat), injectate.seed)
    stream = np.zeros(0, np.float32)
    if seat.space == "intravascular":
        stream = _stream(subject, window, seat)
    flat, share, time, escaped = window.travel(seat.voxel, limit, stream, most)
    voxel = float(np.prod(grid.spacing))
    taken = injectate.volume_ml
    if seat.space == "intravascular":
        share = bolus(share, time, voxel, taken, injectate.seconds)
    else:
        if seat.space == "intrathecal":
            share = _mixed(share, voxel, volume)
        share = _cut(share, voxel, volume)
        taken = float(share.sum(dtype=float)) * voxel / 1000.0
    filled = share > 0
    index = np.stack(np.unravel_index(flat[filled], tuple(high - low)), axis=1) + low
    return _kept(subject, injectate, seat, index, share[filled], escaped[filled], taken)


# -- how it goes --------------------------------------------------------------------------------


def _last(injectate: Injectate) -> float:
    """Return how long the last of a bolus takes to where it can be now, s."""
    ago = injectate.seconds
    return ago + injectate.volume_ml / INJECTION_RATE * (1.0 + ago / DISPERSION)


@dataclass(frozen=True, eq=False)
class _Window:
    """The part of a grid that is looked at, and how fluid goes in it."""

    grid: LabelGrid
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    media: spread_travel.Media
    seed: int

    def travel(
        self, start: NDArray[np.int64], limit: float, stream: NDArray[np.float32], most: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        """Return voxel (flat), share, time and whether it escaped, in order of arrival."""
        grid = self.grid
        found: tuple[NDArray, NDArray, NDArray, NDArray] = spread_travel.travel(
            _readonly(grid.labels), _readonly(grid.tissues),
            np.asarray(grid.origin, float), np.asarray(grid.spacing, float),
            self.low, self.high - self.low, start, self.media, self.seed, limit, stream, most,
        )  # fmt: skip
        return found

    def stream(self, subject: Subject, tip: NDArray[np.int64], vein: bool) -> NDArray[np.float32]:
        """Return how far downstream each voxel of the window is, flat, s; −∞ where blood is not.

        That is the time from the heart's end of the largest vessel that leads to the tip, or the
        time to it in veins.
        """
        size = self.high - self.low
        box = tuple(slice(a, b) for a, b in zip(self.low, self.high, strict=True))
        still = np.zeros(0, np.float32)
        wanted = int(np.ravel_multi_index(tuple(tip - self.low), tuple(size)))
        for heart in hearts(subject.structures, vein, np.asarray(self.grid.labels[box])):
            flat, _, time, _ = self.travel(heart + self.low, np.inf, still, np.inf)
            if wanted in flat:
                break
        else:  # its vessel is in pieces: from the end of this one
            flat, *_ = self.travel(tip, np.inf, still, np.inf)
            piece = np.stack(np.unravel_index(flat, tuple(size)), axis=1) + self.low
            end = blood(subject.structures.by_label(int(self.grid.labels[tuple(tip)])).id)[1]  # type: ignore[union-attr]
            flat, _, time, _ = self.travel(piece[np.argmax(end * piece[:, 2])], np.inf, still, np.inf)
        found = np.full(int(np.prod(size)), -np.inf, np.float32)
        found[flat] = -time if vein else time
        return found


def _media(subject: Subject, seat: Seat) -> spread_travel.Media:
    rule: SpaceRule = RULES[seat.space]
    structures = subject.structures
    of_label = spread_media.media_of(structures)
    here = structures.by_label(seat.label)
    assert here is not None  # a seat is a voxel of the body
    home = np.zeros(len(of_label), bool)
    home[list(structures.labels_of(structures.whole(here.id).id))] = True
    for s in structures.values():
        other_joint = s.kind == "joint" and not home[s.label]
        other_blood = s.kind == "vessel" and is_vein(s.id) != is_vein(here.id)
        if other_joint or (seat.space == "intravascular" and other_blood):
            of_label[s.label] = CODE["nothing"]
    resistance, porosity, along = (
        np.full(len(MEDIA), np.inf),
        np.zeros(len(MEDIA)),
        np.ones(len(MEDIA)),
    )
    grain, sealed = np.zeros(len(MEDIA), np.uint8), np.zeros(len(MEDIA), bool)
    for name, through in rule.through.items():
        code = CODE[name]
        resistance[code], porosity[code] = through.resistance, through.porosity
        along[code], sealed[code] = through.along, through.sealed
        grain[code] = ("", "lobules", "fibres").index(through.grain)
    speed = np.zeros(len(of_label))
    if seat.space == "intravascular":
        speed = speeds(structures)
    return spread_travel.Media(
        of_label, spread_media.tissue_media(), resistance, porosity, grain, along, sealed,
        spread_media.fibres(structures), speed, home, float(rule.reach), rule.opened, rule.beyond,
    )  # fmt: skip


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


def _readonly(array: NDArray) -> NDArray:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
