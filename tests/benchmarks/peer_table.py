"""Rows, clocks and silence that the comparisons with other simulators share."""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, Any]
REPEATS = 9


def row(
    case: str,
    class_: str,
    ours: str = "–",
    our_ms: float | None = None,
    peer: str = "",
    theirs: str = "–",
    their_ms: float | None = None,
    accuracy: str = "–",
) -> Row:
    """Return one comparison; a ratio above 1 says how many times faster the tutor is."""
    ratio = their_ms / our_ms if our_ms and their_ms else None
    return {
        "case": case,
        "class": class_,
        "ours": ours,
        "ours, ms": our_ms,
        "peer": peer,
        "theirs": theirs,
        "theirs, ms": their_ms,
        "faster by": ratio,
        "accuracy": accuracy,
    }


def race(*runners: Callable[[], Any]) -> list[float]:
    """Return the median time of each, ms, run in turns after one that is not counted."""
    times: list[list[float]] = [[] for _ in runners]
    for n in range(REPEATS + 1):
        for runner, found in zip(runners, times, strict=True):
            begin = time.perf_counter()
            runner()
            if n:
                found.append(1000 * (time.perf_counter() - begin))
    return [statistics.median(found) for found in times]


def verdict(ours: float, theirs: float) -> str:
    """Return how two errors compare."""
    if abs(ours - theirs) <= 0.01 * max(ours, theirs):
        return "equal"
    return "better" if ours < theirs else "WORSE"


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Keep what a library writes past Python off the terminal."""
    saved = os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stdout.flush()
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        yield
    finally:
        for number, copy in enumerate(saved, start=1):
            os.dup2(copy, number)
            os.close(copy)
        os.close(nothing)
