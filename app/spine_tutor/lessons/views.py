"""What a lesson asks to see: a view of one modality together with its machine's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, GetCoreSchemaHandler, create_model, model_validator
from pydantic_core import CoreSchema, core_schema

from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.modality import MODALITIES, with_preset
from spine_tutor.imaging.needle import Needle
from spine_tutor.imaging.preset import Preset
from spine_tutor.imaging.shot import Shot


def _posed(modality_id: str) -> type[BaseModel]:
    """Return the shape of a view in a file: the pose's own keys, settings and additions beside."""
    modality = MODALITIES[modality_id]
    known: Any = Literal[tuple(modality.presets)]

    def written_out(cls: type[BaseModel], fields: Any) -> Any:
        """Put what a preset stands for in its place; a name that is none is told by its field."""
        if (
            not isinstance(fields, dict)
            or str(fields.get("preset")) not in modality.presets
            or not isinstance(fields.get("settings") or {}, dict)
        ):
            return fields
        return with_preset(modality_id, fields)

    validator: Any = model_validator(mode="before")(classmethod(written_out))  # type: ignore[arg-type]
    return create_model(
        f"{modality_id.capitalize()}Entry",
        __base__=modality.view,
        __validators__={"written_out": validator},
        preset=(known | None, Field(default=None, description=_presets(modality.presets))),
        settings=(modality.settings, Field(default_factory=modality.settings)),
        needle=(Needle | None, None),
        injectate=(Injectate | None, None),
    )


def _presets(presets: Mapping[str, Preset]) -> str:
    """Return what the presets of a modality are, for who writes a lesson."""
    named = "; ".join(f"`{key}` {preset.name}" for key, preset in presets.items())
    return f"Settings to start from, before `settings`: {named}."


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
        beside = {"settings", "preset", *Additions.model_fields}
        pose = entry.model_dump(exclude=beside, exclude_unset=True)
        added = Additions(needle=entry.needle, injectate=entry.injectate)
        return cls(modality.view(**pose), entry.settings, added)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate as the entry's model does, so that errors and JSON Schema are its own."""
        return core_schema.no_info_after_validator_function(
            cls._from_entry, handler.generate_schema(_Entry)
        )
