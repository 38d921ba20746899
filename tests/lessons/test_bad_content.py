"""Every rule has a file that breaks it alone, and the message names place, rule and remedy."""

import shutil
from pathlib import Path

import pytest

from boxes import body
from spine_tutor.lessons.check import check_against
from spine_tutor.lessons.library import load_content
from spine_tutor.lessons.model import Lesson
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.yaml_model import load

BAD = Path(__file__).parents[1] / "bad_content"
EVIDENCE = """sources:
  - {id: rekatsina-2025, authors: A, title: T, venue: V, year: 2025, finding: F.}
"""


def files(room: str) -> list[Path]:
    return sorted((BAD / room).glob("*.yaml"))


def expected(path: Path) -> tuple[str, str]:
    key, words = path.read_text(encoding="utf-8").rsplit("# expect: ", 1)[1].split("|")
    return key.strip(), words.strip()


@pytest.fixture
def content(tmp_path: Path):
    """Return a function that lays out a content folder with one lesson and loads it."""

    def lay_out(lesson: Path):
        folder = tmp_path / "lessons" / "good"
        folder.mkdir(parents=True)
        shutil.copy(lesson, folder / "lesson.yaml")
        (tmp_path / "evidence.yaml").write_text(EVIDENCE, encoding="utf-8")
        (tmp_path / "glossary.yaml").write_text("terms: []\n", encoding="utf-8")
        (tmp_path / "curriculum.yaml").write_text(
            "title: T\nmodules: [{id: m, title: M, lessons: [good]}]\n", encoding="utf-8"
        )
        return load_content(tmp_path)

    return lay_out


def assert_one(problems, path: Path, severity: str = "error") -> Problem:
    key, words = expected(path)
    assert len(problems) == 1, [str(p) for p in problems]
    problem = problems[0]
    assert problem.key == key
    assert words in str(problem)
    assert problem.severity == severity
    assert problem.path.endswith("lesson.yaml")
    assert problem.remedy
    return problem


def test_the_good_lesson_is_clean(content) -> None:
    library = content(BAD / "good.yaml")
    assert not library.problems
    assert not check_against(library.lessons["good"], library.sources["good"], body())


@pytest.mark.parametrize(
    "path", files("shape") + files("yaml") + files("text"), ids=lambda p: p.stem
)
def test_a_broken_lesson_is_explained_and_left_out(path: Path, content) -> None:
    library = content(path)
    assert_one(library.problems, path)
    assert not library.lessons


@pytest.mark.parametrize("path", files("warning"), ids=lambda p: p.stem)
def test_a_flawed_lesson_is_warned_of_and_kept(path: Path, content) -> None:
    library = content(path)
    assert_one(library.problems, path, "warning")
    assert "good" in library.lessons


@pytest.mark.parametrize("path", files("subject"), ids=lambda p: p.stem)
def test_a_lesson_that_the_subject_contradicts_is_explained(path: Path, content) -> None:
    library = content(path)
    assert not library.problems
    assert_one(check_against(library.lessons["good"], library.sources["good"], body()), path)


@pytest.mark.parametrize("path", files("shape"), ids=lambda p: p.stem)
def test_the_line_is_where_the_fault_stands(path: Path, content) -> None:
    good = (BAD / "good.yaml").read_text(encoding="utf-8").splitlines()
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = next(n for n, (a, b) in enumerate(zip(good, lines, strict=False), 1) if a != b)
    line = content(path).problems[0].line
    if path.stem in ("missing_key", "no_feedback"):  # there is no line of what is not there
        assert line < changed
    else:
        in_block = path.stem.startswith(("html", "java", "relative", "remote"))
        assert line == changed - in_block, "text that starts with | is named by its first line"


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.yaml"
    lesson.write_text("id: X\ntitle: <b>\nregion: lumber\nsteps: []\nfoo: 1\n", encoding="utf-8")
    with pytest.raises(ProblemError) as caught:
        load(Lesson, lesson)
    keys = {problem.key for problem in caught.value.problems}
    assert keys == {"id", "title", "region", "steps", "foo", "summary", "objectives"}


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.yaml"
    with lesson.open("wb") as out:
        out.write(b"title: x\n")
        out.truncate(50_000_000)
    with pytest.raises(ProblemError, match=r"larger than 1000 kB \(50\.0 MB\)"):
        load(Lesson, lesson)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.yaml"
    lesson.write_text("title: " + "[" * 100_000, encoding="utf-8")
    with pytest.raises(ProblemError, match="nests deeper"):
        load(Lesson, lesson)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"- 1\n", "not a mapping"),
        (b"title: caf\xe9\n", "is not UTF-8"),
        (b"title: a\x00b\n", "is not YAML"),
        (b"? [a, b]\n: 1\n", "key that is a list"),
        (b"when: 2025-13-45\n", "Write it as text"),
    ],
)
def test_what_is_no_lesson_is_explained(raw: bytes, words: str, tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.yaml"
    lesson.write_bytes(raw)
    with pytest.raises(ProblemError, match=words):
        load(Lesson, lesson)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"nothing\.yaml: cannot be read"):
        load(Lesson, tmp_path / "nothing.yaml")


def test_aliases_within_the_limits_are_followed(tmp_path: Path) -> None:
    text = (BAD / "good.yaml").read_text(encoding="utf-8")
    text = text.replace("scene: {show", "scene: &scene {show", 1)
    text = text.replace("    scene: {show: [l4_vertebra]}", "    scene: *scene")
    lesson = tmp_path / "lesson.yaml"
    lesson.write_text(text, encoding="utf-8")
    loaded, _ = load(Lesson, lesson)
    assert loaded.quiz[4].scene == loaded.steps[0].scene
