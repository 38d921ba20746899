"""A picture in a lesson: a preset stands for its settings, and what is written beside it wins."""

import pytest
from pydantic import TypeAdapter, ValidationError

from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot
from spine_tutor.lessons.schema import lesson_schema
from spine_tutor.lessons.views import ViewSpec

READ = TypeAdapter(ViewSpec).validate_python
PRESETS = [(name, key) for name, modality in MODALITIES.items() for key in modality.presets]


@pytest.mark.parametrize(("modality", "preset"), PRESETS)
def test_every_preset_can_be_written_in_a_lesson(modality: str, preset: str) -> None:
    fields = {"modality": modality, "preset": preset}
    spec = READ(fields)
    wanted = MODALITIES[modality].presets[preset]
    assert wanted.name
    assert {k: getattr(spec.settings, k) for k in wanted.settings} == dict(wanted.settings)
    assert {k: getattr(spec.view, k) for k in wanted.pose} == dict(wanted.pose)
    assert Shot.parse(fields) == Shot(spec.view, spec.settings, spec.additions)


def test_what_a_trainee_knows_is_there() -> None:
    assert {"curved-2-5", "linear-6-13"} <= set(MODALITIES["ultrasound"].presets)
    assert {"low-dose", "normal", "spot"} == set(MODALITIES["fluoroscopy"].presets)
    assert {"bone", "soft-tissue", "lung"} == set(MODALITIES["ct"].presets)
    fields = ("1.5", "3")
    mri = {f"{s}-{t}t" for s in ("t1", "t2", "stir") for t in fields}
    assert mri == set(MODALITIES["mri"].presets)


def test_what_stands_beside_a_preset_wins() -> None:
    spec = READ(
        {"modality": "ultrasound", "preset": "linear-6-13", "depth": 40, "settings": {"gain": 5}}
    )
    assert (spec.view.transducer, spec.view.depth) == ("linear", 40)
    assert (spec.settings.frequency, spec.settings.gain) == (10.0, 5)


@pytest.mark.parametrize("preset", ["lungs", "linear-6-13", 3, ["bone"], {"bone": 1}])
def test_a_preset_that_is_none_is_refused_with_the_choices(preset) -> None:
    with pytest.raises(ValidationError, match="'bone', 'soft-tissue' or 'lung'"):
        READ({"modality": "ct", "preset": preset})
    with pytest.raises(ValueError, match="bone, soft-tissue, lung"):
        Shot.parse({"modality": "ct", "preset": preset})


def test_editors_offer_presets() -> None:
    assert '"linear-6-13"' in lesson_schema()
    assert "`linear-6-13` Linear 6–13 MHz" in lesson_schema()
