"""A number that a simulator uses: with name, unit, condition and source, for the honesty panel.

Values are read from the modules that use them, so that what is shown is what is computed with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

MARKED = {
    "F": "cited",
    "C": "computed",
    "R": "recalled, not verified",
    "E": "estimate",
}
"""What the marks mean to a reader."""

OWN = {"E": "the authors' estimate", "R": "recalled from practice and textbooks"}
"""The source of what no publication is named for."""


@dataclass(frozen=True)
class Constant:
    """A number that a simulator uses.

    Attributes:
        symbol: module and name in the code.
        name: what it is.
        value, unit: as it is used.
        condition: for what it holds; "" if always.
        mark: a key of `MARKED`.
        source: where it comes from.
    """

    symbol: str
    name: str
    value: Any
    unit: str
    condition: str
    mark: str
    source: str

    @property
    def is_estimate(self) -> bool:
        """Return whether it must be shown as an estimate rather than as a cited value."""
        return self.mark in ("R", "E")

    @property
    def written(self) -> str:
        """Return the value as a reader sees it."""
        return _written(self.value)


def number(
    module: ModuleType,
    symbol: str,
    name: str,
    unit: str,
    mark: str,
    condition: str = "",
    source: str = "",
    part: str = "",
) -> Constant:
    """Return a constant of a module, or one `part` of each record of a mapping."""
    short = f"{module.__name__.rpartition('.')[2]}.{symbol}"
    value = getattr(module, symbol)
    if part:
        short, value = f"{short}.{part}", {key: getattr(one, part) for key, one in value.items()}
    return Constant(short, name, value, unit, condition, mark, source or OWN[mark])


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_written(part)}" for key, part in value.items())
    if isinstance(value, tuple | list | np.ndarray):
        return ", ".join(_written(part) for part in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
