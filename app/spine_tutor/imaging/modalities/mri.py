"""MRI, as the tutor offers it."""

from __future__ import annotations

from typing import Any

from spine_tutor.imaging import implants_mri, metal_mri, mri, mri_sequence, needle_mri, unevenness
from spine_tutor.imaging.constant import number
from spine_tutor.imaging.descriptor import FINE, NOISE, Cause, Look, Modality
from spine_tutor.imaging.modalities import slices
from spine_tutor.imaging.view import MriView


def words(view: MriView, settings: mri.Settings) -> list[str]:
    """Return the sequence and the slice."""
    return [settings.sequence.upper(), *slices.words(view, settings)]


def standard(look: Look) -> dict[str, Any]:
    """Return the sagittal T2 slice."""
    return {"center": look.center, "settings": {"sequence": "T2"}}


CAUSES = (
    Cause("resolution", FINE.format("slice thickness and finite matrix"), ("thickness", "blur")),
    Cause("chemical shift", "Displaced fat lies over it.", ("chemical shift",)),
    NOISE,
)
"""What may hide a structure, in the order in which it is tried; the textbook's first."""

CONSTANTS = (
    number(mri_sequence, "USUAL", "TR and effective TE", "ms", "E", "turbo spin echo, spine"),
    number(mri_sequence, "MARROW_WATER_T1", "T1 of the water in marrow", "ms", "E"),
    number(mri_sequence, "BLOOD_SPEED", "Speed of blood across the slice", "mm/s", "E",
        "aorta and vena cava, mean over the beat"),
    number(mri_sequence, "GAMMA_MHZ_PER_T", "Gyromagnetic ratio of the proton over 2π", "MHz/T",
        "F", "", "CODATA"),
    number(mri_sequence, "FAT_SHIFT_PPM", "Fat below water", "ppm", "R", "methylene peak"),
    number(mri, "WHITE", "Share of the brightest signal shown white", "", "E"),
    number(unevenness, "FAT", "Fat in tissues: across, along, in streaks, over patches",
        "mm, mm, share, share", "E", "adult"),
    number(needle_mri, "SUSCEPTIBILITY", "Needle over tissue, susceptibility", "SI", "F",
        "cobalt-chromium-molybdenum", "McRobbie, Essentials of MRI Safety"),
    number(implants_mri, "SUSCEPTIBILITY", "Titanium over tissue, susceptibility", "SI", "F",
        "", "McRobbie, Essentials of MRI Safety"),
    number(metal_mri, "PULSE_HZ", "Bandwidth of the slice-selective pulses", "Hz", "E"),
)  # fmt: skip


MODALITY = Modality(
    id=mri.ID,
    name=mri.NAME,
    color="#c79bff",
    formation="slice",
    view=MriView,
    settings=mri.Settings,
    simulate=mri.simulate,
    display=mri.display,
    effects=mri.EFFECTS,
    omissions=mri.OMISSIONS,
    presets=mri.PRESETS,
    pose=slices.POSE,
    essential=("plane", "shift", "sequence"),
    words=words,
    facts=(
        ("TR_ms", "TR {:.0f}"),
        ("TE_ms", "TE {:.0f}"),
        ("TI_ms", "TI {:.0f}"),
        ("field_T", "{:g} T"),
    ),
    standard=standard,
    thresholds=(0.9, 1.8),
    floor=0.01,
    causes=CAUSES,
    constants=CONSTANTS,
    quantities=("t1_1_5t", "t2_1_5t", "t1_3t", "t2_3t", "proton_density", "fat_fraction"),
)
