"""The subject: what lies where in one labelled body."""

from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.mesh import Mesh
from spine_tutor.anatomy.structure import (
    BONES,
    TISSUE_CODE,
    TISSUES,
    Structure,
    StructureSet,
    UnknownStructure,
)
from spine_tutor.anatomy.subject import Landmark, Subject

__all__ = [
    "BONES",
    "TISSUES",
    "TISSUE_CODE",
    "LabelGrid",
    "Landmark",
    "Mesh",
    "Structure",
    "StructureSet",
    "Subject",
    "UnknownStructure",
]
