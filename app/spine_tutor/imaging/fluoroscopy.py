"""Fluoroscopy: a polychromatic cone beam through the subject onto an integrating detector."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import numba as nb
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.ndimage import gaussian_filter

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.attenuation_map import Source, attenuation_map
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.needle_fluoroscopy import hub_water, shade
from spine_tutor.imaging.paths import path_lengths, path_lengths_alone
from spine_tutor.imaging.preset import Preset
from spine_tutor.imaging.spread_pictures import dim, fluid, with_fluid
from spine_tutor.imaging.structure_map import structure_map
from spine_tutor.imaging.view import FluoroscopyView
from spine_tutor.imaging.xray import Spectrum, basis, spectrum

__all__ = ["Settings", "display", "path_lengths", "simulate", "structure_map"]

ID = "fluoroscopy"
NAME = "Fluoroscopy"

EFFECTS = (
    "tungsten spectrum with filters (spekpy), attenuation of every tissue (xraylib), hardening",
    "iodine as a function of energy of its own, with its K edge",
    "cone-beam magnification, obliquity and tilt",
    "quantum noise that follows the dose at the detector; automatic exposure; air kerma and its "
    "product with the area of the field",
    "blur of focal spot and detector; scattered radiation that lowers contrast, less of it in a "
    "smaller field",
    "collimated field; edge enhancement and dynamic-range compression of the display",
    "a steel needle by the exact length of each ray in it, behind the hardened beam; its hub",
)
OMISSIONS = (
    "where in the body scatter arises: it is a smooth share of the primary beam in the open field",
    "grain of the noise: it is the same at all frequencies, where a detector's blur softens it",
    "heel effect, anti-scatter grid losses, detector efficiency and lag, motion",
    "what lies beyond the ends of a subject: the field is shut there, and where slanting rays pass "
    "it, even soft tissue goes on for 80 mm",
)

DOSE_NGY = {"low": 30.0, "normal": 90.0, "high": 400.0}
"""Air kerma at the detector for one picture, nGy (E: pulse, averaged pulses, digital spot)."""
FOCAL_SPOT_MM = 0.6
"""Small focal spot of a C-arm, nominal (R)."""
DETECTOR_BLUR_MM = 0.18
"""Standard deviation of the light spread in the detector's scintillator (E)."""
SCATTER_SPREAD_MM = 35.0
"""Standard deviation of scattered radiation on the detector (E)."""
MEASURED = 0.6
"""Diameter of the measuring field of exposure and brightness control over the picture's (E)."""
MARGIN = 0.1
"""Grays kept for what is brighter or darker than the measuring field, over its own range (E)."""
KNEE = np.float32(0.25)
"""What is denser than that is told apart ever less: the share of the range that bends it (E)."""
BRIGHTNESS = 0.5
"""Where automatic brightness control holds the middle of its field, white being 1 (E)."""
GAMMAS = (0.5, 1.6)
"""Between these exponents the display bends the grays to hold that brightness (E)."""
REFERENCE_POINT_MM = 150.0
"""The patient entrance reference point lies this far from the isocentre to the tube (IEC, R)."""
_PAD: Mapping[str, Literal["edge", "constant"]] = {"nearest": "edge", "constant": "constant"}
"""What NumPy calls SciPy's ways to go on beyond a border."""

Effect = Literal["noise", "scatter", "blur"]
"""What can be switched off, to see what it hid; what overlaps, by `Settings.alone`."""


class Settings(BaseModel):
    """What the C-arm is set to."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kvp: float = Field(75.0, ge=40, le=125, description="Tube voltage, kV.")
    aluminium: float = Field(3.0, ge=1, le=20, description="Filter, mm Al.")
    copper: float = Field(0.1, ge=0, le=2, description="Added filter, mm Cu.")
    dose: Literal["low", "normal", "high"] = Field(
        "normal", description="What the automatic exposure control gives the detector."
    )
    scatter_fraction: float = Field(
        0.25,
        ge=0,
        le=0.9,
        description="Share of scatter in the signal behind the grid, of a wide field through an "
        "even body; a smaller field has less, a dense place beside thin ones more.",
    )
    field_shape: Literal["circle", "square"] = "circle"
    collimation: float = Field(1.0, ge=0.2, le=1, description="Open share of the field's width.")
    invert: bool = Field(False, description="Bones white, as on a radiograph.")
    edge: float = Field(0.5, ge=0, le=3, description="Edges and detail raised by the display.")
    compression: float = Field(
        0.6, ge=0, le=0.9, description="Share of large-scale brightness that is taken out."
    )
    source: Source | None = Field(
        None,
        description="Attenuation from `labels` or from `measured` CT numbers; by default "
        "measured where there are any.",
    )
    without: tuple[Effect, ...] = Field((), description="Effects switched off.")
    alone: str | None = Field(
        None,
        description="A structure to show without overlap: alone, in a slab of what surrounds it.",
    )


PRESETS: Mapping[str, Preset] = {
    "low-dose": Preset("Low-dose pulse", {"dose": "low", "copper": 0.3}),
    "normal": Preset("Normal", {"dose": "normal", "copper": 0.1}),
    "spot": Preset("High-quality spot", {"dose": "high", "copper": 0.1}),
}
"""What the pedal and the button next to it do (E); the low dose is filtered harder."""


def simulate(
    subject: Subject,
    view: FluoroscopyView,
    settings: Settings,
    rng: np.random.Generator,
    additions: Additions = NOTHING,
) -> Image:
    """Return the log attenuation −ln(I/I₀) of a C-arm picture.

    Raises:
        KeyError: if the subject has no place or structure that view and settings name.
        ValueError: if the view or the source is impossible.
        ProblemError: if what is added cannot be.
    """
    geometry = view.geometry(subject)
    needle = additions.needle_in(subject)
    source = settings.source or ("labels" if subject.hounsfield is None else "measured")
    if settings.alone is None:
        water, mineral = path_lengths(attenuation_map(subject, source), geometry)
    else:
        water, mineral = path_lengths_alone(subject, settings.alone, geometry)
    if needle is not None:
        water = water + hub_water(needle, geometry)
    injected = fluid(subject, additions)
    if injected:
        water, mineral, iodine = with_fluid(water, mineral, injected, geometry)
    tube = (settings.kvp, settings.aluminium, settings.copper)
    beam = spectrum(*tube)
    signal = _transmission(water, mineral, *_response(*tube))
    if injected:
        dim(signal, water, mineral, iodine, tube)
    if needle is not None:
        shade(signal, water, mineral, needle, geometry, tube)
    magnification = view.source_to_detector / view.source_to_axis
    inside = _field(geometry.shape, settings) & _known(subject, geometry)
    if "blur" not in settings.without:
        signal = _blurred(signal, geometry.spacing, magnification)
    if "scatter" not in settings.without:
        signal = with_scatter(signal, inside, settings.scatter_fraction, geometry.spacing)
    facts = exposure(beam, signal, inside, view, settings.dose)
    if "noise" not in settings.without:
        _add_noise(signal, facts["quanta_in_air"], rng)
    return Image(
        modality=ID,
        pixels=-np.log(np.maximum(signal, np.float32(1e-9))),
        unit="log attenuation",
        geometry=geometry,
        subject=subject,
        inside=inside,
        facts={"kvp": settings.kvp, "magnification": magnification, "source": source, **facts},
        additions=additions,
    )


def exposure(
    beam: Spectrum,
    signal: NDArray[np.float32],
    inside: NDArray[np.bool_],
    view: FluoroscopyView,
    dose: str,
) -> dict[str, Any]:
    """Return what the automatic exposure control chooses and what it costs the patient.

    It sets mAs so that half of its measuring field gets `DOSE_NGY` or more: air beside the body
    does not count for more than its area. Kerma behind the patient is taken to fall as the signal
    does.
    """
    transmission = float(np.median(_measured(signal, inside)))
    in_air = beam.kerma * (1000 / view.source_to_detector) ** 2  # µGy per mAs at the detector
    mas = float(np.clip(1e-3 * DOSE_NGY[dose] / (in_air * transmission), 1e-4, 10.0))
    at_skin = view.source_to_axis - REFERENCE_POINT_MM
    side_at_skin = 0.1 * view.field * at_skin / view.source_to_axis
    kerma = beam.kerma * mas * (1000 / at_skin) ** 2
    side = 0.1 * view.field * view.source_to_detector / view.source_to_axis / view.pixels
    photons = beam.fluence.sum() * mas * (1000 / view.source_to_detector) ** 2 * side**2
    # energy-integrating: (Σ N E)² / Σ N E² quanta of the same signal-to-noise ratio
    share = beam.fluence / beam.fluence.sum()
    alike = (share @ beam.energy) ** 2 / (share @ beam.energy**2)
    return {
        "mas": mas,
        "air_kerma_uGy": kerma,
        "kerma_area_mGy_cm2": 1e-3 * kerma * side_at_skin**2 * float(inside.mean()),
        "detector_kerma_nGy": 1e3 * in_air * mas * transmission,
        "quanta_in_air": float(photons * alike),
    }


@lru_cache(maxsize=16)
def _response(
    kvp: float, aluminium: float, copper: float
) -> tuple[NDArray[np.float32], float, float, float]:
    """Return −ln(I/I₀) over parts of water and mineral, exact at its nodes.

    Returns:
        (water, mineral) table, step of both in mm, and where each begins.
    """
    beam = spectrum(kvp, aluminium, copper)
    step, low_water, low_mineral = 2.0, -20.0, -30.0
    water = low_water + step * np.arange(400)
    mineral = low_mineral + step * np.arange(150)
    seen = beam.signal > 1e-8  # what the filters take would grow without bound at negative lengths
    mu = basis(beam.energy[seen])
    along_water = np.exp(-water[:, None] * mu[0])
    along_mineral = np.exp(-mineral[:, None] * mu[1])
    signal = (along_water * beam.signal[seen]) @ along_mineral.T
    return -np.log(signal).astype(np.float32), step, low_water, low_mineral


@nb.njit(cache=True, fastmath=True)
def _transmission(water, mineral, table, step, low_water, low_mineral):  # type: ignore[no-untyped-def]
    """Return I/I₀, interpolated in its logarithm; beyond the table its edge holds."""
    nw, nm = table.shape
    result = np.empty_like(water)
    for r in range(water.shape[0]):
        for c in range(water.shape[1]):
            x = min(max((water[r, c] - low_water) / step, 0.0), nw - 1.001)
            y = min(max((mineral[r, c] - low_mineral) / step, 0.0), nm - 1.001)
            i, j = int(x), int(y)
            fx, fy = x - i, y - j
            lower = table[i, j] * (1 - fy) + table[i, j + 1] * fy
            upper = table[i + 1, j] * (1 - fy) + table[i + 1, j + 1] * fy
            result[r, c] = np.exp(-(lower * (1 - fx) + upper * fx))
    return result


def _blurred(
    signal: NDArray[np.float32], pixel_mm: float, magnification: float
) -> NDArray[np.float32]:
    """Return the signal with the blur of focal spot and detector."""
    # a uniform spot has a standard deviation of its width / √12
    penumbra = FOCAL_SPOT_MM * (magnification - 1) / np.sqrt(12)
    sigma = np.hypot(penumbra, DETECTOR_BLUR_MM) / pixel_mm
    blurred: NDArray[np.float32] = gaussian_filter(signal, sigma, mode="nearest", truncate=3)
    return blurred


def with_scatter(
    signal: NDArray[np.float32], inside: NDArray[np.bool_], fraction: float, pixel_mm: float
) -> NDArray[np.float32]:
    """Return the signal with scatter: each open place sends a share of its own around it.

    What the collimators close sends none, so that a circle of radius R on the detector has
    1 − exp(−R²/2s²) of a wide field's scatter in its middle, s being `SCATTER_SPREAD_MM`.

    Args:
        signal: primary beam, I/I₀.
        inside: where the field is open.
        fraction: share of scatter in the signal of a wide field through an even body.
        pixel_mm: on the detector.
    """
    ratio = np.float32(fraction / (1 - fraction))
    sent = np.where(inside, signal, np.float32(0))
    return signal + ratio * _smooth(sent, SCATTER_SPREAD_MM / pixel_mm, "constant")


def _smooth(
    pixels: NDArray[np.float32], sigma: float, beyond: Literal["nearest", "constant"] = "nearest"
) -> NDArray[np.float32]:
    """Return a wide Gaussian mean, computed on one pixel in sixty-four.

    Args:
        pixels: a picture.
        sigma: standard deviation, pixels.
        beyond: what lies beyond the border: what lies nearest to it, or nothing.
    """
    rows, columns = pixels.shape
    step = 8
    padded = np.pad(pixels, ((0, -rows % step), (0, -columns % step)), mode=_PAD[beyond])
    small = padded.reshape(padded.shape[0] // step, step, -1, step).mean(axis=(1, 3))
    small = gaussian_filter(small, sigma / step, mode=beyond)
    result = np.empty_like(pixels)
    _spread(small, np.float32(step), result)
    return result


@nb.njit(cache=True, fastmath=True)
def _spread(small, step, result):  # type: ignore[no-untyped-def]
    """Interpolate a picture of block means, each in the middle of its block."""
    n, m = small.shape
    for r in range(result.shape[0]):
        y = min(max((r + 0.5) / step - 0.5, 0.0), n - 1.0)
        i = min(int(y), max(n - 2, 0))
        i1, fr = min(i + 1, n - 1), np.float32(y - i)
        for c in range(result.shape[1]):
            x = min(max((c + 0.5) / step - 0.5, 0.0), m - 1.0)
            j = min(int(x), max(m - 2, 0))
            j1, fc = min(j + 1, m - 1), np.float32(x - j)
            lower = small[i, j] + fc * (small[i, j1] - small[i, j])
            upper = small[i1, j] + fc * (small[i1, j1] - small[i1, j])
            result[r, c] = lower + fr * (upper - lower)


def _add_noise(signal: NDArray[np.float32], quanta_in_air: float, rng: np.random.Generator) -> None:
    """Add quantum noise in place: Poisson's in its normal limit, variance equal to the mean.

    A pixel that got none is taken to have got one quantum: less cannot be told from it.
    """
    noise = rng.standard_normal(signal.shape, dtype=np.float32)
    noise *= np.sqrt(signal / np.float32(quanta_in_air))
    signal += noise
    np.maximum(signal, np.float32(1 / quanta_in_air), out=signal)


def _field(shape: tuple[int, int], settings: Settings) -> NDArray[np.bool_]:
    """Return where the collimators let the beam through."""
    y, x = (2 * (np.arange(n) + 0.5) / n - 1 for n in shape)
    open_ = settings.collimation
    square = (np.abs(y)[:, None] <= 1) & (np.abs(x) <= open_)
    if settings.field_shape == "circle":
        return square & (y[:, None] ** 2 + x**2 <= 1)
    return square


def _known(subject: Subject, geometry: ConeGeometry) -> NDArray[np.bool_]:
    """Return where a beam passes the isocentre's depth between the ends of a subject.

    A blade shuts off the rest of the field, as nothing is known of the body there. A field whose
    middle lies off the subject is left open.
    """
    ends = np.array([grid.bounds for grid in subject.grids])[:, :, 2]
    low, high = ends.min(), ends.max()
    heights = geometry.heights()
    known: NDArray[np.bool_] = (heights >= low) & (heights <= high)
    return known if low <= geometry.isocenter[2] <= high else np.ones_like(known)


def _measured(pixels: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return what lies in the measuring field: a disc in the middle, as far as it is open."""
    y, x = (2 * (np.arange(n) + 0.5) / n - 1 for n in pixels.shape)
    return pixels[inside & (y[:, None] ** 2 + x**2 <= MEASURED**2)]


def _window(
    pixels: NDArray[np.float32], inside: NDArray[np.bool_]
) -> tuple[np.float32, np.float32, np.float32]:
    """Return what the display spreads its grays over, by what the measuring field holds.

    Returns:
        lowest attenuation that is told from less, the middle of the field, and the highest.
    """
    seen = _measured(pixels[::4, ::4], inside[::4, ::4])
    low, middle, high = np.percentile(seen, (3.0, 50.0, 99.5)).astype(np.float32)
    margin = np.float32(MARGIN) * (high - low) + np.float32(0.01)
    return low - margin, middle, high + margin


def display(image: Image, settings: Settings) -> NDArray[np.uint8]:
    """Return gray values: large-scale brightness damped, edges raised, brightness held.

    Window and brightness follow the measuring field, as automatic brightness control does: air
    beside a neck may burn out and shoulders go black, the spine between them is well lit. Bones are
    dark, as fluoroscopy is read in pain procedures; `invert` makes them white.
    """
    inside = np.ones(image.pixels.shape, bool) if image.inside is None else image.inside
    scale = image.pixels.shape[0] / 512
    low, _, high = _window(image.pixels, inside)
    told = np.maximum(image.pixels, low)  # air must not darken what it borders
    over = np.maximum(told - high, 0)
    told = np.minimum(told, high) + (high - low) * KNEE * np.log1p(over / (KNEE * (high - low)))
    pixels = told - np.float32(settings.compression) * _smooth(told, 45 * scale)
    if settings.edge:
        fine = gaussian_filter(told, 2.5 * scale, mode="nearest", truncate=3)
        pixels += np.float32(settings.edge) * (2 * told - fine - _smooth(told, 12 * scale))
    low, middle, high = _window(pixels, inside)
    level = np.clip((high - pixels) / (high - low), 0, 1)
    gamma = np.log(BRIGHTNESS) / np.log((high - middle) / (high - low))
    grays = np.rint(255 * np.linspace(0, 1, 1024) ** np.clip(gamma, *GAMMAS)).astype(np.uint8)
    gray = (255 - grays if settings.invert else grays)[(1023 * level).astype(np.int16)]
    gray[~inside] = 0
    return gray
