"""What is wrong, where, and how to mend it: the one shape every check reports in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import ValidationError

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One fault in something a person gave us.

    Attributes:
        path: the file, database, URL parameter or upload at fault.
        message: the value found and the rule it breaks.
        remedy: what to do about it, with the allowed choices where there are any.
        line: 1-based line in `path`, when known.
        key: dotted key inside `path`, such as ``steps.2.views.0.center``.
        severity: ``error`` where a rule is broken, ``warning`` where it works but could be better.
    """

    path: str
    message: str
    remedy: str
    line: int | None = None
    key: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        key = f" {self.key}:" if self.key else ""
        warning = " warning:" if self.severity == "warning" else ""
        return f"{place}:{warning}{key} {self.message} {self.remedy}".strip()

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as plain data, for ``--format json``."""
        return asdict(self)


class ProblemError(Exception):
    """Raised with every problem found, so that a person can mend all of them at once."""

    def __init__(self, problems: Iterable[Problem] | Problem):
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refused(path: str, error: ValidationError, remedy: str) -> ProblemError:
    """Return what a model refuses, a problem a field.

    Args:
        path: where the fields come from.
        error: what the model raised.
        remedy: what to do about it.
    """
    return ProblemError(
        Problem(
            path,
            f"{fault['msg']}; it is `{fault['input']}`.",
            remedy,
            key=".".join(map(str, fault["loc"])),
        )
        for fault in error.errors()
    )


def nearest(word: str, choices: Iterable[str], limit: int = 3) -> str:
    """Return a remedy that names the choices closest to a misspelt `word`."""
    from difflib import get_close_matches

    known = list(choices)
    close = get_close_matches(word, known, n=limit, cutoff=0.5)
    if close:
        return "Did you mean " + " or ".join(f"`{c}`" for c in close) + "?"
    if len(known) <= 12:
        return "Choose one of: " + ", ".join(sorted(known)) + "."
    return f"Choose one of the {len(known)} known names, such as `{sorted(known)[0]}`."
