"""Long work beside the pages: opening a subject, once for everybody who waits for it."""

from __future__ import annotations

import threading

from spine_tutor.anatomy import Subject
from spine_tutor.anatomy.library import open_subject


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
