"""A new lesson to start from: it passes the check, and says what to change."""

from __future__ import annotations

import os
import re
from pathlib import Path

from spine_tutor.lessons.schema import schema_path
from spine_tutor.problems import Problem, ProblemError

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_LESSON = """\
# yaml-language-server: $schema={schema}
# Change what is here, then run: spine-tutor check
id: {id}
title: {title}
region: lumbar
summary: One line on what it is about.

objectives:
  - id: find-pedicle
    text: Find the pedicle on an oblique fluoroscopy picture.

subject: {{case: average}}

steps:
  - title: The eye of the Scotty dog
    text: |
      Text in Markdown, without HTML. Say what is seen, and where it is known from.
    scene: {{show: [l3_vertebra, l4_vertebra, l5_vertebra], camera: left-oblique}}
    focus: l4_pedicle_left
    views:
      - {{modality: fluoroscopy, oblique: -30, center: l4_pedicle_left}}
      - {{modality: ct, plane: axial, center: l4_pedicle_left}}
    claims: # held against the simulated pictures by spine-tutor check
      - {{structure: l4_pedicle_left, fluoroscopy: visible, ct: visible}}

quiz:
  - kind: hotspot
    id: click-pedicle
    objective: find-pedicle
    stem: Click the left pedicle of L4.
    view: {{modality: fluoroscopy, oblique: -30, center: l4_pedicle_left}}
    target: l4_pedicle_left
    feedback: On a left oblique view the pedicle is the eye of the dog.
"""


def new_lesson(lesson_id: str, content: Path) -> Path:
    """Write a lesson to start from and return its file.

    Raises:
        ProblemError: if the id cannot be a folder's name, exists already, or cannot be written.
    """
    if not _ID.fullmatch(lesson_id):
        raise ProblemError(
            Problem(
                lesson_id,
                "cannot be the id of a lesson.",
                "Use lower-case letters and digits with single hyphens, such as `s1-block`.",
            )
        )
    path = content / "lessons" / lesson_id / "lesson.yaml"
    title = lesson_id.replace("-", " ").capitalize()
    schema = os.path.relpath(schema_path(), path.parent)
    text = _LESSON.format(id=lesson_id, title=title, schema=schema)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        remedy = "Choose another id, or remove the old lesson first."
        raise ProblemError(Problem(str(path), "is there already.", remedy)) from None
    except OSError as error:
        remedy = "Point --content at a folder that you may write to."
        message = f"cannot be written ({error.strerror})."
        raise ProblemError(Problem(str(path), message, remedy)) from error
    return path
