"""CT: a slice in any plane, in Hounsfield units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.ndimage import gaussian_filter

from spine_tutor.anatomy import TISSUE_CODE, Subject
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.implants_ct import streaks as implant_streaks
from spine_tutor.imaging.metal import metal_in
from spine_tutor.imaging.needle import NEEDLE
from spine_tutor.imaging.needle_ct import add_steel, streaks
from spine_tutor.imaging.preset import Preset
from spine_tutor.imaging.reslice import plane_average, plane_labels, plane_volume
from spine_tutor.imaging.spread_pictures import fluid, mixed_hounsfield
from spine_tutor.imaging.unevenness import fat_share, trabeculae
from spine_tutor.imaging.view import CtView
from spine_tutor.imaging.xray import hounsfield_by_tissue

ID = "ct"
NAME = "CT"

EFFECTS = (
    "CT number of every tissue from its composition (xraylib) at 120 kVp (spekpy)",
    "fat in muscle and marrow and the mesh of trabeculae, the same places as in MRI",
    "partial volume across and through the slice; slice thickness",
    "resolution of the reconstruction kernel; correlated noise that falls with thickness and dose",
    "12-bit range; bone and soft-tissue windows",
    "a steel needle and titanium implants with the streaks of their shadow: starved views, "
    "back-projected in every axial slice; reformats cut through these",
)
OMISSIONS = (
    "reconstruction from projections: no streaks of bone, no beam hardening by tissue; streaks are "
    "those of metal alone, a turn at a time (no helical windmill, no cone beam)",
    "motion; single trabeculae; enhancement by intravenous contrast",
)

WINDOWS = {"bone": (400.0, 1800.0), "soft tissue": (40.0, 400.0), "lung": (-600.0, 1500.0)}
"""Centre and width, HU."""
KERNEL_MM = {"bone": 0.25, "standard": 0.45}
"""Standard deviation of the point spread in the slice (E: about 0.6 and 1.1 mm full width)."""
NOISE_HU = {"bone": 22.0, "standard": 9.0}
"""Standard deviation in a 1 mm slice at dose 1 (E)."""
TRABECULAR_HU = 70.0
"""How far the mesh of trabeculae moves the CT number of spongy bone up and down, at 1 mm (E)."""
HU_RANGE = (-1024.0, 3071.0)
"""What 12 bits hold."""


Effect = Literal["noise", "blur", "thickness", "streaks"]
"""What can be switched off, to see what it hid."""


class Settings(BaseModel):
    """How the slice is reconstructed and shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    window: Literal["bone", "soft tissue", "lung"] = Field("bone", description="Gray window.")
    kernel: Literal["bone", "standard"] | None = Field(
        None, description="Reconstruction kernel; the window's own by default."
    )
    dose: float = Field(1.0, ge=0.05, le=20, description="Dose; noise falls with its root.")
    uneven: bool = Field(True, description="Fat in muscle and marrow, the mesh of trabeculae.")
    source: Literal["labels", "measured"] | None = Field(
        None,
        description="Made from `labels` or from `measured` CT numbers; by default measured "
        "where there are any.",
    )
    without: tuple[Effect, ...] = Field((), description="Effects switched off.")


PRESETS: Mapping[str, Preset] = {
    "bone": Preset("Bone", {"window": "bone", "kernel": None}),
    "soft-tissue": Preset("Soft tissue", {"window": "soft tissue", "kernel": None}),
    "lung": Preset("Lung", {"window": "lung", "kernel": None}),
}
"""Windows with the kernel that belongs to each."""


def simulate(
    subject: Subject,
    view: CtView,
    settings: Settings,
    rng: np.random.Generator,
    additions: Additions = NOTHING,
) -> Image:
    """Return a CT slice in HU, with the structure of each pixel in the middle of the slice.

    A measured CT is resliced as it is: its own noise and sharpness stand.

    Raises:
        KeyError: if the subject has no place or level that the view names.
        ValueError: if ``measured`` is asked of a subject without measured CT numbers.
        ProblemError: if what is added cannot be.
    """
    geometry = view.geometry(subject)
    source = settings.source or ("labels" if subject.hounsfield is None else "measured")
    labels, codes = plane_labels(subject, geometry)
    injected = fluid(subject, additions)
    axial = view.plane == "axial"  # acquired as it lies; the others are reformats
    if source == "measured":
        if subject.hounsfield is None:
            raise ValueError(f"subject `{subject.id}` has no measured CT numbers")
        pixels = plane_volume(
            subject.hounsfield, subject.grids[0], geometry, view.thickness, outside=-1000
        )
        if injected:
            pixels = mixed_hounsfield(pixels, injected, geometry, view.thickness)
    else:
        kernel = _kernel(settings)
        thickness = 0.0 if "thickness" in settings.without else view.thickness
        pixels = plane_average(subject, geometry, thickness, _clipped_hounsfield())
        if settings.uneven:
            pixels += _uneven(codes, geometry)
        if injected:
            pixels = mixed_hounsfield(pixels, injected, geometry, thickness)
        sigma = KERNEL_MM[kernel] / geometry.spacing
        if "blur" not in settings.without:
            pixels = gaussian_filter(pixels, sigma, mode="nearest", truncate=3)
        if "noise" not in settings.without:
            level = NOISE_HU[kernel] / np.sqrt(view.thickness * settings.dose)
            pixels += _noise(geometry.shape, sigma, rng) * np.float32(level)
        if "streaks" not in settings.without:
            pixels += implant_streaks(subject, geometry, metal_in(codes), axial)
    needle = additions.needle_in(subject)
    if needle is not None:
        labels[
            add_steel(pixels, needle, geometry, view.thickness, KERNEL_MM[_kernel(settings)])
        ] = NEEDLE.label
        if "streaks" not in settings.without:
            pixels += streaks(needle, geometry, view.thickness, axial)
    return Image(
        modality=ID,
        pixels=np.clip(pixels, *HU_RANGE),
        unit="HU",
        geometry=geometry,
        subject=subject,
        labels=labels,
        facts={"kvp": 120.0, "thickness_mm": view.thickness, "source": source},
        additions=additions,
    )


def _kernel(settings: Settings) -> str:
    return settings.kernel or ("standard" if settings.window == "soft tissue" else "bone")


def _uneven(codes: NDArray[np.uint8], geometry: PlaneGeometry) -> NDArray[np.float32]:
    """Return what fat in muscle and marrow, and trabeculae, add to the CT number of a tissue."""
    hu = _clipped_hounsfield()
    instead = hu[TISSUE_CODE["fat"]] - hu
    added = fat_share(codes, geometry) * instead[codes] + TRABECULAR_HU * trabeculae(
        codes, geometry
    )
    return np.asarray(added, np.float32)


def _clipped_hounsfield() -> NDArray[np.float32]:
    """Return CT number by tissue as a 12-bit scanner holds it."""
    return np.clip(hounsfield_by_tissue(), *HU_RANGE)


def _noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return noise of unit variance with the texture of filtered back-projection.

    Its power rises with frequency as the ramp filter does and falls with the kernel: a difference
    of two Gaussians of white noise.
    """
    white = rng.standard_normal(shape, dtype=np.float32)
    fine = max(0.7, sigma)
    noise = gaussian_filter(white, fine, mode="wrap", truncate=3)
    noise -= gaussian_filter(white, 2.0 * fine, mode="wrap", truncate=3)
    return noise / np.float32(noise.std())


def display(image: Image, settings: Settings) -> NDArray[np.uint8]:
    """Return gray values of the chosen window."""
    center, width = WINDOWS[settings.window]
    level = np.clip((image.pixels - (center - 0.5 * width)) / width, 0, 1)
    return np.rint(255 * level).astype(np.uint8)
