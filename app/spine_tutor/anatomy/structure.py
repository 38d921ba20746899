"""Structures: what a voxel can be, by a name that people and lessons share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from spine_tutor.problems import nearest

TISSUES: tuple[str, ...] = (
    "air",
    "lung",
    "skin",
    "fat",
    "muscle",
    "fascia",
    "cortical_bone",
    "trabecular_bone",
    "disc_nucleus",
    "disc_annulus",
    "cartilage",
    "ligament",
    "csf",
    "cord",
    "nerve",
    "dura",
    "blood",
    "kidney",
    "liver",
    "bowel",
    "organ",
    "synovial_fluid",
    "contrast",
    "steel",
    "thin_cortical_bone",
    "sparse_trabecular_bone",
    "titanium",
)
"""Tissue names; a tissue's code in a volume is its place here. Air is 0."""

BONES = ("cortical_bone", "trabecular_bone", "thin_cortical_bone", "sparse_trabecular_bone")
"""Tissues of bone. The last two are what an imported CT holds besides: cortex thinner than its
voxels, and the trabecular bone of old age."""

TISSUE_CODE: Mapping[str, int] = {name: code for code, name in enumerate(TISSUES)}

KINDS = (
    "bone",
    "joint",
    "disc",
    "ligament",
    "canal",
    "nerve",
    "muscle",
    "vessel",
    "organ",
    "envelope",
    "device",
)


@dataclass(frozen=True)
class Structure:
    """A named part of the body.

    Attributes:
        id: ``snake_case``, level first where there is one, side last: ``l4_pedicle_left``.
        label: its value in a label volume, unique, at least 1 (0 is outside the body).
        name: what a person reads; the Terminologia Anatomica 2 term in English where one exists.
        kind: one of `KINDS`; groups the 3-D model and the checks.
        tissue: its main tissue, one of `TISSUES` (a vertebra's voxels are cortical or trabecular).
        color: ``#rrggbb`` in the 3-D model and the overlays.
        parent: the structure it is a part of; ``l4_pedicle_left`` belongs to ``l4_vertebra``.
    """

    id: str
    label: int
    name: str
    kind: str
    tissue: str
    color: str
    parent: str | None = None

    @property
    def side(self) -> str | None:
        """Return ``left`` or ``right`` where the id ends in one."""
        tail = self.id.rsplit("_", 1)[-1]
        return tail if tail in ("left", "right") else None


class UnknownStructure(KeyError):
    """A structure id or label that the subject does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


class StructureSet(Mapping[str, Structure]):
    """The structures of a subject, by id and by label, with their parts."""

    def __init__(self, structures: Iterable[Structure]):
        self._by_id: dict[str, Structure] = {}
        self._by_label: dict[int, Structure] = {}
        self._parts: dict[str, list[Structure]] = {}
        for s in structures:
            if s.tissue not in TISSUE_CODE:
                raise ValueError(f"{s.id}: tissue {s.tissue!r}. {nearest(s.tissue, TISSUES)}")
            if s.kind not in KINDS:
                raise ValueError(f"{s.id}: kind {s.kind!r}. {nearest(s.kind, KINDS)}")
            if s.id in self._by_id or s.label in self._by_label or s.label < 1:
                raise ValueError(f"{s.id}: id and label {s.label} must be unique, label ≥ 1")
            self._by_id[s.id] = s
            self._by_label[s.label] = s
            if s.parent:
                self._parts.setdefault(s.parent, []).append(s)

    def __getitem__(self, structure_id: str) -> Structure:
        try:
            return self._by_id[structure_id]
        except KeyError:
            raise UnknownStructure(
                f"unknown structure `{structure_id}`. {nearest(structure_id, self._by_id)}"
            ) from None

    def __contains__(self, structure_id: object) -> bool:
        """Return whether there is such a structure, without looking for the nearest name."""
        return structure_id in self._by_id

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def by_label(self, label: int) -> Structure | None:
        """Return the structure with this label, or None outside every structure."""
        return self._by_label.get(int(label))

    def parts(self, structure_id: str) -> tuple[Structure, ...]:
        """Return the direct parts of a structure."""
        return tuple(self._parts.get(self[structure_id].id, ()))

    def labels_of(self, structure_id: str) -> frozenset[int]:
        """Return the labels of a structure and of everything it is made of."""
        found = {self[structure_id].label}
        for part in self.parts(structure_id):
            found |= self.labels_of(part.id)
        return frozenset(found)

    def whole(self, structure_id: str) -> Structure:
        """Return the outermost structure this one is a part of, itself if it has no parent."""
        structure = self[structure_id]
        while structure.parent:
            structure = self[structure.parent]
        return structure
