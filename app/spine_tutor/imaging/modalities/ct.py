"""CT, as the tutor offers it."""

from __future__ import annotations

from typing import Any

from spine_tutor.imaging import ct, implants_ct, metal_ct, unevenness, xray
from spine_tutor.imaging.constant import number
from spine_tutor.imaging.descriptor import FINE, NOISE, Cause, Look, Modality
from spine_tutor.imaging.modalities.slices import POSE, words
from spine_tutor.imaging.view import CtView


def standard(look: Look) -> dict[str, Any]:
    """Return the axial slice along the nearest vertebra."""
    return {"center": look.center, "align": look.near}


CAUSES = (
    Cause(
        "resolution",
        FINE.format("slice thickness and reconstruction kernel"),
        ("thickness", "blur"),
    ),
    Cause("streaks", "Streaks of metal lie over it.", ("streaks",)),
    NOISE,
)
"""What may hide a structure, in the order in which it is tried; the textbook's first."""

CONSTANTS = (
    number(xray, "ANODE_ANGLE_DEG", "Anode angle of the tube", "°", "R", "tungsten; 7–17° exist"),
    number(ct, "KERNEL_MM", "Point spread in the slice, SD", "mm", "E", "by kernel"),
    number(ct, "NOISE_HU", "Noise, SD", "HU", "E", "1 mm slice, dose 1, by kernel"),
    number(ct, "TRABECULAR_HU", "Mesh of trabeculae, up and down", "HU", "E", "at 1 mm"),
    number(unevenness, "FAT", "Fat in tissues: across, along, in streaks, over patches",
        "mm, mm, share, share", "E", "adult"),
    number(unevenness, "TRABECULAE", "Mesh of trabeculae: across, along, streaks, patches",
        "mm, mm, share, share", "E", "as a clinical scanner blurs it"),
    number(metal_ct, "SCATTER", "Scatter and offset behind the body over the primary beam", "",
        "E"),
    number(metal_ct, "CORRECTED", "Share of a needle's error that corrections leave", "", "E"),
    number(implants_ct, "LEFT", "Share of a needle's error that is left of an implant's", "", "E"),
    number(metal_ct, "BLUR_MM", "Smoothing of a view by spot, detector and turning, SD", "mm",
        "E"),
    number(metal_ct, "SLICE_MM", "Axial slices that a reformat is made of", "mm", "E",
        "where metal streaks"),
)  # fmt: skip


MODALITY = Modality(
    id=ct.ID,
    name=ct.NAME,
    color="#5cc8ff",
    formation="slice",
    view=CtView,
    settings=ct.Settings,
    simulate=ct.simulate,
    display=ct.display,
    effects=ct.EFFECTS,
    omissions=ct.OMISSIONS,
    presets=ct.PRESETS,
    pose=POSE,
    essential=("plane", "shift", "field"),
    words=words,
    facts=(("kvp", "{:.0f} kVp"), ("thickness_mm", "{:g} mm")),
    standard=standard,
    thresholds=(0.9, 1.8),
    floor=4.0,
    causes=CAUSES,
    constants=CONSTANTS,
    quantities=(),
)
