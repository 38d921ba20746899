"""What surrounds the thoracic column: chest wall, lungs with pleura, heart, diaphragm, organs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.cage import build_cage
from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.chest_wall import SKIN, ChestWall
from spine_tutor.anatomy.column import BREADTH, Column
from spine_tutor.anatomy.halves import cropped, on_both, on_side, solid_on, true_distance
from spine_tutor.anatomy.ribs import SIGN
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.shoulder import ARM, places_of
from spine_tutor.anatomy.thorax import build_thorax
from spine_tutor.anatomy.trunk_outlines import Lattice
from spine_tutor.anatomy.tubes import smooth
from spine_tutor.anatomy.vessels import before_bodies
from spine_tutor.anatomy.viscera import front_of_bodies, liver, organ, paint_kidneys

Array = NDArray[np.float64]

PLEURA = 0.9
"""Thickness of the parietal pleura with its fascia as painted, mm: so that it has no holes."""
INNERMOST = 2.4
"""Innermost intercostal muscle and endothoracic fascia on the inside of the ribs, mm (estimate)."""
WEDGE = (11.0, 52.0)
"""Paravertebral space: its depth beside the body, and how far from the midline it ends, mm (E)."""
AT_RIB = 0.45
"""Share of that depth that is left before the neck of a rib (estimate)."""
BESIDE_BODY = 4.0
"""From the side of a body to the pleura: trunk, vessels and fat, mm (estimate)."""
LEFT_DOME = 14.0
"""How much lower the left dome of the diaphragm is than the right one, mm (estimate)."""
DIAPHRAGM = 3.5
"""Thickness of the diaphragm as painted, mm."""
# Half width of the mediastinum by how far before the front of the body, as a share of the way to
# the sternum.
MEDIASTINUM = ((0.0, 0.15, 0.35, 0.6, 0.85, 1.0), (17.0, 17.0, 26.0, 30.0, 14.0, 10.0))
# Where the diaphragm springs from, degrees from straight behind and mm above the middle of T12.
SPRINGS = ((0.0, 60.0, 100.0, 140.0, 180.0), (2.0, -6.0, -18.0, 8.0, 32.0))


class Chest:
    """See `atlas.Surroundings`."""

    def __init__(self, coarse: Canvas, column: Column, tips: Array, case: Case):
        self.column, self.case, self.size = column, case, case.height_scale
        nx, ny, nz = coarse.labels.shape
        middle = nx // 2  # the canvas lies evenly about the midline
        self.lattice = Lattice(
            coarse.origin * [0.0, 1.0, 1.0], coarse.spacing, (nx - middle, ny, nz)
        )
        z = self.lattice.axis(2).ravel()
        scale = self.size * BREADTH[case.sex]
        thorax = build_thorax(column, {}, case)
        cage = build_cage(column, thorax, z[0], z[-1], scale)
        self.bodies = np.array([column.frames[level][:3, 3] for level in column.levels])[::-1]
        depth = [column.bodies[level].depth for level in column.levels][::-1]
        width = [column.bodies[level].width_upper for level in column.levels][::-1]
        canal = [column.bodies[level].canal_depth for level in column.levels][::-1]
        self.front = front_of_bodies(column, z)
        self.side = 0.5 * np.interp(z, self.bodies[:, 2], width).astype(np.float32)
        middles = self.bodies[:, 1] - 0.5 * (np.array(depth) + canal)
        tips = tips[np.argsort(tips[:, 1])]
        lines = np.stack([
            np.interp(z, self.bodies[:, 2], middles), np.interp(z, tips[:, 1], tips[:, 0])
        ])  # fmt: skip
        heights = {level: float(column.frames[level][2, 3]) for level in column.levels}
        arm = places_of(column, ARM, "right", scale)
        wall = ChestWall(case, cage, self.lattice, heights, lines, arm)
        self.solids = dict(wall.solids)
        self.solids |= self._inside(wall)

    def _inside(self, wall: ChestWall) -> dict[str, Solid]:
        """Return what lies inside the ribs: pleural sac, paravertebral space, abdomen."""
        x, y, size = wall.x, wall.y, self.size
        lining = INNERMOST * np.clip((x / size - 30.0) / 20.0, 0.0, 1.0)
        inside = wall.inside + (size * lining).astype(np.float32)
        front, side = self.front[None, None, :], self.side[None, None, :]
        deep, ends = WEDGE
        wedge = deep * np.clip((ends - x / size) / (ends - 20.0), 0.0, 1.0) * size
        wedge = wedge * (AT_RIB + (1 - AT_RIB) * wall.between) * (wall.angle < 75.0)
        sternum = wall.cage.middle + wall.cage.radius[-1]
        sternum = np.interp(wall.z, wall.cage.z, sternum).astype(np.float32)
        share = np.clip((y - front) / (sternum - front), 0.0, 1.0)
        half = size * np.interp(share, *MEDIASTINUM).astype(np.float32)
        beside = np.clip((y - front + 8.0 * size) / (8.0 * size), 0.0, 1.0)
        half = np.maximum(half * beside, (side + BESIDE_BODY * size) * (1.0 - beside))
        spread = np.clip((front - 14.0 * size - y) / (20.0 * size), 0.0, 1.0)
        half = half + 6.0 * size * spread  # past the heads of the ribs
        sac = np.maximum(inside + wedge, half - x)
        upright = np.maximum(np.maximum(inside, -sac), x - ends * size)
        upright = np.maximum(upright, np.maximum(y - front, wall.heights["t12"] - 12.0 - wall.z))
        found = {
            "paravertebral_fat": cropped(solid_on(self.lattice, upright)),
            "inside": solid_on(self.lattice, inside),
        }
        for half in SIDES:
            dome = self._dome(wall, half)
            found[f"pleura_{half}"] = cropped(solid_on(self.lattice, np.maximum(sac, -dome)))
            found[f"below_{half}"] = solid_on(self.lattice, np.maximum(inside, dome))
        return found

    def _dome(self, wall: ChestWall, side: str) -> NDArray[np.float32]:
        """Return the height above the diaphragm on one half, mm."""
        lower = LEFT_DOME * np.clip(wall.x / 40.0, 0.0, 1.0) if side == "left" else 0.0
        top = wall.heights["t9"] + (10.0 - lower) * self.size
        springs = np.interp(wall.angle, *SPRINGS).astype(np.float32)
        springs = wall.heights["t12"] + self.size * springs
        saddle = 14.0 * self.size * np.exp(-((wall.x / (42.0 * self.size)) ** 2))
        share = np.clip(wall.share, 0.0, 1.15) ** 4
        # behind the crura it falls to its origin, so that pleura lies beside the lowest bodies
        lateral = np.maximum(wall.x / self.size - 18.0, 0.0)
        # in the midline it slopes from the heart down to the crura
        slope = 50.0 * np.exp(-((wall.x / (20.0 * self.size)) ** 2))
        front = self.front[None, None, :] + (8.0 + slope - 0.011 * lateral**2) * self.size
        behind = np.clip((front - wall.y) / ((30.0 + slope) * self.size), 0.0, 1.0)
        share = 1.0 - (1.0 - share) * (1.0 - behind**2)
        height = wall.z - ((top - saddle) * (1.0 - share) + springs * share)
        return true_distance(height, self.lattice.spacing)

    def paint(self, canvas: Canvas) -> None:
        """Paint what is still free, from the heart outwards to the skin."""
        for side in SIDES:
            canvas.paint_tube("diaphragm", self._crus(side), 4.5 * self.size)
        within = on_both(self.solids["inside"])
        for name in ("heart_chambers", "heart"):
            canvas.paint_solid(name, organ(name, self.column, within, self.size))
        rind = max(PLEURA, 0.9 * canvas.spacing)
        for side in SIDES:
            sac = on_side(self.solids[f"pleura_{side}"], side)
            canvas.paint_solid(f"pleura_{side}", sac, above=-rind)
            canvas.paint_solid(f"lung_{side}", sac)
            _line_with_pleura(canvas, side, sac)
            fat = on_side(self.solids["paravertebral_fat"], side)
            canvas.paint_solid(f"paravertebral_fat_{side}", fat)
        below = on_both(self.solids["below_right"], self.solids["below_left"])
        canvas.paint_solid("diaphragm", below, above=-DIAPHRAGM * self.size)
        paint_kidneys(canvas, self.column, self.case)
        for name in ("stomach_gas", "stomach", "spleen"):
            canvas.paint_solid(name, organ(name, self.column, below, self.size))
        low = float(self.column.frames["t12"][2, 3])
        canvas.paint_solid("liver", liver(below, self.front, low, self.size))
        canvas.paint_solid("retroperitoneal_fat", below)
        canvas.paint_solid("mediastinal_fat", within)
        self._paint_wall(canvas)

    def _paint_wall(self, canvas: Canvas) -> None:
        for name in (
            "trapezius", "latissimus_dorsi", "rhomboids", "splenius", "multifidus", "semispinalis",
            "longissimus", "iliocostalis", "intercostal_muscles", "serratus_anterior",
            "pectoral_muscles", "shoulder_muscles",
        ):  # fmt: skip
            for side in SIDES:
                canvas.paint_solid(f"{name}_{side}", on_side(self.solids[name], side))
        for side in SIDES:
            wall = on_side(self.solids["abdominal_wall"], side)
            canvas.paint_solid("abdominal_wall", wall)
        canvas.paint_solid("intermuscular_fat", on_both(self.solids["fascia"]))
        body = on_both(self.solids["body"])
        canvas.paint_solid("skin", body, above=-SKIN)
        canvas.paint_solid("subcutaneous_fat", body)

    def _crus(self, side: str) -> Array:
        """Return the middle of a crus of the diaphragm, from behind the liver down to L1."""
        x = SIGN[side] * 12.0 * self.size
        places = {"t11": (x, 0.0), "t12": (x, 0.0), "l1": (x, 0.0)}
        ways = before_bodies(self.column, 3.0 * self.size, places)
        return smooth([*ways, ways[-1] - [0.0, 0.0, 40.0]])


def _line_with_pleura(canvas: Canvas, side: str, sac: Solid) -> None:
    """Cover with pleura whatever bulges into the pleural sac, as nerves and vessels do."""
    (lung, _), (pleura, tissue) = (canvas.code(f"{name}_{side}") for name in ("lung", "pleura"))
    far = sac.origin + sac.spacing * np.array(sac.values.shape)
    window = canvas.window(sac.origin - canvas.spacing, far)
    labels, tissues = canvas.labels[window], canvas.tissues[window]
    for _ in range(max(1, round(PLEURA / canvas.spacing))):
        bare = np.zeros(labels.shape, bool)
        other = (labels != lung) & (labels != pleura)
        for axis in range(3):
            here, there = ([slice(None)] * 3 for _ in range(2))
            here[axis], there[axis] = slice(1, None), slice(None, -1)
            bare[tuple(here)] |= other[tuple(there)]
            bare[tuple(there)] |= other[tuple(here)]
        bare &= labels == lung
        labels[bare] = pleura
        tissues[bare] = tissue
