"""Ultrasound, B-mode: what a probe on the back sees of a labelled body.

The parts: `us_probe` puts the probe on the skin, `us_rays` sends sound down every line, `us_beam`
blurs it as beam and pulse do, and here the receiver makes a picture of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from spine_tutor.anatomy import Subject
from spine_tutor.imaging import us_beam, us_rays
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.needle import PlacedNeedle
from spine_tutor.imaging.needle_ultrasound import add_needle
from spine_tutor.imaging.preset import Preset
from spine_tutor.imaging.spread_pictures import filled
from spine_tutor.imaging.us_acoustics import Effect, acoustics
from spine_tutor.imaging.us_interface import SOUND_SPEED
from spine_tutor.imaging.us_probe import Probe, Transducer, no_skin, place
from spine_tutor.imaging.us_rays import Lines
from spine_tutor.imaging.us_volumes import Volumes
from spine_tutor.imaging.view import UltrasoundView
from spine_tutor.problems import Problem, ProblemError

ID = "ultrasound"
NAME = "Ultrasound"

EFFECTS = (
    "Reflection where impedance changes, by the angle the surface makes with the beam",
    "Attenuation by tissue and frequency, more along the fibres of muscle than across",
    "Bone: a bright surface and a clean shadow; nothing enters beyond the critical angle",
    "Gas and lung: a bright surface, clutter behind it (dirty shadow)",
    "Reverberation between strong surfaces and the probe",
    "Mirror images: tissue before a smooth strong surface (pleura, gas) drawn again beyond it",
    "Speckle of scatterers that stay in the tissue while the probe moves",
    "Muscle fibres and septa: stripes along the fibres, nets across; darker when met aslant",
    "Beam width by depth, focus and frequency; thickness of the slice by depth",
    "Depth drawn with 1540 m/s whatever the tissue",
    "Gel where the face leaves the skin; a light touch, which moves no tissue",
    "Gain, TGC, dynamic range and the noise of the receiver",
    "A needle: echo by its angle and by how much of it the slice holds, comet tail, shadow",
)
OMISSIONS = (
    "Refraction: lines stay straight",
    "Side and grating lobes, and echoes that bounce more than once in the body",
    "Non-linear sound (harmonic imaging) and aberration by fat",
    "Motion, flow and Doppler",
    "Compounding from several directions",
)


class Settings(BaseModel):
    """What the console is set to."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    frequency: float | None = Field(
        default=None, ge=1, le=20, description="MHz; the middle of the probe's band when not given."
    )
    gain: float = Field(default=0.0, ge=-40, le=40, description="Overall gain, dB.")
    tgc: float = Field(
        default=0.75, ge=0, le=2, description="Attenuation that depth gain makes up for, dB/cm/MHz."
    )
    focus: float = Field(default=45.0, ge=5, le=200, description="Depth of the sent focus, mm.")
    dynamic_range: float = Field(
        default=60.0, ge=20, le=100, description="Shown from black to white, dB."
    )
    without: tuple[Effect, ...] = Field(default=(), description="Effects switched off.")


_CURVED, _LINEAR = {"transducer": "curved"}, {"transducer": "linear"}
PRESETS: Mapping[str, Preset] = {
    "curved-2-5": Preset("Curved 2–5 MHz", {"frequency": 3.5, "focus": 50.0, "gain": 0.0}, _CURVED),
    "curved-2-5-deep": Preset(
        "Curved 2–5 MHz, deep", {"frequency": 2.5, "focus": 80.0, "gain": 3.0}, _CURVED
    ),
    "curved-2-5-fine": Preset(
        "Curved 2–5 MHz, fine", {"frequency": 5.0, "focus": 35.0, "gain": 0.0}, _CURVED
    ),
    "linear-6-13": Preset(
        "Linear 6–13 MHz", {"frequency": 10.0, "focus": 20.0, "gain": 0.0}, _LINEAR
    ),
    "linear-6-13-deep": Preset(
        "Linear 6–13 MHz, deep", {"frequency": 7.0, "focus": 30.0, "gain": 0.0}, _LINEAR
    ),
}
"""Transducers at the middle and the ends of their bands."""

FACE = 0.15
"""Amplitude that the face of the probe reflects back into the body. E"""
NOISE_DB = -122.0
"""Noise of the receiver over a perfect mirror's echo at the face, dB. E: it drowns muscle at 6 cm
with 10 MHz and beyond 15 cm with 3.5 MHz, which is what such probes reach."""
GAIN_DB = 15.0
"""What the console adds at gain 0, so that interfaces that face the probe are near white. E"""
LEAST_CONTACT = 0.2
"""Share of the lines that must meet skin for a picture."""
SHARP = 0.1
"""Share of beam width and pulse that is left where the blur is switched off."""
REVERBERATIONS = 6
"""How often an echo is followed between the face and where it came from."""
TGC_LIMIT_DB = 70.0
"""The most that depth gain adds. E: consoles run out of it, and high frequencies of depth."""
FLOOR = -150.0
"""dB of a pixel without any echo."""


@dataclass(frozen=True, eq=False)
class Echoes:
    """What comes back along the scan lines, before any gain.

    Attributes:
        amplitude: (lines, samples) float32 envelope over what was sent; 1 is a perfect mirror.
        labels: (lines, samples) uint16 structure each echo comes from.
        step: depth of a sample in the picture, mm.
        contact: share of the lines that meet skin.
        width: (samples,) beam width in the picture at half amplitude, mm.
    """

    amplitude: NDArray[np.float32]
    labels: NDArray[np.uint16]
    step: float
    contact: float
    width: NDArray[np.float64]

    @property
    def depth(self) -> NDArray[np.float64]:
        """Return the depth of each sample in the picture, mm."""
        return np.asarray(self.step * np.arange(self.amplitude.shape[1]), float)


def simulate(
    subject: Subject,
    view: UltrasoundView,
    settings: Settings,
    rng: np.random.Generator,
    additions: Additions = NOTHING,
) -> Image:
    """Return the B-mode picture of a view.

    Args:
        subject: the body.
        view: where the probe lies; up to 256 pixels are drawn from fewer lines, for dragging.
        settings: the console.
        rng: draws the noise of the receiver; speckle belongs to the tissue.
        additions: what is added to the body.

    Returns:
        Pixels in dB after TGC and gain: 0 is white.

    Raises:
        ProblemError: if the probe finds no skin or has no such frequency, or what is added
            cannot be.
    """
    probe = place(subject, view)
    frequency = frequency_of(probe.transducer, settings)
    needle = additions.needle_in(subject)
    found = echoes(filled(subject, additions), probe, settings, rng, needle)
    if found.contact < LEAST_CONTACT:
        raise no_skin(subject, view)
    made_up = np.minimum(2.0 * settings.tgc * frequency * found.depth / 10.0, TGC_LIMIT_DB)
    amplifier = (GAIN_DB + settings.gain + made_up).astype(np.float32)
    beam = 20.0 * np.log10(found.amplitude + np.float32(1e-8)) + amplifier
    line, sample, inside = _pixels(
        probe.transducer, probe.depth, probe.pixels, len(beam), found.step
    )
    pixels, labels = us_beam.scan_convert(beam, found.labels, line, sample, inside, FLOOR)
    return Image(
        modality=ID,
        pixels=pixels,
        unit="dB",
        geometry=probe.geometry,
        subject=subject,
        labels=labels,
        inside=inside,
        facts={
            "transducer": probe.transducer.name,
            "frequency_MHz": frequency,
            "axial_resolution_mm": round(_pulse(probe.transducer, frequency), 2),
            "lateral_resolution_at_focus_mm": round(
                float(np.interp(settings.focus, found.depth, found.width)), 2
            ),
            "skin_contact": round(found.contact, 2),
        },
        additions=additions,
    )


def echoes(
    subject: Subject,
    probe: Probe,
    settings: Settings,
    rng: np.random.Generator,
    needle: PlacedNeedle | None = None,
) -> Echoes:
    """Return what comes back to a probe, before any gain.

    Raises:
        ProblemError: if the probe has no such frequency.
    """
    volumes = Volumes.of(subject.grids)
    frequency = frequency_of(probe.transducer, settings)
    off = frozenset(settings.without)
    fine = probe.pixels > 256
    count = probe.transducer.lines if fine else probe.transducer.lines // 2
    planes = probe.transducer.planes if fine else 3
    pulse = _pulse(probe.transducer, frequency)
    blur = 1.0 if "blur" not in off else SHARP
    step = probe.depth / np.ceil(probe.depth / (pulse * (0.4 if fine else 0.6)))
    lines = _lines(probe, volumes, count, planes, step, frequency, off)
    real, imaginary, mirror, labels, way, reach = us_rays.march(
        volumes,
        acoustics(subject.structures, frequency, off),
        lines,
        angle="angle" not in off,
        speckle="speckle" not in off,
        images="mirror images" not in off,
    )
    depth = step * np.arange(real.shape[1])
    wavelength = SOUND_SPEED / 1000.0 / frequency
    width = us_beam.lateral_width(depth, wavelength, probe.transducer.aperture, settings.focus)
    if needle is not None:
        add_needle(
            needle, lines, width / us_beam.FWHM, way, reach, (real, imaginary, mirror), labels,
            angle="angle" not in off, rings="reverberation" not in off,
        )  # fmt: skip
    if "reverberation" not in off:
        mirror = us_beam.reverberate(mirror, FACE, REVERBERATIONS)
    across, speckle_across = us_beam.kernels(
        blur * width / us_beam.FWHM, probe.line_spacing(count, depth), lines.cell
    )
    along, speckle_along = us_beam.kernels(
        np.array([blur * pulse / us_beam.FWHM]), np.array([step]), lines.cell
    )
    # an interface answers with its reflectance, so its pulse has height 1; speckle keeps its power
    height = np.float32(1.0 / along.max())
    level = speckle_across * speckle_along if "speckle" not in off else np.ones_like(speckle_across)
    real = us_beam.blur_lines(real, across) * level + us_beam.blur_lines(mirror, across) * height
    imaginary = us_beam.blur_lines(imaginary, across) * level
    if "noise" not in off:
        strength = np.float32(10 ** (NOISE_DB / 20) / np.sqrt(2.0 * (along**2).sum()))
        real += strength * rng.standard_normal(real.shape, dtype=np.float32)
        imaginary += strength * rng.standard_normal(real.shape, dtype=np.float32)
    real = us_beam.blur_depth(real, along[:, 0])
    imaginary = us_beam.blur_depth(imaginary, along[:, 0])
    contact = float(lines.touching.mean())
    return Echoes(np.hypot(real, imaginary), labels, float(step), contact, width)


def display(image: Image, settings: Settings) -> NDArray[np.uint8]:
    """Return gray levels: the top `dynamic_range` dB below white; black outside the fan."""
    gray = np.clip(1.0 + image.pixels / settings.dynamic_range, 0.0, 1.0)
    if image.inside is not None:
        gray = np.where(image.inside, gray, 0.0)
    return np.rint(255.0 * gray).astype(np.uint8)


def frequency_of(transducer: Transducer, settings: Settings) -> float:
    """Return the frequency a probe is driven at, MHz.

    Raises:
        ProblemError: if it lies outside the transducer's band.
    """
    frequency = transducer.frequency if settings.frequency is None else settings.frequency
    low, high = transducer.frequencies
    if not low <= frequency <= high:
        raise ProblemError(
            Problem(
                "ultrasound settings",
                f"{frequency:g} MHz is outside the band of the transducer ({transducer.name}).",
                f"Choose {low:g} to {high:g} MHz, or another transducer.",
                key="frequency",
            )
        )
    return frequency


def _pulse(transducer: Transducer, frequency: float) -> float:
    """Return the length of an echo at half amplitude, mm: half of what the pulse is in tissue."""
    return 0.5 * transducer.pulse * SOUND_SPEED / 1000.0 / frequency


def _lines(
    probe: Probe,
    volumes: Volumes,
    count: int,
    planes: int,
    step: float,
    frequency: float,
    off: frozenset[str],
) -> Lines:
    start, direction = probe.lines(count)
    offsets = np.linspace(-1.4, 1.4, planes)
    offsets = offsets[np.argsort(np.abs(offsets))] if "thickness" not in off else np.zeros(1)
    weights = np.exp(-0.5 * offsets**2)
    t = probe.transducer
    wavelength = SOUND_SPEED / 1000.0 / frequency
    pulse = _pulse(t, frequency)
    depth = np.asarray(step * np.arange(round(probe.depth / step)), float)
    spacing = probe.line_spacing(count, depth)
    return Lines(
        start=start,
        direction=direction,
        touching=np.isfinite(probe.skin(volumes, count)),
        elevation=probe.elevation,
        thickness=us_beam.slice_width(depth, wavelength, t.height, t.slice_focus) / us_beam.FWHM,
        offsets=offsets,
        jitter=np.where(np.arange(count) % 2, 0.7, -0.7) / (planes - 1),
        weights=weights / weights.sum(),
        step=float(step),
        # lines far apart need cells so large that each of them meets every one
        cell=max(0.9 * pulse, 0.5 * wavelength, 0.65 * float(np.mean(spacing))),
        wall=max(0.25, 0.6 * pulse),
    )


@lru_cache(maxsize=16)
def _pixels(
    transducer: Transducer, depth: float, pixels: int, count: int, step: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return line, sample and fan of every pixel: the same wherever the probe lies."""
    anywhere = Probe(transducer, np.zeros(3), np.eye(3)[1], np.eye(3)[0], depth, pixels)
    return anywhere.locate(count, step)
