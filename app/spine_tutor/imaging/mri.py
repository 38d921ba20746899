"""MRI: slices from the signal equations, with the noise and the fat shift of a real scanner."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from spine_tutor.anatomy import TISSUE_CODE, Subject
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.implants_mri import field_of
from spine_tutor.imaging.metal_mri import displace
from spine_tutor.imaging.mri_sequence import (
    PRESETS,
    Sequence,
    Settings,
    fat_shift,
    noise_ratio,
    protocol,
    tissue_signals,
)
from spine_tutor.imaging.needle import NEEDLE
from spine_tutor.imaging.needle_ct import named, steel_share
from spine_tutor.imaging.reslice import plane_average, plane_labels
from spine_tutor.imaging.spread_pictures import fluid, mixed_signal
from spine_tutor.imaging.unevenness import fat_share
from spine_tutor.imaging.view import MriView

__all__ = ["EFFECTS", "ID", "NAME", "OMISSIONS", "PRESETS", "Settings", "display", "simulate"]

ID = "mri"
NAME = "MRI"

EFFECTS = (
    "Contrast from proton density, T1 and T2 by the spin-echo and inversion-recovery equations",
    "Two field strengths, each with its own relaxation times",
    "Fat and water apart: marrow holds both; STIR nulls fat by its T1",
    "Fat shifted along the read direction by its 3.4 ppm (chemical shift)",
    "Slice thickness, partial volume and the blur and ringing of a finite matrix",
    "Noise of both receiver channels, hence Rician, by field, voxel volume and bandwidth",
    "Brighter near the spine coil in the table",
    "Blood that leaves the slice between the two pulses (flow void)",
    "No signal from cortical bone, gas and steel",
    "The field around an MR-compatible needle and titanium implants, by field strength and angle "
    "to it: signal moved along the read direction and through the slice, by bandwidth, hence void, "
    "bright rim, and distortion by metal outside the slice",
)
OMISSIONS = (
    "Flow within the slice, pulsation of the CSF, ghosts",
    "Motion, aliasing and field inhomogeneity",
    "Susceptibility of bone and gas; near metal, what pulses of a narrow band fail to invert or "
    "refocus, and the tissue of other slices (taken to be like the slice's own)",
    "Magnetisation transfer and the magic angle in ligaments",
    "Differences between vertebrae, and between water of healthy and aged discs",
)


def simulate(
    subject: Subject,
    view: MriView,
    settings: Settings,
    rng: np.random.Generator,
    additions: Additions = NOTHING,
) -> Image:
    """Return an MRI slice.

    Args:
        subject: the body.
        view: the slice.
        settings: the protocol.
        rng: draws the noise.
        additions: what is added to the body.

    Returns:
        Pixels in units of the signal that fully relaxed CSF gives at TE 0.

    Raises:
        ProblemError: if what is added cannot be.
    """
    geometry = view.geometry(subject)
    water, fat = tissue_signals(settings, view.thickness)
    off = settings.without
    thickness = 0.0 if "thickness" in off else view.thickness
    both = plane_average(subject, geometry, thickness, np.stack([water, fat], axis=1))
    labels, codes = plane_labels(subject, geometry)
    extra = fat_share(codes, geometry)
    in_water = both[..., 0] * (1 - extra)
    in_fat = both[..., 1] + extra * np.float32(fat[TISSUE_CODE["fat"]])
    injected = fluid(subject, additions)
    if injected:
        signals = (water, fat)
        in_water, in_fat = mixed_signal(in_water, in_fat, signals, injected, geometry, thickness)
    # read out along the feet in a sagittal picture, across the body in the others
    shift = 0.0 if "chemical shift" in off else fat_shift(settings) / geometry.spacing
    read = 0 if view.plane == "sagittal" else 1
    truth = in_water + _moved(in_fat, shift, axis=read)
    truth *= _coil(subject, geometry, settings.coil)
    needle = additions.needle_in(subject)
    truth = displace(truth, geometry, view.thickness, settings, read, needle, field_of(subject))
    if needle is not None:
        labels[named(steel_share(needle, geometry, view.thickness))] = NEEDLE.label
    ratio = noise_ratio(settings, view.thickness)
    noise = 0.0 if "noise" in off else _brightest(settings) / ratio
    resolution = 0.0 if "blur" in off else settings.resolution
    pixels = acquire(truth, geometry.spacing, resolution, noise, rng)
    tr, te, ti = protocol(settings)
    facts = {"TR_ms": tr, "TE_ms": te, "field_T": settings.tesla,
             "thickness_mm": view.thickness, "signal_to_noise": round(ratio, 1),
             "fat_shift_mm": round(fat_shift(settings), 2)}  # fmt: skip
    if ti is not None:
        facts["TI_ms"] = round(ti, 1)
    return Image(
        ID, pixels, "signal", geometry, subject, labels=labels, facts=facts, additions=additions
    )


def display(image: Image, settings: Settings) -> NDArray[np.uint8]:
    """Return gray levels from black to a share of the brightest tissue of the protocol.

    The window belongs to the protocol, not to the picture, so that it stays while one scrolls.
    """
    white = WHITE[settings.sequence] * _brightest(settings)
    return np.rint(255.0 * np.clip(image.pixels / white, 0.0, 1.0)).astype(np.uint8)


WHITE: Mapping[Sequence, float] = {"T1": 0.8, "T2": 0.8, "STIR": 0.6}
"""Share of the brightest tissue's signal that is shown white. E: the usual window."""


def _brightest(settings: Settings) -> float:
    """Return the signal of the brightest tissue that every slice may hold."""
    water, fat = tissue_signals(settings, thickness=3.0)
    return float(np.max(np.abs(water + fat)[[TISSUE_CODE[t] for t in REFERENCE]]))


REFERENCE = ("fat", "csf", "muscle", "disc_nucleus")
"""Tissues that noise and window are measured against."""


def acquire(
    truth: NDArray[np.float32],
    spacing: float,
    resolution: float,
    noise: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return the magnitude picture of a finite matrix with noise.

    k-space is measured out to the resolution and tapered (Hann over its outer part) as scanners
    do; both channels get Gaussian noise there, so that the magnitude is Rician.

    Args:
        truth: (rows, columns) signed signal.
        spacing: of its pixels, mm.
        resolution: measured pixel, mm; 0 for a matrix without end.
        noise: standard deviation of one channel in the picture.
        rng: draws it.
    """
    rows, columns = truth.shape
    pad = 8  # so that one edge does not ring into the other
    wide = np.pad(truth, pad, mode="edge")
    limit = 0.5 / resolution if resolution else np.inf
    fr = np.abs(np.fft.fftfreq(wide.shape[0], spacing))
    fc = np.abs(np.fft.fftfreq(wide.shape[1], spacing))
    window = _taper(fr / limit)[:, None] * _taper(fc / limit)[None, :]
    size = float(np.sqrt(np.mean(window**2)))
    field = wide.astype(np.complex64)
    if noise > 0:
        sigma = np.float32(noise / size)
        field.real += sigma * rng.standard_normal(wide.shape, dtype=np.float32)
        field.imag += sigma * rng.standard_normal(wide.shape, dtype=np.float32)
    measured = scipy.fft.ifft2(
        scipy.fft.fft2(field, workers=-1) * window.astype(np.float32), workers=-1
    )
    return np.abs(measured[pad : pad + rows, pad : pad + columns]).astype(np.float32)


def _taper(f: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 up to half the measured k-space, falling to 0 at its edge like a cosine."""
    return np.where(f < 1, np.cos(0.5 * np.pi * np.clip((f - 0.5) / 0.5, 0, 1)) ** 2, 0.0)


def _moved(field: NDArray[np.float32], pixels: float, axis: int) -> NDArray[np.float32]:
    """Return a picture moved towards higher indices by a part of a pixel, edges kept."""
    whole = int(np.floor(pixels))
    part = np.float32(pixels - whole)
    size = field.shape[axis]
    at = np.arange(size)
    near = np.take(field, np.clip(at - whole, 0, size - 1), axis=axis)
    far = np.take(field, np.clip(at - whole - 1, 0, size - 1), axis=axis)
    return (1 - part) * near + part * far


def _coil(subject: Subject, geometry: PlaneGeometry, loss: float) -> NDArray[np.float32]:
    """Return how well the coil under the back hears each pixel, 1 at the back."""
    back = subject.bounds[0][1]
    depth = geometry.points()[..., 1] - back
    return (1.0 - loss * np.clip(depth / 200.0, 0.0, 1.0)).astype(np.float32)
