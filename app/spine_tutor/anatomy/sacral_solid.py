"""The sacrum's bone as a field, at the size of the pooled adult.

A core, tabulated once, holds what is smooth: the five fused bodies with the remnants of their
discs, and the lateral masses as a section that changes along the sacral line. Articular
processes, crests and cornua are joined to it; canal, hiatus and foramina are cut from it.

Frame: the upper endplate of S1, origin in its middle, x right, y anterior along it, z cranial.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    bent,
    difference,
    intersection,
    limb,
    mirrored,
    superellipse,
    union,
)
from spine_tutor.anatomy.pelvis_shape import Foramen, SacrumShape, Section, pelvis_shape
from spine_tutor.anatomy.sacral_line import SacralLine, sacral_line
from spine_tutor.anatomy.sections import mirrored as closed
from spine_tutor.anatomy.sections import outline_distance, rounded
from spine_tutor.anatomy.tabulated import tabulated

Array = NDArray[np.float64]

VERTEBRAE = ("s1", "s2", "s3", "s4", "s5")
SPACING = 1.0  # mm between the places where the core is known
_ROW = 1.0  # mm between the sections it is made from
_MEDIAL = 24.0  # mm; sex widens what lies farther out: the alae
_GROOVE = 9.0  # mm from the middle of a mouth to the end of its groove
_REACH = 6.0  # mm around a limb; more than any blend


@cache
def line() -> SacralLine:
    """Return the sacral line of the pooled adult, from S1 to the end of the coccyx."""
    shape = pelvis_shape()
    sacral = {name: (bone.height, bone.lean) for name, bone in shape.sacrum.vertebrae.items()}
    below = {name: (bone.height, bone.lean) for name, bone in shape.coccyx.vertebrae.items()}
    return sacral_line(sacral | below)


def _knots(shape: SacrumShape) -> tuple[list[float], list[Section]]:
    """Return the heights of the sections that the asset gives, rising, and these sections."""
    at = line()
    heights = [at.borders["co1"], *(at.middle(level) for level in reversed(VERTEBRAE))]
    return heights, [shape.apex, *(shape.vertebrae[level] for level in reversed(VERTEBRAE))]


def along(name: str, index: int, s: Array) -> Array:
    """Return one number of the sections, such as ``body`` 1, at heights along the line, mm."""
    heights, sections = _knots(pelvis_shape().sacrum)
    values = [getattr(section, name)[index] for section in sections]
    spline = PchipInterpolator(heights, values)
    return spline(np.clip(s, heights[0], heights[-1]))


def _widened(u: Array, wider: float) -> Array:
    return np.where(u > _MEDIAL, _MEDIAL + wider * (u - _MEDIAL), u)


def _outlines(s: Array, wider: float) -> Array:
    """Return the outline of the lateral masses at every height, (len(s), n, 2) of u and d."""
    front = along("body", 1, s) - 2.0
    lamina_u, lamina_d = along("lamina", 0, s), along("lamina", 1, s)
    half = [
        np.stack([0 * s, lamina_d], -1),
        np.stack([lamina_u, lamina_d], -1),
        *(
            np.stack([_widened(along(name, 0, s), wider), along(name, 1, s)], -1)
            for name in ("groove", "crest", "side", "edge", "hollow")
        ),
        np.stack([0.5 * along("body", 0, s), front], -1),
        np.stack([0 * s, front], -1),
    ]
    return rounded(np.stack([closed(row) for row in np.stack(half, axis=1)]))


@njit(nogil=True, cache=True)
def _section_distance(u: Array, d: Array, row: Array, outlines: Array) -> Distances:
    """Return the distance to the outlines on either side of each point, between these linearly."""
    found = np.empty(len(u), np.float32)
    for n in range(len(u)):
        k = int(row[n])
        share = row[n] - k
        below = outline_distance(outlines[k], u[n], d[n])
        above = outline_distance(outlines[k + 1], u[n], d[n])
        found[n] = (1.0 - share) * below + share * above
    return found


def _core(wider: float) -> Field:
    low, high = np.array([-2.0, -52.0, -118.0]), np.array([72.0, 34.0, 12.0])
    return tabulated(core_field(wider), low, high, SPACING)


def core_field(wider: float) -> Field:
    """Return the field of bodies and lateral masses, from which the core is tabulated."""
    shape, at = pelvis_shape().sacrum, line()
    end = at.borders["co1"]
    rows = np.arange(end - 10.0, 21.0, _ROW)
    outlines = _outlines(rows, wider)
    bumps = np.array([at.borders[level] for level in VERTEBRAE[1:]])

    def field(points: Points) -> Distances:
        x = np.abs(points[:, 0])
        plane, place = np.unique(points[:, 1:], axis=0, return_inverse=True)
        d, s = (value[place.ravel()] for value in at.along(plane))
        row = np.clip((s - rows[0]) / _ROW, 0, len(rows) - 1.001)
        lateral = _section_distance(x.astype(float), d, row, outlines)
        top = s - (shape.ala_top - shape.ala_fall * d)
        lateral = intersection(lateral, top.astype(np.float32), 6.0)
        width, front, back = (_body(i, s) for i in range(3))
        front = front + shape.ridge * np.exp(-(((s[:, None] - bumps) / 2.0) ** 2)).sum(axis=1)
        half, middle = (0.5 * (front - back)).astype(np.float32), 0.5 * (front + back)
        body = superellipse(x, (d - middle).astype(np.float32), width.astype(np.float32), half, 2.4)
        body = intersection(body, points[:, 2], 2.0)
        both = union(body, lateral, 4.0)
        return intersection(both, (end - s).astype(np.float32), 3.0)

    return field


def _body(index: int, s: Array) -> Array:
    """Return half width, front or back of the bodies: towards the rim of S1 they grow."""
    rim = pelvis_shape().sacrum.rim[index]
    share = np.clip((s + 10.0) / 15.0, 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    return (1 - share) * along("body", index, s) + share * rim


def canal_knots() -> tuple[Array, Array]:
    """Return the middle of the sacral canal, (n, 3) x, y, z, and its half widths, (n, 2), mm."""
    shape, at = pelvis_shape().sacrum, line()
    heights, sections = _knots(shape)
    rows = [(14.0, shape.entry_canal), (0.0, shape.entry_canal)]
    rows += [(s, section.canal) for s, section in zip(heights, sections, strict=True)][::-1]
    s, canal = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    return at.place(0.0, canal[:, 0], s), canal[:, 1:]


def foramen_places(level: str) -> dict[str, Array]:
    """Return where the right foramina under a level run, x, y, z, mm.

    Keys: ``canal``, ``bend``, ``front`` and ``behind``, the two mouths, and ``groove``, the end
    of the groove in which the ventral ramus leaves the mouth in front.
    """
    row, at = pelvis_shape().sacrum.foramina[level], line()
    names = list(at.borders)
    s = at.borders[names[names.index(level) + 1]] - row.below
    inside = float(along("canal", 0, np.array(s)))
    start = (0.6 * float(along("canal", 1, np.array(s))), inside)
    return {
        "canal": at.place(*start, s + 4.0),
        "bend": at.place(*row.bend, s),
        "front": at.place(*row.front, s),
        "behind": at.place(*row.behind, s - row.drop_behind),
        "groove": at.place(row.front[0] + _GROOVE, _pelvic(row.front[0] + _GROOVE, s), s),
    }


def _pelvic(u: float, s: float) -> float:
    """Return where the pelvic surface of the lateral mass lies in front of the line, mm."""
    (u0, d0), (u1, d1) = (
        [float(along(name, n, np.array(s))) for n in (0, 1)] for name in ("hollow", "edge")
    )
    return d0 + (d1 - d0) * (u - u0) / (u1 - u0)


def _tunnels(level: str, row: Foramen) -> tuple[Field, Field]:
    """Return the way from the canal to the mouth in front with its groove, and the one behind."""
    place = foramen_places(level)
    r, b = row.radius, row.radius_behind
    shallow = place["groove"] + np.array([0.0, 0.9 * r, 0.0])
    to_front = _tube(
        [place["canal"], place["bend"], place["front"], shallow], [0.8 * r, 0.85 * r, 1.1 * r, r]
    )
    beyond = place["behind"] + 0.7 * (place["behind"] - place["bend"])
    return to_front, _tube([place["bend"], place["behind"], beyond], [b, b, 1.8 * b])


def _tube(path: list[Array], radii: list[float]) -> Field:
    return limb(np.array(path), np.array([radii, radii]).T, (0, 0.3, 1), reach=_REACH)


def processes() -> dict[str, Field]:
    """Return what is joined to the core, by name, as fields of points with x ≥ 0."""
    shape, at = pelvis_shape().sacrum, line()
    pieces: dict[str, Field] = {}
    for n, (s, tip, half) in enumerate(shape.spinous):
        root = float(along("lamina", 1, np.array(s))) + 2.0
        widths = [(2.2 * shape.spinous_half, 1.5 * half), (shape.spinous_half, half)]
        pieces[f"spinous{n}"] = _process(at.place(0, [root, tip + shape.spinous_half], s), widths)
    crest = np.array(
        [at.place(0, tip + 2.5 * shape.spinous_half, s) for s, tip, _ in shape.spinous]
    )
    ridge = np.array([1.0, 1.5]) * shape.spinous_half
    pieces["crest"] = _process(crest, np.tile(ridge, (len(crest), 1)))
    for n, (s, u, d) in enumerate(shape.intermediate):
        pieces[f"intermediate{n}"] = _process(at.place(u, [d + 5, d + 2], s), [(4, 6), (1.8, 3)])
    for n, (s, u, d, half) in enumerate(shape.lateral):
        ends = at.place(u, [d + 2.0 * half, d + 0.8 * half], s)
        pieces[f"lateral{n}"] = _process(ends, [(1.3 * half, 1.8 * half), (0.8 * half, half)])
    cornu = np.array([at.place(u, d, s) for s, u, d in shape.cornu])
    pieces["cornu"] = _process(cornu, [(half, half) for half in shape.cornu_half])
    pieces["sap_root"] = _process(np.array(shape.sap_root), shape.sap_root_half, (0, 0, 1))
    return pieces


def _process(path: Array, half_widths: object, across: tuple = (1, 0, 0)) -> Field:
    return limb(path, np.asarray(half_widths, float), across, reach=_REACH)


def superior_process(thicker: float = 0.0) -> Field:
    """Return the superior articular process of S1, for points with x ≥ 0."""
    shape = pelvis_shape().sacrum
    path, half = bent(np.asarray(shape.sap), np.asarray(shape.sap_half))
    return limb(path, half + np.array([0, thicker]), (0, 0, 1), reach=8.0)


def hiatus() -> Field:
    """Return the gap in the dorsal wall below the last lamina."""
    shape, at = pelvis_shape().sacrum, line()
    s = np.array([shape.hiatus_apex, 0.5 * (shape.hiatus_apex + at.borders["co1"]), -999.0])
    s[2] = at.borders["co1"] - 4.0
    narrow, wide = shape.hiatus_half
    middle = along("canal", 0, s)
    path = at.place(0, middle - 5.0, s - np.array([narrow, 0, 0]))
    return limb(path, np.array([(narrow, 7), (wide, 7), (wide, 7)]), (1, 0, 0), reach=_REACH)


@cache
def _fixed(wider: float) -> tuple[Field, tuple[Field, ...], tuple[Field, ...]]:
    """Return the core, what is joined to it and what is cut from it."""
    middle, half = canal_knots()
    cuts = [limb(middle, half, (1, 0, 0), reach=_REACH), hiatus()]
    for level, row in pelvis_shape().sacrum.foramina.items():
        cuts.extend(_tunnels(level, row))
    return _core(wider), tuple(processes().values()), tuple(cuts)


def sacral_bone(thicker: float = 0.0, wider: float = 1.0) -> Field:
    """Return the distance to the sacrum, pooled size.

    Args:
        thicker: what facet hypertrophy adds to the half thickness of its facets, mm.
        wider: breadth of the alae against the pooled adult's.
    """
    core, joined, cuts = _fixed(wider)
    sap = superior_process(thicker)
    width, lowest = pelvis_shape().sacrum.window

    def bone(points: Points) -> Distances:
        folded = mirrored(points)
        distance = core(folded)
        for piece in joined:
            distance = union(distance, piece(folded), 3.0)
        distance = union(distance, sap(folded), 3.0)
        # The lamina of S1 begins below the endplate: the lumbosacral interlaminar window.
        x, y, z = folded.T
        window = np.maximum(np.maximum(x - width, lowest - z + 0.5 * x), y + 19)
        distance = difference(distance, window, 1.5)
        for cut in cuts:
            distance = difference(distance, cut(folded), 3.0)
        return distance

    return bone
