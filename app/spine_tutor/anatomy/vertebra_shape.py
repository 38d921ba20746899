"""Landmarks and thicknesses of each vertebra's arch, from `assets/vertebra_shape.yaml`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

Point = tuple[float, float, float]
Pair = tuple[float, float]


class VertebraShape(BaseModel):
    """Shape of one vertebra beyond the sizes of the morphometry table.

    Points are in the vertebra's frame, right side, mm; halves are half widths, mm.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # body
    waist_side: float
    waist_front: float
    hollow_back: float
    dish: float
    rim_rounding: float
    squareness_front: float
    squareness_back: float
    # canal and pedicle
    canal_side: float
    canal_flare: float
    pedicle_z: float
    pedicle_width: float
    pedicle_height: float
    # where pedicle, transverse and superior articular process meet, and on down the arch
    pillar: Point
    pars: Point
    pars_half: Pair
    lamina_mid: Pair
    lamina_half: Pair
    lamina_lean: float
    sap_front: Point
    sap_mid: Point
    sap_back: Point
    sap_half: Pair
    iap_base: Point
    iap_tip: Point
    iap_half: Pair
    tp_mid: Point
    tp_tip: Point
    tp_root_half: Pair
    tp_mid_half: Pair
    tp_tip_half: Pair
    spinous_outline: tuple[Pair, ...]
    spinous_margin: float
    spinous_half: tuple[float, float, float]
