"""What hangs together and what keeps apart, in average bodies and in those hardest to build."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from spine_tutor.anatomy.bones import build_skeleton
from spine_tutor.anatomy.case import Scoliosis, shipped_cases
from spine_tutor.anatomy.chest_thin import courses
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.extent import boxes
from spine_tutor.anatomy.library import atlas_subjects, open_subject
from spine_tutor.anatomy.posture import bend_column, bend_of
from spine_tutor.anatomy.region import REGIONS, subject_id
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.structure import TISSUE_CODE
from spine_tutor.anatomy.subject import Subject

BODIES = (
    *(subject_id("average", region) for region in REGIONS.values()),
    "tall-cervical",
    "scoliosis",
)
"""Tall: the neck of rib 2 lies across the root of T1. Scoliosis: everything is bent."""
WHOLE = 0.98
"""Share of a thin structure that hangs together; the rest are voxels off a corner of a bone."""
THIN = (
    "dorsal_ramus", "medial_branch", "lateral_branch_", "occipital_nerve", "sympathetic_trunk",
    "radicular_artery", "vertebral_artery", "artery_of_adamkiewicz", "lumbar_artery",
)  # fmt: skip
LEVELS = tuple(f"t{n}" for n in range(1, 12))
ARM = 80.0
"""How far above and below the middle of T3 an abducted arm reaches at most, mm."""
BALL = 1.9
"""Radius of a ball that passes every foramen of a body without stenosis, mm."""


class Body:
    """A subject's fine grid, asked about one structure at a time."""

    def __init__(self, subject: Subject):
        self.subject, self.grid = subject, subject.grids[0]
        self.labels = np.asarray(self.grid.labels)
        self.boxes = ndimage.find_objects(self.labels)

    def mask(self, name: str, margin: int = 0):
        """Return the mask of a structure within the box around it, and that box."""
        known = self.subject.structures
        members = [n for n in known.labels_of(name) if n <= len(self.boxes) and self.boxes[n - 1]]
        if not members:
            return None, None
        spans = [self.boxes[n - 1] for n in members]
        low = np.min([[part.start for part in span] for span in spans], axis=0) - margin
        high = np.max([[part.stop for part in span] for span in spans], axis=0) + margin
        box = tuple(slice(max(0, a), b) for a, b in zip(low, high, strict=True))
        return np.isin(self.labels[box], members), box

    def pieces(self, name: str) -> list[int]:
        """Return the voxels of the pieces that a structure is in, the largest first."""
        mask, _ = self.mask(name)
        if mask is None:
            return []
        parts, _ = ndimage.label(mask, np.ones((3, 3, 3)))
        return sorted(np.bincount(parts.ravel())[1:].tolist(), reverse=True)

    def of_kind(self, *kinds: str):
        table = np.zeros(1 << 16, bool)
        for structure in self.subject.structures.values():
            table[structure.label] = structure.kind in kinds
        return table


@pytest.fixture(scope="module", params=BODIES)
def body(request) -> Body:
    return Body(open_subject(request.param))


@pytest.fixture(scope="module")
def made_of(body):
    """Return case and region of the body."""
    return atlas_subjects()[body.subject.id.removeprefix("atlas-")]


def roots(body):
    return [id_ for id_ in body.subject.structures if "_nerve_root_" in id_]


@pytest.mark.slow
def test_every_root_is_one_piece_from_the_sac_to_beyond_its_ganglion(body):
    sac = list(body.subject.structures.labels_of("thecal_sac"))
    for name in roots(body):
        assert len(body.pieces(name)) == 1, name
        mask, box = body.mask(name, margin=1)
        beside = np.isin(body.labels[box], sac)
        assert (ndimage.binary_dilation(mask, np.ones((3, 3, 3))) & beside).any(), name
        ganglion = np.array(
            body.subject.centers[name.replace("nerve_root", "dorsal_root_ganglion")]
        )
        voxels = body.grid.points(np.argwhere(mask) + [part.start for part in box])
        level = min(body.subject.frames.values(), key=lambda f: np.linalg.norm(f[:3, 3] - ganglion))
        out = np.abs((voxels - ganglion) @ level[:3, :2]).max()
        assert out > (8.0 if name.startswith("c2") else 12.0), name  # C2 turns round its joint


@pytest.mark.slow
def test_thin_nerves_and_arteries_are_one_piece(body):
    cut = {}
    for name in body.subject.structures:
        if any(part in name for part in THIN):
            pieces = body.pieces(name)
            if pieces and pieces[0] < WHOLE * sum(pieces):
                cut[name] = pieces
    assert not cut


@pytest.mark.slow
def test_sac_and_cord_are_one_piece(body):
    for name in {"dura", "spinal_cord"} & set(body.subject.structures):
        assert len(body.pieces(name)) == 1, name


@pytest.mark.slow
def test_every_foramen_lets_a_ball_from_the_canal_past_the_ganglion(body):
    hard = body.of_kind("bone", "disc", "joint")
    sac = list(body.subject.structures.labels_of("thecal_sac"))
    for name in roots(body):
        mask, box = body.mask(name, margin=12)
        free = body.grid.spacing[0] * ndimage.distance_transform_edt(~hard[body.labels[box]])
        wide, _ = ndimage.label(free > BALL)
        ganglion = np.array(
            body.subject.centers[name.replace("nerve_root", "dorsal_root_ganglion")]
        )
        away = body.grid.points(np.argwhere(mask) + [part.start for part in box]) - ganglion
        far = np.linalg.norm(away, axis=1) > 9.0
        within = np.isin(body.labels[box], sac)
        beyond = np.zeros_like(mask)
        beyond[mask] = far
        beyond &= ~ndimage.binary_dilation(within, iterations=12)
        ends = [set(np.unique(wide[place])) - {0} for place in (within, beyond)]
        assert ends[0] & ends[1], name


@pytest.mark.slow
def test_no_bone_of_the_trunk_touches_another(body):
    known = body.subject.structures
    owner = np.zeros(1 << 16, np.int32)
    for structure in known.values():
        whole = known.whole(structure.id)
        if whole.id.endswith("_vertebra") or whole.id.startswith(("sacrum", "hip_bone", "rib_")):
            owner[structure.label] = whole.label
    bones = owner[body.labels]
    for axis in range(3):
        line = np.moveaxis(bones, axis, 0)
        one, next_ = line[:-1], line[1:]
        touch = (one != next_) & (one > 0) & (next_ > 0)
        pairs = {
            tuple(sorted(p)) for p in zip(one[touch].tolist(), next_[touch].tolist(), strict=True)
        }
        assert not pairs, [[known.by_label(n).id for n in pair] for pair in pairs]


@pytest.mark.slow
def test_left_and_right_are_beside_their_vertebra(body):
    frames = list(body.subject.frames.values())
    for name, centre in body.subject.centers.items():
        if name.endswith(SIDES):
            frame = min(frames, key=lambda f: abs(f[2, 3] - centre[2]))
            assert ((np.array(centre) - frame[:3, 3]) @ frame[:3, 0] < 0) == name.endswith(
                "left"
            ), name


@pytest.mark.slow
def test_sac_and_cord_end_where_they_should(body, made_of):
    case, region = made_of
    if region.pelvis:
        up = body.subject.frames["s1"][:3, 2]
        mask, box = body.mask("thecal_sac")
        tip = (body.grid.points(np.argwhere(mask) + [s.start for s in box]) @ up).min()
        s2 = body.subject.grids[1].points(np.argwhere(body.subject.mask("s2_body", 1))) @ up
        assert s2.min() < tip < s2.max()
    if "l2" in region.levels:
        frame = body.subject.frames["l1"]
        mask, box = body.mask("spinal_cord")
        tip = (body.grid.points(np.argwhere(mask) + [s.start for s in box]) - frame[:3, 3]) @ frame[
            :3, 2
        ]
        height = build_column(case, region).bodies["l1"].height
        assert -0.55 * height < tip.min() < 0.0  # in the lower half of L1


@pytest.mark.slow
def test_the_body_ends_before_the_sides_of_its_grid(body):
    """But for the arms, which lie abducted beside the chest."""
    grid = body.subject.grids[1]
    labels = np.array(grid.labels)
    if "humerus_left" in body.subject.structures and "t7_body" in body.subject.structures:
        shoulder = body.subject.frames["t3"][2, 3]
        labels[:, :, np.abs(grid.axes()[2] - shoulder) < ARM] = 0
    faces = {"left": labels[0], "right": labels[-1], "back": labels[:, 0], "front": labels[:, -1]}
    for name, face in faces.items():
        assert not face.any(), name


@pytest.mark.slow
def test_targets_are_those_of_the_average_body(body, made_of):
    average = open_subject(subject_id("average", made_of[1]))
    assert set(body.subject.landmarks) == set(average.landmarks)


@pytest.mark.slow
def test_another_process_builds_the_same_bytes():
    program = """
from spine_tutor.anatomy.atlas import build_atlas
from spine_tutor.anatomy.case import shipped_cases
from spine_tutor.anatomy.region import LUMBAR
print(build_atlas(shipped_cases()["scoliosis"], LUMBAR).content_hash)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == open_subject("scoliosis").content_hash


def test_every_rib_is_one_bone(body):
    for one in body.subject.structures.values():
        if one.parent is None and one.id.startswith("rib_"):
            crumbs = body.pieces(one.id)[1:]
            assert sum(crumbs) < 20, (one.id, crumbs)


def test_facet_joints_are_clefts_between_cartilages_at_every_level(body):
    """Bone, cartilage, fluid, cartilage, bone, in a capsule; nowhere bone on bone."""
    region = REGIONS[str(body.subject.provenance["region"])]
    known, tissues = body.subject.structures, np.asarray(body.grid.tissues)
    for upper, lower in region.segments:
        for side in SIDES:
            joint, box = body.mask(f"{upper}_{lower}_facet_joint_{side}", margin=4)
            assert joint is not None, (upper, lower)
            here = body.labels[box]
            above, below = (
                np.isin(here, list(known.labels_of("sacrum" if n == "s1" else f"{n}_vertebra")))
                for n in (upper, lower)
            )
            assert not (ndimage.binary_dilation(above, np.ones((3, 3, 3))) & below).any()
            fluid = joint & (tissues[box] == TISSUE_CODE["synovial_fluid"])
            cartilage = joint & (tissues[box] == TISSUE_CODE["cartilage"])
            assert fluid.sum() > 40, (upper, lower)
            assert cartilage.sum() > fluid.sum(), (upper, lower)
            for bone in (above, below):  # the cleft lies between the cartilages, on neither bone
                assert (ndimage.binary_dilation(bone) & fluid).sum() < 0.1 * fluid.sum()
            assert (here == known[f"{upper}_{lower}_facet_capsule_{side}"].label).sum() > 100


# -- courses, without a voxel ---------------------------------------------------------------------


@pytest.mark.parametrize("case_id", ["average", "tall", "degenerative"])
def test_thoracic_branches_go_backwards_clear_of_vertebra_and_rib(case_id):
    case, region = shipped_cases()[case_id], REGIONS["thoracic"]
    column = build_column(case, region)
    skeleton = build_skeleton(column, case)
    bones = [*skeleton.vertebrae.values(), *skeleton.thorax.ribs.values()]
    for course in courses(skeleton, column, "left"):
        if "branch" in course.structure and course.structure.split("_")[0] in LEVELS:
            after = course.after.astype(np.float32)
            assert min(bone.bone(after).min() for bone in bones) > -0.8, course.structure
            assert after[-1, 1] < course.begin[1] - 8.0, course.structure


@pytest.mark.parametrize("convex", SIDES)
def test_the_fine_grid_holds_the_straight_and_the_bent_column(convex):
    curve = Scoliosis(apex="l2", cobb=40, convex=convex, rotation=12)
    case, region = (
        shipped_cases()["average"].model_copy(update={"scoliosis": curve}),
        REGIONS["lumbar"],
    )
    column = build_column(case, region)
    (low, high), _ = boxes(column, case)
    bent = bend_column(column, bend_of(curve, column, case.height_scale))
    for frames in (column.frames, bent.frames):
        across = np.array([frames[level][0, 3] for level in region.levels])
        assert across.min() - 55.0 > low[0]
        assert across.max() + 55.0 < high[0]
