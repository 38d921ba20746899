"""The pelvis below S1 as a whole: its bones, and every named place on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.coccyx import build_coccyx
from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.femur import build_femur
from spine_tutor.anatomy.fields import Field
from spine_tutor.anatomy.ilium import SIGN, build_ilium
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.posed import PosedBone
from spine_tutor.anatomy.sacral_solid import VERTEBRAE, along, foramen_places, line

Array = NDArray[np.float64]


DRAWN_SLOPE = 36.0
"""Sacral slope of the pelvis round which its soft parts are drawn, degrees."""


def with_pelvis(points: ArrayLike, plate: Matrix) -> Array:
    """Return world points (n, 3) drawn at `DRAWN_SLOPE`, turned as the pelvis of a case is.

    Args:
        points: mm.
        plate: endplate_to_world (4×4) of the upper endplate of S1.
    """
    cos, sin = np.cos(np.radians(DRAWN_SLOPE)), np.sin(np.radians(DRAWN_SLOPE))
    drawn = np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])
    turned: Array = np.asarray(points, float) @ (plate[:3, :3] @ drawn.T).T
    return turned


def build_pelvis(plate: Matrix, scale: float, sacrum: Field, space: float) -> tuple[PosedBone, ...]:
    """Return coccyx, hip bones and femora around a sacrum.

    Args:
        plate: endplate_to_world (4×4) of the upper endplate of S1.
        scale: size, 1 is the pooled adult.
        sacrum: distance to the sacrum, of world points.
        space: width of the sacroiliac joint, bone to bone, mm.
    """
    return (
        build_coccyx(plate, scale, sacrum),
        *(build_ilium(side, plate, scale, sacrum, space) for side in SIGN),
        *(build_femur(side, plate, scale) for side in SIGN),
    )


def sacral_frames(plate: Matrix, scale: float) -> Mapping[str, Matrix]:
    """Return vertebra_to_world (4×4) of ``s1`` to ``s5`` and of ``coccyx`` (Co1).

    As for free vertebrae the origin is in the middle of the body, x right, y anterior, z cranial.
    """
    frames = {}
    for name in (*VERTEBRAE, "co1"):
        local = line().frame(name)
        local[:3, 3] *= scale
        frames["coccyx" if name == "co1" else name] = plate @ local
    return frames


def pelvic_places(plate: Matrix, scale: float) -> Mapping[str, Array]:
    """Return named points of the pelvis in the world, mm, sides last.

    Of the sacrum: ``sacral_hiatus_apex`` (in the canal), ``sacral_hiatus_base``,
    ``sacral_cornu``, ``s1_anterior_foramen`` to ``s4_posterior_foramen`` (their mouths),
    ``sacroiliac_joint_inferior`` (the joint's lower posterior end). Of the hip bone: its spines,
    ``iliac_crest`` (its summit), ``acetabulum``.
    """
    shape, at = pelvis_shape(), line()
    apex = shape.sacrum.hiatus_apex
    base = at.borders["co1"]
    middle = {
        "sacral_hiatus_apex": at.place(0.0, along("canal", 0, np.array(apex)), apex),
        "sacral_hiatus_base": at.place(0.0, along("canal", 0, np.array(base)), base),
    }
    s, u, d = shape.sacrum.cornu[-1]
    hip = shape.hip_bone
    paired = {
        "sacral_cornu": at.place(u, d, s),
        "acetabulum": np.array(hip.acetabulum),
        "sacroiliac_joint_inferior": np.array(shape.sacrum.joint_end),
        "iliac_crest": np.array(hip.border["crest_summit"][:3]),
        **{name: np.array(hip.border[name][:3]) for name in hip.border if name.endswith("spine")},
    }
    for level in VERTEBRAE[:-1]:
        way = foramen_places(level)
        paired[f"{level}_anterior_foramen"] = way["front"]
        paired[f"{level}_posterior_foramen"] = way["behind"]
    local = dict(middle)
    for name, point in paired.items():
        for side, sign in SIGN.items():
            local[f"{name}_{side}"] = point * [sign, 1.0, 1.0]
    return {name: plate[:3, :3] @ (scale * point) + plate[:3, 3] for name, point in local.items()}
