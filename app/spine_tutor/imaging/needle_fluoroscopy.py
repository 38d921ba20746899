"""The needle in fluoroscopy: what its steel and its hub take from each ray."""

from __future__ import annotations

from functools import lru_cache

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.needle import HUB_MM, PlacedNeedle
from spine_tutor.imaging.needle_pixels import along, around
from spine_tutor.imaging.xray import attenuation, basis, spectrum

HUB_WATER = 0.9
"""Parts of water in the plastic of the hub: polypropylene has a density of 0.9 g/cm³ (R)."""
RAYS = 3
"""Rays across a pixel each way: a shaft is hardly wider than a pixel."""
MOST_WATER, MOST_MINERAL, MOST_STEEL = 700.0, 280.0, 260.0
"""mm that the table of steel reaches to."""


def hub_water(needle: PlacedNeedle, geometry: ConeGeometry) -> NDArray[np.float32]:
    """Return the parts of water that the hub adds along each ray, (rows, columns) mm."""
    added = np.zeros(geometry.shape, np.float32)
    middle = needle.line[0] - np.linspace(0, HUB_MM[1], 12)[:, None] * needle.direction
    at = _near(middle, HUB_MM[0], geometry)
    ends = _detector(geometry, at.astype(float))
    added[tuple(at.T)] = HUB_WATER * needle.hub.lengths(geometry.source, ends)
    return added


def shade(
    signal: NDArray[np.float32],
    water: NDArray[np.float32],
    mineral: NDArray[np.float32],
    needle: PlacedNeedle,
    geometry: ConeGeometry,
    beam: tuple[float, float, float],
) -> None:
    """Take from a picture, in place, what the steel of a needle absorbs.

    Args:
        signal: (rows, columns) I/I₀ behind the body alone.
        water, mineral: (rows, columns) parts of both along each ray, mm.
        needle: where it lies.
        geometry: the projection.
        beam: kVp, mm aluminium and mm copper.
    """
    at = _near(needle.line, needle.radius, geometry)
    if not len(at):
        return
    step = (np.arange(RAYS) - 0.5 * (RAYS - 1)) / RAYS
    offsets = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
    ends = _detector(geometry, at[:, None, :] + offsets)
    steel = needle.steel.lengths(geometry.source, ends)
    met = steel.max(axis=1) > 0
    at, steel = at[met], steel[met]
    place = tuple(at.T)
    # the mean of what passes, not of the lengths: a pixel half covered is half dark
    through = np.exp(-absorbed(water[place][:, None], mineral[place][:, None], steel, beam))
    signal[place] *= through.mean(axis=1).astype(np.float32)


def shadow_mask(needle: PlacedNeedle, geometry: ConeGeometry) -> NDArray[np.bool_]:
    """Return the pixels whose ray meets the steel, (rows, columns)."""
    mask = np.zeros(geometry.shape, bool)
    at = _near(needle.line, needle.radius, geometry)
    if len(at):
        ends = _detector(geometry, at.astype(float))
        mask[tuple(at.T)] = needle.steel.lengths(geometry.source, ends) > 0
    return mask


def absorbed(
    water: NDArray, mineral: NDArray, steel: NDArray, beam: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Return −ln of what steel lets through behind water and mineral, for an integrating detector.

    Steel is a third function of energy beside the two of `xray`: its photons are what is left
    when the body has hardened the beam. Looked up in `_steel_table`, within 1 %.

    Args:
        water, mineral, steel: mm, broadcast against each other.
        beam: kVp, mm aluminium and mm copper.
    """
    water, mineral, steel = (
        np.array(a, float, order="C") for a in np.broadcast_arrays(water, mineral, steel)
    )
    found = np.empty(steel.shape)
    _look_up(
        _steel_table(*beam), water.reshape(-1), mineral.reshape(-1), steel.reshape(-1),
        found.reshape(-1),
    )  # fmt: skip
    return found


NODES = (36, 29, 64)
"""Nodes of the table; those of steel lie as squares do, since a beam hardens at the surface."""


@lru_cache(maxsize=16)
def _steel_table(kvp: float, aluminium: float, copper: float) -> NDArray[np.float64]:
    """Return −ln of the share that steel lets through, a mm of steel, over the three lengths."""
    beam = spectrum(kvp, aluminium, copper)
    seen = beam.signal > 1e-8
    energy, share = beam.energy[seen], beam.signal[seen]
    water = np.linspace(0, MOST_WATER, NODES[0])
    mineral = np.linspace(0, MOST_MINERAL, NODES[1])
    steel = MOST_STEEL * np.linspace(0, 1, NODES[2]) ** 2
    mu = basis(energy)
    body = np.exp(-water[:, None, None] * mu[0] - mineral[:, None] * mu[1]) * share
    metal = np.exp(-steel[:, None] * attenuation("steel", energy))
    passed = body @ metal.T
    table = -np.log(passed / body.sum(axis=-1, keepdims=True))
    table[..., 1:] /= steel[1:]
    table[..., 0] = (body @ attenuation("steel", energy)) / body.sum(axis=-1)
    return table


@nb.njit(cache=True)
def _look_up(table, water, mineral, steel, found):  # type: ignore[no-untyped-def]
    nw, nm, ns = table.shape
    for n in range(len(steel)):
        if steel[n] <= 0.0:
            found[n] = 0.0
            continue
        x = min(max(water[n] / MOST_WATER, 0.0) * (nw - 1), nw - 1.001)
        y = min(max(mineral[n] / MOST_MINERAL, 0.0) * (nm - 1), nm - 1.001)
        z = min(np.sqrt(steel[n] / MOST_STEEL) * (ns - 1), ns - 1.001)
        i, j, k = int(x), int(y), int(z)
        total = 0.0
        for a in range(2):
            for b in range(2):
                for c in range(2):
                    weight = abs(1 - a - x + i) * abs(1 - b - y + j) * abs(1 - c - z + k)
                    total += weight * table[i + a, j + b, k + c]
        found[n] = total * steel[n]


def _near(line: NDArray, radius: float, geometry: ConeGeometry) -> NDArray[np.intp]:
    """Return the pixels on which the shadow of a line this thick may fall, (n, 2) row, column."""
    normal = np.cross(geometry.right, geometry.down)
    away = line - geometry.source
    reach = ((geometry.origin - geometry.source) @ normal) / (away @ normal)
    offset = (geometry.source + reach[:, None] * away - geometry.origin) / geometry.spacing
    ends = np.stack([offset @ geometry.down, offset @ geometry.right], axis=1)
    wide = int(np.ceil(radius * float(reach.max()) / geometry.spacing)) + 1
    return around(along(ends, 0.5), wide, geometry.shape)


def _detector(geometry: ConeGeometry, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the world positions of places (..., 2) on the detector, (..., 3) mm."""
    return geometry.origin + geometry.spacing * (
        at[..., :1] * geometry.down + at[..., 1:] * geometry.right
    )
