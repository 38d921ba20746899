"""What tissues do to sound: the tissue table, and what it does not hold, as the kernels read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import BONES, TISSUE_CODE, TISSUES, StructureSet
from spine_tutor.imaging.tissues import tissue_table
from spine_tutor.imaging.us_interface import SOUND_SPEED, Acoustics

Effect = Literal[
    "attenuation",
    "shadow",
    "angle",
    "speckle",
    "reverberation",
    "mirror images",
    "thickness",
    "blur",
    "sound speed",
    "noise",
]
"""What can be switched off, to see what it hid."""

SPECKLE_DB = np.array([-120.0, -56.0, -49.0, -40.0])
"""Mean scattered amplitude of each backscatter class over a perfect mirror's echo, dB at 3.5 MHz.
E: chosen so that the classes lie about a quarter of the gray scale apart and below interfaces."""
SHEET_DB = -36.0
"""The same of septa and perimysium that face the beam. E"""
GAS_DB = -48.0
"""Clutter just behind gas, over what reaches it, dB: about as gray as the muscle before it, so that
reverberations (A lines) and mirror images show in it. E"""
MUSCLE_LOSS_ALONG = 1.40
"""dB/cm/MHz along the fibres, F: PMC10001275 table 4 (across them is in the tissue table)."""
BUNDLES = {"muscle": (3.0, 60.0), "fat": (14.0, 4.0), "ligament": (1.2, 20.0)}
"""mm across and along, of the bundles that septa wrap. E: fascicles of 1–3 mm; lobules of fat,
flattened towards the skin."""


def acoustics(
    structures: StructureSet, frequency: float, off: frozenset[str] = frozenset()
) -> Acoustics:
    """Return what each tissue does to sound.

    Args:
        structures: of the subject, whose fibres run as `FIBRES` says.
        frequency: MHz.
        off: effects (`Effect`) left out.
    """
    table = tissue_table()
    bone = [TISSUE_CODE[name] for name in BONES]
    gas = [TISSUE_CODE["air"], TISSUE_CODE["lung"]]
    speed = table.column("sound_speed")
    loss = table.column("attenuation")
    classes = table.column("backscatter")
    along = loss.copy()
    along[TISSUE_CODE["muscle"]] = MUSCLE_LOSS_ALONG
    if "shadow" in off:
        loss[bone + gas], along[bone + gas] = 0.5, 0.5
    if "attenuation" in off:
        loss[:], along[:] = 0.0, 0.0
    if "sound speed" in off:
        speed = np.full_like(speed, SOUND_SPEED)
    nepers = frequency * np.log(10.0) / 20.0 / 10.0  # from dB/cm/MHz to 1/mm
    count = len(TISSUES)
    sheet, across, length = np.zeros(count), np.zeros(count), np.ones(count)
    for name, (wide, long) in BUNDLES.items():
        code = TISSUE_CODE[name]
        sheet[code], across[code], length[code] = 10 ** (SHEET_DB / 20), wide, long
    rough, gloss = np.full(count, 0.15), np.full(count, 20.0)
    rough[bone], gloss[bone] = 0.5, 5.0
    dirty = np.zeros(count)
    dirty[gas] = 10 ** (GAS_DB / 20)
    return Acoustics(
        impedance=table.column("impedance"),
        speed=speed,
        loss=loss * nepers,
        loss_along=along * nepers,
        backscatter=10 ** (np.interp(classes, np.arange(4), SPECKLE_DB) / 20),
        anisotropy=table.column("anisotropy"),
        sheet=sheet,
        across=across,
        along=length,
        rough=rough,
        gloss=gloss,
        dirty=dirty,
        shadow="shadow" not in off,
        fibres=fibre_directions(structures),
    )


FIBRES: Mapping[str, tuple[float, float, float]] = {
    "multifidus": (0.27, 0.20, -1.0),  # down, out and deep from the spinous process
    "erector_spinae": (0.12, 0.08, -1.0),
    "longissimus": (0.12, 0.08, -1.0),
    "iliocostalis": (0.12, 0.08, -1.0),
    "gluteus_maximus": (0.70, 0.15, -0.75),
    "piriformis": (1.0, 0.3, -0.25),
    "quadratus_lumborum": (0.20, 0.0, -1.0),
    "psoas": (0.25, 0.25, -1.0),
}
"""Direction of fibres (of septa in fat) on the RIGHT, x outwards, y forwards, z up. E: drawn from
the course of each muscle between its attachments; all others run along the spine."""


def fibre_directions(structures: StructureSet) -> NDArray[np.float64]:
    """Return the unit vector along the fibres of every label, (labels, 3)."""
    size = 1 + max((s.label for s in structures.values()), default=0)
    found = np.zeros((size, 3))
    found[:, 2] = 1.0
    for s in structures.values():
        if s.tissue == "fat":
            found[s.label] = (0.0, 1.0, 0.0)
    for s in structures.values():
        for name, course in FIBRES.items():
            if s.id.startswith(name):
                out = -1.0 if s.side == "left" else 1.0
                found[s.label] = np.array(course) * (out, 1.0, 1.0) / np.linalg.norm(course)
    return found
