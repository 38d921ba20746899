"""The shape of a lesson as JSON Schema, with which editors complete and check as one writes."""

from __future__ import annotations

import json
from pathlib import Path

from spine_tutor.lessons.model import Lesson
from spine_tutor.resources import assets_dir


def schema_path() -> Path:
    """Return where the schema ships."""
    return assets_dir() / "lesson.schema.json"


def lesson_schema() -> str:
    """Return the schema as text, always the same for the same model."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(schema | Lesson.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    schema_path().write_text(lesson_schema(), encoding="utf-8")
