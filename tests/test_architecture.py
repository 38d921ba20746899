"""The shape of the folders, held by a test: imports go one way, only the interface is Streamlit."""

import ast
from pathlib import Path

import pytest

import spine_tutor
from spine_tutor.imaging.modality import MODALITIES

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


OWN = ("fluoroscopy", "ct", "ultrasound", "mri", "us", "xray")
"""Parts of the names of modules that belong to one modality, such as `needle_ct`."""
MAY_NAME = {
    "imaging/modality.py": "the registry",
    "imaging/view.py": "the poses",
    "imaging/needle_sheet.py": "documents pictures, as content does",
    "imaging/contrast_sheet.py": "documents pictures, as content does",
    "anatomy/ct_import.py": "imports a CT that somebody measured",
}


def named(path: Path) -> set[str]:
    """Return what in a module's code is there for one modality: ids, poses, imported modules."""
    poses = {modality.view.__name__ for modality in MODALITIES.values()}
    rooms = ("spine_tutor.imaging", "spine_tutor.imaging.modalities")
    modules = {f"{room}.{name}" for room in rooms for name in MODALITIES}
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and node.value in MODALITIES:
            found.add(str(node.value))
        elif isinstance(node, ast.Name) and node.id in poses:
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
            found |= names & modules
    return found


def belongs_to_a_modality(path: Path) -> bool:
    room, *rest = path.relative_to(PACKAGE).parts
    return room == "imaging" and ("modalities" in rest or bool({*path.stem.split("_")} & {*OWN}))


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if not belongs_to_a_modality(path)],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_a_modality_is_known_by_its_registry_alone(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    found = named(path)
    if place in MAY_NAME:
        assert found, f"{place} names no modality any more: take it from MAY_NAME"
    else:
        assert not found, f"{place} names {found}; tell it in imaging/modalities instead"
