"""The sacrum down to S4: two relief surfaces within a frontal outline, canal and foramina.

Frame: the upper endplate of S1, origin in its middle, x right, y anterior along it, z cranial.
The numbers are landmarks measured on one adult sacrum (BodyParts3D), to the millimetre, with the
canal and the foramina, which that surface does not show, placed by estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    bent,
    difference,
    intersection,
    limb,
    mirrored,
    moved,
    polygon,
    relief,
    union,
)

_X = (0, 10, 20, 30, 40, 50, 58)
_Z = (-95, -80, -65, -55, -48, -41, -34, -27, -20, -14, -8, -3, 0)
# Depth y of the pelvic and of the dorsal surface: a row per distance from the midline, from
# below (z = −95) to the endplate (z = 0).
_FRONT = (
    (-8, -16, -18.5, -16, -13.5, -9.5, -4.5, 0, 4, 7.5, 11, 15, 16.5),
    (-9, -18, -21, -18, -13.5, -9, -5, 0, 4, 7, 9.5, 13, 15),
    (-4, -19, -25, -21, -17, -8, -8, -2, 3.5, 5.5, 6.5, 8, 8),
    (-4, -14, -18, -14, -10, -3.5, -3, 1, 4, 3.5, -1, -11, -14),
    (-4, -12, -17, -9, -3, 2, 4, 9, 5, 3.5, -4, -14, -17),
    (-4, -12, -17, -8, -1, 6, 12, 13, 11, 6, -5.5, -15, -18),
    (-4, -12, -17, -8, -1, 6, 12, 14, 13, 6, -5, -13, -17),
)
_BACK = (
    (-23, -34, -38.5, -39, -39.5, -39.5, -39.5, -39.5, -39, -37, -35, -33, -33),
    (-20, -32.5, -37.5, -38, -38.5, -38.5, -38, -38.5, -38, -36, -34, -33, -33),
    (-14, -28, -29, -29.5, -30, -30, -31, -31.5, -31, -29, -27, -25.5, -24.5),
    (-12, -22, -28, -29, -33, -31, -31, -29, -26, -27, -28, -25, -24),
    (-12, -20, -26, -31, -28, -30, -23, -21, -22, -24, -31, -33, -32),
    (-12, -20, -22, -16, -12, -4, 0, -4, -18, -22, -30, -31, -30),
    (-12, -20, -22, -16, -12, -2, 4, 2, -10, -18, -23, -22, -22),
)
_OUTLINE = (
    (0, 0), (26, 0), (34, -1), (46, 3), (57, 0), (60, -8), (56, -20), (48, -34), (45, -48),
    (42, -62), (33, -74), (25, -85), (17, -94), (0, -96),
)  # fmt: skip
"""Frontal half outline (x, z); x is measured along the slant of the auricular surface."""
_SLANT = 0.33

CANAL = (
    (-24.0, 14.0),
    (-24.5, -2.0),
    (-27.0, -20.0),
    (-30.5, -40.0),
    (-31.5, -60.0),
    (-26.0, -82.0),
)
"""Middle of the sacral canal (y, z), mm (estimate)."""
_CANAL_HALF = ((15.5, 7.0), (15.5, 7.0), (13.5, 6.0), (10.0, 4.6), (7.5, 3.6), (5.0, 2.8))

FORAMINA = {
    "s1": ((12, -26, -21), (19, -14, -26), (21, 8, -29), 5.5, (18, -42, -27), 4.2),
    "s2": ((9, -29, -41), (15, -20, -46), (18, -2, -49), 4.8, (16, -44, -48), 3.8),
    "s3": ((7, -31, -60), (13, -24, -65), (17, -8, -68), 4.2, (14, -44, -67), 3.4),
    "s4": ((5, -27, -77), (11, -21, -81), (15, -4, -84), 3.5, (12, -42, -83), 2.8),
}
"""Right foramina: start in the canal, bend, anterior mouth, radius; posterior mouth, radius."""

_SAP = ((15.5, -26.0, 0.0), (23.0, -27.0, 0.5), (28.0, -34.5, 0.0))
_SAP_HALF = ((5.5, 2.4), (7.5, 2.8), (7.0, 2.4))

_REMNANTS = (-31.0, -54.0)
"""Height of the fused discs S1–S2 and S2–S3."""
PARTS = (
    "sacrum",
    "s1_body",
    "s2_body",
    "median_sacral_crest",
    "sacral_ala_left",
    "sacral_ala_right",
    "sacral_lamina_left",
    "sacral_lamina_right",
    "s1_superior_articular_process_left",
    "s1_superior_articular_process_right",
)


@dataclass(frozen=True, eq=False)
class SacrumModel:
    """The posed sacrum; see `skeleton.VertebraModel` for what its methods mean.

    Attributes:
        frame: endplate_to_world (4×4) of the upper endplate of S1.
        scale: size, 1 is the average adult.
        bone: signed distance to the bone, mm, of world points.
        facets: the same to its superior articular processes.
    """

    frame: Matrix
    scale: float
    bone: Field
    facets: Field

    part_ids = PARTS

    @property
    def box(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lowest and highest world corner of a box around the bone, mm."""
        corners = np.array(
            [[x, y, z, 1] for x in (-70, 70) for y in (-52, 26) for z in (-104, 18)], float
        )
        corners[:, :3] *= self.scale
        world = (corners @ self.frame.T)[:, :3]
        return world.min(axis=0), world.max(axis=0)

    def parts(self, points: Points) -> NDArray[np.uint8]:
        """Return for (n, 3) world points the index in `part_ids` of the part they belong to."""
        local = ((points - self.frame[:3, 3]) @ self.frame[:3, :3]).astype(np.float32) / self.scale
        x, y, z = local.T
        left = (x < 0).astype(np.uint8)
        middle = np.interp(z, *_rising([(p[1], p[0]) for p in CANAL]))
        half = np.interp(z, [-60, -31, 0], [12, 16, 26])
        part = np.zeros(len(points), np.uint8)
        in_front = (np.abs(x) < half) & (y > middle)
        part[in_front & (z > _REMNANTS[1])] = PARTS.index("s2_body")
        part[in_front & (z > _REMNANTS[0])] = PARTS.index("s1_body")
        ala = (np.abs(x) >= half) & (z > -60)
        part[ala] = PARTS.index("sacral_ala_right") - left[ala]
        behind = (y <= middle) & (np.abs(x) < np.maximum(half, 20))
        part[behind] = PARTS.index("sacral_lamina_right") - left[behind]
        part[behind & (np.abs(x) < 4) & (y < middle - 7)] = PARTS.index("median_sacral_crest")
        sap = self.facets(points) < 0.5
        part[sap] = PARTS.index("s1_superior_articular_process_right") - left[sap]
        return part

    def is_plate(self, points: Points) -> NDArray[np.bool_]:
        """Return where the fused endplates of S1–S2 and S2–S3 run through the bodies."""
        local = ((points - self.frame[:3, 3]) @ self.frame[:3, :3]) / self.scale
        lines = np.abs(local[:, 2, None] - 0.02 * local[:, 1, None] ** 2 - np.array(_REMNANTS))
        return (np.abs(lines - 1.5).min(axis=1) < 0.5) & (np.abs(local[:, 0]) < 14)


def _rising(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    known = sorted(pairs)
    return [k for k, _ in known], [v for _, v in known]


def build_sacrum(frame: Matrix, scale: float, thicker: float) -> SacrumModel:
    """Return the sacrum under an endplate of S1.

    Args:
        frame: endplate_to_world (4×4) of the upper endplate of S1.
        scale: size, 1 is the average adult.
        thicker: what facet hypertrophy adds to the half thickness of its facets, mm.
    """
    front, back = relief(_X, _Z, _FRONT, scale), relief(_X, _Z, _BACK, scale)
    outline = scale * np.asarray(_OUTLINE)
    outline = np.vstack([outline, outline[-2:0:-1] * [-1, 1]])
    canal_path = [(0.0, scale * y, scale * z) for y, z in CANAL]
    canal = limb(canal_path, scale * np.asarray(_CANAL_HALF), (1, 0, 0))
    tunnels = [tunnel for row in FORAMINA.values() for tunnel in _tunnels(row, scale)]
    sap_path, sap_half = bent(scale * np.asarray(_SAP), scale * np.asarray(_SAP_HALF))
    sap = limb(sap_path, sap_half + np.array([0, thicker]), (0, 0, 1), reach=8.0 * scale)
    crest = limb(
        scale * np.array([(0, -36, -17), (0, -39, -27), (0, -38, -46), (0, -37, -70)]),
        scale * np.array([(2.5, 4), (2.8, 5), (2.5, 4.5), (2, 3.5)]),
        (1, 0, 0),
    )

    def local_sap(points: Points) -> Distances:
        return sap(mirrored(points))

    def local_bone(points: Points) -> Distances:
        folded = mirrored(points)
        x, y, z = folded.T
        pelvic, pelvic_cosine = front(x, z)
        dorsal, dorsal_cosine = back(x, z)
        slant = _SLANT * np.clip(z / (30 * scale) + 2, 0, 1)
        distance = intersection(
            (y - pelvic) * pelvic_cosine, (dorsal - y) * dorsal_cosine, 5.0 * scale
        )
        distance = intersection(distance, polygon(x - slant * y, z, outline), 4.0 * scale)
        distance = union(distance, crest(points), 3.0)
        distance = union(distance, sap(folded), 3.0)
        distance = difference(distance, canal(folded), 1.5)
        # The lamina of S1 begins 12 mm below the endplate: the lumbosacral interlaminar window.
        window = np.maximum(x - (14.5 * scale), -12 * scale - z + 0.4 * x)
        distance = difference(distance, np.maximum(window, y + 19 * scale), 1.5)
        for tunnel in tunnels:
            distance = difference(distance, tunnel(folded), 2.0)
        return distance

    return SacrumModel(frame, scale, moved(local_bone, frame), moved(local_sap, frame))


def _tunnels(row: tuple, scale: float) -> tuple[Field, Field]:
    """Return the anterior and the posterior foramen of a row of `FORAMINA`."""
    start, bend, mouth, radius, behind, radius_behind = row
    inner = 0.9 * radius
    return (
        _tunnel([start, bend, mouth], [inner, inner, 1.25 * inner], scale),
        _tunnel([bend, behind], [radius_behind] * 2, scale),
    )


def _tunnel(path: list[tuple[float, float, float]], radii: list[float], scale: float) -> Field:
    widths = scale * np.array(radii)
    return limb(scale * np.array(path), np.stack([widths, widths], axis=1), (0, 0, 1), reach=4.0)
