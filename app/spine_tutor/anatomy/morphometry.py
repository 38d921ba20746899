"""The cited table that the parametric atlas is built from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spine_tutor.problems import Problem, ProblemError, nearest
from spine_tutor.resources import assets_dir

Mark = Literal["F", "F2", "M", "R", "E"]
"""Found, second-hand, measured, recalled, estimated; the last two are shown as estimates."""


class Row(BaseModel):
    """What one source says of one measure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    mark: Mark
    values: Mapping[str, float]
    """By level (``l4``), segment (``l4_l5``) or ``all``."""
    sd: float | None = None

    @property
    def is_estimate(self) -> bool:
        """Return whether the numbers must be shown as estimates."""
        return self.mark in ("R", "E")


class Measurement(BaseModel):
    """One measure of the body, with everything that the sources say of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    unit: Literal["mm", "mm²", "deg", "1"]
    rows: tuple[Row, ...] = Field(min_length=1)
    condition: str = ""

    def known(self) -> tuple[str, ...]:
        """Return the levels or segments that any row has."""
        return tuple(dict.fromkeys(key for row in self.rows for key in row.values))

    def value(self, where: str = "all") -> float:
        """Return the middle of the rows that have `where`, which is what the atlas is built to.

        Raises:
            KeyError: if no row has it.
        """
        found = [row.values[where] for row in self.rows if where in row.values]
        if not found:
            known = nearest(where, self.known())
            raise KeyError(f"{self.title}: no value for `{where}`. {known}")
        return sum(found) / len(found)


class Morphometry(BaseModel):
    """The whole table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Mapping[str, str]
    measurements: Mapping[str, Measurement]

    def value(self, name: str, where: str = "all") -> float:
        """Return measurement `name` at a level, a segment or ``all``, in the table's unit."""
        return self.measurements[name].value(where)


def load_morphometry(path: Path) -> Morphometry:
    """Read and check a table.

    Raises:
        ProblemError: if the file cannot be read, has a wrong shape or cites an unknown source.
    """
    try:
        table = Morphometry.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise ProblemError(
            Problem(str(path), f"cannot be read ({error}).", "Restore the file of the release.")
        ) from error
    except ValidationError as error:
        raise ProblemError(
            Problem(
                str(path),
                fault["msg"] + ".",
                "Write rows as {source, mark, values}.",
                key=".".join(map(str, fault["loc"])),
            )
            for fault in error.errors()
        ) from error
    unknown = [
        Problem(
            str(path),
            f"source `{row.source}` is not listed.",
            nearest(row.source, table.sources),
            key=f"measurements.{name}.rows.{n}.source",
        )
        for name, measurement in table.measurements.items()
        for n, row in enumerate(measurement.rows)
        if row.source not in table.sources
    ]
    if unknown:
        raise ProblemError(unknown)
    return table


@cache
def morphometry() -> Morphometry:
    """Return the table that ships with the tutor."""
    return load_morphometry(assets_dir() / "morphometry.yaml")
