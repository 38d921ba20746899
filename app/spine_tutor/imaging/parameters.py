"""The honesty panel's data: every constant of the simulators, with unit, condition and source.

Values are read from the modules that use them, so that what is shown is what is computed with.
Tissue values are in the tissue table, see `tissue_rows`; constants of the numerical method (steps,
cut-offs, cache sizes) change no physics and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from spine_tutor.imaging import (
    ct,
    fluoroscopy,
    implants,
    injectate,
    iodine,
    mri,
    mri_sequence,
    needle,
    needle_ct,
    needle_fluoroscopy,
    needle_mri,
    needle_ultrasound,
    paths,
    spread,
    spread_media,
    spread_pattern,
    spread_pictures,
    spread_seat,
    spread_travel,
    spread_vessel,
    ultrasound,
    unevenness,
    us_acoustics,
    us_interface,
    us_mirror,
    us_probe,
    us_rays,
    xray,
)
from spine_tutor.imaging.tissues import Quantity, tissue_table

MARKED = {
    "F": "cited",
    "C": "computed",
    "R": "recalled, not verified",
    "E": "estimate",
}
"""What the marks mean to a reader."""

OWN = {"E": "the authors' estimate", "R": "recalled from practice and textbooks"}
"""The source of what no publication is named for."""


@dataclass(frozen=True)
class Constant:
    """A number that a simulator uses.

    Attributes:
        symbol: module and name in the code.
        name: what it is.
        value, unit: as it is used.
        condition: for what it holds; "" if always.
        mark: a key of `MARKED`.
        source: where it comes from.
    """

    symbol: str
    name: str
    value: Any
    unit: str
    condition: str
    mark: str
    source: str

    @property
    def is_estimate(self) -> bool:
        """Return whether it must be shown as an estimate rather than as a cited value."""
        return self.mark in ("R", "E")

    @property
    def written(self) -> str:
        """Return the value as a reader sees it."""
        return _written(self.value)


def _of(
    module: ModuleType,
    symbol: str,
    name: str,
    unit: str,
    mark: str,
    condition: str = "",
    source: str = "",
    part: str = "",
) -> Constant:
    """Return a constant of a module, or one `part` of each record of a mapping."""
    short = f"{module.__name__.rpartition('.')[2]}.{symbol}"
    value = getattr(module, symbol)
    if part:
        short, value = f"{short}.{part}", {key: getattr(one, part) for key, one in value.items()}
    return Constant(short, name, value, unit, condition, mark, source or OWN[mark])


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_written(part)}" for key, part in value.items())
    if isinstance(value, tuple | list | np.ndarray):
        return ", ".join(_written(part) for part in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


PARAMETERS: Mapping[str, tuple[Constant, ...]] = {
    "fluoroscopy": (
        _of(xray, "ANODE_ANGLE_DEG", "Anode angle of the tube", "°", "R", "tungsten; 7–17° exist"),
        _of(fluoroscopy, "DOSE_NGY", "Air kerma at the detector for one picture", "nGy", "E"),
        _of(fluoroscopy, "FOCAL_SPOT_MM", "Small focal spot, nominal", "mm", "R"),
        _of(fluoroscopy, "DETECTOR_BLUR_MM", "Spread of light in the scintillator, SD", "mm", "E"),
        _of(fluoroscopy, "SCATTER_SPREAD_MM", "Spread of scatter on the detector, SD", "mm", "E"),
        _of(fluoroscopy, "REFERENCE_POINT_MM", "Entrance reference point to isocentre", "mm", "R",
            "IEC; towards the tube"),
        _of(paths, "SLAB_MM", "Slab around a structure shown alone, as water", "mm", "E"),
        _of(needle_fluoroscopy, "HUB_WATER", "Plastic of the needle's hub, parts of water", "", "R",
            "polypropylene, 0.9 g/cm³"),
    ),
    "ct": (
        _of(xray, "ANODE_ANGLE_DEG", "Anode angle of the tube", "°", "R", "tungsten; 7–17° exist"),
        _of(ct, "KERNEL_MM", "Point spread in the slice, SD", "mm", "E", "by kernel"),
        _of(ct, "NOISE_HU", "Noise, SD", "HU", "E", "1 mm slice, dose 1, by kernel"),
        _of(ct, "TRABECULAR_HU", "Mesh of trabeculae, up and down", "HU", "E", "at 1 mm"),
        _of(unevenness, "FAT", "Fat in tissues: across, along, in streaks, over patches",
            "mm, mm, share, share", "E", "adult"),
        _of(unevenness, "TRABECULAE", "Mesh of trabeculae: across, along, streaks, patches",
            "mm, mm, share, share", "E", "as a clinical scanner blurs it"),
        _of(needle_ct, "SCATTER", "Scatter and offset behind the body over the primary beam", "",
            "E"),
        _of(needle_ct, "CORRECTED", "Share of a needle's error that corrections leave", "", "E"),
        _of(implants, "LEFT", "Share of a needle's error that is left of an implant's", "", "E"),
        _of(implants, "SCREW_MM", "Radius of a screw or rod", "mm", "E"),
        _of(needle_ct, "BLUR_MM", "Smoothing of a view by spot, detector and turning, SD", "mm",
            "E"),
    ),
    "ultrasound": (
        _of(us_interface, "SOUND_SPEED", "Speed of sound the scanner assumes", "m/s", "R",
            "every scanner"),
        _of(ultrasound, "FACE", "Amplitude that the probe's face reflects", "", "E"),
        _of(ultrasound, "NOISE_DB", "Noise of the receiver over a mirror at the face", "dB", "E"),
        _of(ultrasound, "GAIN_DB", "Gain at setting 0", "dB", "E"),
        _of(ultrasound, "TGC_LIMIT_DB", "Most that depth gain adds", "dB", "E"),
        _of(us_acoustics, "SPECKLE_DB", "Scattered amplitude of backscatter classes 0–3", "dB",
            "E", "3.5 MHz, over a perfect mirror"),
        _of(us_acoustics, "SHEET_DB", "Echo of septa and perimysium facing the beam", "dB", "E"),
        _of(us_acoustics, "GAS_DB", "Clutter just behind gas", "dB", "E"),
        _of(us_acoustics, "MUSCLE_LOSS_ALONG", "Attenuation of muscle along its fibres",
            "dB/cm/MHz", "F", "1 MHz", "PMC10001275, table 4"),
        _of(us_acoustics, "BUNDLES", "Bundles that septa wrap, across and along", "mm", "E"),
        _of(us_acoustics, "FIBRES", "Course of fibres on the right: out, forwards, up", "", "E"),
        _of(us_rays, "FADING", "Fading of clutter behind gas", "Np/mm", "E"),
        _of(us_rays, "SHEET_GLOSS", "Power of the cosine by which sheets answer aslant", "", "E"),
        _of(us_rays, "PRESS", "Depth over which tissue gives way under the probe", "mm", "E"),
        _of(us_mirror, "STRONG", "Amplitude from which a reflector is a mirror", "", "E"),
        _of(us_mirror, "FAINT", "Amplitude below which mirrored sound is dropped", "", "E"),
        _of(us_probe, "CANAL", "From the middle of a lumbar body back to its canal", "mm", "E",
            "aims the oblique placement"),
        _of(needle_ultrasound, "REFLECTANCE", "Steel against soft tissue", "", "C",
            source="the tissue table's impedances"),
        _of(needle_ultrasound, "ANGLE_DB", "Loss of the needle's echo for each degree of lean",
            "dB/°", "E", "0–65°", "linear: Schafhalter-Zoppoth 2004, 10.1016/j.rapm.2004.07.001; "
            "the slope is an estimate"),
        _of(needle_ultrasound, "ACROSS", "Share of that spared across the slice", "", "E"),
        _of(needle_ultrasound, "TIP", "Echo of the tip over the shaft's", "", "E"),
        _of(needle_ultrasound, "TIP_MM", "Length of the tip", "mm", "E"),
        _of(needle_ultrasound, "RING_DB", "Loss of the comet tail each way across the shaft", "dB",
            "E"),
        _of(needle_ultrasound, "RING_SPEED", "Speed of sound in steel", "m/s", "R"),
    ),
    "mri": (
        _of(mri_sequence, "USUAL", "TR and effective TE", "ms", "E", "turbo spin echo, spine"),
        _of(mri_sequence, "MARROW_WATER_T1", "T1 of the water in marrow", "ms", "E"),
        _of(mri_sequence, "BLOOD_SPEED", "Speed of blood across the slice", "mm/s", "E",
            "aorta and vena cava, mean over the beat"),
        _of(mri_sequence, "GAMMA_MHZ_PER_T", "Gyromagnetic ratio of the proton over 2π", "MHz/T",
            "F", "", "CODATA"),
        _of(mri_sequence, "FAT_SHIFT_PPM", "Fat below water", "ppm", "R", "methylene peak"),
        _of(mri, "WHITE", "Share of the brightest signal shown white", "", "E"),
        _of(unevenness, "FAT", "Fat in tissues: across, along, in streaks, over patches",
            "mm, mm, share, share", "E", "adult"),
        _of(needle_mri, "SUSCEPTIBILITY", "Needle over tissue, susceptibility", "SI", "F",
            "cobalt-chromium-molybdenum", "McRobbie, Essentials of MRI Safety"),
        _of(implants, "SUSCEPTIBILITY", "Titanium over tissue, susceptibility", "SI", "R"),
        _of(needle_mri, "PULSE_HZ", "Bandwidth of the slice-selective pulses", "Hz", "E"),
    ),
    "needle": (
        _of(needle, "MAKES", "Diameter of the shaft", "mm", "R", "by gauge",
            "designated metric sizes of ISO 9626, recalled", part="diameter"),
        _of(needle, "MAKES", "Ground face to the end of the shaft", "°", "E", "by gauge",
            part="bevel"),
        _of(needle, "MAKES", "Bend of the end", "°", "E", "15–30° are built", part="bend"),
        _of(needle, "MAKES", "Length of the bent end", "mm", "E", part="arc"),
        _of(needle, "SPARE_MM", "Shaft left outside the skin at the target", "mm", "E"),
        _of(needle, "LENGTHS", "Shafts on the shelf", "mm", "E", "90 mm is usual"),
        _of(needle, "HUB_MM", "Radius and length of the hub", "mm", "E"),
    ),
    "injectate": (
        _of(iodine, "K_EDGE_KEV", "K edge of iodine", "keV", "C", source="xraylib"),
        _of(injectate, "PLAIN", "Iodine below which a fluid counts as plain", "mg/mL", "E"),
        _of(spread, "MIXING", "CSF that a fluid mixes with at once, over its volume", "", "E"),
        _of(spread, "THINNING", "Time in which CSF mixes on", "s", "E"),
        _of(spread_media, "RESISTANCE", "Resistance a mm, ordinary fat 1", "", "E", "by space"),
        _of(spread_media, "POROSITY", "Share of the volume that fluid takes", "", "E", "by space"),
        _of(spread_media, "CAPSULES", "Reach, share and resistance beyond a capsule", "mm, 1, 1",
            "E"),
        _of(spread_vessel, "NARROW", "Blood in vessels that fluid fills against it", "mm/s", "E"),
        _of(spread_vessel, "BLOOD", "Speed of blood by vessel, and its way", "mm/s", "E"),
        _of(spread_vessel, "SMALL_VESSEL", "The same in a vessel of any other name", "mm/s", "E"),
        _of(spread_vessel, "INJECTION_RATE", "Injection by hand into a vessel", "mL/s", "E"),
        _of(spread_vessel, "DISPERSION", "Time in which a bolus becomes twice as long", "s", "E"),
        _of(spread_pictures, "POOL_MM", "Fluid between bundles runs together over, SD", "mm", "E"),
        _of(spread_travel, "SEPTUM_MM", "Folds in the midline of the epidural space, half", "mm",
            "E"),
        _of(spread_travel, "LOBULE_MM", "Lobule of epidural fat", "mm", "E"),
        _of(spread_travel, "FASCICLE_MM", "Bundle of muscle across and along", "mm", "E"),
        _of(spread_travel, "PLANE_MM", "Plane between bundles that fluid opens", "mm", "E"),
        _of(spread_travel, "FINGER_MM", "Distance over which the way varies", "mm", "E"),
        _of(spread_travel, "LEAP_MM", "Leap along fibres within a structure", "mm", "E"),
        _of(spread_travel, "HARDLY", "Porosity up to which a sheath opens nothing", "", "E"),
        _of(spread_seat, "SEAT_MM", "From a named place to the tip in its space, at most", "mm",
            "E"),
        _of(spread_pattern, "ONE_SIDED", "Share on one side that is called one-sided", "", "E"),
        _of(spread_pattern, "BURST", "Share outside its space that has left it", "", "E"),
    ),
}  # fmt: skip
"""Constants by modality, and those of a needle and an injectate for all of them."""

QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "fluoroscopy": (),
    "ct": (),
    "ultrasound": ("sound_speed", "impedance", "attenuation", "backscatter", "anisotropy"),
    "mri": ("t1_1_5t", "t2_1_5t", "t1_3t", "t2_3t", "proton_density", "fat_fraction"),
}
"""Columns of the tissue table by the modality that uses them; X-rays use its materials."""


@dataclass(frozen=True)
class TissueRow:
    """One number of the tissue table, for a reader.

    Attributes:
        tissue: its name, or a material's.
        what: the quantity.
        quantity: the number; `citation`: its source in full.
    """

    tissue: str
    what: str
    quantity: Quantity
    citation: str


def tissue_rows(modality: str) -> Iterator[TissueRow]:
    """Yield what a modality knows of tissues: of X-rays' materials the density and composition."""
    table = tissue_table()
    names = QUANTITIES[modality]
    for tissue in table.tissues.values():
        for name in names:
            quantity: Quantity = getattr(tissue, name)
            what = name.replace("_1_5t", " at 1.5 T").replace("_3t", " at 3 T").replace("_", " ")
            yield TissueRow(tissue.name, what, quantity, table.sources[quantity.source])
    if names:
        return
    for material in table.materials.values():
        named = material.id.replace("_", " ")
        yield TissueRow(named, "density", material.density, table.sources[material.density.source])
        parts = ", ".join(f"{e} {share:.3g}" for e, share in material.composition.items())
        made = Quantity(material.hu, "HU", material.mark, material.source, f"composed of {parts}")
        yield TissueRow(named, "CT number, 120 kVp", made, table.sources[material.source])
