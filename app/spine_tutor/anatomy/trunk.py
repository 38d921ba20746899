"""The trunk around the column: skin, fat, body wall and muscles.

They are made as smooth solids on a coarse lattice, the right half only, and painted into any
canvas. They hang on two lines that follow the case's own bones: the middle of the vertebral
canal, and the line along the tips of the spinous processes (`trunk_outlines`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy import trunk_outlines as outlines
from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.halves import on_both, on_side, solid_on
from spine_tutor.anatomy.pelvic_trunk import above_brim, in_pelvis, pelvic_solids
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sections import FAR, between, ellipse, mirrored, rounded, stacked
from spine_tutor.anatomy.trunk_outlines import Array, Lattice, Lines

SKIN = 2.0
"""Thickness of the skin of the back with its dermis, mm (estimate)."""
FASCIA = 1.0
"""Thickness of the posterior layer of the thoracolumbar fascia, mm (estimate)."""
MIDDLE = 1.4
"""Thickness of its middle layer, from the transverse processes to the lateral raphe, mm (E)."""
SEPTUM = 1.6
"""Width of the fat cleft between multifidus and longissimus, mm (estimate)."""
CLEFT = 1.0
"""Width of the fat cleft between longissimus and iliocostalis, mm (estimate)."""
MEDIAN = 2.0
"""Distance of the back muscles from the midline, mm (estimate)."""
ABDOMINAL_WALL = 14.0
"""Thickness of the muscles of the abdominal wall, mm (estimate)."""
FLANK = 100.0
"""Distance from the midline beyond which the iliac crest ends the abdominal wall, mm (estimate)."""
PUBIS = -100.0
"""Height at which the abdominal wall ends, mm (estimate)."""
PERITONEUM = -75.0
"""Height at which the cavity of the peritoneum ends, mm (estimate)."""
ILIACUS = 15.0
"""Thickness of iliacus, mm (estimate)."""
MEDIAL_ILIACUS = 50.0
"""Distance of iliacus from the midline, mm (estimate)."""
DEEPEST = 52.0
"""Depth under the deep fascia to which it must be known: gluteus maximus at its thickest, mm."""
USUAL_FAT = 18.0
"""The subcutaneous fat, mm, for which the outlines are drawn."""
_FASCIA_EDGE = 86.0  # mm from the midline to where the posterior layer is painted
_PROCESS = 36.0  # mm from the midline to where the middle layer begins, on transverse processes

_BACK_MUSCLES = ("multifidus", "longissimus", "iliocostalis")
_MUSCLES = (
    "psoas",
    "quadratus_lumborum",
    "iliacus",
    "gluteus_maximus",
    "gluteus_medius",
    "obturator_internus",
    "short_external_rotators",
)
"""Paired muscles; each is a solid of the same name."""


class Trunk:
    """The right half of a trunk as solids by name; the left is its mirror image.

    Beside the muscles there are ``body``, which ends at the surface of the skin, and ``fascia``,
    which ends at the deep fascia.
    """

    def __init__(
        self, case: Case, at: Lines, lattice: Lattice, hip: NDArray[np.bool_], plate: Matrix
    ):
        """Make the solids.

        Args:
            case: whose trunk it is.
            at: the lines that the outlines hang on.
            lattice: where the solids are known.
            hip: the right hip bone on the lattice.
            plate: endplate_to_world (4×4) of the upper endplate of S1.
        """
        self.at, self.lattice, self.size = at, lattice, case.height_scale
        wall = _deep_fascia(case, at)
        skin = _offset(wall, _fat(case, wall, at) + SKIN)
        self.solids = {"body": self._stacked(skin), "fascia": self._stacked(wall, DEEPEST)}
        self.solids |= self._muscles()
        self.solids |= self._wall(hip, plate)

    def paint_muscles(self, canvas: Canvas) -> None:
        """Paint muscles, fascia and body wall into what is free."""
        self._paint_pairs(canvas, _BACK_MUSCLES)
        self._paint_middle_layer(canvas)
        self._paint_pairs(canvas, _MUSCLES)
        ends = self.at.heights["s3"]
        low, high = [-_FASCIA_EDGE, -np.inf, ends], [_FASCIA_EDGE, 0.0, np.inf]
        canvas.paint_solid("thoracolumbar_fascia", self._whole("fascia"), -FASCIA, low, high)
        for name in ("pelvic_floor", "thigh_muscles", "abdominal_wall"):
            canvas.paint_solid(name, self._whole(name))

    def _paint_pairs(self, canvas: Canvas, muscles: Sequence[str]) -> None:
        for muscle in muscles:
            for side in SIDES:
                canvas.paint_solid(f"{muscle}_{side}", self._on(muscle, side))

    def _paint_middle_layer(self, canvas: Canvas) -> None:
        """Paint the fascia before and beside the erector, which meets the posterior layer there."""
        thick = max(MIDDLE, 0.9 * canvas.spacing)  # so that it has no holes
        sheath = self.solids["back"].grown(thick) & self.solids["fascia"]
        edge, heights = _PROCESS * self.size, self.at.heights
        for side, low, high in (("left", -np.inf, -edge), ("right", edge, np.inf)):
            box = [low, -np.inf, heights["l5"]], [high, np.inf, heights["t12"]]
            canvas.paint_solid("thoracolumbar_fascia", on_side(sheath, side), -thick, *box)

    def paint_fat_and_skin(self, canvas: Canvas) -> None:
        """Paint what is still free in the body."""
        body, fascia = self._whole("body"), self._whole("fascia")
        canvas.paint_solid("intermuscular_fat", self._whole("intermuscular_fat"))
        canvas.paint_solid("mesenteric_fat", self._whole("peritoneal_cavity"))
        canvas.paint_solid("retroperitoneal_fat", fascia)
        canvas.paint_solid("skin", body, above=-SKIN)
        canvas.paint_solid("subcutaneous_fat", body)

    def abdomen(self) -> Solid:
        """Return what lies within the wall of the abdomen, both sides."""
        return on_both(self.solids["fascia"].grown(-ABDOMINAL_WALL))

    def _on(self, name: str, side: str) -> Solid:
        return on_side(self.solids[name], side)

    def _whole(self, name: str) -> Solid:
        return on_both(self.solids[name])

    # -- making the solids --------------------------------------------------------------------

    def _muscles(self) -> dict[str, Solid]:
        at, size = self.at, self.size
        within = self.solids["fascia"].grown(-FASCIA)
        midline = self._solid(MEDIAN - self.lattice.axis(0))
        ends = self._solid(at.heights["s3"] - 12.0 * size - self.lattice.axis(2))
        back = self._hung(outlines.PARASPINAL) & within & midline & ends
        crest = self._solid(at.heights["l5"] + 6.0 * size - self.lattice.axis(2))
        medial = self._cleft(outlines.MULTIFIDUS)
        lateral = self._cleft(outlines.ILIOCOSTALIS)
        erector = back - medial.grown(0.5 * SEPTUM)
        return {
            "back": back,
            "psoas": self._hung(_ellipses(outlines.PSOAS)) & within,
            "quadratus_lumborum": self._hung(_ellipses(outlines.QUADRATUS)) & within & crest,
            "multifidus": back & medial.grown(-0.5 * SEPTUM),
            "longissimus": erector & lateral.grown(-0.5 * CLEFT),
            "iliocostalis": erector - lateral.grown(0.5 * CLEFT),
        }

    def _wall(self, hip: NDArray[np.bool_], plate: Matrix) -> dict[str, Solid]:
        """Return muscles of abdomen, hip and pelvis, and the region of the deep back fat."""
        x, y, z = (self.lattice.axis(n) for n in range(3))
        fascia, canal = self.solids["fascia"], self.at.canal[None, None, :]
        inner, outer, crest, away = _blade(hip, self.lattice)
        above = z - crest  # over the crest there is no iliacus
        # lateral to the back muscles and to quadratus
        flank = self._solid(canal - 30.0 + 1.2 * np.maximum(108.0 - x, 0.0) - y)
        ring = Solid(-fascia.values - np.float32(ABDOMINAL_WALL), fascia.origin, fascia.spacing)
        fossa = np.maximum(inner - ILIACUS * self.size - x, x - inner)
        fossa = np.maximum(fossa, np.maximum(above + 6.0, away - 4.0))
        below = -above_brim(*in_pelvis(self.lattice, plate, self.size))
        fossa = np.maximum(fossa, self.size * np.maximum(below, MEDIAL_ILIACUS - x / self.size))
        # behind it lie the great vessels and, further back, the kidneys
        peritoneum = canal + self.size * (66.0 - 0.25 * np.maximum(x / self.size - 30.0, 0.0)) - y
        cavity = np.maximum(peritoneum, PERITONEUM * self.size - z)
        before = canal + 14.0 - y  # in front of the sacroiliac joint
        ends = self._solid(self.at.heights["l4"] - 4.0 * self.size - z)  # below is the iliac crest
        beside = x - np.maximum(outer, FLANK * self.size)
        within = self._solid(np.minimum(beside, -above))  # it ends on the crest
        wall = ring & flank & within | self._hung(outlines.TO_RAPHE) & ends
        return {
            **pelvic_solids(fascia, outer, inner, crest, away, self.lattice, self.size, plate),
            "abdominal_wall": fascia & wall & self._solid(PUBIS * self.size - z),
            "iliacus": fascia & self._solid(np.maximum(fossa, before)),
            "peritoneal_cavity": fascia.grown(-ABDOMINAL_WALL) & self._solid(cavity),
            "intermuscular_fat": fascia & self._solid(y - canal + 6.0),
        }

    def _stacked(self, control: Array, exact: float = FAR) -> Solid:
        return stacked(rounded(control), self.lattice.shape, self.lattice.origin,
                       self.lattice.spacing, exact)  # fmt: skip

    def _hung(self, table: Mapping[str, Sequence[tuple[float, float]] | Array]) -> Solid:
        """Return the solid of outlines given relative to the middle of the canal."""
        heights = [self.at.heights[level] for level in table]
        control = self.size * between(heights, list(table.values()), self.at.z)
        control[..., 1] += self.at.canal[:, None]
        return self._stacked(control)

    def _cleft(self, table: Mapping[str, tuple[float, float]]) -> Solid:
        """Return the half space medial to a cleft that runs backwards and outwards."""
        heights = [self.at.heights[level] for level in table]
        near, far = (
            self.size * between(heights, [[row] for row in table.values()], self.at.z)[:, 0].T
        )
        depth = (self.at.canal - self.lattice.axis(1)) / self.size  # behind the canal
        behind = np.clip((depth - 10.0) / 40.0, 0.0, 1.2)
        return self._solid(self.lattice.axis(0) - near - (far - near) * behind)

    def _solid(self, values: Array) -> Solid:
        return solid_on(self.lattice, values)


def _blade(hip: NDArray[np.bool_], lattice: Lattice) -> tuple[Array, Array, Array, Array]:
    """Return where the hip bone is, shaped to broadcast over a lattice, mm.

    Returns:
        x of its inner and outer surface by y and z, z of its crest by y, and by y and z how far
        the nearest place with bone is; where there is none, the nearest place's.
    """
    present = np.any(hip, axis=0)
    if not present.any():
        raise ValueError("the hip bone does not reach the lattice of the trunk")
    x = lattice.spacing * np.arange(lattice.shape[0])
    away, (j, k) = ndimage.distance_transform_edt(~present, lattice.spacing, return_indices=True)
    inner = x[hip.argmax(axis=0)][j, k]
    outer = x[len(x) - 1 - hip[::-1].argmax(axis=0)][j, k]
    z = lattice.axis(2).ravel()
    column = np.any(present, axis=1)
    tops = z[present.shape[1] - 1 - present[:, ::-1].argmax(axis=1)]
    near = ndimage.distance_transform_edt(~column, return_distances=False, return_indices=True)[0]
    crest = ndimage.gaussian_filter1d(tops[near], 3.0)
    smooth = (ndimage.gaussian_filter(surface, 1.5)[None] for surface in (inner, outer))
    inner, outer = smooth
    return inner, outer, crest[None, :, None], away[None]


def _deep_fascia(case: Case, at: Lines) -> Array:
    """Return the outline of the deep fascia on every slice, (nz, n, 2), not yet rounded."""
    size, more = case.height_scale, max(0.0, case.subcutaneous_fat - USUAL_FAT)
    heights = [at.heights[level] for level in outlines.BACK]
    back = size * between(heights, list(outlines.BACK.values()), at.z)
    front = size * between(heights, list(outlines.FRONT.values()), at.z)
    back[..., 1] += at.tips[:, None]
    # abdominal fat grows with the fat under the skin (estimate)
    back[:, 5:, 0] += 0.5 * more
    front[..., 0] += 0.5 * more * (front[..., 0] > 0)
    front[..., 1] += 0.9 * more * np.linspace(0.2, 1.0, front.shape[1])
    half = np.concatenate([back, front], axis=1)
    return np.stack([mirrored(outline) for outline in half])


def _fat(case: Case, wall: Array, at: Lines) -> Array:
    """Return the thickness of subcutaneous fat at every point of the outlines, (nz, n), mm.

    Thicker over the buttocks, thinner in front of the flanks (estimates).
    """
    forward = np.clip((wall[..., 1] - at.tips[:, None]) / 170.0, 0.0, 1.0)
    share = 1.0 - 0.35 * np.sin(np.pi * forward) + 0.15 * forward
    low = np.clip((at.heights["s1"] + 20.0 - at.z) / 70.0, 0.0, 1.0)[:, None]
    buttock = np.clip(np.abs(wall[..., 0]) / 60.0, 0.0, 1.0) * (1.0 - forward)
    return case.subcutaneous_fat * (share + 0.8 * low * buttock)


def _offset(control: Array, by: Array) -> Array:
    """Return outlines moved outwards along their normals by (nz, n) mm."""
    along = np.roll(control, -1, axis=1) - np.roll(control, 1, axis=1)
    normal = np.stack([along[..., 1], -along[..., 0]], axis=-1)  # outlines run counter-clockwise
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return control + by[..., None] * normal


def _ellipses(
    table: Mapping[str, tuple[float, float, float, float, float]],
) -> dict[str, Array]:
    return {level: ellipse(*row) for level, row in table.items()}
