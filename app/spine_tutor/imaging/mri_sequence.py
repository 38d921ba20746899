"""MRI protocols and the signal each tissue gives under them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from spine_tutor.anatomy import TISSUE_CODE
from spine_tutor.imaging.preset import Preset
from spine_tutor.imaging.tissues import tissue_table

Sequence = Literal["T1", "T2", "STIR"]
Effect = Literal["noise", "blur", "thickness", "chemical shift"]
"""What can be switched off, to see what it hid."""


class Settings(BaseModel):
    """The protocol. A value left out is the usual one for the sequence and field."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sequence: Sequence = Field(default="T2", description="Weighting.")
    field: Literal["1.5 T", "3 T"] = Field(
        default="1.5 T", description="Strength of the main field."
    )
    repetition_time: float | None = Field(default=None, ge=50, le=20000, description="TR, ms.")
    echo_time: float | None = Field(default=None, ge=1, le=500, description="Effective TE, ms.")
    inversion_time: float | None = Field(
        default=None, ge=10, le=5000, description="TI of STIR, ms; nulls fat when not given."
    )
    resolution: float = Field(default=0.7, ge=0.2, le=3, description="Measured pixel, mm.")
    signal_to_noise: float = Field(
        default=60.0, ge=2, le=10000,
        description="Signal of the brightest tissue over the noise of one channel, at 1.5 T, 3 mm, "
        "pixels of 0.7 mm and 220 Hz; see `noise_ratio`.",
    )  # fmt: skip
    bandwidth: float = Field(
        default=220.0,
        ge=20,
        le=2000,
        description="Read bandwidth a measured pixel, Hz: low shifts fat far.",
    )
    coil: float = Field(
        default=0.35,
        ge=0,
        le=0.9,
        description="How much the coil behind the back hears less at 200 mm.",
    )
    without: tuple[Effect, ...] = Field(default=(), description="Effects switched off.")

    @property
    def tesla(self) -> float:
        """Return the strength of the main field, T."""
        return float(self.field.removesuffix(" T"))

    @model_validator(mode="after")
    def _times(self) -> Settings:
        tr, te, ti = protocol(self)
        if te >= tr:
            raise ValueError(f"echo_time {te:g} ms must be shorter than repetition_time {tr:g} ms")
        if ti is not None and ti + te >= tr:
            raise ValueError(
                f"inversion_time {ti:g} ms and echo_time {te:g} ms do not fit into "
                f"repetition_time {tr:g} ms"
            )
        return self


USUAL: Mapping[Sequence, tuple[float, float]] = {
    "T1": (550.0, 10.0),
    "T2": (4000.0, 95.0),
    "STIR": (4000.0, 45.0),
}
"""TR and effective TE, ms, of turbo spin-echo protocols of the spine. E: common practice."""


def spin_echo(
    proton_density: ArrayLike, t1: ArrayLike, t2: ArrayLike, tr: float, te: float
) -> NDArray[np.float64]:
    """Return PD (1 − e^(−TR/T1)) e^(−TE/T2), for TE much shorter than TR; times in ms."""
    t1, t2 = np.asarray(t1, float), np.asarray(t2, float)
    return np.asarray(proton_density) * (1.0 - np.exp(-tr / t1)) * np.exp(-te / t2)


def spin_echo_exact(
    proton_density: ArrayLike, t1: ArrayLike, t2: ArrayLike, tr: float, te: float
) -> NDArray[np.float64]:
    """Return the steady state of 90°–180° pulses: the 180° at TE/2 costs a little of T1.

    PD (1 − 2 e^(−(TR−TE/2)/T1) + e^(−TR/T1)) e^(−TE/T2); times in ms.
    """
    t1, t2 = np.asarray(t1, float), np.asarray(t2, float)
    grown = 1.0 - 2.0 * np.exp(-(tr - te / 2.0) / t1) + np.exp(-tr / t1)
    return np.asarray(proton_density) * grown * np.exp(-te / t2)


def inversion_recovery(
    proton_density: ArrayLike, t1: ArrayLike, t2: ArrayLike, tr: float, te: float, ti: float
) -> NDArray[np.float64]:
    """Return the steady state of 180°–90°–180° pulses, with its sign; times in ms.

    PD (1 − 2 e^(−TI/T1) + 2 e^(−(TR−TE/2)/T1) − e^(−TR/T1)) e^(−TE/T2), which for TE much shorter
    than TR is the usual PD (1 − 2 e^(−TI/T1) + e^(−TR/T1)) e^(−TE/T2).
    """
    t1, t2 = np.asarray(t1, float), np.asarray(t2, float)
    refocused = 2.0 * np.exp(-(tr - te / 2.0) / t1) - np.exp(-tr / t1)
    grown = 1.0 - 2.0 * np.exp(-ti / t1) + refocused
    return np.asarray(proton_density) * grown * np.exp(-te / t2)


def null_time(t1: float, tr: float) -> float:
    """Return the inversion time that nulls a tissue: −T1 ln[(1 + e^(−TR/T1))/2], ms."""
    return float(-t1 * np.log((1.0 + np.exp(-tr / t1)) / 2.0))


def protocol(settings: Settings) -> tuple[float, float, float | None]:
    """Return TR, TE and, for STIR, TI that a protocol uses, ms."""
    tr, te = USUAL[settings.sequence]
    tr = settings.repetition_time or tr
    te = settings.echo_time or te
    if settings.sequence != "STIR":
        return tr, te, None
    fat = tissue_table().tissues["fat"]
    t1 = fat.t1_3t if settings.field == "3 T" else fat.t1_1_5t
    return tr, te, settings.inversion_time or null_time(t1.value, tr)


def tissue_signals(
    settings: Settings, thickness: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the signal of the water and of the fat in every tissue, by code, with sign.

    Fat in a tissue (marrow, streaks in muscle) relaxes as fat does; the table's T2 of fat is that
    of turbo spin echo, which these protocols are. The times that the table gives for marrow are
    of both together: its water alone has a T1 of `MARROW_WATER_T1`. Blood gives the echo of
    what is still in the slice (`thickness`, mm) at the refocusing pulse, TE/2 after the first.
    """
    table = tissue_table()
    column = "3t" if settings.field == "3 T" else "1_5t"
    density, share = table.column("proton_density"), table.column("fat_fraction")
    t1, t2 = table.column(f"t1_{column}"), table.column(f"t2_{column}")
    water_t1 = t1.copy()
    for marrow in ("trabecular_bone", "sparse_trabecular_bone"):
        water_t1[TISSUE_CODE[marrow]] = MARROW_WATER_T1
    fat = TISSUE_CODE["fat"]
    tr, te, ti = protocol(settings)
    left = min(1.0, BLOOD_SPEED * 0.5 * te / 1000.0 / thickness)
    density[TISSUE_CODE["blood"]] *= 1.0 - left

    def signal(pd: ArrayLike, t1: ArrayLike, t2: ArrayLike) -> NDArray[np.float64]:
        if ti is None:
            return spin_echo_exact(pd, t1, t2, tr, te)
        return inversion_recovery(pd, t1, t2, tr, te, ti)

    return signal(density * (1 - share), water_t1, t2), signal(density * share, t1[fat], t2[fat])


MARROW_WATER_T1 = 1000.0
"""ms. E: between muscle and blood; with 45 % fat it gives marrow a T1 near what is measured."""

BLOOD_SPEED = 120.0
"""mm/s. E: mean over the beat in aorta and vena cava, across the slice."""
GAMMA_MHZ_PER_T = 42.577
"""Gyromagnetic ratio of the proton over 2π (CODATA: 42.577 478 5 MHz/T)."""
FAT_SHIFT_PPM = 3.4
"""Main (methylene) peak of fat below water, ppm; the tissue table's `fat_fraction` shifts by it."""


def fat_shift(settings: Settings) -> float:
    """Return how far fat is displaced along the read direction, mm."""
    hertz = FAT_SHIFT_PPM * GAMMA_MHZ_PER_T * settings.tesla
    return hertz / settings.bandwidth * settings.resolution


def noise_ratio(settings: Settings, thickness: float) -> float:
    """Return the signal of the brightest tissue over the noise of one channel.

    In equal time it grows with the field (Edelstein et al. 1986, Magn Reson Med 3:604) and with
    the volume of a voxel (Med Phys 1990, 17:250), and with 1/√bandwidth: a narrow band lets less
    thermal noise in.

    Args:
        settings: the protocol; its `signal_to_noise` holds for the usual field, pixel and band.
        thickness: of the slice, mm.
    """
    usual = Settings()
    volume = thickness / 3.0 * (settings.resolution / usual.resolution) ** 2
    band = np.sqrt(usual.bandwidth / settings.bandwidth)
    return float(settings.signal_to_noise * settings.tesla / usual.tesla * volume * band)


PRESETS: Mapping[str, Preset] = {
    f"{sequence.lower()}-{tesla}t": Preset(
        f"{sequence}, {tesla} T",
        {"sequence": sequence, "field": f"{tesla} T", "bandwidth": bandwidth}
        | dict.fromkeys(("repetition_time", "echo_time", "inversion_time")),
    )
    for tesla, bandwidth in (("1.5", 220.0), ("3", 440.0))
    for sequence in get_args(Sequence)
}
"""Sequence and field with the usual times; at 3 T the bandwidth doubles to hold fat's shift."""
