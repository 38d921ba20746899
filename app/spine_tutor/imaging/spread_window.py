"""The part of a label grid that fluid may get to, and how it goes there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import LabelGrid, Subject
from spine_tutor.imaging import spread_media, spread_travel, spread_vessel
from spine_tutor.imaging.spread_media import CODE, MEDIA, RULES
from spine_tutor.imaging.spread_seat import Seat

GRAINS = ("", "lobules", "fibres")
"""Names of `spread_travel`'s grains, by code."""

Reached = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]
"""(n, 3) voxels of the grid in order of arrival; (n,) share taken, time, whether it escaped."""


@dataclass(frozen=True, eq=False)
class Window:
    """A box of a grid.

    Attributes:
        grid: the grid.
        low, high: (3,) first voxel and the one after the last.
        media: how fluid goes.
        seed: of what it goes around.
    """

    grid: LabelGrid
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    media: spread_travel.Media
    seed: int

    @classmethod
    def around(cls, subject: Subject, seat: Seat, ml: float, seed: int) -> Window:
        """Return the box around a tip that a volume cannot leave, or hardly."""
        near, more = RULES[seat.space].half_size
        reach = np.ceil((near + more * ml) / np.asarray(seat.grid.spacing)).astype(np.int64)
        return cls(
            seat.grid,
            np.maximum(seat.voxel - reach, 0),
            np.minimum(seat.voxel + reach + 1, seat.grid.labels.shape),
            media(subject, seat),
            seed,
        )

    def travel(
        self,
        start: NDArray[np.int64],
        limit: float = np.inf,
        stream: NDArray[np.float32] | None = None,
        most: float = np.inf,
    ) -> Reached:
        """Return what fluid reaches from a voxel: up to `limit` mm³, and within time `most`."""
        grid, size = self.grid, self.high - self.low
        still = np.zeros(0, np.float32)
        flat, share, time, escaped = spread_travel.travel(
            _readonly(grid.labels), _readonly(grid.tissues),
            np.asarray(grid.origin, float), np.asarray(grid.spacing, float),
            self.low, size, start, self.media, self.seed, limit,
            still if stream is None else stream, most,
        )  # fmt: skip
        return (
            np.stack(np.unravel_index(flat, tuple(size)), axis=1) + self.low,
            share,
            time,
            escaped,
        )

    def blood(
        self, subject: Subject, seat: Seat, ml: float, ago: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the voxels of vessels that hold fluid, (n, 3), and the share that it takes, (n,).

        Blood takes it along while it is injected; what the lumen there has no room for is pressed
        into narrow vessels against the stream, and if they are full, it is gone.

        Args:
            subject: the body.
            seat: where it was injected.
            ml: injected.
            ago: s since the end of the injection.
        """
        voxel = float(np.prod(self.grid.spacing))
        stream = self.stream(subject, seat)
        time = ml / spread_vessel.INJECTION_RATE
        most = ago + time * (1.0 + ago / spread_vessel.DISPERSION)
        along, _, when, _ = self.travel(seat.voxel, stream=stream, most=most)
        taken = along[when <= time]
        room = 1000.0 * ml - len(taken) * voxel
        if room > 0:
            pressed = self._narrow(subject, seat.label).travel(seat.voxel, limit=1000.0 * ml)[0]
            taken = np.concatenate([taken, pressed])
        size = tuple(self.high - self.low)
        first, every = (
            np.unique(np.ravel_multi_index(tuple((index - self.low).T), size))
            for index in (taken, np.concatenate([along, taken]))
        )
        every = every[np.isfinite(stream[every])]
        share = spread_vessel.bolus(stream[every], np.isin(every, first), voxel, ml, ago)
        return np.stack(np.unravel_index(every, size), axis=1) + self.low, share

    def _narrow(self, subject: Subject, label: int) -> Window:
        """Return the window with walls before wide vessels, those of the tip's own excepted."""
        of_label = self.media.of_label.copy()
        of_label[(self.media.speed > spread_vessel.NARROW)] = CODE["nothing"]
        of_label[label] = self.media.of_label[label]
        return replace(self, media=self.media._replace(of_label=of_label))

    def stream(self, subject: Subject, seat: Seat) -> NDArray[np.float32]:
        """Return how far downstream each voxel of the window is, flat, s; −∞ where blood is not."""
        grid = next(n for n, g in enumerate(subject.grids) if g is seat.grid)
        i, j, k = (int(v) for v in seat.voxel)
        index, time = _downstream(subject, grid, (i, j, k), seat.label)
        size = tuple(self.high - self.low)
        found = np.full(size, -np.inf, np.float32)
        local = index - self.low
        inside = np.all((local >= 0) & (local < size), axis=1)
        found[tuple(local[inside].T)] = time[inside]
        return found.ravel()


@lru_cache(maxsize=8)
def _downstream(
    subject: Subject, grid: int, tip: tuple[int, int, int], label: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the voxels of the vessels around a tip and how far downstream they are, s.

    That is the time from the heart's end of the largest vessel that leads to the tip, or less
    the time to it in veins.
    """
    seat = Seat(subject.grids[grid], np.array(tip, np.int64), "intravascular", label)
    window = Window.around(subject, seat, 0.0, 0)
    here = subject.structures.by_label(label)
    assert here is not None  # a seat is a voxel of the body
    vein = spread_vessel.is_vein(here.id)
    box = tuple(slice(a, b) for a, b in zip(window.low, window.high, strict=True))
    labels = np.asarray(seat.grid.labels[box])
    for heart in spread_vessel.hearts(subject.structures, vein, labels):
        index, _, time, _ = window.travel(heart + window.low)
        if (index == tip).all(axis=1).any():
            break
    else:  # its vessel is in pieces: from the end of this one
        piece = window.travel(seat.voxel)[0]
        end = spread_vessel.blood(here.id)[1]
        index, _, time, _ = window.travel(piece[np.argmax(end * piece[:, 2])])
    return index, -time if vein else time


def media(subject: Subject, seat: Seat) -> spread_travel.Media:
    """Return how fluid goes from a seat: the rule of its space in this body."""
    rule, structures = RULES[seat.space], subject.structures
    of_label = spread_media.media_of(structures)
    here = structures.by_label(seat.label)
    assert here is not None  # a seat is a voxel of the body
    home = np.zeros(len(of_label), bool)
    home[list(structures.labels_of(structures.whole(here.id).id))] = True
    flows = seat.space == "intravascular"
    vein = spread_vessel.is_vein(here.id)
    for s in structures.values():
        other_joint = s.kind == "joint" and not home[s.label]
        other_blood = flows and s.kind == "vessel" and spread_vessel.is_vein(s.id) != vein
        if other_joint or other_blood:
            of_label[s.label] = CODE["nothing"]
    count = len(MEDIA)
    made = spread_travel.Media(
        of_label=of_label,
        of_tissue=spread_media.tissue_media(),
        resistance=np.full(count, np.inf),
        porosity=np.zeros(count),
        grain=np.zeros(count, np.uint8),
        along=np.ones(count),
        sealed=np.zeros(count, bool),
        fibres=spread_media.fibres(structures),
        speed=spread_vessel.speeds(structures) if flows else np.zeros(len(of_label)),
        septum=np.ones(count),
        midline=_midline(subject, seat.grid),
        home=home,
        reach=float(rule.reach),
        opened=rule.opened,
        beyond=rule.beyond,
    )
    for name, through in rule.through.items():
        code = CODE[name]
        made.resistance[code], made.porosity[code] = through.resistance, through.porosity
        made.along[code], made.sealed[code] = through.along, through.sealed
        made.septum[code] = through.septum
        made.grain[code] = GRAINS.index(through.grain)
    return made


def _midline(subject: Subject, grid: LabelGrid) -> NDArray[np.float64]:
    """Return x of the middle of the spine at every height of a grid, (nz,) mm."""
    places = sorted((frame[:3, 3] for frame in subject.frames.values()), key=lambda p: p[2])
    z = grid.axes()[2]
    if not places:
        return np.zeros(len(z))
    return np.interp(z, [p[2] for p in places], [p[0] for p in places])


def _readonly(array: NDArray) -> NDArray:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
