"""Where each vertebra lies: sizes from the table, stacked with their discs upon S1, C1 on top.

A vertebra's own frame has its origin in the middle of the body, x right, y anterior and z
cranial. Its endplates lie at ±height/2, tilted against each other by the wedge of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import atan2, cos, degrees, radians, sin, tan

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.morphometry import Morphometry, morphometry
from spine_tutor.anatomy.region import COLUMN, LUMBAR, Region, Segment, segments_of_column
from spine_tutor.problems import Problem, ProblemError

BREADTH = {"female": 0.97, "pooled": 1.0, "male": 1.03}
"""Breadth and depth of bones at equal height, by sex (estimate)."""

NARROWED = 0.75
"""Share of the height between the rims that a disc with `disc_narrowing` 1 has lost (estimate)."""
MOST_LEAN = 45.0
"""How far L1 may lean from upright in a person who lies prone, degrees (estimate)."""
LEAST_DISC = 0.3
"""Least height of a disc at its lowest rim, mm (estimate)."""
ROOM = {"cord": 7.5, "cauda equina": 4.0}
"""Least depth of canal that a case leaves the nerves, mm (estimate: the cord is 6 to 7 deep)."""
ATLAS_ON_AXIS = (0.0, -5.2, 15.4)
"""From the middle of the body of C2 to that of the ring of C1, mm (estimate: 2 mm of joint
space and of room before the dens)."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class BodySize:
    """Size of one vertebral body and of its canal, mm."""

    width_upper: float
    width_lower: float
    depth_upper: float
    depth_lower: float
    height_anterior: float
    height_posterior: float
    canal_width: float
    canal_depth: float

    @property
    def height(self) -> float:
        """Return the height in the middle of the body, mm."""
        return 0.5 * (self.height_anterior + self.height_posterior)

    @property
    def depth(self) -> float:
        """Return the mean depth of the endplates, mm."""
        return 0.5 * (self.depth_upper + self.depth_lower)

    @property
    def wedge(self) -> float:
        """Return the angle between the endplates, degrees, positive if higher in front."""
        return degrees(atan2(self.height_anterior - self.height_posterior, self.depth))


@dataclass(frozen=True)
class DiscSize:
    """Size of one disc.

    Attributes:
        height: in the middle, from endplate to endplate, mm.
        rim: between the planes of the rims, mm: endplates are hollow.
        wedge: degrees, positive if open in front.
    """

    height: float
    rim: float
    wedge: float


@dataclass(frozen=True, eq=False)
class Column:
    """The posed column of one case, all of it, and which stretch of it is wanted.

    Attributes:
        bodies: sizes by level, ``c1`` to ``l5`` and ``s1``.
        discs: sizes by segment, such as ``l4_l5``.
        frames: vertebra_to_world (4×4) by level.
        region: the stretch that is built.
    """

    bodies: Mapping[str, BodySize]
    discs: Mapping[str, DiscSize]
    frames: Mapping[str, Matrix]
    region: Region

    @property
    def levels(self) -> tuple[str, ...]:
        """Return the region's vertebrae from above, ``s1`` among them where it belongs to it."""
        return (*self.region.levels, *(("s1",) if self.region.pelvis else ()))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the region's pairs of neighbours from above."""
        return self.region.segments

    @property
    def sacral_scale(self) -> float:
        """Return the size of the sacrum, 1 for the pooled adult."""
        return self.bodies["s1"].width_upper / morphometry().value("endplate_width_upper", "s1")

    def endplate(self, level: str, side: str) -> Matrix:
        """Return endplate_to_world (4×4) of the ``upper`` or ``lower`` endplate of a level.

        The origin is the endplate's centre; x right, y anterior along it, z cranial off it.
        """
        body = self.bodies[level]
        sign = {"upper": 1.0, "lower": -1.0}[side]
        # In front the upper endplate rises and the lower falls by half of the wedge.
        return (
            self.frames[level] @ _shift(0.5 * sign * body.height) @ _tilt(-0.5 * sign * body.wedge)
        )

    def disc_frame(self, segment: str) -> Matrix:
        """Return disc_to_world (4×4): origin in the middle of the disc, z cranial."""
        upper, lower = segment.split("_")
        above, below = self.endplate(upper, "lower"), self.endplate(lower, "upper")
        frame = below @ _tilt(-0.5 * self.discs[segment].wedge)
        frame[:3, 3] = 0.5 * (above[:3, 3] + below[:3, 3])
        return frame


def _shift(z: float, y: float = 0.0) -> Matrix:
    matrix = np.eye(4)
    matrix[1:3, 3] = y, z
    return matrix


def _tilt(angle: float) -> Matrix:
    """Return the turn about x that leans the cranial axis forward by `angle` degrees."""
    c, s = cos(radians(angle)), sin(radians(angle))
    return np.array([[1, 0, 0, 0], [0, c, s, 0], [0, -s, c, 0], [0, 0, 0, 1]], float)


def build_column(case: Case, region: Region = LUMBAR, table: Morphometry | None = None) -> Column:
    """Stack the vertebrae of a case upon the endplate of S1, which is the world's origin.

    Raises:
        ProblemError: if the case bends a disc so far that its endplates would meet, leaves the
            nerves no canal, or leans the trunk over.
    """
    _refuse_leaning(case)
    table = table or morphometry()
    scale = case.height_scale
    bodies = {level: _body_size(table, level, case) for level in (*COLUMN, "s1")}
    wedges = _disc_wedges(table, bodies, case)
    discs = {}
    for upper, lower in segments_of_column()[1:]:
        segment = f"{upper}_{lower}"
        left_over = 1.0 - NARROWED * case.disc_narrowing.get(segment, 0.0)
        hollow = table.value("endplate_hollow_lower", upper) + table.value(
            "endplate_hollow_upper", lower
        )
        rim = left_over * (table.value("disc_height", segment) - hollow)
        discs[segment] = DiscSize(scale * (rim + hollow), scale * rim, left_over * wedges[segment])
        _refuse_meeting_endplates(case, segment, discs[segment], bodies[lower])
        _refuse_closed_canal(case, upper, lower, bodies)

    below = _tilt(case.sacral_slope)  # the upper endplate met so far, going up
    s1 = bodies["s1"]
    frames = {"s1": below @ _tilt(0.5 * s1.wedge) @ _shift(-0.5 * s1.height)}
    for upper, lower in reversed(segments_of_column()[1:]):
        body, disc = bodies[upper], discs[f"{upper}_{lower}"]
        half = _tilt(-0.5 * disc.wedge)
        slid = case.slip.get(f"{upper}_{lower}", 0.0) * bodies[lower].depth_upper
        plate = below @ half @ _shift(disc.rim, slid) @ half
        half = _tilt(-0.5 * body.wedge)
        frames[upper] = plate @ half @ _shift(0.5 * body.height)
        below = frames[upper] @ _shift(0.5 * body.height) @ half
    atlas = np.eye(4)
    atlas[:3, 3] = scale * np.array(ATLAS_ON_AXIS)
    frames["c1"] = frames["c2"] @ atlas
    return Column(bodies, discs, frames, region)


def _refuse_leaning(case: Case) -> None:
    """Refuse a lordosis that does not bring the trunk up again from its sacrum, or too far."""
    lean = case.sacral_slope - case.lordosis
    if abs(lean) > MOST_LEAN:
        way = "forwards" if lean > 0 else "backwards"
        raise ProblemError(
            Problem(
                f"case {case.id}",
                f"L1 would lean {abs(lean):.0f}° {way}: the sacrum slopes by "
                f"{case.sacral_slope:g}° and the lordosis is {case.lordosis:g}°. At most "
                f"{MOST_LEAN:g}° is possible.",
                "Bring lordosis and sacral_slope nearer to each other.",
                key="sacral_slope",
            )
        )


def _refuse_meeting_endplates(case: Case, segment: str, disc: DiscSize, below: BodySize) -> None:
    """Refuse a disc whose wedge leaves nothing between the rims of its endplates."""
    least = disc.rim - 0.5 * below.depth_upper * abs(tan(radians(disc.wedge)))
    if least < LEAST_DISC:
        upper, lower = (level.upper() for level in segment.split("_"))
        raise ProblemError(
            Problem(
                f"case {case.id}",
                f"the {upper}–{lower} disc would be {max(least, 0):.1f} mm high at its lowest rim, "
                f"so its endplates would meet: it is {disc.height:.1f} mm high in the middle and "
                f"bent by {abs(disc.wedge):.0f}°.",
                "Bend that stretch of the column less (lordosis, kyphosis, cervical_lordosis) or "
                "narrow the disc less.",
                key="disc_narrowing",
            )
        )


def _refuse_closed_canal(
    case: Case, upper: str, lower: str, bodies: Mapping[str, BodySize]
) -> None:
    """Refuse a slip or a herniation that leaves the nerves of the canal no room."""
    segment = f"{upper}_{lower}"
    deep = min(bodies[upper].canal_depth, bodies[lower].canal_depth)
    # The arch slips with its body; without lamina it presses on nothing.
    slipped = 0.0 if upper in case.laminectomy else abs(case.slip.get(segment, 0.0))
    out = sum(one.size for one in case.herniations if one.segment == segment)
    left = deep - slipped * bodies[lower].depth_upper - out
    nerves = "cord" if COLUMN.index(upper) < COLUMN.index("l1") else "cauda equina"
    if left < ROOM[nerves] and (slipped or out):
        raise ProblemError(
            Problem(
                f"case {case.id}",
                f"the canal at {upper.upper()}–{lower.upper()} would be {max(left, 0):.1f} mm "
                f"deep: it is {deep:.1f} mm, and slip and herniation take the rest. The {nerves} "
                f"needs {ROOM[nerves]:g} mm.",
                "Let the vertebra slip less, make the herniation smaller, or take the lamina of "
                f"{upper.upper()} away (laminectomy).",
                key="slip" if slipped else "herniations",
            )
        )


def _body_size(table: Morphometry, level: str, case: Case) -> BodySize:
    scale = case.height_scale
    across = scale * BREADTH[case.sex]

    def mm(name: str, factor: float) -> float:
        if level == "c1" and not name.startswith("canal"):
            return 0.0  # the atlas has no body
        return factor * table.value(name, level)

    lower = "upper" if level == "s1" else "lower"  # S1 has no free lower endplate
    upper = "lower" if level == "c2" else "upper"  # nor C2 an upper one: the dens stands there
    return BodySize(
        width_upper=mm(f"endplate_width_{upper}", across),
        width_lower=mm(f"endplate_width_{lower}", across),
        depth_upper=mm(f"endplate_depth_{upper}", across),
        depth_lower=mm(f"endplate_depth_{lower}", across),
        height_anterior=mm("body_height_anterior", scale),
        height_posterior=mm("body_height_posterior", scale),
        canal_width=mm("canal_width", scale),
        canal_depth=mm("canal_depth", scale),
    )


def _disc_wedges(
    table: Morphometry, bodies: Mapping[str, BodySize], case: Case
) -> dict[str, float]:
    """Share among the discs what the bodies leave of each curve, degrees by segment.

    The junctions, C7–T1 and T12–L1, and the discs above T4 are straight.
    """
    found = dict.fromkeys(("c7_t1", "t1_t2", "t2_t3", "t3_t4", "t12_l1"), 0.0)
    for curve, angle, (first, last) in (
        ("c", case.cervical_lordosis, ("c3", "c7")),
        ("t", -case.kyphosis, ("t4", "t12")),
        ("l", case.lordosis, ("l1", "l5")),
    ):
        levels = COLUMN[COLUMN.index(first) : COLUMN.index(last) + 1]
        left = angle - sum(bodies[level].wedge for level in levels)
        shares = {
            f"{a}_{b}": table.value("disc_wedge_share", f"{a}_{b}")
            for a, b in segments_of_column()[1:]
            if a[0] == curve and f"{a}_{b}" not in found
        }
        whole = sum(shares.values())
        found |= {segment: left * share / whole for segment, share in shares.items()}
    return found
