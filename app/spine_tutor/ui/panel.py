"""A panel of live controls: its rows, what it refuses, and how a turn reaches the bench.

Pictures, needle and injection are steered by one panel each; what they share is here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from spine_tutor.problems import Problem, ProblemError
from spine_tutor.ui import components, state
from spine_tutor.ui.bench import Bench
from spine_tutor.ui.controls import Row

Turn = Callable[[Bench, Mapping[str, Any], bool], Bench]
"""From a bench, what was turned on a panel and whether the hand still moves, the next bench."""


@dataclass(frozen=True)
class Panel:
    """What a panel steers: `id` among all that can be steered, and its `name` for a person."""

    id: str
    name: str

    def draw(self, scope: str, rows: Sequence[Row], turn: Turn) -> None:
        """Draw the controls of a scope's bench, and what was refused of the last turn.

        Args:
            scope: under which `state` keeps the bench.
            rows: as `controls.choice` and `controls.slider` make them.
            turn: raises ValueError or ProblemError where a value is not allowed.
        """
        key = f"controls/{scope}/{self.id}"
        for refused in state.value(f"refused/{scope}") or ():
            st.caption(f"⚠ {refused}")
        components.live_controls(
            f"{self.name} controls", rows, state.echo(key), key, partial(_turned, scope, key, turn)
        )


def said(error: Exception) -> str:
    """Return what is wrong, and what to do, in sentences a trainee can act on."""
    if isinstance(error, ProblemError):
        return " ".join(_sentence(problem) for problem in error.problems)
    if errors := getattr(error, "errors", None):  # pydantic
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in errors())
    return str(error.args[0] if error.args else error)


def _sentence(problem: Problem) -> str:
    about = f"{problem.key}: " if problem.key else ""
    text = f"{about}{problem.message} {problem.remedy}".strip()
    return text[:1].upper() + text[1:]


def _turned(scope: str, key: str, turn: Turn) -> None:
    report, bench = state.heard(key, "change"), state.laid_out(scope)
    try:
        bench = turn(bench, report.get("changes", {}), bool(report.get("dragging")))
        refused = []
    except (ProblemError, ValueError) as error:
        refused = [said(error)]
    state.set_value(f"refused/{scope}", refused)
    state.change(scope, bench)
