"""The structures of every region: ids, names, tissues, colours, parts.

Ids are written here, and for what surrounds the column in the `catalogue_…` modules, once. Names
follow Terminologia Anatomica 2 in English where it has a term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from spine_tutor.anatomy import (
    catalogue_chest,
    catalogue_hardware,
    catalogue_neck,
    catalogue_pelvis,
    catalogue_trunk,
)
from spine_tutor.anatomy.kinds import KINDS
from spine_tutor.anatomy.region import LUMBAR, Region
from spine_tutor.anatomy.rows import BONE, COLORS, SIDES, Row
from spine_tutor.anatomy.structure import Structure, StructureSet

TINTS = {
    "body": "#e8dcc0",
    "pedicle": "#e0b978",
    "pars": "#d99a6c",
    "lamina": "#d9c9a3",
    "superior_articular_process": "#c9ad7f",
    "inferior_articular_process": "#b99a6b",
    "transverse_process": "#efe2c4",
    "spinous_process": "#dccba6",
}

SACRAL_ROOTS: Mapping[str, tuple[str, ...]] = {
    "lumbar": ("s1",),
    "sacral": ("s1", "s2", "s3", "s4"),
}
"""Roots of the sacrum that a region shows."""

_SURROUNDINGS: Mapping[str, Callable[[], Iterator[Row]]] = {
    "cervical": catalogue_neck.rows,
    "thoracic": catalogue_chest.rows,
    "lumbar": catalogue_trunk.lumbar_rows,
    "sacral": catalogue_trunk.sacral_rows,
}


def disc_id(upper: str, lower: str) -> str:
    """Return the id of the disc between two levels, such as ``l3_l4_disc``."""
    return f"{upper}_{lower}_disc"


@cache
def structures(region: Region = LUMBAR, screws: tuple[str, ...] = ()) -> StructureSet:
    """Return every structure of a region, with labels in the order of this module.

    Args:
        region: which.
        screws: levels with pedicle screws.
    """
    devices = catalogue_hardware.rows(tuple(level for level in screws if level in region.levels))
    rows = enumerate((*_rows(region), *devices), start=1)
    return StructureSet(Structure(row.id, label, *row[1:]) for label, row in rows)


def _rows(region: Region) -> Iterator[Row]:
    for level in region.levels:
        yield from _vertebra(level)
    if region.pelvis:
        yield from catalogue_pelvis.rows()
    for upper, lower in region.discs:
        yield from _disc(upper, lower)
    for upper, lower in region.segments:
        yield from _segment(upper, lower)
    yield from _ligaments()
    if region.pelvis:
        name = "Dorsal sacrococcygeal ligament"
        yield Row("sacrococcygeal_ligament", name, "ligament", "ligament", COLORS["ligament"])
    yield from _canal(region)
    for level in (*region.roots, *(SACRAL_ROOTS[region.id] if region.pelvis else ())):
        yield from _nerves(level)
    yield from _SURROUNDINGS[region.id]()


def _vertebra(level: str) -> Iterator[Row]:
    whole, short = f"{level}_vertebra", level.upper()
    yield Row(whole, f"{short} vertebra", "bone", "trabecular_bone", BONE)
    kind = KINDS[level]
    for part, name in kind.unpaired.items():
        tint = TINTS.get(part, BONE)
        yield Row(f"{level}_{part}", f"{short} {name}", "bone", "trabecular_bone", tint, whole)
    for part, name in kind.paired.items():
        for side in SIDES:
            yield Row(
                f"{level}_{part}_{side}",
                f"{short} {side} {name}",
                "bone",
                "trabecular_bone",
                TINTS.get(part, BONE),
                whole,
            )


def _disc(upper: str, lower: str) -> Iterator[Row]:
    title, disc = f"{upper.upper()}–{lower.upper()}", disc_id(upper, lower)
    yield Row(disc, f"{title} intervertebral disc", "disc", "disc_annulus", COLORS["disc"])
    for part, name in (("nucleus", "nucleus pulposus"), ("annulus", "anulus fibrosus")):
        color = COLORS["nucleus" if part == "nucleus" else "disc"]
        yield Row(f"{upper}_{lower}_{part}", f"{title} {name}", "disc", f"disc_{part}", color, disc)


def _segment(upper: str, lower: str) -> Iterator[Row]:
    segment, title = f"{upper}_{lower}", f"{upper.upper()}–{lower.upper()}"
    joint = "lateral atlanto-axial joint" if upper == "c1" else "zygapophysial (facet) joint"
    flavum, yellow = f"ligamentum_flavum_{segment}", COLORS["ligament"]
    for side in SIDES:
        yield Row(
            f"{segment}_facet_joint_{side}",
            f"{title} {side} {joint}",
            "joint",
            "cartilage",
            COLORS["joint"],
        )
    yield Row(flavum, f"{title} ligamentum flavum", "ligament", "ligament", yellow)
    for side in SIDES:
        name = f"{title} {side} facet joint capsule"
        yield Row(f"{segment}_facet_capsule_{side}", name, "ligament", "ligament", yellow)
    for side in SIDES:
        name = f"{title} {side} ligamentum flavum"
        yield Row(f"{flavum}_{side}", name, "ligament", "ligament", yellow, flavum)
    yield Row(
        f"interspinous_ligament_{segment}",
        f"{title} interspinous ligament",
        "ligament",
        "ligament",
        yellow,
    )


def _ligaments() -> Iterator[Row]:
    for id_ in (
        "supraspinous_ligament",
        "anterior_longitudinal_ligament",
        "posterior_longitudinal_ligament",
    ):
        name = id_.replace("_", " ").capitalize()
        yield Row(id_, name, "ligament", "ligament", COLORS["ligament"])


def _canal(region: Region) -> Iterator[Row]:
    sac, nerve = "thecal_sac", COLORS["nerve"]
    yield Row(sac, "Thecal sac", "canal", "csf", COLORS["csf"])
    yield Row("dura", "Spinal dura mater", "canal", "dura", COLORS["dura"], sac)
    yield Row("cerebrospinal_fluid", "Cerebrospinal fluid", "canal", "csf", COLORS["csf"], sac)
    if region.pelvis:
        yield Row("cauda_equina", "Cauda equina", "nerve", "nerve", nerve, sac)
    if region.id != "sacral":
        conus = " (conus medullaris)" if region.id == "lumbar" else ""
        yield Row("spinal_cord", f"Spinal cord{conus}", "nerve", "cord", nerve, sac)
    yield Row("epidural_fat", "Epidural fat", "canal", "fat", COLORS["fat"])


def _nerves(level: str) -> Iterator[Row]:
    for side in SIDES:
        root, title = f"{level}_nerve_root_{side}", f"{level.upper()} {side}"
        yield Row(root, f"{title} spinal nerve and root", "nerve", "nerve", COLORS["nerve"])
        yield Row(
            f"{level}_dorsal_root_ganglion_{side}",
            f"{title} spinal (dorsal root) ganglion",
            "nerve",
            "nerve",
            COLORS["ganglion"],
            root,
        )
