"""Ultrasound, as the tutor offers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spine_tutor.imaging import (
    needle_ultrasound,
    ultrasound,
    us_acoustics,
    us_interface,
    us_mirror,
    us_probe,
    us_rays,
    us_shadow,
)
from spine_tutor.imaging.constant import number
from spine_tutor.imaging.descriptor import FINE, Cause, Hand, Look, Modality
from spine_tutor.imaging.view import UltrasoundView

WINDOWS: Mapping[str, Mapping[str, Any]] = {
    "c": {"probe": "lateral-transverse", "preset": "linear-6-13", "depth": 50},
    "t": {"lateral": 27, "preset": "curved-2-5-fine", "depth": 80},
    "s": {
        "probe": "median-sagittal", "center": "caudal_target", "preset": "linear-6-13", "depth": 50,
    },
}  # fmt: skip
"""Where a probe lies first, by the letter of the level: roots and tubercles from the side of the
neck, pleura between transverse processes, the sacral hiatus; elsewhere paramedian."""


def words(view: UltrasoundView, settings: ultrasound.Settings) -> list[str]:
    """Return the placement, its side where it has one, and the depth."""
    side = [view.side] if "paramedian" in view.probe else []
    return [view.probe.replace("-", " "), *side, f"{view.depth:.0f} mm deep"]


def standard(look: Look) -> dict[str, Any]:
    """Return the usual window of a level, or the sagittal plane of a place that is asked for."""
    over: dict[str, Any] = {"level": look.near, "side": look.side}
    if look.named:
        return over | {"center": look.center, "lateral": 0.0}  # its own plane, not one beside it
    return over | dict(WINDOWS.get(look.focus[0], {}))


CAUSES = (
    Cause("shadow", "Bone or gas before it throws a shadow over it.", ("shadow",)),
    Cause("attenuation", "Tissue before it takes the sound away.", ("attenuation",)),
    Cause("angle", "It does not face the probe, so its echo goes elsewhere.", ("angle",)),
    Cause(
        "shadow",
        "Bone or gas throws a shadow over it, and what goes on is lost on the long way.",
        ("shadow", "attenuation"),
    ),
    Cause(
        "resolution",
        FINE.format("beam width, pulse and slice thickness"),
        ("thickness", "blur"),
    ),
    Cause("noise", "Its echo is weaker than the noise of the receiver.", ("noise",)),
    Cause("speckle", "Speckle varies more than it differs from its surround.", ("speckle",)),
)
"""What may hide a structure, in the order in which it is tried; the textbook's first."""

CONSTANTS = (
    number(us_interface, "SOUND_SPEED", "Speed of sound the scanner assumes", "m/s", "R",
        "every scanner"),
    number(ultrasound, "FACE", "Amplitude that the probe's face reflects", "", "E"),
    number(ultrasound, "NOISE_DB", "Noise of the receiver over a mirror at the face", "dB", "E"),
    number(ultrasound, "GAIN_DB", "Gain at setting 0", "dB", "E"),
    number(ultrasound, "TGC_LIMIT_DB", "Most that depth gain adds", "dB", "E"),
    number(us_acoustics, "SPECKLE_DB", "Scattered amplitude of backscatter classes 0–3", "dB",
        "E", "3.5 MHz, over a perfect mirror"),
    number(us_acoustics, "SHEET_DB", "Echo of septa and perimysium facing the beam", "dB", "E"),
    number(us_acoustics, "GAS_DB", "Clutter just behind gas", "dB", "E"),
    number(us_acoustics, "MUSCLE_LOSS_ALONG", "Attenuation of muscle along its fibres",
        "dB/cm/MHz", "F", "1 MHz", "PMC10001275, table 4"),
    number(us_acoustics, "BUNDLES", "Bundles that septa wrap, across and along", "mm", "E"),
    number(us_acoustics, "FIBRES", "Course of fibres on the right: out, forwards, up", "", "E"),
    number(us_rays, "FADING", "Fading of clutter behind gas", "Np/mm", "E"),
    number(us_rays, "SHEET_GLOSS", "Power of the cosine by which sheets answer aslant", "", "E"),
    number(us_rays, "FOLDS", "Depth within which gel fills folds of the skin", "mm", "E"),
    number(us_mirror, "STRONG", "Amplitude from which a reflector is a mirror", "", "E"),
    number(us_mirror, "FAINT", "Amplitude below which mirrored sound is dropped", "", "E"),
    number(us_probe, "CANAL", "From the middle of a lumbar body back to its canal", "mm", "E",
        "aims the oblique placement"),
    number(needle_ultrasound, "REFLECTANCE", "Steel against soft tissue", "", "C",
        source="the tissue table's impedances"),
    number(needle_ultrasound, "ANGLE_DB", "Loss of the needle's echo for each degree of lean",
        "dB/°", "E", "0–65°", "linear: Schafhalter-Zoppoth 2004, 10.1016/j.rapm.2004.07.001; "
        "the slope is an estimate"),
    number(needle_ultrasound, "ACROSS", "Share of that spared across the slice", "", "E"),
    number(needle_ultrasound, "TIP", "Echo of the tip over the shaft's", "", "E"),
    number(needle_ultrasound, "TIP_MM", "Length of the tip", "mm", "E"),
    number(needle_ultrasound, "RING_DB", "Loss of the comet tail each way across the shaft", "dB",
        "E"),
    number(needle_ultrasound, "RING_SPEED", "Speed of sound in steel", "m/s", "R"),
)  # fmt: skip


MODALITY = Modality(
    id=ultrasound.ID,
    name=ultrasound.NAME,
    color="#63d68a",
    formation="sound",
    view=UltrasoundView,
    settings=ultrasound.Settings,
    simulate=ultrasound.simulate,
    display=ultrasound.display,
    effects=ultrasound.EFFECTS,
    omissions=ultrasound.OMISSIONS,
    presets=ultrasound.PRESETS,
    pose={
        "probe": None,
        "side": None,
        "along": Hand(-80, 80, 1, " mm", "Slide cranially"),
        "across": Hand(-60, 60, 1, " mm", "Slide to the right"),
        "rotate": Hand(-90, 90, 1, "°", "Rotate"),
        "tilt": Hand(-40, 40, 1, "°", "Tilt (fan)"),
        "rock": Hand(-30, 30, 1, "°", "Rock (heel–toe)"),
        "depth": Hand(40, 160, 5, " mm", "Depth"),
        "transducer": None,
    },
    essential=("along", "across", "rotate", "tilt", "depth"),
    words=words,
    facts=(("frequency_MHz", "{:g} MHz"), ("axial_resolution_mm", "axial {:g} mm")),
    standard=standard,
    thresholds=(0.9, 1.8),
    floor=0.6,
    causes=CAUSES,
    constants=CONSTANTS,
    behind=us_shadow.behind,
    quantities=("sound_speed", "impedance", "attenuation", "backscatter", "anisotropy"),
)
