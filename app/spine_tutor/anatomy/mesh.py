"""Triangle meshes whose vertices know which structure they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Mesh:
    """The surface of one whole structure, such as a vertebra.

    Attributes:
        structure: id of the structure.
        vertices: (n, 3) float32 world positions, mm.
        faces: (m, 3) int32 vertex indices, counter-clockwise seen from outside.
        part_labels: (m,) uint16, for each triangle the label of the part it lies on, so that a
            pick on ``l4_vertebra`` can answer ``l4_pedicle_left``.
    """

    structure: str
    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    part_labels: NDArray[np.uint16]

    def __post_init__(self) -> None:
        if len(self.part_labels) != len(self.faces):
            raise ValueError(f"{self.structure}: one part label a triangle, please")

    def save_ply(self, path: Path, comment: str) -> None:
        """Write a binary PLY in RAS mm, with `comment` (the educational label) in its header."""
        header = (
            "ply\nformat binary_little_endian 1.0\n"
            f"comment {comment}\ncomment {self.structure}, RAS, mm\n"
            f"element vertex {len(self.vertices)}\n"
            "property float x\nproperty float y\nproperty float z\n"
            f"element face {len(self.faces)}\nproperty list uchar int vertex_indices\nend_header\n"
        )
        rows = np.empty(len(self.faces), dtype=[("n", "u1"), ("i", "<i4", 3)])
        rows["n"], rows["i"] = 3, self.faces
        with path.open("wb") as out:
            out.write(header.encode("utf-8"))
            out.write(np.ascontiguousarray(self.vertices, "<f4").tobytes())
            out.write(rows.tobytes())
