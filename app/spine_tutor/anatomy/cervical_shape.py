"""Landmarks and thicknesses of the cervical vertebrae, from `assets/cervical_shape.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BREADTH
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.resources import assets_dir

Point = tuple[float, float, float]
Pair = tuple[float, float]


class _Shape(BaseModel):
    """Points are in the vertebra's frame, right side, mm; halves are half widths, mm."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Pierced(_Shape):
    """The transverse foramen and the inferior articular process, which every level has."""

    foramen: Point
    foramen_radius: float
    foramen_axis: Point  # its length does not matter
    iap_base: Point
    iap_tip: Point
    iap_half: Pair


class Pillared(Pierced):
    """What C2 shares with the levels below: pillar, lamina, canal and spinous process."""

    rim_rounding: float
    lip: float
    bevel: float  # mm per mm
    waist_side: float  # ratio
    waist_front: float  # ratio
    squareness_front: float  # exponent
    squareness_back: float  # exponent
    canal_side: float  # ratio
    canal_lean: float  # mm per mm
    canal_top: float
    canal_rounding: float
    sap_tip: Point
    sap_base: Point
    pillar_half: float
    pillar_rounding: float
    pillar_waist: float
    pillar_turn: float  # mm per mm
    lamina_mid: Pair
    lamina_end: Point
    lamina_half: Pair
    lamina_end_half: Pair
    lamina_lean: float  # mm per mm
    spinous_mid: Point
    spinous_fork: Point
    spinous_tip: Point
    spinous_root_half: Pair
    spinous_mid_half: Pair
    spinous_fork_half: Pair
    spinous_tip_half: Pair
    # from the morphometry table
    pedicle_width: float
    pedicle_height: float
    endplate_hollow_lower: float


class CervicalShape(Pillared):
    """C3–C7."""

    uncinate_height: float
    uncinate_width: float
    pedicle_z: float
    pedicle_end: Point
    costal_root: Point
    costal_mid: Point
    costal_half: Pair
    anterior_tubercle: Point
    anterior_half: Pair
    posterior_mid: Point
    posterior_half: Pair
    posterior_tubercle: Point
    posterior_tip_half: Pair
    bridge: Point
    bridge_half: Pair
    groove: float
    medial_branch_rise: float  # ratio


class AxisShape(Pillared):
    """C2."""

    body_lean: float  # mm per mm
    body_ridge: float  # mm per mm
    dens: tuple[Point, ...]
    dens_half: tuple[Pair, ...]
    shoulder: Point
    shoulder_half: Pair
    shoulder_thickness: float
    shoulder_side_slope: float  # degrees
    shoulder_back_slope: float  # degrees
    shoulder_crown: float
    pedicle_front: Point
    pedicle_end: Point
    costal_root: Point
    costal_root_half: Pair
    costal_mid: Point
    costal_half: Pair
    posterior_root: Point
    posterior_half: Pair
    transverse_tip: Point
    transverse_tip_half: Pair


class AtlasShape(Pierced):
    """C1. Paths run outwards from the midline or the lateral mass."""

    anterior_arch: tuple[Point, ...]
    anterior_arch_half: tuple[Pair, ...]
    anterior_tubercle: tuple[Point, ...]
    anterior_tubercle_half: tuple[Pair, ...]
    posterior_arch: tuple[Point, ...]
    posterior_arch_half: tuple[Pair, ...]
    mass: Point
    mass_half: Pair
    mass_turn: float  # degrees
    mass_top: float
    mass_top_slope: float  # mm per mm
    mass_rim: Pair
    mass_bottom: float
    mass_bottom_slope: float  # mm per mm
    ligament_tubercle: Point
    transverse_front: tuple[Point, ...]
    transverse_front_half: tuple[Pair, ...]
    transverse_back: tuple[Point, ...]
    transverse_back_half: tuple[Pair, ...]
    sulcus: tuple[Point, ...]
    sulcus_radius: float


_RATIOS = frozenset(
    {
        "foramen_axis", "bevel", "waist_side", "waist_front", "squareness_front",
        "squareness_back", "canal_side", "canal_lean", "pillar_turn", "lamina_lean",
        "medial_branch_rise", "body_lean", "body_ridge", "shoulder_side_slope",
        "shoulder_back_slope", "mass_turn", "mass_top_slope", "mass_bottom_slope",
    }
)  # fmt: skip
"""What does not grow with the body; everything else is in mm."""

_GROWN = ("pillar_half", "pillar_rounding")
"""What swells with the facets, each by 1 mm at a hypertrophy of 1."""

ShapeT = TypeVar("ShapeT", bound=_Shape)


def cervical_shape(level: str, case: Case) -> CervicalShape:
    """Return the shape of ``c3`` to ``c7`` at the size of a case."""
    return _shape(CervicalShape, level, case)


def axis_shape(case: Case) -> AxisShape:
    """Return the shape of ``c2`` at the size of a case."""
    return _shape(AxisShape, "c2", case)


def atlas_shape(case: Case) -> AtlasShape:
    """Return the shape of ``c1`` at the size of a case."""
    return _shape(AtlasShape, "c1", case)


def _shape(kind: type[ShapeT], level: str, case: Case) -> ShapeT:
    """Read the landmarks of a level, add what the table has and bring them to a case's size."""
    table = morphometry()
    values: dict[str, Any] = dict(_landmarks()[level])
    for name in ("pedicle_width", "pedicle_height", "endplate_hollow_lower"):
        if name in kind.model_fields:
            values[name] = table.value(name, level)
    scale, across = case.height_scale, BREADTH[case.sex]
    for name, value in values.items():
        if name not in _RATIOS:
            values[name] = _scaled(value, scale, across)
    for name in _GROWN:
        if name in values:
            values[name] += case.facet_hypertrophy
    return kind.model_validate(values)


def _scaled(value: Any, scale: float, across: float) -> Any:
    """Scale a length, a pair, a point or a list of these; breadth stretches a point's x."""
    if not isinstance(value, list):
        return scale * value
    if isinstance(value[0], list):
        return tuple(_scaled(v, scale, across) for v in value)
    factors = (scale * across, scale, scale) if len(value) == 3 else (scale, scale)
    return tuple(f * v for f, v in zip(factors, value, strict=True))


@cache
def _landmarks() -> dict[str, dict[str, Any]]:
    text = (assets_dir() / "cervical_shape.yaml").read_text(encoding="utf-8")
    levels: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return levels
