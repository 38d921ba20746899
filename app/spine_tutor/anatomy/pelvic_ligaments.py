"""Ligaments of sacrum and ilium, the ligament over the sacral hiatus, and piriformis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.pelvis import pelvic_places, with_pelvis
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sacroiliac import paint_sacroiliac_capsules
from spine_tutor.anatomy.sacrum import FORAMINA
from spine_tutor.anatomy.tubes import smooth
from spine_tutor.anatomy.vertebra_shape import vertebra_shape

Array = NDArray[np.float64]

INTEROSSEOUS = 8.0
"""How far from both bones the interosseous sacroiliac ligament reaches, mm (estimate)."""
POSTERIOR = 11.0
"""The same of the posterior sacroiliac ligament that lies over it, mm (estimate)."""
ILIOLUMBAR = 3.2
"""Radius of the iliolumbar ligament, mm (estimate)."""
HIATUS = (1.2, 2.5)
"""Half thickness of the sacrococcygeal ligament, and how far it overlaps beside the hiatus, mm
(estimate)."""
PIRIFORMIS = ((20, -46, -42, 8), (44, -49, -56, 12), (66, -45, -64, 13), (95, -31, -74, 10),
              (116, -18, -84, 6), (128, -10, -90, 4))  # fmt: skip
"""Right piriformis: x, y, z in the world and radius, mm: from the front of S2–S4 through the
greater sciatic foramen to the greater trochanter (estimate)."""


class PelvicLigaments:
    """They are worked out from the bones on the coarse canvas and painted into either."""

    def __init__(self, coarse: Canvas, column: Column, case: Case):
        self.size, self.column = case.height_scale, column
        self.places = pelvic_places(column.endplate("s1", "upper"), column.sacral_scale)
        self.foramina = list(_foramina(column))
        self.sacroiliac = {side: self._between(coarse, side) for side in SIDES}
        self.iliolumbar = {side: self._iliolumbar(coarse, column, case, side) for side in SIDES}

    def paint(self, canvas: Canvas) -> None:
        """Paint them into what is free, after the fat of the sacral foramina."""
        for path, radius in self.foramina:
            canvas.paint_tube("epidural_fat", path, radius)
        paint_over_hiatus(canvas, self.column)
        for side in SIDES:
            canvas.paint_tube(
                f"iliolumbar_ligament_{side}", self.iliolumbar[side], self.size * ILIOLUMBAR
            )
            between = self.sacroiliac[side]
            for name, reach in (("interosseous", INTEROSSEOUS), ("posterior", POSTERIOR)):
                canvas.paint_solid(
                    f"{name}_sacroiliac_ligament_{side}", between.grown(self.size * reach)
                )
            way = self.size * np.array(PIRIFORMIS) * [-1.0 if side == "left" else 1.0, 1, 1, 1]
            path = smooth(with_pelvis(way[:, :3], self.column.endplate("s1", "upper")))
            share = np.linspace(0, 1, len(way))
            radii = np.interp(np.linspace(0, 1, len(path)), share, way[:, 3])
            canvas.paint_tube(f"piriformis_{side}", path, radii)
        paint_sacroiliac_capsules(canvas)

    def _between(self, coarse: Canvas, side: str) -> Solid:
        """Return the distance to the farther of sacrum and ilium, behind their joint."""
        end = self.places[f"sacroiliac_joint_inferior_{side}"]
        crest = self.places[f"posterior_superior_spine_{side}"]
        sign = -1.0 if side == "left" else 1.0
        low = np.array([min(sign * 5.0, sign * 75.0), end[1] - 20.0, end[2] - 3.0])
        high = np.array([max(sign * 5.0, sign * 75.0), 10.0, crest[2] + 24.0])
        window = coarse.window(low, high)
        labels, known = coarse.labels[window], coarse.structures
        away = np.zeros(labels.shape)
        for bone in ("sacrum", f"ilium_{side}"):
            present = np.isin(labels, list(known.labels_of(bone)))
            away = np.maximum(away, ndimage.distance_transform_edt(~present, coarse.spacing))
        x, y, z = coarse.axes(window)
        # the joint is in front; behind, the ligament ends on the line from crest to spine
        front = y - (-18.0 * self.size - 0.55 * (12.0 * self.size - z))
        inner = (8.0 * self.size - np.abs(x)) + 0 * y + 0 * z
        values = np.maximum(np.maximum(away, front), inner).astype(np.float32)
        origin = coarse.origin + coarse.spacing * np.array([part.start for part in window])
        return Solid(values, origin, coarse.spacing)

    def _iliolumbar(self, coarse: Canvas, column: Column, case: Case, side: str) -> Array:
        """Return the way from the tip of the transverse process of L5 to the iliac crest."""
        sign = -1.0 if side == "left" else 1.0
        tip = np.array(vertebra_shape("l5", case).tp_tip) * [sign, 1.0, 1.0]
        frame = column.frames["l5"]
        start = frame[:3, :3] @ (tip - [sign * 2.0, 0.0, 0.0]) + frame[:3, 3]
        aim = start + self.size * np.array([sign * 26.0, -9.0, 2.0])
        window = coarse.window(aim - 40.0, aim + 40.0)
        ilium = coarse.labels[window] == coarse.structures[f"ilium_{side}"].label
        bone = np.argwhere(ilium) + [part.start for part in window]
        if not len(bone):
            return np.stack([start, aim])
        points = coarse.origin + coarse.spacing * bone
        end = points[np.argmin(np.linalg.norm(points - aim, axis=1))]
        return np.stack([start, 0.5 * (start + end) - [0.0, 1.5, 0.0], end])


def paint_over_hiatus(canvas: Canvas, column: Column) -> None:
    """Paint the dorsal sacrococcygeal ligament, which closes the sacral hiatus.

    It is stretched between the cornua, from the last lamina to the back of the coccyx.
    """
    size = column.sacral_scale
    places = pelvic_places(column.endplate("s1", "upper"), size)
    half, over = max(HIATUS[0], 0.6 * canvas.spacing), HIATUS[1]
    apex, base = places["sacral_hiatus_apex"], places["sacral_hiatus_base"]
    cornu = places["sacral_cornu_right"]
    top = apex + size * np.array([0.0, -4.0, 3.0])
    middle = np.array([0.0, cornu[1] + 0.5 * size, cornu[2]])
    end = base + size * np.array([0.0, -1.5, -8.0])
    window = canvas.window(
        [-cornu[0] - 8.0, end[1] - 22.0, end[2]], [cornu[0] + 8.0, top[1] + 12.0, top[2]]
    )
    x, y, z = canvas.axes(window)
    line = np.array([end, middle, top])
    at = np.interp(z, line[:, 2], line[:, 1])
    wide = np.interp(z, line[:, 2], [0.8 * cornu[0], cornu[0], 0.6 * cornu[0]]) + over
    plate = (np.abs(y - at) < half) & (np.abs(x) < wide)
    canvas.paint("sacrococcygeal_ligament", plate, window)


def _foramina(column: Column) -> Iterator[tuple[Array, float]]:
    """Yield the ways through the sacral foramina with the radius of their fat, mm."""
    plate, scale = column.endplate("s1", "upper"), column.sacral_scale
    for start, bend, front, radius, behind, radius_behind in FORAMINA.values():
        for ends, wide in (((start, bend, front), radius), ((bend, behind), radius_behind)):
            for sign in (-1.0, 1.0):
                local = scale * np.array(ends) * [sign, 1.0, 1.0]
                yield local @ plate[:3, :3].T + plate[:3, 3], scale * (wide + 0.8)
