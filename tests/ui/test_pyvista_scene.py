"""The whole PyVista scene: made by another process, labelled, stopped when it takes too long."""

import pytest

from small_body import small_body
from spine_tutor.problems import ProblemError
from spine_tutor.resources import LABEL
from spine_tutor.ui.pyvista_scene import export


def test_the_scene_is_a_page_of_its_own_with_the_label() -> None:
    body = small_body()
    page = export(body, dict.fromkeys(body.meshes, 0.8))
    assert "<html" in page
    assert LABEL in page
    assert len(page) > 100_000, "it holds its own meshes and viewer"


def test_a_scene_that_takes_too_long_is_stopped_and_said() -> None:
    body = small_body()
    with pytest.raises(ProblemError, match="was stopped"):
        export(body, dict.fromkeys(body.meshes, 1.0), seconds=0.2)
