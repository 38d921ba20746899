"""Landmarks and thicknesses of sacrum, coccyx, hip bone and femur: `assets/pelvis_shape.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import yaml
from pydantic import BaseModel, ConfigDict

from spine_tutor.resources import assets_dir

Pair = tuple[float, float]
Point = tuple[float, float, float]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(_Shape):
    """Landmarks of the sacrum's section at one height: [u, d] from the sacral line, mm."""

    body: Point
    """Half width, front and back of the body."""
    canal: Point
    """Middle of the canal, its half width and half depth."""
    hollow: Pair
    edge: Pair
    side: Pair
    crest: Pair
    groove: Pair
    lamina: Pair


class SacralVertebra(Section):
    """One of S1 to S5, in the middle of its body."""

    height: float
    lean: float


class Foramen(_Shape):
    """The foramina under one sacral body: from the canal to a mouth in front and one behind."""

    below: float
    bend: Pair
    front: Pair
    radius: float
    behind: Pair
    drop_behind: float
    radius_behind: float


class SacrumShape(_Shape):
    """The sacrum; tubercles are [height, d, …] or [height, u, d, …] along the sacral line, mm."""

    vertebrae: Mapping[str, SacralVertebra]
    apex: Section
    rim: Point
    entry_canal: Point
    ala_breadth: Mapping[str, float]
    joint_end: Point
    ala_top: float
    ala_fall: float
    ridge: float
    window: Pair
    foramina: Mapping[str, Foramen]
    spinous: tuple[Point, ...]
    spinous_half: float
    intermediate: tuple[Point, ...]
    lateral: tuple[tuple[float, float, float, float], ...]
    sap: tuple[Point, Point, Point]
    sap_half: tuple[Pair, Pair, Pair]
    sap_root: tuple[Point, Point]
    sap_root_half: tuple[Pair, Pair]
    hiatus_apex: float
    hiatus_half: Pair
    cornu: tuple[Point, Point, Point]
    cornu_half: Point


class CoccygealVertebra(_Shape):
    """One of Co1 to Co4: its body, and how far its transverse process reaches."""

    height: float
    lean: float
    half_width: float
    half_depth: float
    reach: float


class CoccyxShape(_Shape):
    """The coccyx; the cornu of Co1 is given by root and tip, [height, u, d]."""

    vertebrae: Mapping[str, CoccygealVertebra]
    space: float
    cornu: tuple[Point, Point]
    cornu_half: Pair


Mark = tuple[float, float, float, float]
"""A point of a plate and its half thickness there, mm."""


class HipBoneShape(_Shape):
    """The right hip bone; points are in the frame of the upper endplate of S1, mm."""

    border: Mapping[str, Mark]
    inner: Mapping[str, Mark]
    acetabulum: Point
    acetabular_radius: float
    wall: float
    opening: Point
    rim: float
    spine: tuple[Point, ...]
    spine_half: tuple[Pair, ...]
    quadrilateral: tuple[Point, ...]
    quadrilateral_half: tuple[Pair, ...]
    ischium: tuple[Point, ...]
    ischium_half: tuple[Pair, ...]
    pubic_ramus: tuple[Point, ...]
    pubic_ramus_half: tuple[Pair, ...]
    pubic_body: tuple[Point, ...]
    pubic_body_half: tuple[Pair, ...]
    inferior_ramus: tuple[Point, ...]
    inferior_ramus_half: tuple[Pair, ...]
    joint_back: Pair
    joint_opening: float
    joint_widest: float


class FemurShape(_Shape):
    """The right femur; points are from the base of the greater trochanter, mm and degrees."""

    head_radius: float
    neck_shaft_angle: float
    anteversion: float
    neck_length: float
    neck_half: tuple[Pair, ...]
    trochanter: tuple[Point, ...]
    trochanter_half: tuple[Pair, ...]
    lesser: tuple[Point, ...]
    lesser_half: tuple[Pair, ...]
    shaft_half: tuple[Pair, ...]
    shaft_length: float


class PelvisShape(_Shape):
    """The whole asset."""

    sacrum: SacrumShape
    coccyx: CoccyxShape
    hip_bone: HipBoneShape
    femur: FemurShape


@cache
def pelvis_shape() -> PelvisShape:
    """Return the landmarks that ship with the tutor."""
    text = (assets_dir() / "pelvis_shape.yaml").read_text(encoding="utf-8")
    return PelvisShape.model_validate(yaml.safe_load(text))
