"""The table of known answers in the docs is whole, and the tests it names exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "validation.md"
CASES = (
    "Sphere / cylinder chord", "Polychromatic", "Magnification", "Tissue HU", "Reconstruction",
    "Spin echo / inversion recovery", "STIR fat null", "Speckle", "Attenuation slope", "Interface",
    "Bone shadow", "Reverberation / mirror", "Sound-speed error", "Needle angle",
)  # fmt: skip
"""The rows of the project's reference sheet, imaging physics."""


def rows() -> dict[str, str]:
    """Return the cell of tests of each case."""
    text = PAGE.read_text(encoding="utf-8").split("## Cases with a known answer")[1].split("## ")[0]
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0].strip("| "): cells[-1] for cells in lines[1:] if len(cells) == 4}


@cache
def names(path: Path) -> set[str]:
    """Return the tests of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and "test_" in n.name[:5]}


def test_every_case_of_the_reference_has_its_row() -> None:
    assert tuple(rows()) == CASES


@pytest.mark.parametrize("case", CASES)
def test_the_tests_of_a_case_exist(case: str) -> None:
    cited = re.findall(r"`([\w/]+\.py)::(\w+)`", rows()[case])
    assert cited, f"{case} names no test"
    for file, name in cited:
        assert name in names(TESTS / file), f"{file} has no {name}"


def test_what_else_the_page_names_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for file, name in re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", text):
        if "/" in file and not file.startswith("tests/"):
            assert (TESTS / file).is_file(), file
            assert not name or name in names(TESTS / file), f"{file} has no {name}"
