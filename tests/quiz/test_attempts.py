"""Answers outlive the session, and a database that cannot keep them says so and stays as it is."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import StatementError

from spine_tutor.problems import ProblemError
from spine_tutor.quiz.attempts import AttemptStore, default_url
from spine_tutor.quiz.grading import Click, Grade

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
WRONG = Grade(False, "Not correct.", "l4_body", 6.5)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'deep' / 'attempts.sqlite'}"


def filled(url: str) -> AttemptStore:
    store = AttemptStore(url)
    attempt = store.begin("  Ada   Lovelace ", "four-modalities", NOW)
    store.record(attempt, "click-pedicle", Click(10, 20.5), WRONG, NOW)
    store.record(attempt, "which", 2, Grade(True, "Correct."), NOW + timedelta(minutes=1))
    return store


def test_what_is_recorded_is_found_after_a_restart(url: str) -> None:
    filled(url).close()
    store = AttemptStore(url)
    (attempt,) = store.for_learner("Ada Lovelace")
    assert attempt.lesson == "four-modalities"
    assert attempt.started == NOW
    first, second = attempt.responses
    assert (first.item, first.correct, first.hit, first.distance_mm) == (
        "click-pedicle", False, "l4_body", 6.5,
    )  # fmt: skip
    assert first.answer == {"row": 10, "column": 20.5}
    assert second.answer == 2
    assert second.when == NOW + timedelta(minutes=1)
    assert store.learners() == ["Ada Lovelace"]
    assert store.for_learner("Nobody") == []


def test_the_newest_attempt_comes_first(url: str) -> None:
    store = filled(url)
    newest = store.begin("Ada Lovelace", "lumbar-transforaminal", NOW + timedelta(days=1))
    assert store.for_learner("Ada Lovelace")[0].id == newest


def test_times_of_any_zone_are_one_time(url: str) -> None:
    store = AttemptStore(url)
    store.begin("A", "l", NOW.astimezone(timezone(timedelta(hours=5))))
    assert store.for_learner("A")[0].started == NOW


def test_a_time_without_a_zone_is_refused(url: str) -> None:
    with pytest.raises(StatementError, match="time zone"):
        AttemptStore(url).begin("A", "l", NOW.replace(tzinfo=None))


def test_an_answer_belongs_to_an_attempt(url: str) -> None:
    with pytest.raises(KeyError, match="no attempt 7"):
        AttemptStore(url).record(7, "i", 0, WRONG, NOW)


def test_readers_and_a_writer_work_side_by_side(url: str) -> None:
    one, other = filled(url), AttemptStore(url)
    other.begin("B", "l", NOW)
    assert one.learners() == ["Ada Lovelace", "B"]
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_read_only_database_is_refused_when_opened(url: str) -> None:
    filled(url).close()
    path = url.removeprefix("sqlite:///")
    with pytest.raises(ProblemError, match=r"cannot be written.*right to write"):
        AttemptStore(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert len(AttemptStore(url).for_learner("Ada Lovelace")) == 1, "nothing is lost"


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_what_is_no_database_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "attempts.sqlite"
    path.write_bytes(content)
    with pytest.raises(ProblemError, match="left as it is"):
        AttemptStore(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_damaged_database_is_left_as_it_is(url: str) -> None:
    filled(url).close()
    path = Path(url.removeprefix("sqlite:///"))
    raw = bytearray(path.read_bytes())
    raw[100:4096] = b"\xaa" * 3996  # the schema's page
    path.write_bytes(raw)
    with pytest.raises(ProblemError, match="left as it is"):
        AttemptStore(url)
    assert path.read_bytes() == bytes(raw)


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE patients (name TEXT)")
    with pytest.raises(ProblemError, match="something else"):
        AttemptStore(f"sqlite:///{path}")
    with sqlite3.connect(path) as raw:
        assert [row[0] for row in raw.execute("SELECT name FROM sqlite_master")] == ["patients"]


def test_a_database_of_another_version_is_refused(url: str) -> None:
    filled(url).close()
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE schema_version SET version = 99")
    with pytest.raises(ProblemError, match="version 99"):
        AttemptStore(url)


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x", "sqlite:////dev/null/x/y.sqlite"])
def test_a_url_that_opens_nothing_is_explained(url: str) -> None:
    with pytest.raises(ProblemError) as caught:
        AttemptStore(url)
    assert caught.value.problems[0].remedy


def test_a_password_is_never_shown() -> None:
    with pytest.raises(ProblemError) as caught:
        AttemptStore("mysterious://ada:secret@host/db")
    assert "secret" not in str(caught.value)


def test_the_default_lies_in_the_data_folder(data_dir: Path) -> None:
    assert default_url() == f"sqlite:///{data_dir / 'attempts.sqlite'}"
    AttemptStore().close()
    assert (data_dir / "attempts.sqlite").exists()
