"""The wall of the chest as solids: deep fascia, skin, and the muscles between it and the ribs.

Everything hangs on the case's own rib cage (`cage`) and on the line along the tips of the spinous
processes. Thicknesses and borders are estimates, drawn to look like axial CT of an adult lying
prone with the arms abducted, mm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.cage import Cage
from spine_tutor.anatomy.canvas import Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.halves import cropped, signed_distance, solid_on, true_distance
from spine_tutor.anatomy.shoulder import ARM_RADIUS
from spine_tutor.anatomy.trunk_outlines import Lattice

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
Limits = tuple[Array | Volume, ...]

SKIN = 2.0
GAP = 0.6
"""Half width of the fat clefts between the back muscles, mm."""
_AROUND = (0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0)
# What lies on the ribs, at these angles from straight behind, mm.
ON_RIBS: Mapping[str, tuple[float, ...]] = {
    "c7": (8, 10, 14, 16, 14, 10, 6),
    "t2": (10, 20, 40, 52, 42, 26, 8),
    "t4": (10, 22, 42, 44, 34, 26, 7),
    "t6": (8, 18, 34, 30, 24, 20, 6),
    "t8": (8, 12, 20, 18, 12, 8, 5),
    "t10": (8, 10, 14, 12, 7, 5, 5),
    "l1": (8, 10, 12, 9, 7, 6, 6),
}
# Root of the neck and shoulders: half width, half depth, middle before the canal.
SHOULDERS: Mapping[str, tuple[float, float, float]] = {
    "c7": (66, 44, 12), "t1": (164, 56, 2), "t2": (178, 66, 4), "t3": (182, 64, 8),
    "t4": (176, 54, 12), "t5": (120, 36, 20), "t6": (60, 20, 40),
}  # fmt: skip
# The fascia behind the back muscles: across, and in front of the tips of the spinous processes.
BACK = ((0.0, 13.0, 33.0, 54.0, 79.0, 100.0), (0.0, -3.0, -7.0, -5.0, 5.0, 20.0))
BLADES = ((0.0, 30.0, 70.0, 110.0), (0.0, -6.0, -14.0, -12.0))
"""How far in front of the spinous processes' tips the shoulders end behind, across, mm."""
FAT_AROUND = (1.0, 0.95, 0.75, 0.65, 0.7, 0.8, 0.7)
FAT_ALONG = {"c7": 0.75, "t3": 0.65, "t7": 0.7, "l1": 1.0}
"""Share of the fat behind L3 at the angles above and along the column."""
# Lateral borders of trapezius and of the back muscles, mm from the midline.
TRAPEZIUS = {"c7": 110, "t1": 130, "t3": 100, "t6": 58, "t9": 28, "t12": 6, "l1": 2}
RHOMBOIDS = {"c7": 26, "t2": 62, "t5": 66, "t6": 40, "t7": 6}
# Thickness of splenius, which gets narrower with it: it springs from the processes down to T6.
SPLENIUS = {"c7": 3.4, "t2": 3.4, "t6": 0.0}
ERECTOR = {"c7": 36, "t1": 42, "t4": 56, "t7": 66, "t10": 68, "l1": 72}
LONGISSIMUS = {"c7": 34, "t1": 36, "t4": 42, "t7": 44, "t10": 44, "l1": 46}
SEMISPINALIS = {"c7": 26, "t4": 24, "t8": 18, "t12": 14, "l1": 13}
MULTIFIDUS = {"c7": 18, "t4": 16, "t8": 15, "t12": 17, "l1": 19}


class ChestWall:
    """The right half of a chest wall as solids by name.

    ``body`` ends at the skin, ``fascia`` at the deep fascia, ``inside`` at the inside of the ribs.
    """

    def __init__(
        self,
        case: Case,
        cage: Cage,
        lattice: Lattice,
        heights: Mapping[str, float],
        lines: Array,
        arm: Array,
    ):
        """Make the solids.

        Args:
            case: whose chest it is.
            cage: its ribs.
            lattice: where the solids are known.
            heights: z of the middle of each level, mm.
            lines: (2, nz) y of the canal and of the spinous tips on each slice, mm.
            arm: (2, 3) ends of the axis of the right arm, from the shoulder outwards, mm.
        """
        self.lattice, self.heights, self.size = lattice, heights, case.height_scale
        self.case, self.cage = case, cage
        # single precision throughout: the lattice of a large body is large
        self.x, self.y, self.z = (lattice.axis(n).astype(np.float32) for n in range(3))
        self.canal, self.tips = (line[None, None, :].astype(np.float32) for line in lines)
        self.angle, reach, radius, self.between = cage.seen(self.x, self.y, self.z)
        self.share = reach / radius
        self.inside: Volume = true_distance(reach - radius, lattice.spacing)
        self.outside: Volume = self.inside - np.float32(cage.wall)
        self.solids = self._envelope(arm)
        self.solids |= self._muscles()

    def along(self, table: Mapping[str, float]) -> Volume:
        """Return a quantity given at levels on every slice, scaled to the case, (1, 1, nz)."""
        known = sorted((self.heights[level], value) for level, value in table.items())
        at = np.interp(self.z, [k for k, _ in known], [v for _, v in known])
        return (self.size * at).astype(np.float32)

    def around(self, table: Mapping[str, tuple[float, ...]]) -> Volume:
        """Return a quantity given at levels and angles, not scaled, on the whole lattice."""
        steps = np.arange(0.0, 181.0, 2.0)
        rows = np.array([np.interp(steps, _AROUND, row) for row in table.values()])
        order = np.argsort([self.heights[level] for level in table])
        known = np.array([self.heights[level] for level in table])[order]
        by_slice = np.array([np.interp(self.z.ravel(), known, c[order]) for c in rows.T])
        at = np.clip(np.rint(self.angle / 2.0).astype(np.uint8), 0, len(steps) - 1)
        found: Volume = by_slice.astype(np.float32)[at, np.arange(self.z.size)[None, None, :]]
        return found

    def _envelope(self, arm: Array) -> dict[str, Solid]:
        size = self.size
        step = self.lattice.spacing
        wall = signed_distance(self.outside < 0, step) - np.float32(size) * self.around(ON_RIBS)
        half, deep, ahead = (
            self.along({level: row[n] for level, row in SHOULDERS.items()}) for n in range(3)
        )
        middle = self.canal + ahead
        shoulders = np.hypot(self.x / half, (self.y - middle) / deep) - 1.0
        # between the shoulder blades the back follows the spinous processes
        blades = size * np.interp(self.x / size, *BLADES).astype(np.float32) + self.tips - self.y
        shoulders = np.maximum(shoulders * deep, blades)
        wall = _blended(wall, shoulders.astype(np.float32), 16.0)
        del shoulders, blades
        start, slope = arm[0], (arm[1] - arm[0]) / (arm[1] - arm[0])[0]
        out = np.maximum(self.x - start[0], 0.0)
        round_ = [start[n] + slope[n] * out for n in (1, 2)]
        before = np.minimum(self.x - start[0], 0.0)
        flesh = np.sqrt(before**2 + (self.y - round_[0]) ** 2 + (self.z - round_[1]) ** 2)
        wall = _blended(wall, (flesh - ARM_RADIUS * size).astype(np.float32), 24.0)
        back = size * np.interp(self.x / size, *BACK).astype(np.float32) + self.tips - self.y
        block = np.maximum(np.maximum(back, self.y - self.canal), self.x - 92.0 * size)
        wall = signed_distance(_blended(wall, block.astype(np.float32), 10.0) < 0, step)
        fat = {level: tuple(share * f for f in FAT_AROUND) for level, share in FAT_ALONG.items()}
        skin = wall - np.float32(self.case.subcutaneous_fat) * self.around(fat) - np.float32(SKIN)
        self.fascia = wall
        return {"fascia": self._solid(wall), "body": self._solid(skin)}

    def _muscles(self) -> dict[str, Solid]:
        return {name: self._within(*limits) for name, limits in self._limits()}

    def _limits(self) -> Iterator[tuple[str, Limits]]:
        """Yield the solids between fascia and ribs by name with what limits them.

        One by one: every limit may be as large as the lattice.
        """
        x, y, size, angle = self.x, self.y, self.size, self.angle
        depth = -self.fascia  # under the fascia
        z, heights, outside = self.z, self.heights, self.outside
        tall = lambda low, high: np.maximum(heights[low] - z, z - heights[high])  # noqa: E731
        behind = y - self.canal + 4.0 * size
        layer = lambda a, b: np.maximum(a * size - depth, depth - b * size)  # noqa: E731
        yield "trapezius", (layer(0.0, 5.0), x - self.along(TRAPEZIUS), y - self.canal - 30.0)
        sloping = z - heights["t7"] - 0.25 * (x - 30.0)
        yield "latissimus_dorsi", (layer(0.0, 8.0), sloping, angle - 105.0)
        above = y - self.canal, heights["t6"] - z
        yield "rhomboids", (layer(5.6, 10.0), 3.0 - x, x - self.along(RHOMBOIDS), *above)
        thick = self.along(SPLENIUS)
        strap = np.maximum(10.6 * size - depth, depth - 10.6 * size - thick)
        yield "splenius", (strap, 3.0 - x, x - 3.0 - 11.5 * thick, *above)

        # among the lowest ribs they lie between these too
        among = self.cage.wall * np.clip((heights["t10"] - z) / 15.0, 0.0, 1.0)
        deep = np.maximum(np.maximum(behind, 2.0 - x), -outside - among + 0.5)
        near_spine = np.maximum(np.maximum(behind, 2.0 - x), x - 26.0 * size)
        deep = np.minimum(deep, near_spine)
        steps = [heights[level] for level in ("t7", "t6", "t2")]
        first = size * np.interp(z, steps, [5.6, 11.2, 14.6])
        deep = np.maximum(deep, first - depth)
        deep = np.maximum(deep, self.tips - 3.0 - y)
        low = (self.canal - y) / (self.canal - self.tips)  # 0 at the canal, 1 at the tips
        fore = 14.0 * (low - 0.60)
        medial, lateral = self.along(SEMISPINALIS), self.along(LONGISSIMUS)
        yield "multifidus", (deep, x - self.along(MULTIFIDUS) + GAP, fore + GAP)
        yield "semispinalis", (deep, x - medial + GAP)
        yield "longissimus", (deep, medial + GAP - x, x - lateral + GAP)
        yield "iliocostalis", (deep, lateral + GAP - x, x - self.along(ERECTOR))
        del deep

        known = np.linspace(0, 180, len(self.cage.margin))
        ribbed = np.interp(angle, known, self.cage.margin).astype(np.float32) - 4.0 - z
        yield "intercostal_muscles", (outside, -self.inside - 3.0, 26.0 * size - x, ribbed)
        yield "abdominal_wall", (self.fascia, -self.inside - 3.0, 50.0 - angle, -ribbed)
        del ribbed
        yield "serratus_anterior", (outside - 7.0 * size, -outside + 0.3, 42.0 - angle,
                                    angle - 128.0, tall("t9", "t1"))  # fmt: skip
        under = self.fascia + 0.5
        yield "pectoral_muscles", (under, -outside + 2.0, 116.0 - angle, tall("t7", "t1"))
        lateral = self.along(ERECTOR) + 1.0 + np.clip(depth, 0.0, 25.0 * size) - x
        yield "shoulder_muscles", (under, -outside + 0.3, 20.0 - angle,
                                   heights["t9"] + 10.0 - z, lateral)  # fmt: skip

    def _within(self, *limits: Array | Volume) -> Solid:
        values = np.zeros(self.lattice.shape, np.float32) - np.float32(1e3)
        for limit in limits:
            np.maximum(values, limit, out=values, casting="same_kind")
        return cropped(self._solid(values))

    def _solid(self, values: Array | Volume) -> Solid:
        return solid_on(self.lattice, values)


def _blended(a: Volume, b: Volume, width: float) -> Volume:
    """Return the union of two solids whose surfaces flow together over a width, mm."""
    overlap = np.maximum(np.float32(width) - np.abs(a - b), 0)
    blended: Volume = np.minimum(a, b) - overlap * overlap * np.float32(0.25 / width)
    return blended
