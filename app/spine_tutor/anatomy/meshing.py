"""Surfaces of whole structures from a labelled subject, each triangle knowing its part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import vtkFloatArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import (
    vtkFlyingEdges3D,
    vtkPolyDataNormals,
    vtkQuadricDecimation,
    vtkWindowedSincPolyDataFilter,
)

from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.mesh import Mesh
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.structure import Structure, StructureSet
from spine_tutor.anatomy.workers import in_order

TRIANGLES = {
    "bone": 9000,
    "joint": 500,
    "disc": 1800,
    "ligament": 1400,
    "canal": 4800,
    "nerve": 1300,
    "muscle": 3000,
    "vessel": 1600,
    "organ": 3000,
    "envelope": 5000,
    "device": 1200,
}
"""Most triangles of a mesh by kind; small structures have fewer."""
_SHEETS = ("trapezius", "latissimus_dorsi", "pleura", "lung", "serratus_anterior")
MORE = {
    "cauda_equina": 10000,
    "bowel": 5000,
    "sacrum": 12000,
    "abdominal_wall": 5000,
    "coccyx": 3000,
    **{f"{sheet}_{side}": 9000 for sheet in _SHEETS for side in SIDES},
}
FEWER = {
    "facet_capsule": 450,
    "piriformis": 1200,
    "obturator_internus": 900,
    "short_external_rotators": 700,
    "hip_capsule": 800,
    "sacroiliac_ligament": 700,
    "liver": 1500,
    "spleen": 700,
    "stomach": 700,
    "rectum": 1500,
    "urinary_bladder": 800,
    "pelvic_floor": 1500,
}
"""The same for small structures by a part of their id."""
WITHOUT = ("mesenteric_fat", "retroperitoneal_fat", "intermuscular_fat", "subcutaneous_fat")
"""Fat that only fills what others leave has no surface worth showing."""
WITHIN = ("cauda_equina", "spinal_cord")
"""Parts that lie inside their whole and get a mesh of their own."""
_SMALLEST = 30  # voxels; less has no surface
_MARGIN = 3  # voxels of air round a structure, so that its surface closes


def surface_meshes(
    grids: tuple[LabelGrid, ...],
    structures: StructureSet,
    without: Collection[str] = (),
    done: Callable[[float], None] = lambda _share: None,
) -> dict[str, Mesh]:
    """Return one mesh a whole structure, from the finest grid that holds all of it.

    Args:
        grids: label grids, fine to coarse.
        structures: everything a voxel can be.
        without: ids of structures to leave out.
        done: called with the share of the structures that has been drawn.
    """
    boxes = [_boxes(grid, structures) for grid in grids]
    shown = [structure for structure in _shown(structures) if structure.id not in without]
    found = {}
    meshes = in_order(partial(_surface, grids, structures, boxes), shown)
    for n, (structure, mesh) in enumerate(zip(shown, meshes, strict=True), start=1):
        if mesh is not None:
            found[structure.id] = mesh
        done(n / len(shown))
    return found


def _surface(
    grids: tuple[LabelGrid, ...],
    structures: StructureSet,
    boxes: list[list[tuple[slice, slice, slice] | None]],
    structure: Structure,
) -> Mesh | None:
    """Return the mesh of one structure, None if it has no voxels to speak of."""
    own = np.array(sorted(structures.labels_of(structure.id)))
    if structure.id == "skin":  # the outside of the body
        own = np.arange(1, 1 + max(s.label for s in structures.values()))
    for grid, box in zip(grids, boxes, strict=True):
        window = _joined(box, own)
        if window is None or (
            grid is not grids[-1] and _cut(window, grid, boxes[-1], own, grids[-1])
        ):
            continue
        return _mesh(grid, window, own, structure)
    return None


def _shown(structures: StructureSet) -> Iterator[Structure]:
    for structure in structures.values():
        if structure.id in WITHIN or (not structure.parent and structure.id not in WITHOUT):
            yield structure


def _boxes(grid: LabelGrid, structures: StructureSet) -> list[tuple[slice, slice, slice] | None]:
    return ndimage.find_objects(grid.labels, max(s.label for s in structures.values()))


def _joined(
    boxes: list[tuple[slice, slice, slice] | None], labels: NDArray[np.int64]
) -> tuple[slice, slice, slice] | None:
    """Return the box around several labels."""
    present = [box for label in labels if (box := boxes[label - 1]) is not None]
    if not present:
        return None
    a, b, c = (
        slice(min(box[axis].start for box in present), max(box[axis].stop for box in present))
        for axis in range(3)
    )
    return a, b, c


def _cut(
    window: tuple[slice, ...],
    grid: LabelGrid,
    outer_boxes: list[tuple[slice, slice, slice] | None],
    labels: NDArray[np.int64],
    outer: LabelGrid,
) -> bool:
    """Return whether a structure goes on outside the fine grid."""
    whole = _joined(outer_boxes, labels)
    if whole is None:
        return False
    slack = 1.5 * outer.spacing
    for axis in range(3):
        low = outer.origin[axis] + outer.spacing[axis] * whole[axis].start
        high = outer.origin[axis] + outer.spacing[axis] * (whole[axis].stop - 1)
        bounds = grid.bounds
        if low < bounds[0][axis] - slack[axis] or high > bounds[1][axis] + slack[axis]:
            return True
    return False


def _mesh(
    grid: LabelGrid, window: tuple[slice, ...], own: NDArray[np.int64], structure: Structure
) -> Mesh | None:
    labels = np.pad(np.asarray(grid.labels[window]), _MARGIN)
    member = np.zeros(1 << 16, bool)
    member[own] = True
    solid = member[labels]
    if solid.sum() < _SMALLEST:
        return None
    budget = MORE.get(structure.id, TRIANGLES[structure.kind])
    budget = min([budget, *(few for part, few in FEWER.items() if part in structure.id)])
    thin = structure.kind in ("ligament", "nerve", "joint") or structure.id in WITHIN
    # A contour on every n-th voxel has about two triangles a voxel of surface; a few times more
    # than the budget is enough to smooth and thin out.
    shell = int((solid[1:] != solid[:-1]).sum() + (solid[:, 1:] != solid[:, :-1]).sum()
                + (solid[:, :, 1:] != solid[:, :, :-1]).sum())  # fmt: skip
    stride = 1 if thin else int(np.clip(np.sqrt(1.4 * shell / (1.4 * budget)), 1, 4))
    soft = solid.astype(np.float32)
    for axis in range(3):  # thinned out at once, so that the next axis has less to do
        soft = ndimage.gaussian_filter1d(soft, 0.6 if thin else 0.5 + 0.4 * stride, axis)
        soft = np.moveaxis(np.moveaxis(soft, axis, 0)[::stride], 0, axis)
    soft = np.pad(soft, 1)
    start = grid.points([part.start - _MARGIN for part in window])
    corner = start - stride * grid.spacing
    surface = _contour(soft, corner, stride * grid.spacing, 0.45 if thin else 0.5)
    if not surface.GetNumberOfCells():
        return None
    surface = _decimated(_eased(surface, 12), budget)
    vertices, faces = _arrays(surface)
    parts = np.full(len(faces), structure.label, np.uint16)
    if structure.id != "skin" and len(own) > 1:
        middle = vertices[faces].mean(axis=1)
        parts = _nearest_part(labels, solid, (middle - start) / grid.spacing)
    return Mesh(structure.id, vertices.astype(np.float32), faces, parts)


def _nearest_part(
    labels: NDArray[np.uint16], solid: NDArray[np.bool_], places: NDArray[np.float64]
) -> NDArray[np.uint16]:
    """Return the label of the voxel of a structure nearest to each of (n, 3) voxel places."""
    inner = np.zeros_like(solid)
    inner[1:-1, 1:-1, 1:-1] = (
        solid[:-2, 1:-1, 1:-1] & solid[2:, 1:-1, 1:-1] & solid[1:-1, :-2, 1:-1]
        & solid[1:-1, 2:, 1:-1] & solid[1:-1, 1:-1, :-2] & solid[1:-1, 1:-1, 2:]
    )  # fmt: skip
    surface = np.argwhere(solid & ~inner)
    _, nearest = cKDTree(surface).query(places)
    return labels[tuple(surface[nearest].T)]


def _contour(
    values: NDArray[np.float32],
    origin: NDArray[np.float64],
    spacing: NDArray[np.float64],
    level: float,
) -> vtkPolyData:
    image = vtkImageData()
    image.SetDimensions(*values.shape)
    image.SetOrigin(*origin)
    image.SetSpacing(*spacing)
    flat = np.ascontiguousarray(values.ravel(order="F"))
    array: vtkFloatArray = numpy_support.numpy_to_vtk(flat, deep=True)
    image.GetPointData().SetScalars(array)
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, level)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    return edges.GetOutput()


def _eased(surface: vtkPolyData, rounds: int) -> vtkPolyData:
    """Take the voxel stairs off a surface without shrinking it (Taubin's windowed sinc)."""
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputData(surface)
    smooth.SetNumberOfIterations(rounds)
    smooth.SetPassBand(0.08)
    smooth.NormalizeCoordinatesOn()
    smooth.BoundarySmoothingOff()
    smooth.FeatureEdgeSmoothingOff()
    smooth.Update()
    return smooth.GetOutput()


def _decimated(surface: vtkPolyData, triangles: int) -> vtkPolyData:
    count = surface.GetNumberOfCells()
    if count > triangles:
        fewer = vtkQuadricDecimation()
        fewer.SetInputData(surface)
        fewer.SetTargetReduction(1.0 - triangles / count)
        fewer.VolumePreservationOn()
        fewer.Update()
        surface = fewer.GetOutput()
    outward = vtkPolyDataNormals()
    outward.SetInputData(surface)
    outward.SplittingOff()
    outward.ConsistencyOn()
    outward.AutoOrientNormalsOn()
    outward.ComputePointNormalsOff()
    outward.Update()
    return outward.GetOutput()


def _arrays(surface: vtkPolyData) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    vertices = numpy_support.vtk_to_numpy(surface.GetPoints().GetData()).astype(float)
    cells = numpy_support.vtk_to_numpy(surface.GetPolys().GetConnectivityArray())
    return vertices, cells.reshape(-1, 3).astype(np.int32)
