"""A folder of content: what holds is shown, the rest is explained, and neither stops the other."""

import json
import shutil
from pathlib import Path

import pytest
from pydantic import BaseModel

from boxes import body
from spine_tutor.lessons.library import check_paths, load_content
from spine_tutor.lessons.model import Lesson
from spine_tutor.lessons.scaffold import new_lesson
from spine_tutor.lessons.schema import lesson_schema, schema_path
from spine_tutor.lessons.views import ViewSpec
from spine_tutor.problems import ProblemError
from spine_tutor.resources import content_dir
from spine_tutor.yaml_model import load

GOOD = Path(__file__).parents[1] / "bad_content" / "good.yaml"
INDEX = {
    "evidence.yaml": "sources:\n- {id: rekatsina-2025, authors: A, title: T, venue: V, year: 2025, "
    "finding: F.}\n",
    "glossary.yaml": "terms:\n- {term: Pedicle, text: A bridge.}\n",
    "curriculum.yaml": "title: T\nmodules:\n- {id: m, title: M, lessons: [good]}\n",
}


@pytest.fixture
def content(tmp_path: Path) -> Path:
    for name, text in INDEX.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "lessons" / "good").mkdir(parents=True)
    shutil.copy(GOOD, tmp_path / "lessons" / "good" / "lesson.yaml")
    return tmp_path


def messages(folder: Path) -> str:
    return "\n".join(str(problem) for problem in load_content(folder).problems)


def test_a_broken_lesson_does_not_take_the_others_down(content: Path) -> None:
    for name, text in {"a-broken-one": "title: [", "z-empty": ""}.items():
        (content / "lessons" / name).mkdir()
        (content / "lessons" / name / "lesson.yaml").write_text(text, encoding="utf-8")
    library = load_content(content)
    assert list(library.lessons) == ["good"]
    broken = {Path(p.path).parent.name for p in library.problems if p.severity == "error"}
    assert broken == {"a-broken-one", "z-empty"}


def test_a_folder_without_a_lesson_is_named(content: Path) -> None:
    (content / "lessons" / "empty").mkdir()
    assert "lesson.yaml: cannot be read" in messages(content)


@pytest.mark.parametrize("name", INDEX)
def test_a_broken_index_leaves_the_lessons(name: str, content: Path) -> None:
    (content / name).write_text("nonsense: [", encoding="utf-8")
    library = load_content(content)
    assert any(p.path.endswith(name) and p.severity == "error" for p in library.problems)
    # a lesson that cites what can no longer be found is not shown as if it were sourced
    assert bool(library.lessons) == (name != "evidence.yaml")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("curriculum.yaml", "lessons: [good, gone]", "`gone` has no folder"),
        ("curriculum.yaml", "lessons: [good, good]", "`good` is listed twice"),
        ("curriculum.yaml", "lessons: []", "does not list the lesson `good`"),
        ("glossary.yaml", "text: A bridge., evidence: [nobody-1999]", "not in evidence.yaml"),
    ],
)
def test_the_index_files_are_held_against_the_folder(name, text, expected, content: Path) -> None:
    old = "lessons: [good]" if name == "curriculum.yaml" else "text: A bridge."
    (content / name).write_text(INDEX[name].replace(old, text), encoding="utf-8")
    assert expected in messages(content)
    assert len(load_content(content).problems) == 1


@pytest.mark.parametrize("name", ["evidence.yaml", "glossary.yaml"])
def test_an_entry_twice_is_named(name: str, content: Path) -> None:
    head, entry = INDEX[name].split("\n", 1)
    (content / name).write_text(f"{head}\n{entry}{entry}", encoding="utf-8")
    assert "stands twice" in messages(content)


def test_a_folder_that_is_none_is_empty_and_says_so(tmp_path: Path) -> None:
    library = load_content(tmp_path / "nowhere")
    assert not library.lessons
    assert "curriculum.yaml: cannot be read" in messages(tmp_path / "nowhere")


def test_views_carry_pose_and_settings() -> None:
    lesson, _ = load(Lesson, GOOD)
    spec = lesson.steps[0].views[1]
    assert isinstance(spec, ViewSpec)
    assert spec.view.oblique == -30
    assert isinstance(spec.settings, BaseModel)
    assert spec.modality == "fluoroscopy"


def test_a_problem_names_key_and_line() -> None:
    _, source = load(Lesson, GOOD)
    problem = source.problem(("steps", 0, "views", 1, "oblique"), "message.", "remedy.")
    line = GOOD.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert "oblique: -30" in line


def test_the_shipped_schema_is_the_model() -> None:
    shipped = schema_path().read_text(encoding="utf-8")
    assert shipped == lesson_schema(), "run: python -m spine_tutor.lessons.schema"


def test_shipped_lessons_point_editors_to_the_schema() -> None:
    assert json.loads(lesson_schema())["title"] == "Lesson"
    for path in content_dir().glob("lessons/*/lesson.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert (path.parent / first.split("$schema=")[1]).resolve() == schema_path().resolve()


@pytest.mark.parametrize("name", ["Bad", "a--b", "../x", "", "a b", "a/b"])
def test_a_new_lesson_needs_a_name_that_can_be_an_id(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="cannot be the id"):
        new_lesson(name, tmp_path)


def test_a_new_lesson_never_overwrites(tmp_path: Path) -> None:
    path = new_lesson("mine", tmp_path)
    path.write_text("my work", encoding="utf-8")
    with pytest.raises(ProblemError, match="is there already"):
        new_lesson("mine", tmp_path)
    assert path.read_text(encoding="utf-8") == "my work"


def test_a_path_may_be_a_folder_a_lesson_or_its_file(content: Path, monkeypatch) -> None:
    monkeypatch.setattr("spine_tutor.lessons.library.open_subject", lambda *_: body())
    other = content / "lessons" / "broken"
    other.mkdir()
    (other / "lesson.yaml").write_text("title: [", encoding="utf-8")
    lesson = content / "lessons" / "good"
    assert check_paths([lesson]) == check_paths([lesson / "lesson.yaml"]) == []
    assert [p.severity for p in check_paths([content])] == ["error", "warning"]
    assert len(check_paths([other])) == 1


@pytest.mark.parametrize("name", ["nowhere", "curriculum.yaml", "lessons"])
def test_a_path_that_is_no_content_cannot_be_checked(name: str, content: Path) -> None:
    with pytest.raises(ProblemError, match="no content folder and no lesson"):
        check_paths([content / name])
