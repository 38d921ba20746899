"""A lesson that asks for the impossible is explained, every place of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bad_values import fields, with_field
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot
from spine_tutor.lessons.library import load_content


def refused(modality: str) -> list[tuple[str, Any]]:
    """Return every field of a modality with each value that its rules refuse, and the view."""
    found = []
    for named, part, name, values in fields():
        for value in values if named == modality else ():
            view = with_field(modality, part, name, value)
            try:
                Shot.parse(view)
            except ValueError:
                found.append((name, view))
    return found


def lesson(views: list[Any]) -> dict[str, Any]:
    steps = [{"title": "T", "text": "A step.", "scene": {"show": []}, "views": [v]} for v in views]
    return {
        "id": "impossible", "title": "T", "region": "lumbar", "summary": "S.",
        "objectives": [{"id": "see", "text": "See."}], "subject": {"case": "average"},
        "steps": steps,
    }  # fmt: skip


@pytest.mark.parametrize("modality", MODALITIES)
def test_each_impossible_view_is_named_with_its_line(modality: str, tmp_path: Path) -> None:
    bad = refused(modality)
    assert len(bad) > 50
    parts = [bad[n : n + 20] for n in range(0, len(bad), 20)]
    for n, part in enumerate(parts):
        folder = tmp_path / str(n)
        path = folder / "lessons" / "impossible" / "lesson.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(yaml.safe_dump(lesson([view for _, view in part]), sort_keys=False))
        library = load_content(folder)
        assert not library.lessons
        keys = {p.key: p for p in library.problems if p.path.endswith("lesson.yaml")}
        for m, (name, view) in enumerate(part):
            at = f"steps.{m}.views.0."
            told = [p for key, p in keys.items() if key and key.startswith(at)]
            assert told, f"{view} is not told: {sorted(map(str, keys))}"
            assert any(name in str(p) for p in told)
            assert all(p.line and p.message and p.remedy for p in told)
