"""The probe: what kind it is, and where a hand has put it on the skin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.us_volumes import Volumes, first_body
from spine_tutor.problems import Problem, ProblemError

if TYPE_CHECKING:
    from spine_tutor.imaging.view import Place, UltrasoundView

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Transducer:
    """What a probe is made of. Sizes are typical of the kind and estimates (E), not one product's.

    Attributes:
        name: what a person reads.
        radius: of the convex face, mm; infinite for a flat one.
        width: of the face along its arc, mm.
        frequencies: lowest and highest, MHz; `frequency` is where it starts.
        aperture: the largest it listens with, mm.
        height: of the elements, which focuses the slice, mm; `slice_focus` at which depth, mm.
        lines: scan lines of a picture; `planes` of the slice that each is the mean of.
        pulse: length of the sent pulse at half amplitude, cycles.
    """

    name: str
    radius: float
    width: float
    frequencies: tuple[float, float]
    frequency: float
    aperture: float
    height: float
    slice_focus: float
    lines: int
    planes: int
    pulse: float = 1.8

    @property
    def half_angle(self) -> float:
        """Return half the opening of the fan, radians."""
        return 0.5 * self.width / self.radius

    @property
    def sagitta(self) -> float:
        """Return how far the middle of the face stands out before its ends, mm."""
        return self.radius * (1.0 - np.cos(self.half_angle)) if np.isfinite(self.radius) else 0.0


TRANSDUCERS = {
    "curved": Transducer("curved 2–5 MHz", 60.0, 62.0, (2.0, 5.0), 3.5, 20.0, 13.0, 60.0, 192, 7),
    "linear": Transducer(
        "linear 6–13 MHz", np.inf, 44.0, (6.0, 13.0), 10.0, 18.0, 5.0, 22.0, 256, 5
    ),
}

REACH = 25.0
"""mm a line looks for skin before and behind the face; beyond that there is air, not gel."""
BESIDE = 75.0
"""mm from a transverse process outwards, within which the skin of the neck is looked for."""
LEAN = 0.1
"""Sine of how far a probe on the side of the neck leans to the skin's slope from the plane of its
level, whose tubercles it is to show; twice, since the skin is sought twice."""
HOLLOW = 60.0
"""mm forwards, within which the skin lies before a place behind the hollow of the back."""
OBLIQUE_LIMIT = 25.0
"""Degrees: how far the paramedian oblique placement leans at most to aim at the canal."""
CANAL = 28.0
"""mm from the middle of a lumbar body back to the middle of its canal. E: half of a body 34 mm
deep and half of a canal 18 mm deep, of the atlas' morphometry."""


@dataclass(frozen=True, eq=False)
class Probe:
    """A transducer on the skin.

    Attributes:
        transducer: its kind.
        face: (3,) world position of the middle of the face, mm.
        down: (3,) unit vector into the body; `right`: along the face, towards the right of the
            picture; both lie in the scan plane.
        depth: of the picture, mm.
        pixels: rows and columns of the picture.
    """

    transducer: Transducer
    face: Vector
    down: Vector
    right: Vector
    depth: float
    pixels: int

    @property
    def elevation(self) -> Vector:
        """Return the unit vector across the scan plane, towards who looks at the picture."""
        return np.cross(self.down, self.right)

    @property
    def geometry(self) -> PlaneGeometry:
        """Return where the picture lies: the face at its top, the depth of it tall."""
        side = self.depth + self.transducer.sagitta
        middle = self.face + (0.5 * side - self.transducer.sagitta) * self.down
        return PlaneGeometry.centered(middle, self.down, self.right, side, self.pixels)

    def lines(self, count: int) -> tuple[Vector, Vector]:
        """Return start on the face and direction of `count` scan lines, (count, 3) each."""
        t = self.transducer
        if np.isfinite(t.radius):
            angle = np.linspace(-t.half_angle, t.half_angle, count)[:, None]
            direction = np.cos(angle) * self.down + np.sin(angle) * self.right
            return self.face + t.radius * (direction - self.down), direction
        at = np.linspace(-0.5, 0.5, count)[:, None] * t.width
        return self.face + at * self.right, np.repeat(self.down[None], count, axis=0)

    def line_spacing(self, count: int, depth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance between neighbouring lines at each depth, mm."""
        return self.transducer.width / (count - 1) * (1.0 + depth / self.transducer.radius)

    def locate(self, count: int, step: float) -> tuple[NDArray, NDArray, NDArray[np.bool_]]:
        """Return the line and sample of every pixel, and whether it lies in the fan.

        Args:
            count: number of scan lines.
            step: depth of a sample, mm.

        Returns:
            (rows, columns) float32 line, float32 sample, bool inside.
        """
        t = self.transducer
        side = self.depth + t.sagitta
        at = (np.arange(self.pixels) + 0.5) * side / self.pixels
        down, across = (at - t.sagitta)[:, None], (at - 0.5 * side)[None, :]
        if np.isfinite(t.radius):
            line = np.arctan2(across, down + t.radius) / (2 * t.half_angle) + 0.5
            depth = np.hypot(across, down + t.radius) - t.radius
        else:
            line = np.broadcast_to(across / t.width + 0.5, (self.pixels, self.pixels))
            depth = np.broadcast_to(down, (self.pixels, self.pixels))
        inside = (line >= 0) & (line <= 1) & (depth >= 0) & (depth < self.depth)
        return (
            (line * (count - 1)).astype(np.float32),
            (depth / step).astype(np.float32),
            inside,
        )

    def skin(self, volumes: Volumes, count: int) -> NDArray[np.float64]:
        """Return how far from the face the resting skin lies on each line, mm; NaN off the skin."""
        start, direction = self.lines(count)
        found = first_body(volumes, start - REACH * direction, direction, 2 * REACH) - REACH
        found[found <= -REACH] = np.nan  # the face is buried: no skin to lie on
        return found


def place(subject: Subject, view: UltrasoundView) -> Probe:
    """Return the probe where a view puts it: on the skin of the back, square to it, then moved.

    Raises:
        ProblemError: if the subject has no such level, or the probe finds no skin there.
        KeyError: if the view's `center` is no place of the subject.
    """
    if view.level not in subject.frames:
        known = ", ".join(subject.frames) or "none"
        raise ProblemError(
            Problem(
                subject.id, f"`{view.level}` is no level of this subject.",
                f"Choose one of: {known}.", key="level",
            )
        )  # fmt: skip
    volumes = Volumes.of(subject.grids)
    frame = np.asarray(subject.frames[view.level])
    x, _, z = np.eye(3)  # the back lies along the body, however a vertebra in it is tilted
    if view.probe == "lateral-transverse":
        z = frame[:3, 2]  # the neck's own axis
        x = -frame[:3, 1]  # along the face, from the front of the neck to its back
    if view.center is not None:
        target = _in_body(subject, volumes, view.center)
    elif view.probe == "lateral-transverse":
        target = _beside_the_neck(subject, view)
    else:
        target = _under_the_back(subject, view)
    canal = frame[:3, 3] - CANAL * frame[:3, 1]
    aside = np.zeros(3)
    if view.probe.startswith("paramedian"):
        aside = view.lateral * (x if view.side == "right" else -x)
    target = target + aside + view.along * z + view.across * x

    sagittal = not view.probe.endswith("transverse")
    axis = -z if sagittal else x
    inward = np.cross(z, x)
    if view.probe == "lateral-transverse":
        inward = -frame[:3, 0] if view.side == "right" else frame[:3, 0]
    down, contact = _land(subject, volumes, target, inward, z, view)
    right = _unit(axis - (axis @ down) * down)
    if view.probe == "paramedian-sagittal-oblique":
        # lean about the length of the probe until the plane meets the middle of the canal
        across = np.cross(right, down)
        way = canal - contact
        lean = np.arctan2(way @ across, way @ down)
        limit = np.deg2rad(OBLIQUE_LIMIT)
        down = _turn(down, np.cross(down, across), float(np.clip(lean, -limit, limit)))
    right = _turn(right, down, np.deg2rad(view.rotate))
    down = _turn(down, right, np.deg2rad(view.tilt))
    normal = np.cross(down, right)
    rock = np.deg2rad(view.rock)
    down, right = _turn(down, normal, rock), _turn(right, normal, rock)
    transducer = TRANSDUCERS[view.transducer]
    # a light touch with plenty of gel: no tissue is moved, so that labels, cross-hair and a
    # straight needle lie in the picture where they lie in the resting body of the other modalities
    return Probe(transducer, contact, down, right, view.depth, view.pixels)


def _in_body(subject: Subject, volumes: Volumes, center: Place) -> Vector:
    """Return a place; of a structure whose middle lies behind the hollow of the back, its skin."""
    target = np.asarray(subject.point(center), float)
    if isinstance(center, str) and subject.sample(target)[0] == 0:
        inward = np.array([0.0, 1.0, 0.0])
        found = float(first_body(volumes, target[None], inward[None], HOLLOW)[0])
        if np.isfinite(found):
            return target + (found + 1.0) * inward
    return target


def _under_the_back(subject: Subject, view: UltrasoundView) -> Vector:
    """Return the place whose skin a hand looks for: the middle of the level's vertebral arch.

    The arch, not the body: a body that is tilted by lordosis faces the skin a level further up.
    """
    frame = np.asarray(subject.frames[view.level])
    sides = [f"{view.level}_lamina_{side}" for side in ("left", "right")]
    if all(lamina in subject.centers for lamina in sides):
        middle = np.mean([subject.centers[lamina] for lamina in sides], axis=0)
        return middle - ((middle - frame[:3, 3]) @ frame[:3, 0]) * frame[:3, 0]
    return frame[:3, 3] - CANAL * frame[:3, 1]


def _beside_the_neck(subject: Subject, view: UltrasoundView) -> Vector:
    """Return the place whose skin a hand looks for on the side: the tip of a transverse process."""
    for part in ("posterior_tubercle", "transverse_process"):
        if (name := f"{view.level}_{part}_{view.side}") in subject.centers:
            return np.asarray(subject.centers[name])
    return np.asarray(subject.frames[view.level])[:3, 3]


def _land(
    subject: Subject,
    volumes: Volumes,
    target: Vector,
    inward: Vector,
    z: Vector,
    view: UltrasoundView,
) -> tuple[Vector, Vector]:
    """Return the direction into the body, square to the skin, and where the probe touches it.

    The skin over the target is found from outside; a plane through it, as wide as the probe,
    gives the direction, along which the skin is found once more.
    """
    if view.probe == "lateral-transverse":
        reach = BESIDE
    else:
        reach = float(target[1] - subject.bounds[0][1]) + 20.0  # from behind the back
    down, x = inward, np.cross(inward, z)
    spread = 0.4 * TRANSDUCERS[view.transducer].width
    u, w = (a.ravel() for a in np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1, 1, 7)))
    for _ in range(2):
        across = _unit(x - (x @ down) * down)
        along = np.cross(across, down)
        start = target - reach * down + spread * (u[:, None] * across + w[:, None] * along)
        skin = first_body(volumes, start, np.repeat(down[None], len(start), axis=0), reach)
        middle = skin[len(skin) // 2]
        near = (
            np.isfinite(skin) & (np.abs(skin - np.nanmedian(skin)) < 2 * spread)
            if np.isfinite(skin).any()
            else np.zeros(len(skin), bool)
        )
        if not np.isfinite(middle) or near.sum() < 10 or middle > reach - 0.5:
            raise no_skin(subject, view)
        contact = start[len(skin) // 2] + middle * down
        design = np.stack([u[near] * spread, w[near] * spread, np.ones(near.sum())], axis=1)
        slope = np.linalg.lstsq(design, skin[near], rcond=None)[0][:2]
        if view.probe == "lateral-transverse":
            slope[1] = np.clip(slope[1], -LEAN, LEAN)
        down = _unit(down - slope[0] * across - slope[1] * along)
    if view.probe == "lateral-transverse":  # so near the bone, the plane must meet it
        skin = first_body(volumes, (target - reach * down)[None], down[None], reach)
        if not np.isfinite(skin[0]):
            raise no_skin(subject, view)
        contact = target - reach * down + float(skin[0]) * down
    return down, contact


def no_skin(subject: Subject, view: UltrasoundView) -> ProblemError:
    """Return the error of a probe that touches no skin."""
    return ProblemError(
        Problem(
            subject.id,
            f"the probe ({view.probe}, {view.level}, along {view.along:g} mm, across "
            f"{view.across:g} mm, tilt {view.tilt:g}°, rock {view.rock:g}°) lies off the skin.",
            "Move it back over the body: smaller `along`, `across`, `lateral`, `tilt` or `rock`.",
            key="view",
        )
    )


def _unit(vector: Vector) -> Vector:
    return vector / np.linalg.norm(vector)


def _turn(vector: Vector, axis: Vector, angle: float) -> Vector:
    """Return a vector turned about a unit axis by the right hand, radians."""
    return (
        vector * np.cos(angle)
        + np.cross(axis, vector) * np.sin(angle)
        + axis * (axis @ vector) * (1 - np.cos(angle))
    )
