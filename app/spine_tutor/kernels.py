"""Parallel kernels, one at a time.

Each kernel uses every core, so that two at once are no faster than one after the other. And where
numba finds neither OpenMP nor TBB (a bare container without libgomp), its own thread pool ends
the process when two threads enter it at once, as two trainees' sessions would.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

_lock = threading.Lock()


def one_at_a_time(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a compiled parallel kernel that waits until no other runs; call it from Python."""

    @wraps(kernel)
    def run(*arguments: Any) -> Any:
        with _lock:
            return kernel(*arguments)

    return run
