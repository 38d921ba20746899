"""What this server was started with: one value a process, set before the first page runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from spine_tutor.resources import content_dir


@dataclass(frozen=True)
class Deployment:
    """Where a server takes its content from and where it keeps results.

    Attributes:
        content: folder of lessons and index files.
        database_url: SQLAlchemy URL of the attempts; None for the user's own SQLite file.
    """

    content: Path = field(default_factory=content_dir)
    database_url: str | None = None


_current = Deployment()


def configure(deployment: Deployment) -> None:
    """Set what the pages of this process use."""
    global _current
    _current = deployment


def deployment() -> Deployment:
    """Return what this process was started with."""
    return _current
