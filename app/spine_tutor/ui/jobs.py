"""Long work beside the pages, once for everybody who waits for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from spine_tutor.anatomy import Subject
from spine_tutor.anatomy.library import open_subject
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.visibility import Sight, Visibility
from spine_tutor.imaging.visibility_reasons import Explainer, Reason
from spine_tutor.problems import ProblemError


class Opening:
    """A subject that is being opened in a thread of its own.

    Attributes:
        fraction: how much is done, 0 to 1.
        message: what is being done.
    """

    def __init__(self, subject_id: str):
        self.fraction, self.message = 0.0, "opening the subject"
        self._id = subject_id
        self._result: Subject | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"open {subject_id}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = open_subject(self._id, self._tell)
        except Exception as error:  # handed to whoever waits, in `result`
            self._error = error

    def _tell(self, fraction: float, message: str) -> None:
        self.fraction, self.message = min(max(fraction, 0.0), 1.0), message

    @property
    def failed(self) -> bool:
        """Return whether it ended without a subject."""
        return self._error is not None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait, at most so long, and return whether it is over."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> Subject:
        """Wait for the subject.

        Raises:
            ProblemError: if it cannot be opened.
        """
        self.wait()
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result


_TURN = threading.Lock()  # one table at a time: pictures that follow a hand need the rest


class Looking:
    """How pictures show structures and why not better, looked at in a thread of its own.

    Attributes:
        fraction: how much is done, 0 to 1.
        found: for each structure what each picture shows of it; None where there is no picture.
        error: why it ended early, "" if it did not.
    """

    def __init__(self, subject: Subject, shots: Sequence[Shot], structures: Sequence[str]):
        self.fraction, self.error = 0.0, ""
        self.found: dict[str, list[tuple[Visibility, Reason | None] | None]] = {}
        self._stopped = threading.Event()
        self._over = threading.Event()
        work = (subject, tuple(shots), tuple(structures))
        threading.Thread(target=self._run, args=work, name="look", daemon=True).start()

    def stop(self) -> None:
        """End it after the structure that is being looked at."""
        self._stopped.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait, at most so long, and return whether it is over."""
        return self._over.wait(seconds)

    def _run(self, subject: Subject, shots: Sequence[Shot], structures: Sequence[str]) -> None:
        try:
            with _TURN:
                self._look(subject, shots, structures)
        except Exception as error:  # told to whoever waits
            self.error = str(error) or type(error).__name__
        finally:
            self._over.set()

    def _look(self, subject: Subject, shots: Sequence[Shot], structures: Sequence[str]) -> None:
        pictures: list[Explainer | None] = []
        for shot in shots:
            sight = Sight(subject, shot.view, shot.settings, additions=shot.additions)
            try:
                sight.image  # noqa: B018 simulated here, to see whether it can be
                pictures.append(Explainer(sight))
            except (ProblemError, ValueError, KeyError):
                pictures.append(None)  # the picture itself says why
        for n, name in enumerate(structures):
            if self._stopped.is_set():
                self.error = "It was stopped."
                return
            self.found[name] = [p.explain(name) if p is not None else None for p in pictures]
            self.fraction = (n + 1) / len(structures)
