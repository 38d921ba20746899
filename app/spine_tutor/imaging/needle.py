"""The needle: which kinds there are, how one is aimed, where it then lies, what it crosses.

A needle is a solid: a steel shaft with a ground bevel (or the bent end of a Tuohy needle) and a
plastic hub. It is described as convex pieces, cylinders that planes cut, so that the length of
any straight line in it has a closed form. Every modality starts from that: X-rays from the
length along a ray, slices from the length through the slice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spine_tutor.anatomy import Structure, Subject
from spine_tutor.imaging.needle_solid import Solid, cylinder, half_space
from spine_tutor.imaging.raytrace import crossings as label_crossings
from spine_tutor.imaging.us_volumes import Volumes, first_body
from spine_tutor.imaging.view import Place
from spine_tutor.problems import Problem, ProblemError, refused

Vector = NDArray[np.float64]

NEEDLE = Structure("needle", 65_001, "Needle", "device", "steel", "#f4f7fb")
"""What the needle is called; its label stands beyond those that a subject uses."""


@dataclass(frozen=True)
class Make:
    """What a kind of needle is made like.

    Attributes:
        name: what a person reads.
        diameter: of the shaft, mm: the designated metric size of ISO 9626 for the gauge (R; the
            nominal gauge sizes are 0.718, 0.514 and 1.270 mm).
        bevel: angle between the ground face and the end of the shaft, degrees (E).
        bend: how far the end of a Tuohy needle is bent, degrees: 15–30 are built; over `arc` mm
            of its length (E).
    """

    name: str
    diameter: float
    bevel: float
    bend: float = 0.0
    arc: float = 0.0


MAKES: Mapping[str, Make] = {
    "22G": Make("22 G spinal (Quincke)", 0.7, 22.0),
    "25G": Make("25 G spinal (Quincke)", 0.5, 22.0),
    "tuohy": Make("18 G Tuohy", 1.2, 32.0, bend=20.0, arc=4.0),
}
LENGTHS = (90.0, 120.0, 150.0, 200.0, 250.0)
"""Shafts on the shelf, mm (E: 90 mm is the usual spinal needle, longer ones are sold)."""
SPARE_MM = 5.0
"""The shortest shaft is taken that leaves this much outside the skin at the target (E)."""
HUB_MM = (3.0, 20.0)
"""Radius and length of the hub (E)."""
BEND_PIECES = 4
REACH_MM = 400.0
"""How far a line is followed out of the body."""


class Needle(BaseModel):
    """A needle as it is asked for: its kind, its target, and the way there.

    The way is either through an `entry` on the skin, or at the angles of a C-arm: a needle at
    the `oblique` and `tilt` of a prone fluoroscopy is seen end on, as a dot.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["22G", "25G", "tuohy"] = Field("22G", description="Gauge and tip.")
    tip: Place = Field(description="Where the tip is aimed at.")
    entry: Place | None = Field(None, description="Where it goes through the skin.")
    oblique: float = Field(
        0.0, ge=-90, le=90, description="Angle of the way, degrees, as a C-arm's; not with `entry`."
    )
    tilt: float = Field(
        0.0, ge=-60, le=60, description="Cranial (+) lean of the hub, degrees; not with `entry`."
    )
    advance: float = Field(
        0.0, ge=-250, le=60, description="Pushed on (+) or drawn back (−) along its way, mm."
    )
    bevel: float = Field(
        0.0, ge=-180, le=180, description="Bevel turned about the shaft, degrees; 0 faces cranial."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Needle:
        if self.entry is not None and (self.oblique or self.tilt):
            raise ValueError("give the way as `entry` or as `oblique` and `tilt`, not as both")
        if self.entry is not None and self.entry == self.tip:
            raise ValueError(f"tip and entry are the same place, {self.tip}; move one of them")
        return self

    def placed(self, subject: Subject) -> PlacedNeedle:
        """Return where this needle lies in a subject.

        Raises:
            ProblemError: if its place is unknown, outside the body, or farther than a needle.
        """
        return _placed(subject.content_hash, self, _Held(subject))


@dataclass(frozen=True, eq=False)
class PlacedNeedle:
    """A needle in a body.

    Attributes:
        make: its kind.
        tip: (3,) world position of its point, mm; `entry` where it goes through the skin.
        direction: (3,) unit vector along the shaft, inwards; `bevel`: across it, the way the
            opening faces.
        depth: mm from the skin to the tip.
        length: of the shaft, mm.
        line: (n, 3) the middle of the needle from the hub to the tip, mm.
        steel, hub: the solids.
    """

    make: Make
    tip: Vector
    entry: Vector
    direction: Vector
    bevel: Vector
    depth: float
    length: float
    line: Vector
    steel: Solid
    hub: Solid

    @property
    def radius(self) -> float:
        """Return half the diameter of the shaft, mm."""
        return 0.5 * self.make.diameter


@dataclass(frozen=True)
class Passage:
    """A structure that a needle goes through.

    Attributes:
        structure: what is crossed.
        enter, leave: distance from the skin along the needle, mm.
    """

    structure: Structure
    enter: float
    leave: float

    @property
    def length(self) -> float:
        """Return how much of the needle lies in it, mm."""
        return self.leave - self.enter


def passages(subject: Subject, needle: Needle) -> tuple[Passage, ...]:
    """Return what a needle crosses from the skin to its tip, in order.

    A structure that is crossed twice is listed twice. Labels are walked exactly, voxel by voxel,
    along the middle of a straight needle; the bent end of a Tuohy is taken as straight.

    Raises:
        ProblemError: as `Needle.placed`.
    """
    placed = needle.placed(subject)
    start = placed.tip - (placed.depth + 1.0) * placed.direction
    found = []
    for label, begin, length in label_crossings(subject.grids, start, placed.tip):
        structure = subject.structures.by_label(label)
        if structure is not None:
            enter = max(0.0, begin - 1.0)
            found.append(Passage(structure, enter, begin - 1.0 + length))
    return tuple(found)


def parse_needle(fields: Mapping[str, Any]) -> Needle:
    """Return the needle that plain data describe; a place may be the text ``x,y,z``.

    Raises:
        ProblemError: naming every field that is wrong.
    """
    try:
        return Needle.model_validate(fields)
    except ValidationError as error:
        remedy = "Places are names of the subject or `x,y,z` in mm."
        raise refused("needle", error, remedy) from error


# -- where it lies --------------------------------------------------------------------------------


class _Held:
    """A subject that a cache neither looks at nor compares: its hash stands beside it."""

    def __init__(self, subject: Subject):
        self.subject = subject

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _placed(content_hash: str, needle: Needle, held: _Held) -> PlacedNeedle:
    subject = held.subject
    target = _point(subject, needle.tip, "tip")
    if needle.entry is None:
        inward = -_outward(needle.oblique, needle.tilt)
    else:
        way = target - _point(subject, needle.entry, "entry")
        distance = float(np.linalg.norm(way))
        if distance < 1.0:
            raise _problem("entry", f"lies {distance:.1f} mm from the tip.", "Move one of them.")
        inward = way / distance
    if subject.sample(target)[0] == 0:
        raise _problem(
            "tip", f"{_rounded(target)} lies outside the body.", "Aim at a place inside it."
        )
    depth = _to_skin(subject, target, inward)
    if depth > LENGTHS[-1]:
        raise _problem(
            "entry",
            f"the way to the tip is {depth:.0f} mm long; no needle is longer than "
            f"{LENGTHS[-1]:g} mm.",
            "Choose a nearer entry or another angle.",
        )
    tip = target + needle.advance * inward
    if depth + needle.advance < 0 or subject.sample(tip)[0] == 0:
        raise _problem(
            "advance",
            f"{needle.advance:g} mm puts the tip outside the body; the skin is {depth:.0f} mm "
            "from the target.",
            f"Stay above {-depth:.0f} mm and within the body.",
        )
    wanted = max(depth + SPARE_MM, depth + needle.advance)
    length = next((one for one in LENGTHS if one >= wanted), LENGTHS[-1])
    return _build(MAKES[needle.kind], tip, inward, needle.bevel, depth + needle.advance, length)


def _outward(oblique: float, tilt: float) -> Vector:
    """Return the direction from a target to the detector of a prone fluoroscopy at these angles."""
    a, t = np.deg2rad(oblique), np.deg2rad(tilt)
    return np.array([np.sin(a) * np.cos(t), -np.cos(a) * np.cos(t), np.sin(t)])


def angles(inward: Vector) -> tuple[float, float]:
    """Return the `oblique` and `tilt` of a needle that runs along a unit vector, degrees."""
    x, y, z = -inward
    return float(np.rad2deg(np.arctan2(x, -y))), float(np.rad2deg(np.arcsin(np.clip(z, -1, 1))))


def _to_skin(subject: Subject, target: Vector, inward: Vector) -> float:
    """Return how far the skin lies behind a target along a needle, mm: its last way into the body.

    Raises:
        ProblemError: if the line leaves the subject's volume before it leaves the body.
    """
    volumes = Volumes.of(subject.grids)
    start = target - REACH_MM * inward
    found = float(first_body(volumes, start[None], inward[None], REACH_MM)[0])
    if not np.isfinite(found):
        raise _problem("tip", "has no skin before it.", "Aim at a place inside the body.")
    low, high = subject.bounds
    skin = start + found * inward
    border = np.minimum(np.abs(skin - low), np.abs(skin - high))[2]
    if border < 1.0:
        raise _problem(
            "tilt" , "the needle would come in through the end of the subject, where no skin is.",
            "Choose an angle or entry nearer to the target's own level.",
        )  # fmt: skip
    return REACH_MM - found


def _build(
    make: Make, tip: Vector, inward: Vector, turn: float, depth: float, length: float
) -> PlacedNeedle:
    """Return a needle whose point is at the tip, on the wall that the bevel leaves standing."""
    across = np.array([0.0, 0.0, 1.0]) - inward[2] * inward
    if np.linalg.norm(across) < 0.1:  # along the body: turn from the right instead
        across = np.array([1.0, 0.0, 0.0]) - inward[0] * inward
    across /= np.linalg.norm(across)
    angle = np.deg2rad(turn)
    bevel = np.cos(angle) * across + np.sin(angle) * np.cross(inward, across)
    radius = 0.5 * make.diameter

    # the middle line, from the end backwards: bent towards the opening, then straight
    bends = np.deg2rad(make.bend) * (1 - np.arange(BEND_PIECES) / BEND_PIECES)
    ends = [tip + radius * _turned(bevel, -inward, np.deg2rad(make.bend))]
    if make.bend:
        for bend in bends - 0.5 * (bends[0] - bends[1]):
            ends.append(ends[-1] - make.arc / BEND_PIECES * _turned(inward, bevel, bend))
    hub = ends[-1] - (length - make.arc) * inward
    line = np.array([hub, *ends[::-1]])

    ways = np.diff(line, axis=0)
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    last, side = ways[-1], _turned(bevel, -inward, np.deg2rad(make.bend))
    grind = np.deg2rad(make.bevel)
    faces = [half_space(hub, -inward)]  # each joint is mitred, so that nothing counts twice
    faces += [half_space(at, a + b) for at, a, b in zip(line[1:-1], ways, ways[1:], strict=False)]
    faces.append(half_space(tip, np.sin(grind) * last + np.cos(grind) * side))
    steel = Solid.of(
        [
            cylinder(line[n], ways[n], radius, [-faces[n] if n else faces[n], faces[n + 1]])
            for n in range(len(ways))
        ]
    )
    around, tall = HUB_MM
    ends_of_hub = [half_space(hub - 0.5 * tall * inward, -inward), half_space(hub, inward)]
    return PlacedNeedle(
        make=make,
        tip=tip,
        entry=tip - depth * inward,
        direction=inward,
        bevel=bevel,
        depth=depth,
        length=length,
        line=line,
        steel=steel,
        hub=Solid.of([cylinder(hub, inward, around, ends_of_hub)]),
    )


def _turned(vector: Vector, towards: Vector, angle: float) -> Vector:
    return np.cos(angle) * vector + np.sin(angle) * towards


def _point(subject: Subject, place: Place, key: str) -> Vector:
    try:
        return subject.point(place)
    except KeyError as error:
        raise _problem(key, str(error.args[0]), "") from error


def _rounded(point: Vector) -> str:
    return "(" + ", ".join(f"{value:.0f}" for value in point) + ")"


def _problem(key: str, message: str, remedy: str) -> ProblemError:
    return ProblemError(Problem("needle", message, remedy, key=key))
