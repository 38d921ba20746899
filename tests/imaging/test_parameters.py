"""The honesty panel: no number without its source, and none left out."""

import ast
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import spine_tutor.imaging
from spine_tutor.imaging.constant import MARKED
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.parameters import PARAMETERS, tissue_rows
from spine_tutor.imaging.tissues import MARKS, QUANTITIES, tissue_table

MARK = re.compile(r"(?:^|[\s(,;])(E|R|F|C)(?=[):.]|$)|, (E|R)(?=[)])", re.MULTILINE)
"""How docstrings of constants mark where a number comes from: ``(E)``, ``E: …`` or a last ``E``."""
DESCRIBES_MEASUREMENT = {"contrast", "display", "patch", "visibility"}
"""Modules that look at pictures; what they hold is told in their own docstrings."""
NO_CONSTANTS = {"PRESETS"}
OTHERWISE_MARKED = {"needle_mri.SUSCEPTIBILITY"}
"""Cited; the mark in its docstring is about another number."""


def marked_constants() -> dict[str, str]:
    """Return the mark of each module constant whose docstring has one, by module and name."""
    found = {}
    for path in Path(spine_tutor.imaging.__file__).parent.glob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for node, after in pairwise(body):
            target = getattr(node, "target", None) or getattr(node, "targets", [None])[0]
            text = getattr(getattr(after, "value", None), "value", None)
            if isinstance(target, ast.Name) and target.id.isupper() and isinstance(text, str):
                hit = MARK.search(text)
                if hit and path.stem not in DESCRIBES_MEASUREMENT:
                    found[f"{path.stem}.{target.id}"] = hit.group(1) or hit.group(2)
    return {k: v for k, v in found.items() if k.split(".")[1] not in NO_CONSTANTS}


def test_every_marked_constant_is_declared_with_the_same_mark() -> None:
    declared = {c.symbol: c.mark for group in PARAMETERS.values() for c in group}
    marked = marked_constants()
    assert len(marked) > 30
    missing = sorted(set(marked) - set(declared))
    assert not missing, f"declare them in imaging/modalities or parameters.py: {missing}"
    wrong = {
        s: (declared[s], marked[s])
        for s in marked
        if declared[s] != marked[s] and s not in OTHERWISE_MARKED
    }
    assert not wrong


@pytest.mark.parametrize("group", list(PARAMETERS))
def test_every_constant_has_a_value_and_a_source(group: str) -> None:
    for constant in PARAMETERS[group]:
        assert constant.name
        assert constant.written
        assert constant.mark in MARKED
        assert constant.source
        assert constant.is_estimate == (constant.mark in "RE")
        if constant.mark == "F":
            assert "estimate" not in constant.source


def test_every_modality_declares_its_constants() -> None:
    assert set(MODALITIES) <= set(PARAMETERS)
    assert set(MARKED) == set(MARKS)


def test_every_number_of_the_tissue_table_has_a_mark_and_a_source() -> None:
    table = tissue_table()
    rows = [getattr(t, name) for t in table.tissues.values() for name in QUANTITIES]
    rows += [material.density for material in table.materials.values()]
    assert len(rows) > 200
    for row in rows:
        assert math.isfinite(row.value)
        assert row.mark in MARKS
        assert table.sources[row.source]
    for material in table.materials.values():
        assert material.mark in MARKS
        assert table.sources[material.source]


@pytest.mark.parametrize("modality", list(MODALITIES))
def test_the_panel_shows_the_tissue_table(modality: str) -> None:
    rows = list(tissue_rows(modality))
    assert len(rows) > 30
    assert all(row.citation and row.quantity.mark in MARKED for row in rows)
    assert np.isfinite([row.quantity.value for row in rows]).all()
