"""Ultrasound, B-mode: what a probe on the back sees of a labelled body.

The parts: `us_probe` puts the probe on the skin, `us_rays` sends sound down every line, `us_beam`
blurs it as beam and pulse do, and here the receiver makes a picture of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from spine_tutor.anatomy import TISSUE_CODE, TISSUES, StructureSet, Subject
from spine_tutor.imaging import us_beam, us_rays
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.tissues import tissue_table
from spine_tutor.imaging.us_probe import Probe, no_skin, place
from spine_tutor.imaging.us_rays import SOUND_SPEED, Acoustics, Lines, Volumes
from spine_tutor.imaging.view import UltrasoundView
from spine_tutor.problems import Problem, ProblemError

ID = "ultrasound"
NAME = "Ultrasound"

Effect = Literal[
    "attenuation", "shadow", "angle", "speckle", "reverberation", "thickness", "sound speed", "noise"
]
"""What can be switched off, to see what it hid."""

EFFECTS = (
    "Reflection where impedance changes, by the angle the surface makes with the beam",
    "Attenuation by tissue and frequency, more along the fibres of muscle than across",
    "Bone: a bright surface and a clean shadow; nothing enters beyond the critical angle",
    "Gas and lung: a bright surface, clutter behind it (dirty shadow)",
    "Reverberation between strong surfaces and the probe",
    "Speckle of scatterers that stay in the tissue while the probe moves",
    "Muscle fibres and septa: stripes along the fibres, nets across; darker when met aslant",
    "Beam width by depth, focus and frequency; thickness of the slice by depth",
    "Depth drawn with 1540 m/s whatever the tissue",
    "Skin that gives way under a convex face; gel where the face leaves the skin",
    "Gain, TGC, dynamic range and the noise of the receiver",
)
OMISSIONS = (
    "Refraction: lines stay straight",
    "Side and grating lobes, and echoes that bounce between two places in the body",
    "Non-linear sound (harmonic imaging) and aberration by fat",
    "Motion, flow and Doppler",
    "Compounding from several directions",
)


class Settings(BaseModel):
    """What the console is set to."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    frequency: float | None = Field(
        None, ge=1, le=20, description="MHz; the middle of the probe's band when not given."
    )
    gain: float = Field(0.0, ge=-40, le=40, description="Overall gain, dB.")
    tgc: float = Field(
        0.75, ge=0, le=2, description="Attenuation that depth gain makes up for, dB/cm/MHz."
    )
    focus: float = Field(45.0, ge=5, le=200, description="Depth of the sent focus, mm.")
    dynamic_range: float = Field(60.0, ge=20, le=100, description="Shown from black to white, dB.")
    without: tuple[Effect, ...] = Field((), description="Effects switched off.")


PRESETS: Mapping[str, tuple[str, Settings]] = {
    "Spine, curved 2–5 MHz": ("curved", Settings(frequency=3.5, focus=50.0)),
    "Deep, curved 2–5 MHz": ("curved", Settings(frequency=2.5, focus=80.0, gain=3.0)),
    "Resolution, curved 2–5 MHz": ("curved", Settings(frequency=5.0, focus=35.0)),
    "Superficial, linear 6–13 MHz": ("linear", Settings(frequency=10.0, focus=20.0)),
    "Penetration, linear 6–13 MHz": ("linear", Settings(frequency=7.0, focus=30.0)),
}
"""Starting points by name: the transducer they belong to, and the console."""

SPECKLE_DB = np.array([-120.0, -56.0, -49.0, -40.0])
"""Mean scattered amplitude of each backscatter class over a perfect mirror's echo, dB at 3.5 MHz.
E: chosen so that the classes lie about a quarter of the gray scale apart and below interfaces."""
SHEET_DB = -32.0
"""The same of septa and perimysium that face the beam. E"""
MUSCLE_LOSS_ALONG = 1.40
"""dB/cm/MHz along the fibres, F: PMC10001275 table 4 (across them is in the tissue table)."""
BUNDLES = {"muscle": (3.0, 60.0), "fat": (14.0, 4.0), "ligament": (1.2, 20.0)}
"""mm across and along, of the bundles that septa wrap. E: fascicles of 1–3 mm; lobules of fat,
flattened towards the skin."""
FACE = 0.3
"""Amplitude that the face of the probe reflects back into the body. E"""
NOISE_DB = -118.0
"""Noise of the receiver over a perfect mirror's echo at the face, dB. E: it drowns muscle at 6 cm
with 10 MHz and beyond 15 cm with 3.5 MHz, which is what such probes reach."""
GAIN_DB = 12.0
"""What the console adds at gain 0, so that interfaces that face the probe are near white. E"""
FLOOR = -150.0
"""dB of a pixel without any echo."""


def simulate(
    subject: Subject, view: UltrasoundView, settings: Settings, rng: np.random.Generator
) -> Image:
    """Return the B-mode picture of a view.

    Args:
        subject: the body.
        view: where the probe lies; up to 256 pixels are drawn from fewer lines, for dragging.
        settings: the console.
        rng: draws the noise of the receiver; speckle belongs to the tissue.

    Returns:
        Pixels in dB after TGC and gain: 0 is white.

    Raises:
        ProblemError: if the probe finds no skin or has no such frequency.
    """
    volumes = Volumes.of(subject.grids)
    probe = place(subject, view)
    frequency = _frequency(probe, settings)
    off = frozenset(settings.without)
    wavelength = SOUND_SPEED / 1000.0 / frequency
    pulse = 0.5 * probe.transducer.pulse * wavelength  # FWHM of the echo's envelope, mm
    fine = view.pixels > 256
    count, planes = (192, 5) if fine else (112, 3)
    step = probe.depth / np.ceil(probe.depth / (pulse * (0.4 if fine else 0.6)))
    depth = step * np.arange(round(probe.depth / step))

    lines = _lines(probe, volumes, count, planes, depth, wavelength, pulse, off)
    if np.isfinite(lines.skin).mean() < 0.2:
        raise no_skin(subject, view)
    acoustics = _acoustics(subject.structures, frequency, off)
    real, imaginary, mirror, labels = us_rays.march(
        volumes, acoustics, lines, "angle" not in off, "speckle" not in off
    )
    if "reverberation" not in off:
        mirror = us_beam.reverberate(mirror, FACE, 6)

    spacing = _line_spacing(probe, count, depth)
    width = us_beam.lateral_width(depth, wavelength, probe.transducer.aperture, settings.focus)
    across, speckle_across = us_beam.kernels(width / us_beam.FWHM, spacing, lines.cell)
    along, speckle_along = us_beam.kernels(
        np.array([pulse / us_beam.FWHM]), np.array([step]), lines.cell
    )
    along = along[:, 0]
    # a plane answers with its reflectance: the pulse has height 1; speckle with its mean power
    pulse_height = np.float32(1.0 / along.max())
    level = speckle_across * speckle_along
    real = us_beam.blur_lines(real, across) * level + us_beam.blur_lines(mirror, across) * pulse_height
    imaginary = us_beam.blur_lines(imaginary, across) * level
    if "noise" not in off:
        strength = 10 ** (NOISE_DB / 20) * float(speckle_along[0]) / np.sqrt(2.0)
        noise = rng.standard_normal((2, *real.shape), dtype=np.float32) * np.float32(strength)
        real += noise[0]
        imaginary += noise[1]
    real, imaginary = us_beam.blur_depth(real, along), us_beam.blur_depth(imaginary, along)

    amplifier = GAIN_DB + settings.gain + 2.0 * settings.tgc * frequency * depth / 10.0
    beam = 10.0 * np.log10(real**2 + imaginary**2 + np.float32(1e-15)) + amplifier
    line, sample, inside = _pixels(
        probe.transducer, probe.depth, probe.pixels, count, step
    )
    pixels, shown = us_beam.scan_convert(
        beam.astype(np.float32), labels, line, sample, inside, FLOOR
    )
    return Image(
        modality=ID,
        pixels=pixels,
        unit="dB",
        geometry=probe.geometry,
        subject=subject,
        labels=shown,
        inside=inside,
        facts={
            "transducer": probe.transducer.name,
            "frequency_MHz": frequency,
            "axial_resolution_mm": round(float(pulse), 2),
            "lateral_resolution_at_focus_mm": round(
                float(np.interp(settings.focus, depth, width)), 2
            ),
            "contact": round(float(np.isfinite(lines.skin).mean()), 2),
        },
    )


def display(image: Image, settings: Settings) -> NDArray[np.uint8]:
    """Return gray levels: the top `dynamic_range` dB below white; black outside the fan."""
    gray = np.clip(1.0 + image.pixels / settings.dynamic_range, 0.0, 1.0)
    if image.inside is not None:
        gray = np.where(image.inside, gray, 0.0)
    return np.rint(255.0 * gray).astype(np.uint8)


def _frequency(probe: Probe, settings: Settings) -> float:
    t = probe.transducer
    frequency = t.frequency if settings.frequency is None else settings.frequency
    low, high = t.frequencies
    if not low <= frequency <= high:
        raise ProblemError(
            Problem(
                "ultrasound settings",
                f"{frequency:g} MHz is outside the band of the transducer ({t.name}).",
                f"Choose {low:g} to {high:g} MHz, or another transducer.",
                key="frequency",
            )
        )
    return frequency


def _lines(
    probe: Probe,
    volumes: Volumes,
    count: int,
    planes: int,
    depth: NDArray[np.float64],
    wavelength: float,
    pulse: float,
    off: frozenset[str],
) -> Lines:
    start, direction = probe.lines(count)
    offsets = np.linspace(-1.4, 1.4, planes) if "thickness" not in off else np.zeros(1)
    weights = np.exp(-0.5 * offsets**2)
    t = probe.transducer
    thickness = us_beam.slice_width(depth, wavelength, t.height, t.slice_focus) / us_beam.FWHM
    return Lines(
        start=start,
        direction=direction,
        skin=probe.skin(volumes, count),
        elevation=probe.elevation,
        thickness=thickness,
        offsets=offsets,
        weights=weights / weights.sum(),
        step=float(depth[1]),
        cell=max(0.9 * pulse, 0.5 * wavelength),
        wall=max(0.25, 0.6 * pulse),
    )


def _line_spacing(probe: Probe, count: int, depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance between neighbouring lines at each depth, mm."""
    t = probe.transducer
    at_face = t.width / (count - 1)
    return at_face * (1.0 + depth / t.radius)


def _acoustics(structures: StructureSet, frequency: float, off: frozenset[str]) -> Acoustics:
    """Return what each tissue does to sound of a frequency (MHz), without the effects in `off`."""
    table = tissue_table()
    bone = [TISSUE_CODE["cortical_bone"], TISSUE_CODE["trabecular_bone"]]
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
    rough[bone], gloss[bone] = 0.35, 8.0
    dirty = np.zeros(count)
    dirty[gas] = 10 ** (-34 / 20)
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
        fibres=_fibres(structures),
    )


FIBRES: Mapping[str, tuple[float, float, float]] = {
    "multifidus": (0.27, 0.20, -1.0),  # down, out and deep from the spinous process
    "erector_spinae": (0.12, 0.08, -1.0),
    "quadratus_lumborum": (0.20, 0.0, -1.0),
    "psoas": (0.25, 0.25, -1.0),
}
"""Direction of fibres (of septa in fat) on the RIGHT, x outwards, y forwards, z up. E: drawn from
the course of each muscle between its attachments; all others run along the spine."""


def _fibres(structures: StructureSet) -> NDArray[np.float64]:
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


@lru_cache(maxsize=16)
def _pixels(transducer, depth: float, pixels: int, count: int, step: float):
    """Return line, sample and fan of every pixel; they depend on the probe only, not its place."""
    probe = Probe(transducer, np.zeros(3), np.array([0, -1.0, 0]), np.array([1.0, 0, 0]), depth, pixels)
    return probe.locate(count, step)
