"""What learners answered, in one SQL database that outlives the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Engine,
    ForeignKey,
    String,
    TypeDecorator,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from spine_tutor.problems import Problem, ProblemError
from spine_tutor.quiz.grading import Answer, Grade, answer_data
from spine_tutor.resources import data_dir

SCHEMA_VERSION = 1
"""Raised with every change of the tables; a database of another version is refused, not touched."""


class UtcTime(TypeDecorator[datetime]):
    """A moment; SQLite forgets time zones, so it is kept in UTC and read as such."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Store the moment in UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Read it as UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The tables."""


class SchemaVersion(Base):
    """Which version of the tables the database holds; one row."""

    __tablename__ = "schema_version"
    version: Mapped[int] = mapped_column(primary_key=True)


class Attempt(Base):
    """One learner taking the quiz of one lesson once."""

    __tablename__ = "attempts"
    id: Mapped[int] = mapped_column(primary_key=True)
    learner: Mapped[str] = mapped_column(String(200), index=True)
    lesson: Mapped[str] = mapped_column(String(80), index=True)
    started: Mapped[datetime] = mapped_column(UtcTime)
    responses: Mapped[list[Response]] = relationship(
        back_populates="attempt", order_by="Response.id", lazy="selectin"
    )


class Response(Base):
    """One answer to one item."""

    __tablename__ = "responses"
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    item: Mapped[str] = mapped_column(String(80))
    correct: Mapped[bool]
    answer: Mapped[Any] = mapped_column(JSON)
    hit: Mapped[str | None] = mapped_column(String(80))
    distance_mm: Mapped[float | None]
    when: Mapped[datetime] = mapped_column(UtcTime)
    attempt: Mapped[Attempt] = relationship(back_populates="responses")


def default_url() -> str:
    """Return the URL of the database used when none is named: a file in the data folder."""
    return f"sqlite:///{data_dir() / 'attempts.sqlite'}"


class AttemptStore:
    """Records answers and finds them again.

    Opening creates the tables of an empty database and changes nothing in any other.

    Raises:
        ProblemError: if the database cannot be opened or written, is none, or is of another
            version. Nothing that exists is ever overwritten.
    """

    def __init__(self, url: str | None = None):
        self._engine = _engine(url or default_url())
        with self._explained():
            _prepare(self._engine)

    @property
    def place(self) -> str:
        """Return the database's URL without its password."""
        return self._engine.url.render_as_string(hide_password=True)

    def begin(self, learner: str, lesson: str, now: datetime) -> int:
        """Open an attempt and return its id."""
        with self._explained(), Session(self._engine) as session, session.begin():
            attempt = Attempt(learner=_name(learner), lesson=lesson, started=now)
            session.add(attempt)
            session.flush()
            return attempt.id

    def record(
        self, attempt_id: int, item: str, answer: Answer, grade: Grade, now: datetime
    ) -> None:
        """Keep one answer of an attempt.

        Raises:
            KeyError: if there is no such attempt.
            ProblemError: if the database cannot be written.
        """
        with self._explained(), Session(self._engine) as session, session.begin():
            if session.get(Attempt, attempt_id) is None:
                raise KeyError(f"no attempt {attempt_id}")
            session.add(
                Response(
                    attempt_id=attempt_id,
                    item=item,
                    correct=grade.correct,
                    answer=answer_data(answer),
                    hit=grade.hit,
                    distance_mm=grade.distance_mm,
                    when=now,
                )
            )

    def for_learner(self, learner: str) -> list[Attempt]:
        """Return a learner's attempts with their responses, the newest first."""
        query = select(Attempt).where(Attempt.learner == _name(learner)).order_by(Attempt.id.desc())
        with self._explained(), Session(self._engine, expire_on_commit=False) as session:
            return list(session.scalars(query))

    def learners(self) -> list[str]:
        """Return everyone who has an attempt, by name."""
        query = select(Attempt.learner).distinct().order_by(Attempt.learner)
        with self._explained(), Session(self._engine) as session:
            return list(session.scalars(query))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn a database error into a problem that says what to do."""
        try:
            yield
        except DBAPIError as error:
            raise ProblemError(_explain(self.place, error)) from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            _make_folder(parsed)
        engine = create_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ImportError, OSError) as error:
        shown = url.rpartition("@")[2]  # what comes before an @ may be a password
        raise ProblemError(
            Problem(
                shown,
                f"is no database that can be opened ({error}).",
                "Write it as sqlite:///FOLDER/FILE.sqlite or postgresql+psycopg://HOST/NAME.",
            )
        ) from error
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
    return engine


def _make_folder(url: URL) -> None:
    if url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    """Let readers and a writer work side by side, and hold references to what exists."""
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _prepare(engine: Engine) -> None:
    """Create the tables of an empty database; refuse one that is not ours or not writable."""
    with engine.begin() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            Base.metadata.create_all(connection)
            connection.execute(insert(SchemaVersion).values(version=SCHEMA_VERSION))
            return
        place = engine.url.render_as_string(hide_password=True)
        if SchemaVersion.__tablename__ not in tables:
            raise ProblemError(
                Problem(
                    place,
                    "is a database of something else.",
                    "Name another with --database; this one is left as it is.",
                )
            )
        version = connection.scalar(select(SchemaVersion.version))
        if version != SCHEMA_VERSION:
            raise ProblemError(
                Problem(
                    place,
                    f"is of version {version}; this tutor keeps version {SCHEMA_VERSION}.",
                    "Use the tutor that wrote it, or name another with --database.",
                )
            )
        # the first answer must not be the one to find out that nothing can be written
        connection.execute(text("UPDATE schema_version SET version = version"))


def _explain(place: str, error: DBAPIError) -> Problem:
    reason = str(error.orig)
    for sign, message, remedy in (
        (
            "not a database",
            "is not a database.",
            "Name another file with --database, or move this one away; it is left as it is.",
        ),
        (
            "malformed",
            "is damaged.",
            "Restore it from a backup, or name another with --database; it is left as it is.",
        ),
        (
            "readonly",
            "cannot be written.",
            "Give this user the right to write the file and its "
            "folder, or name another with --database.",
        ),
        ("unable to open", "cannot be opened.", "Check that the folder exists and can be written."),
        ("locked", "is in use by another program.", "Close that program, or try again."),
        ("full", "has no room left.", "Free some space on the disk."),
    ):
        if sign in reason:
            return Problem(place, f"{message} ({reason})", remedy)
    return Problem(place, f"failed: {reason}", "Check that the database runs and can be reached.")


def _name(learner: str) -> str:
    return " ".join(learner.split())[:200]
