"""How a catalogue of structures is written: one row a structure, colours by kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

SIDES = ("left", "right")

BONE = "#e8dcc0"
COLORS = {
    "joint": "#7fc8d8",
    "disc": "#8fb7d9",
    "nucleus": "#b8dcf2",
    "ligament": "#e3c34f",
    "csf": "#9fd3f0",
    "dura": "#5b8fb8",
    "fat": "#f2d98c",
    "nerve": "#ffd60a",
    "ganglion": "#ffb000",
    "muscle": "#b5483f",
    "artery": "#d62828",
    "vein": "#3a5fb0",
    "organ": "#c78f7b",
    "skin": "#e9b99a",
    "gas": "#d8d8d8",
    "lung": "#9cc0c9",
    "steel": "#9aa3ad",
}
"""Colours of the 3-D model and the overlays; they stay apart from each other."""


class Row(NamedTuple):
    """A structure before it has a label; see `structure.Structure`."""

    id: str
    name: str
    kind: str
    tissue: str
    color: str
    parent: str | None = None


def paired(
    id_: str, name: str, kind: str, tissue: str, color: str, parent: str | None = None
) -> Iterator[Row]:
    """Yield the rows of a structure that each side has: ``psoas_left`` is the "Left psoas"."""
    for side in SIDES:
        yield Row(f"{id_}_{side}", f"{side.capitalize()} {name}", kind, tissue, color, parent)


def muscles(names: dict[str, str]) -> Iterator[Row]:
    """Yield the rows of muscles that each side has, from id and name."""
    for id_, name in names.items():
        yield from paired(id_, name, "muscle", "muscle", COLORS["muscle"])


def erector(names: dict[str, str]) -> Iterator[Row]:
    """Yield the rows of each side's erector spinae and of its columns, from id and name."""
    muscle = COLORS["muscle"]
    for side in SIDES:
        whole, title = f"erector_spinae_{side}", side.capitalize()
        yield Row(whole, f"{title} erector spinae", "muscle", "muscle", muscle)
        for id_, name in names.items():
            yield Row(f"{id_}_{side}", f"{title} {name}", "muscle", "muscle", muscle, whole)


def dorsal_rami(levels: Iterable[str]) -> Iterator[Row]:
    """Yield the rows of the dorsal rami of some levels with their medial and lateral branches."""
    nerve = COLORS["nerve"]
    for level in levels:
        for side in SIDES:
            whole, title = f"{level}_dorsal_ramus_{side}", f"{level.upper()} {side}"
            yield Row(whole, f"{title} dorsal ramus", "nerve", "nerve", nerve)
            for branch in ("medial", "lateral"):
                name = f"{title} {branch} branch of dorsal ramus"
                yield Row(f"{level}_{branch}_branch_{side}", name, "nerve", "nerve", nerve, whole)


def envelope() -> Iterator[Row]:
    """Yield what wraps every region: fat between the muscles and under the skin, and the skin."""
    fat = COLORS["fat"]
    yield Row("intermuscular_fat", "Intermuscular fat", "envelope", "fat", fat)
    yield Row("subcutaneous_fat", "Subcutaneous fat", "envelope", "fat", fat)
    yield Row("skin", "Skin", "envelope", "skin", COLORS["skin"])
