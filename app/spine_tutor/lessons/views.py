"""What a lesson asks to see: a view of one modality together with its machine's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.view import Pose


def _posed(modality_id: str) -> type[BaseModel]:
    """Return the shape of a view in a file: the pose's own keys, and ``settings`` beside them."""
    modality = MODALITIES[modality_id]
    return create_model(
        f"{modality_id.capitalize()}Entry",
        __base__=modality.view,
        modality=(modality.view.model_fields["modality"].annotation, ...),
        settings=(modality.settings, Field(default_factory=modality.settings)),
    )


_ENTRIES = tuple(_posed(name) for name in MODALITIES)
_Entry: Any = Annotated[
    _ENTRIES[0] | _ENTRIES[1] | _ENTRIES[2] | _ENTRIES[3],  # type: ignore[valid-type]
    Field(discriminator="modality"),
]


@dataclass(frozen=True)
class ViewSpec:
    """One picture that a lesson asks for.

    In a file it is one mapping: ``{modality: mri, plane: axial, settings: {sequence: T2}}``.

    Attributes:
        view: the pose.
        settings: the modality's settings, its defaults where the lesson gives none.
    """

    view: Pose
    settings: BaseModel

    @property
    def modality(self) -> str:
        """Return which modality forms the picture."""
        return self.view.modality  # type: ignore[attr-defined,no-any-return]

    @classmethod
    def from_entry(cls, entry: Pose) -> ViewSpec:
        """Return a view from the mapping that a file holds."""
        modality = MODALITIES[entry.modality]  # type: ignore[attr-defined]
        pose = entry.model_dump(exclude={"settings"}, exclude_unset=True)
        return cls(modality.view(**pose), entry.settings)  # type: ignore[attr-defined]

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate as the entry's model does, so that errors and JSON Schema are its own."""
        return core_schema.no_info_after_validator_function(
            cls.from_entry, handler.generate_schema(_Entry)
        )
