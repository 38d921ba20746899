"""The tissue table: what every modality knows of every tissue, with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from spine_tutor.anatomy import TISSUES
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.resources import assets_dir

MARKS = ("F", "C", "R", "E")
"""Found in the source, computed, recalled and unverified, estimate."""
RECALLED = "sheet"
"""The source that recalls what it has not looked up: nothing of it counts as found."""


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, the condition it holds under and where it comes from."""

    value: float
    unit: str
    mark: str
    source: str
    condition: str = ""

    @property
    def is_estimate(self) -> bool:
        """Return whether it must be shown as an estimate rather than as a cited value."""
        return self.mark in ("R", "E")


@dataclass(frozen=True)
class Material:
    """What X-rays meet.

    Attributes:
        id: its name in the table.
        density: g/cm³.
        composition: mass fraction of each element by symbol, 1 in sum.
        mark, source: of the composition.
        hu: CT number at 120 kVp, 6 mm Al, behind 200 mm of water; recomputed by a test.
    """

    id: str
    density: Quantity
    composition: Mapping[str, float]
    mark: str
    source: str
    hu: float


@dataclass(frozen=True)
class Mixture:
    """What a tissue is made of, for X-rays, and where that comes from.

    Attributes:
        parts: share of each material by volume, 1 in sum.
        mark, source, condition: as in `Quantity`.
    """

    parts: Mapping[str, float]
    mark: str
    source: str
    condition: str = ""


@dataclass(frozen=True)
class Tissue:
    """One tissue of `anatomy.TISSUES` for all modalities; id and name are as there."""

    id: str
    name: str
    mixture: Mixture
    sound_speed: Quantity
    impedance: Quantity
    attenuation: Quantity
    backscatter: Quantity
    anisotropy: Quantity
    t1_1_5t: Quantity
    t2_1_5t: Quantity
    t1_3t: Quantity
    t2_3t: Quantity
    proton_density: Quantity
    fat_fraction: Quantity


QUANTITIES = tuple(f.name for f in fields(Tissue) if f.name not in ("id", "name", "mixture"))


@dataclass(frozen=True)
class TissueTable:
    """Every tissue and material.

    Attributes:
        tissues: by id, in the order of `anatomy.TISSUES`.
        materials: by id.
        sources: citation by the key that quantities name.
    """

    tissues: Mapping[str, Tissue]
    materials: Mapping[str, Material]
    sources: Mapping[str, str]

    def column(self, quantity: str) -> NDArray[np.float64]:
        """Return one quantity by tissue code, (len(TISSUES),), such as ``sound_speed``.

        Raises:
            AttributeError: if tissues have no such quantity.
        """
        return np.array([getattr(self.tissues[t], quantity).value for t in TISSUES])


def read_tissues(path: Path) -> TissueTable:
    """Read a tissue table.

    Raises:
        ProblemError: naming every tissue, field, mark, source or sum that is missing or wrong.
    """
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    reader = _Reader(path, raw.get("fields", {}), raw.get("sources", {}))
    materials = {name: reader.material(name, row) for name, row in raw.get("materials", {}).items()}
    rows = raw.get("tissues", {})
    tissues = {name: reader.tissue(name, rows.get(name), materials) for name in TISSUES}
    for unknown in sorted(set(rows) - set(TISSUES)):
        reader.wrong(f"tissues.{unknown}", "is no tissue.", f"Choose one of {', '.join(TISSUES)}.")
    if reader.problems:
        raise ProblemError(reader.problems)
    return TissueTable(
        {name: t for name, t in tissues.items() if t is not None},
        {name: m for name, m in materials.items() if m is not None},
        dict(reader.sources),
    )


@cache
def tissue_table() -> TissueTable:
    """Return the table that ships with the tutor."""
    return read_tissues(assets_dir() / "tissues.yaml")


class _Reader:
    """Turns rows into values and collects what is wrong with them."""

    def __init__(self, path: Path, units: Mapping[str, Any], sources: Mapping[str, str]):
        self.path, self.units, self.sources = path, units, sources
        self.problems: list[Problem] = []

    def wrong(self, key: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(str(self.path), message, remedy, key=key))

    def quantity(self, key: str, row: Any, unit: str) -> Quantity | None:
        if not isinstance(row, Mapping) or not {"value", "mark", "source"} <= set(row):
            self.wrong(key, f"is {row!r}.", "Give `value`, `mark` and `source`.")
            return None
        try:
            value = float(row["value"])
        except (TypeError, ValueError):
            value = float("nan")
        if not np.isfinite(value):
            self.wrong(key, f"has value {row['value']!r}.", "Give a finite number.")
        self._origin(key, row)
        return Quantity(value, unit, row["mark"], row["source"], str(row.get("condition", "")))

    def material(self, name: str, row: Mapping[str, Any]) -> Material | None:
        key = f"materials.{name}"
        missing = {"density", "composition", "mark", "source", "hu"} - set(row)
        if missing:
            self.wrong(key, f"lacks {', '.join(sorted(missing))}.", "Add them.")
            return None
        self._origin(key, row)
        self._sum(f"{key}.composition", row["composition"])
        density = self.quantity(f"{key}.density", row["density"], "g/cm³")
        if density is None:
            return None
        return Material(
            name, density, row["composition"], row["mark"], row["source"], float(row["hu"])
        )

    def tissue(
        self, name: str, row: Mapping[str, Any] | None, materials: Mapping[str, Material | None]
    ) -> Tissue | None:
        key = f"tissues.{name}"
        if row is None:
            self.wrong(key, "is missing.", "Every tissue of the anatomy needs a row.")
            return None
        missing = [f for f in ("name", "mixture", *QUANTITIES) if f not in row]
        if missing:
            self.wrong(key, f"lacks {', '.join(missing)}.", "Add them.")
            return None
        mixture = self.mixture(f"{key}.mixture", row["mixture"], materials)
        values = {
            f: self.quantity(f"{key}.{f}", row[f], self.units.get(f, {}).get("unit", ""))
            for f in QUANTITIES
        }
        found = {f: value for f, value in values.items() if value is not None}
        if mixture is None or found != values:
            return None
        return Tissue(name, row["name"], mixture, **found)

    def mixture(
        self, key: str, row: Any, materials: Mapping[str, Material | None]
    ) -> Mixture | None:
        if not isinstance(row, Mapping) or not {"of", "mark", "source"} <= set(row):
            self.wrong(key, f"is {row!r}.", "Give `of`, `mark` and `source`.")
            return None
        self._origin(key, row)
        self._sum(key, row["of"])
        for part in set(row["of"]) - set(materials):
            self.wrong(f"{key}.{part}", "is no material.", "Add it to `materials`.")
        return Mixture(row["of"], row["mark"], row["source"], str(row.get("condition", "")))

    def _origin(self, key: str, row: Mapping[str, Any]) -> None:
        if row["mark"] not in MARKS:
            self.wrong(key, f"has mark {row['mark']!r}.", f"Use one of {', '.join(MARKS)}.")
        if row["source"] not in self.sources:
            self.wrong(key, f"cites {row['source']!r}.", "Add it to `sources`.")
        if row["mark"] == "F" and row["source"] == RECALLED:
            self.wrong(key, "is marked F, but its source only recalls it.", "Mark it R.")

    def _sum(self, key: str, parts: Mapping[str, float]) -> None:
        total = sum(parts.values())
        if abs(total - 1) > 1e-3:
            self.wrong(key, f"sums to {total:.4f}.", "Shares must sum to 1.")
