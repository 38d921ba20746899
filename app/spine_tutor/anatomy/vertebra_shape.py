"""Landmarks and thicknesses of each vertebra's arch, from `assets/vertebra_shape.yaml`."""

from __future__ import annotations

from functools import cache

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BREADTH
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.resources import assets_dir

Point = tuple[float, float, float]
Pair = tuple[float, float]


class Landmarks(BaseModel):
    """What the asset holds of one vertebra, beyond the sizes of the morphometry table.

    Points are in the vertebra's frame, right side, mm; halves are half widths, mm.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # body
    waist_side: float
    waist_front: float
    hollow_back: float
    rim_rounding: float
    squareness_front: float
    squareness_back: float
    widest: float = 0.08  # how far behind its middle, as a share of its depth
    wings: float = 0.0  # how far it reaches back beside the canal
    # canal and pedicle
    canal_side: float
    canal_flare: float
    canal_rounding: float = 2.0
    pedicle_z: float
    # where pedicle, transverse and superior articular process meet, and on down the arch
    pillar: Point
    pillar_half: Pair = (5.5, 5.5)
    pars: Point
    pars_half: Pair
    # its middle at the upper and the lower border of the laminae, and half thicknesses there
    lamina_top: Pair
    lamina_bottom: Pair
    lamina_half: Pair
    lamina_notch: Pair  # x and z, of their lower border beside the inferior articular process
    sap_front: Point
    sap_mid: Point
    sap_back: Point
    sap_half: Pair
    sap_tip_half: float | None = None  # of a blade that narrows upwards: T1 to T12
    sap_lean: float = 0.0
    iap_base: Point
    iap_tip: Point
    iap_half: Pair
    iap_end: float  # how far the process reaches below its tip
    tp_mid: Point
    tp_tip: Point
    tp_root_half: Pair
    tp_mid_half: Pair
    tp_tip_half: Pair
    spinous_outline: tuple[Pair, ...]
    spinous_half: tuple[float, float, float]
    # middles of what lies in the costal facets: head of its own rib and of the next, tubercle
    rib_head: Point | None = None
    rib_head_below: Point | None = None
    rib_tubercle: Point | None = None
    head_radius: float = 6.2
    tubercle_radius: float = 5.5


class VertebraShape(Landmarks):
    """Landmarks with the measures of the morphometry table that shape the arch."""

    pedicle_width: float
    pedicle_height: float
    endplate_hollow_upper: float
    endplate_hollow_lower: float
    encroach: float = 0.0  # how far its articular processes may grow into the canal


ENCROACH = 1.5
"""How far severely worn facet joints grow into the canal, mm (estimate)."""
_MEASURED = (
    "pedicle_width",
    "pedicle_height",
    "endplate_hollow_upper",
    "endplate_hollow_lower",
)
_LENGTHS = (
    "hollow_back",
    "rim_rounding",
    "wings",
    "canal_rounding",
    "head_radius",
    "tubercle_radius",
    "sap_tip_half",
    "pedicle_z",
    "iap_end",
    *_MEASURED,
)
"""Single numbers in mm; the other single numbers are ratios."""


def vertebra_shape(level: str, case: Case) -> VertebraShape:
    """Return the shape of a level, ``t1`` to ``l5``, at the size of a case."""
    table = morphometry()
    values = _landmarks()[level].model_dump() | {
        name: table.value(name, level) for name in _MEASURED
    }
    scale, across = case.height_scale, BREADTH[case.sex]
    for name, value in values.items():
        if isinstance(value, tuple):
            values[name] = _scaled(value, scale, across)
        elif name in _LENGTHS and value is not None:
            values[name] = scale * value
    values["canal_flare"] /= scale  # mm per mm²
    thicker = 1.5 * case.facet_hypertrophy
    for name in ("sap_half", "iap_half"):
        values[name] = tuple(half + thicker for half in values[name])
    return VertebraShape(**values, encroach=scale * ENCROACH * case.facet_hypertrophy)


def _scaled(value: tuple, scale: float, across: float) -> tuple:
    """Scale a point, a pair or an outline; only points have an x, which breadth stretches."""
    if isinstance(value[0], tuple):
        return tuple(_scaled(v, scale, across) for v in value)
    factors = (scale * across, scale, scale) if len(value) == 3 else (scale,) * len(value)
    return tuple(f * v for f, v in zip(factors, value, strict=True))


@cache
def _landmarks() -> dict[str, Landmarks]:
    text = (assets_dir() / "vertebra_shape.yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Landmarks]).validate_python(yaml.safe_load(text))


def hollow_back(level: str, case: Case) -> float:
    """Return how far the back of a body is hollow, mm; cervical bodies are flat behind."""
    known = _landmarks().get(level)
    return case.height_scale * known.hollow_back if known else 0.0
