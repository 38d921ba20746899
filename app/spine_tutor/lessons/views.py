"""What a lesson asks to see: a view of one modality together with its machine's settings."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot


def _posed(modality_id: str) -> type[BaseModel]:
    """Return the shape of a view in a file: the pose's own keys, and ``settings`` beside them."""
    modality = MODALITIES[modality_id]
    return create_model(
        f"{modality_id.capitalize()}Entry",
        __base__=modality.view,
        settings=(modality.settings, Field(default_factory=modality.settings)),
    )


_ENTRIES = tuple(_posed(name) for name in MODALITIES)
_Entry: Any = Annotated[
    _ENTRIES[0] | _ENTRIES[1] | _ENTRIES[2] | _ENTRIES[3],
    Field(discriminator="modality"),
]


class ViewSpec(Shot):
    """One picture that a lesson asks for: a shot that reads itself from a lesson's data.

    In a file it is one mapping: ``{modality: mri, plane: axial, settings: {sequence: T2}}``.
    """

    @classmethod
    def _from_entry(cls, entry: Any) -> ViewSpec:
        modality = MODALITIES[entry.modality]
        pose = entry.model_dump(exclude={"settings"}, exclude_unset=True)
        return cls(modality.view(**pose), entry.settings)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate as the entry's model does, so that errors and JSON Schema are its own."""
        return core_schema.no_info_after_validator_function(
            cls._from_entry, handler.generate_schema(_Entry)
        )
