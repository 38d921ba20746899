"""The subject: what lies where in one labelled body."""

from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.mesh import Mesh
from spine_tutor.anatomy.structure import (
    TISSUE_CODE,
    TISSUES,
    Structure,
    StructureSet,
    UnknownStructure,
)
from spine_tutor.anatomy.subject import Landmark, Subject

__all__ = [
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
