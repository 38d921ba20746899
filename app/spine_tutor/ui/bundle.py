"""The meshes of a subject as one block of bytes that a browser reads without parsing.

Layout, little endian: ``SPTM``, uint32 length of the JSON header, the header (padded to 4 bytes),
then for each part vertices (float32), faces (uint16, or uint32 where `wide`) and one part label a
face (uint16). Offsets count from the end of the header; every block starts on 4 bytes.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from spine_tutor.anatomy import Subject
from spine_tutor.resources import LABEL

MAGIC = b"SPTM"


def pack(subject: Subject) -> bytes:
    """Return the bundle of a subject's meshes; `ui/assets/bundle.js` reads it."""
    blocks: list[bytes] = []
    size = 0

    def add(values: np.ndarray) -> tuple[int, int]:
        nonlocal size
        start, raw = size, values.tobytes()
        raw += bytes(-len(raw) % 4)
        blocks.append(raw)
        size += len(raw)
        return start, values.size

    parts: list[dict[str, Any]] = []
    for mesh in subject.meshes.values():
        structure = subject.structures[mesh.structure]
        wide = len(mesh.vertices) > 0xFFFF
        parts.append(
            {
                "id": structure.id,
                "name": structure.name,
                "color": structure.color,
                "wide": wide,
                "vertices": add(np.ascontiguousarray(mesh.vertices, "<f4")),
                "faces": add(np.ascontiguousarray(mesh.faces, "<u4" if wide else "<u2")),
                "labels": add(np.ascontiguousarray(mesh.part_labels, "<u2")),
            }
        )
    labels = {s.label: (s.id, s.name, s.color) for s in subject.structures.values()}
    header = json.dumps(
        {"notice": LABEL, "subject": subject.id, "labels": labels, "parts": parts},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    header += b" " * (-len(header) % 4)
    return MAGIC + len(header).to_bytes(4, "little") + header + b"".join(blocks)
