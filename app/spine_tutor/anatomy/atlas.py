"""The parametric atlas: one labelled subject from one case and one region."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy import chest_thin, lower_thin, neck_thin
from spine_tutor.anatomy.bones import Skeleton, build_skeleton, paint_bones, paint_facet_joints
from spine_tutor.anatomy.canal import CanalWall, canal_line
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.chest import Chest
from spine_tutor.anatomy.column import Column, build_column
from spine_tutor.anatomy.cord import paint_contents
from spine_tutor.anatomy.core import Core, ThinStructures
from spine_tutor.anatomy.discs import paint_discs
from spine_tutor.anatomy.extent import Box, boxes
from spine_tutor.anatomy.flava import fit_flava, lining, paint_flava, room
from spine_tutor.anatomy.hardware import paint_hardware
from spine_tutor.anatomy.hip_joint import paint_hip_joints
from spine_tutor.anatomy.landmarks import atlas_landmarks
from spine_tutor.anatomy.ligaments import (
    paint_capsules,
    paint_epidural_fat,
    paint_interspinous,
    paint_supraspinous,
)
from spine_tutor.anatomy.longitudinal import (
    paint_anterior_longitudinal,
    paint_posterior_longitudinal,
)
from spine_tutor.anatomy.lower_back import LowerBack
from spine_tutor.anatomy.memory import give_back_large
from spine_tutor.anatomy.meshing import surface_meshes
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.neck import Neck
from spine_tutor.anatomy.neck_joints import paint_atlanto_occipital_joints
from spine_tutor.anatomy.nerves import paint_nerves
from spine_tutor.anatomy.passage import cleared, rejoin
from spine_tutor.anatomy.pelvic_ligaments import paint_over_hiatus
from spine_tutor.anatomy.posture import bend_canvas, bend_column, bend_of
from spine_tutor.anatomy.region import LUMBAR, Region, subject_id
from spine_tutor.anatomy.rib_joints import paint_cartilages, paint_rib_joints
from spine_tutor.anatomy.sacroiliac import paint_sacroiliac_joints
from spine_tutor.anatomy.soundness import refuse_broken
from spine_tutor.anatomy.structure import StructureSet
from spine_tutor.anatomy.subject import Subject
from spine_tutor.anatomy.thecal_sac import fit_sac, paint_sac, squeezed
from spine_tutor.anatomy.tube_mesh import tube_meshes
from spine_tutor.anatomy.tubes import Tube

FINE, COARSE = 0.5, 2.0
"""Voxel size around the column and in the rest of the body, mm."""
_RATIO = round(COARSE / FINE)

_TOP_PROCESS = 45.0  # mm below the top of the bones, within which the uppermost process ends

_CANAL = 8.0  # mm behind a body, within which lies no arch

_CREST = 18.0  # mm below the middle of S1, where the crest on the back of the sacrum flattens

NAPE = 6.0
"""How far the nape lies before the straight line from T1 to the occiput, mm (estimate)."""

Progress = Callable[[float, str], None]


class Surroundings(Protocol):
    """What surrounds the column of a region: muscles, vessels, organs, fat and skin.

    It is made from the bones on the coarse canvas, the column, the line along the tips of the
    spinous processes (n, 2) y and z, and the case, while the canal is painted.
    """

    def __init__(self, coarse: Canvas, column: Column, tips: NDArray[np.float64], case: Case): ...

    def paint(self, canvas: Canvas) -> None:
        """Paint all of it into what is free on either canvas."""


_SURROUNDINGS: Mapping[str, type[Surroundings]] = {
    "cervical": Neck,
    "thoracic": Chest,
    "lumbar": LowerBack,
    "sacral": LowerBack,
}
_THIN: Mapping[str, ThinStructures] = {
    "cervical": neck_thin.thin_structures,
    "thoracic": chest_thin.thin_structures,
    "lumbar": lower_thin.thin_structures,
    "sacral": lower_thin.thin_structures,
}


def build_atlas(case: Case, region: Region = LUMBAR, progress: Progress | None = None) -> Subject:
    """Build the labelled body of a case, one region of it.

    The same case gives the same bytes: everything random is drawn from the case's seed.

    Args:
        case: what makes this body differ from another.
        region: which stretch of it.
        progress: called with the fraction done and what is being done.

    Raises:
        ProblemError: if no body can have the case's parameters, or they tear one apart.
    """
    tell = progress or (lambda _fraction, _message: None)
    give_back_large()
    tell(0.0, "Posing the vertebrae")
    column = build_column(case, region)
    known = structures(region, case.pedicle_screws)
    skeleton = build_skeleton(column, case)
    near, far = boxes(column, case)
    fine, coarse = _canvas(known, near, FINE), _canvas(known, far, COARSE)

    # the fractions are shares of the time that it takes
    for canvas in (fine, coarse):
        paint_hardware(canvas, skeleton.vertebrae, case.pedicle_screws)
    paint_bones(coarse, skeleton)
    paint_cartilages(coarse, skeleton.thorax.cartilages)
    paint_bones(fine, skeleton, _between(tell, 0.04, 0.28, "Carving the bones"))
    with ThreadPoolExecutor(1) as aside:  # surroundings and canal need nothing of each other
        tips = _tips(coarse, column, case.laminectomy)
        making = aside.submit(_SURROUNDINGS[region.id], coarse, column, tips, case)
        tubes = _paint_canal(fine, coarse, column, skeleton, case, tell)
        lowest = column.frames[column.levels[-1]][2, 3]
        end = lowest - _CREST if region.pelvis else -np.inf
        paint_supraspinous(fine, tips, end, region, case.laminectomy)
        surroundings = making.result()
    for canvas, begin in ((fine, 0.52), (coarse, 0.62)):
        tell(begin, "Wrapping muscles, organs, fat and skin")
        surroundings.paint(canvas)
    del surroundings, making  # they are large
    _copy_into(fine, coarse)
    if case.scoliosis is not None:
        bend = bend_of(case.scoliosis, column, case.height_scale)
        column = bend_column(column, bend)
        bend_canvas(fine, bend, coarse)
        bend_canvas(coarse, bend)
        tubes = [replace(tube, path=bend.placed(tube.path)) for tube in tubes]
        for tube in tubes:
            if tube.radius.max() < 2.0 * FINE:
                rejoin(tube, fine)
        _copy_into(fine, coarse)

    refuse_broken(fine.labels, known, case, region)
    tell(0.64, "Measuring landmarks")
    grids = (fine.grid(), coarse.grid())
    landmarks = atlas_landmarks(grids, known, column, tubes, case.sex)
    drawn = tube_meshes(tubes, known)
    done = _between(tell, 0.65, 1.0, "Drawing surfaces")
    meshes = {**surface_meshes(grids, known, without=drawn, done=done), **drawn}
    tell(1.0, "Ready")
    return Subject(
        id=f"atlas-{subject_id(case.id, region)}",
        title=case.title if region is LUMBAR else f"{case.title}: {region.title.lower()}",
        grids=grids,
        structures=known,
        landmarks=landmarks,
        frames={level: column.frames[level] for level in column.levels},
        meshes=meshes,
        provenance={
            "maker": "parametric atlas",
            "case": case.model_dump(mode="json"),
            "region": region.id,
            "sources": dict(morphometry().sources),
            "licence": "CC BY 4.0",
        },
        content_hash=_digest(case, fine, coarse),
    )


def _between(tell: Progress, begin: float, end: float, message: str) -> Callable[[float], None]:
    """Return what takes the share done of one stage and tells the fraction of the whole."""
    return lambda share: tell(begin + share * (end - begin), message)


def _canvas(known: StructureSet, box: Box, spacing: float) -> Canvas:
    """Return the empty canvas of a box whose first and last voxels lie on whole coarse steps.

    So every fourth voxel of the fine one is one of the coarse one.
    """
    low, high = box
    first, last = np.floor(low / COARSE), np.ceil(high / COARSE)
    nx, ny, nz = (round(COARSE / spacing) * (last - first).astype(int) + 1).tolist()
    return Canvas(known, COARSE * first, spacing, (nx, ny, nz))


def _paint_canal(
    fine: Canvas, coarse: Canvas, column: Column, skeleton: Skeleton, case: Case, tell: Progress
) -> list[Tube]:
    """Paint what lies between the bones, in order of precedence, and return the thin of it."""
    rng = np.random.default_rng([case.seed, 1])
    tell(0.28, "Laying discs and facet joints")
    paint_discs(fine, column, case)
    paint_facet_joints(fine, skeleton, column.region)
    paint_rib_joints(fine, skeleton.thorax.ribs)
    if "occipital_bone" in fine.structures:
        paint_atlanto_occipital_joints(fine)
    if column.region.pelvis:
        paint_over_hiatus(fine, column)
        for canvas in (fine, coarse):
            paint_sacroiliac_joints(canvas, skeleton)
            paint_hip_joints(canvas, skeleton, column)
    tell(0.34, "Measuring the canal")
    wall = CanalWall(fine, canal_line(column, case), case.laminectomy)
    tell(0.40, "Filling the thecal sac")
    resting = fit_sac(wall, column, case)
    flava = fit_flava(wall, resting, case)
    sac = squeezed(resting, room(wall, flava))
    paint_posterior_longitudinal(fine, wall, sac)  # dura and veins give way to it
    paint_sac(fine, sac)
    paint_contents(fine, sac, rng)
    tell(0.42, "Leading out the nerves")
    roots = paint_nerves(fine, sac, skeleton.vertebrae)
    core = Core(case, column, skeleton, wall, sac, roots)
    far = coarse.grid().bounds
    tubes = []
    for course in _THIN[column.region.id](core):
        inside = course.within(*far)
        if inside is None:
            continue
        tube = cleared(inside, fine)
        if tube.radius.max() > 0.5 * COARSE:  # what is thinner is known where the fine grid is
            tube = cleared(tube, coarse, beyond=fine)
            tube.paint(coarse)
        tube.paint(fine)
        tubes.append(tube)
    tell(0.46, "Stretching the ligaments")
    paint_flava(fine, wall, flava)
    paint_anterior_longitudinal(fine, wall)
    paint_interspinous(fine, wall, lining(wall, flava), case.laminectomy)
    paint_capsules(fine, column.region)
    paint_epidural_fat(fine, wall, lining(wall, flava, behind=True), column)
    return tubes


def _tips(canvas: Canvas, column: Column, opened: Collection[str]) -> NDArray[np.float64]:
    """Return (n, 2) y and z of a line resting on the spinous processes and the sacral crest.

    Where a laminectomy has opened levels it goes straight on over the gap, as scar and fascia do.
    """
    window = canvas.window([-5.0, -1e3, -1e3], [5.0, 1e3, 1e3])
    bone = (canvas.labels[window] > 0).any(axis=0)
    y, z = (axis.ravel() for axis in canvas.axes()[1:])
    present = bone.any(axis=0)
    edge = np.interp(z, z[present], y[bone.argmax(axis=0)[present]])
    kept = np.ones(len(z), bool)
    for level in set(opened) & set(column.levels):
        (_, middle, height), body = column.frames[level][:3, 3], column.bodies[level]
        beside = np.abs(z - height + 0.4 * body.height) < body.height
        kept &= ~beside | (edge < middle - 0.5 * body.depth - _CANAL)
    edge = np.interp(z, z[kept], edge[kept])
    # above the tip of the uppermost process the line goes straight on
    top = z > z[present].max() - _TOP_PROCESS
    peak = np.flatnonzero(top)[edge[top].argmin()]
    edge[peak:] = edge[peak]
    resting = ndimage.minimum_filter1d(edge, round(44.0 / canvas.spacing))
    resting = ndimage.gaussian_filter1d(resting, 9.0 / canvas.spacing)
    rest = np.minimum(resting, edge)
    if "occipital_bone" in canvas.structures:
        t1, c7 = (canvas.structures[f"{level}_spinous_process"].label for level in ("t1", "c7"))
        labels = canvas.labels[window]  # where a laminectomy has taken that of T1, C7's holds it
        _, j, k = np.nonzero(labels == (t1 if (labels == t1).any() else c7))
        nape = slice(k[j.argmin()], None)
        rest[nape] = _taut(z[nape], edge[nape])
        rest = np.minimum(ndimage.gaussian_filter1d(rest, 9.0 / canvas.spacing), rest)
    return np.column_stack([rest - 1.5, z])


def _taut(z: NDArray[np.float64], edge: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the line of a string drawn tight behind an edge, as the nuchal ligament lies."""
    held = [0]
    for n in range(1, len(z)):  # the lower convex hull
        while len(held) > 1:
            a, b = held[-2:]
            if (edge[b] - edge[a]) * (z[n] - z[a]) < (edge[n] - edge[a]) * (z[b] - z[a]):
                break
            held.pop()
        held.append(n)
    string = np.interp(z, z[held], edge[held])
    # skin and muscle pull it in between its ends; it may run straight to the top
    share = np.clip((z - z[0]) / (z[held[-2] or held[-1]] - z[0]), 0.0, 1.0)
    return np.minimum(string + NAPE * np.sin(np.pi * share), edge)


def _copy_into(fine: Canvas, coarse: Canvas) -> None:
    """Give the coarse canvas what the fine one knows better."""
    first = np.rint((fine.origin - coarse.origin) / COARSE).astype(int)
    labels = fine.labels[::_RATIO, ::_RATIO, ::_RATIO]
    window = tuple(slice(a, a + n) for a, n in zip(first, labels.shape, strict=True))
    coarse.labels[window] = labels
    coarse.tissues[window] = fine.tissues[::_RATIO, ::_RATIO, ::_RATIO]


def _digest(case: Case, *canvases: Canvas) -> str:
    digest = hashlib.sha256(case.model_dump_json().encode())
    for canvas in canvases:
        digest.update(canvas.labels.data)
        digest.update(canvas.tissues.data)
    return digest.hexdigest()[:32]
