"""The needle in ultrasound: a line of specular echoes, its shadow and its comet tail.

The needle is added to what came back along the scan lines before the beam blurs it, so that beam
width, slice thickness, pulse and everything above it in the body treat it as any reflector.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging.needle import NEEDLE, PlacedNeedle
from spine_tutor.imaging.us_interface import SOUND_SPEED
from spine_tutor.imaging.us_rays import Lines

REFLECTANCE = 0.93
"""(46 − 1.7) / (46 + 1.7): steel against soft tissue, by the tissue table's impedances."""
ANGLE_DB = 0.45
"""What the echo loses for each degree by which the shaft leans away from square to the beam, dB.
Visibility falls linearly with the angle of insertion, 0–65° (Schafhalter-Zoppoth 2004,
10.1016/j.rapm.2004.07.001); the slope is an estimate (E)."""
ACROSS = 0.6
"""Share of that loss which a needle across the slice is spared: the short piece of it that the
slice holds answers in more directions than a long one (E)."""
TIP = 3.0
"""Echo of the ground face and edges of the tip over the shaft's, which leans with the needle's
angle only half as much: cut steel scatters in many directions (E)."""
TIP_MM = 1.2
"""Length of the tip that scatters so (E)."""
RING_DB = -3.5
"""Each way across the shaft and back loses this much of the comet tail (E)."""
RING_SPEED = 5800.0
"""Speed of sound in steel, m/s (R, the tissue table's)."""
NEEDLE_LABEL = NEEDLE.label
ELEMENT_MM = 0.1
"""Length of the pieces that the needle is cut into."""


class Fan(NamedTuple):
    """How scan lines lie side by side, as the kernel reads it."""

    corner: NDArray[np.float64]  # (3,) where lines would meet, or the first of parallel ones
    right: NDArray[np.float64]  # (3,) across the lines
    down: NDArray[np.float64]  # (3,) along the middle one
    radius: float  # of the face, mm; 0 for parallel lines
    first: float  # of the first line: angle, radians, or place along `right`, mm
    pitch: float  # from line to line, in the same unit


def add_needle(
    needle: PlacedNeedle,
    lines: Lines,
    width: NDArray[np.float64],
    way: NDArray[np.float32],
    place: NDArray[np.float32],
    echoes: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    labels: NDArray[np.uint16],
    angle: bool,
    rings: bool,
) -> None:
    """Put a needle into what came back along the scan lines, in place.

    Args:
        needle: where it lies.
        lines: the scan lines.
        width: (samples,) standard deviation of the beam in the picture, mm.
        way: (lines, samples) amplitude left of the sound, there and back.
        place: (lines, samples) true distance from the face, mm.
        echoes: (lines, samples) real and imaginary speckle, and interfaces.
        labels: (lines, samples) structures.
        angle: whether the echo depends on the angle of the needle.
        rings: whether sound runs to and fro within the shaft.
    """
    fan = _fan(lines)
    way_on = np.diff(needle.line, axis=0)
    lengths = np.linalg.norm(way_on, axis=1)
    counts = np.maximum(1, np.ceil(lengths / ELEMENT_MM).astype(int))
    middles = [
        start + (np.arange(n)[:, None] + 0.5) / n * d
        for start, d, n in zip(needle.line[:-1], way_on, counts, strict=True)
    ]
    points = np.concatenate(middles)
    axes = np.repeat(way_on / lengths[:, None], counts, axis=0)
    sizes = np.repeat(lengths / counts, counts)
    from_tip = np.cumsum(sizes[::-1])[::-1]
    shade = np.ones(way.shape, np.float32)
    own = np.zeros(way.shape, np.float32)
    _splat(
        fan, points, axes, sizes, from_tip, needle.radius, lines.start, lines.direction,
        lines.elevation, lines.thickness, width, lines.step, way, place, own, shade, labels,
        angle, rings,
    )  # fmt: skip
    shadow = np.cumprod(shade, axis=1, dtype=np.float32)
    for field in echoes:
        field *= shadow
    echoes[2][...] += own


def _fan(lines: Lines) -> Fan:
    first, last = lines.direction[0], lines.direction[-1]
    opening = float(np.arccos(np.clip(first @ last, -1, 1)))
    down = (first + last) / np.linalg.norm(first + last)
    across = lines.start[-1] - lines.start[0]
    right = across / np.linalg.norm(across)
    count = len(lines.start)
    if opening < 1e-6:
        start = float(np.linalg.norm(across))
        return Fan(lines.start[0], right, down, 0.0, 0.0, start / (count - 1))
    radius = float(np.linalg.norm(across)) / (2.0 * np.sin(0.5 * opening))
    middle = lines.start[0] - radius * first
    return Fan(middle, right, down, radius, -0.5 * opening, opening / (count - 1))


@nb.njit(cache=True, nogil=True)
def _splat(  # type: ignore[no-untyped-def]
    fan, points, axes, sizes, from_tip, radius, start, direction, elevation, thickness, width,
    step, way, place, own, shade, labels, angle, rings,
):  # fmt: skip
    """Let every element of the needle answer on the lines beside it.

    Elements in the scan plane fill the lines they lie under; those across it add up to the echo
    of as much needle as the beam is wide. Out of the plane the thickness of the slice weighs them.
    """
    count, samples = way.shape
    root_pi = np.sqrt(2.0 * np.pi)
    ring = 2.0 * radius * SOUND_SPEED / RING_SPEED / step  # samples of a way across and back
    keep = 10.0 ** (RING_DB / 20.0)
    for e in range(len(points)):
        px, py = points[e, 0] - fan.corner[0], points[e, 1] - fan.corner[1]
        pz = points[e, 2] - fan.corner[2]
        x = px * fan.right[0] + py * fan.right[1] + pz * fan.right[2]
        y = px * fan.down[0] + py * fan.down[1] + pz * fan.down[2]
        out = px * elevation[0] + py * elevation[1] + pz * elevation[2]
        if fan.radius > 0.0:
            at = (np.arctan2(x, y) - fan.first) / fan.pitch
            depth = np.sqrt(x * x + y * y) - fan.radius
        else:
            at, depth = (x - fan.first) / fan.pitch, y
        line = int(np.floor(at))
        if not (0 <= line < count - 1) or depth <= 0.0:
            continue
        near = line if at - line < 0.5 else line + 1
        m = int(np.searchsorted(place[near], depth))
        if m >= samples - 1 or m < 1:
            continue
        sample = m - (place[near, m] - depth) / max(place[near, m] - place[near, m - 1], 1e-6)
        sigma = thickness[m]
        seen = np.exp(-0.5 * (out / sigma) ** 2)
        if seen < 1e-3:
            continue
        dx, dy, dz = direction[near, 0], direction[near, 1], direction[near, 2]
        ax, ay, az = axes[e, 0], axes[e, 1], axes[e, 2]
        beam = abs(ax * dx + ay * dy + az * dz)
        lean = np.rad2deg(np.arcsin(min(beam, 1.0))) if angle else 0.0
        up = ax * elevation[0] + ay * elevation[1] + az * elevation[2]
        side = np.sqrt(max(0.0, 1.0 - beam * beam - up * up))
        lean *= 1.0 - ACROSS * up * up / max(up * up + side * side, 1e-6)
        spacing = fan.pitch * (fan.radius + depth) if fan.radius > 0.0 else fan.pitch
        # what the shaft takes from the beam, across which it is thin, is what it sends back
        wide = np.sqrt((sigma * side) ** 2 + (width[m] * up) ** 2 + 1e-9)
        wide /= np.sqrt(side * side + up * up + 1e-9)
        taken = min(0.9, 2.0 * radius / (root_pi * wide))
        part = np.sqrt(side * side + (up * width[m] / sigma) ** 2) * sizes[e] / spacing
        if from_tip[e] < TIP_MM:
            lean *= 0.5
            part = max(part, TIP * part, sizes[e] / TIP_MM * root_pi * width[m] / spacing)
        echo = seen * REFLECTANCE * taken * 10.0 ** (-ANGLE_DB * lean / 20.0) * part
        for side_line in range(2):
            share = 1.0 - abs(line + side_line - at)
            n = line + side_line
            amplitude = echo * share * way[n, m]
            if amplitude <= 0.0:
                continue
            low = min(int(sample), samples - 2)
            own[n, low] += amplitude * (1.0 - sample + low)
            own[n, low + 1] += amplitude * (sample - low)
            if rings:
                # only what comes back square to the shaft goes to and fro in it
                again, far = amplitude * 10.0 ** (-ANGLE_DB * lean / 20.0), sample
                for _ in range(24):
                    again *= keep
                    far += ring
                    if far >= samples - 1:
                        break
                    k = int(far)
                    own[n, k] += again * (1.0 - far + k)
                    own[n, k + 1] += again * (far - k)
        lost = 1.0 - taken * seen * min(1.0, part)
        shade[near, min(m + 1, samples - 1)] *= lost
        if abs(out) < 0.5 * sigma and seen > 0.3:
            half = int(np.ceil(radius / step))
            for k in range(max(0, m - half), min(samples, m + half + 1)):
                labels[near, k] = NEEDLE_LABEL
