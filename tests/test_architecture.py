"""The shape of the folders, held by a test: imports go one way, only the interface is Streamlit."""

import ast
from pathlib import Path

import pytest

import spine_tutor

PACKAGE = Path(spine_tutor.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

MAY_IMPORT = {
    "anatomy": {"anatomy"},
    "imaging": {"imaging", "anatomy"},
    "lessons": {"lessons", "imaging", "anatomy"},
    "quiz": {"quiz", "lessons", "imaging", "anatomy"},
    "ui": {"ui", "quiz", "lessons", "imaging", "anatomy"},
}
SHARED = {"problems", "resources", "kernels", "yaml_source", "yaml_model"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: relative import; write it from spine_tutor")
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    allowed = MAY_IMPORT.get(room)
    for name in imported(path):
        parts = name.split(".")
        if room != "ui":
            assert parts[0] not in ("streamlit", "stpyvista"), f"{path.name} imports {name}"
        if parts[0] == "spine_tutor" and len(parts) > 1 and allowed is not None:
            assert parts[1] in allowed | SHARED | {"__version__"}, f"{room} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
