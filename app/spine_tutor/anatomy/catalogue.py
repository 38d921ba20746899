"""The structures of the parametric lumbar region: ids, names, tissues, colours, parts.

Ids are written here once. Names follow Terminologia Anatomica 2 in English where it has a term.
Colours go by kind and stay apart from each other in the 3-D model.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from spine_tutor.anatomy.structure import Structure, StructureSet

LEVELS = ("t12", "l1", "l2", "l3", "l4", "l5")
"""Free vertebrae of the lumbar region, from above; T12 closes it at the top."""

SIDES = ("left", "right")

VERTEBRA_PARTS = {
    "body": "vertebral body",
    "spinous_process": "spinous process",
}
PAIRED_VERTEBRA_PARTS = {
    "pedicle": "pedicle",
    "pars": "pars interarticularis",
    "lamina": "lamina",
    "superior_articular_process": "superior articular process",
    "inferior_articular_process": "inferior articular process",
    "transverse_process": "transverse process",
}
SACRUM_PARTS = {
    "s1_body": "body of S1",
    "s2_body": "body of S2",
    "median_sacral_crest": "median sacral crest",
}
PAIRED_SACRUM_PARTS = {
    "sacral_ala": "ala of sacrum",
    "sacral_lamina": "dorsal wall of sacral canal",
    "s1_superior_articular_process": "superior articular process of S1",
}
MUSCLES = {
    "psoas": "psoas major",
    "erector_spinae": "erector spinae",
    "multifidus": "multifidus",
    "quadratus_lumborum": "quadratus lumborum",
    "iliacus": "iliacus",
}

BONE = "#e8dcc0"
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
}


def disc_id(upper: str, lower: str) -> str:
    """Return the id of the disc between two levels, such as ``l3_l4_disc``."""
    return f"{upper}_{lower}_disc"


def motion_segments() -> tuple[tuple[str, str], ...]:
    """Return the pairs of neighbouring levels from above, the last with ``s1``."""
    column = (*LEVELS, "s1")
    return tuple(pairwise(column))


def lumbar_structures() -> StructureSet:
    """Return every structure of the lumbar atlas, with labels in the order of this module."""
    return StructureSet(
        Structure(id_, label, name, kind, tissue, color, parent)
        for label, (id_, name, kind, tissue, color, parent) in enumerate(_rows(), start=1)
    )


_Row = tuple[str, str, str, str, str, str | None]


def _rows() -> Iterator[_Row]:
    for level in LEVELS:
        whole, short = f"{level}_vertebra", level.upper()
        yield whole, f"{short} vertebra", "bone", "trabecular_bone", BONE, None
        for part, name in VERTEBRA_PARTS.items():
            yield (
                f"{level}_{part}",
                f"{short} {name}",
                "bone",
                "trabecular_bone",
                TINTS[part],
                whole,
            )
        for part, name in PAIRED_VERTEBRA_PARTS.items():
            for side in SIDES:
                yield (
                    f"{level}_{part}_{side}",
                    f"{short} {side} {name}",
                    "bone",
                    "cortical_bone",
                    TINTS[part],
                    whole,
                )
    yield "sacrum", "Sacrum", "bone", "trabecular_bone", BONE, None
    for part, name in SACRUM_PARTS.items():
        yield part, name[0].upper() + name[1:], "bone", "trabecular_bone", BONE, "sacrum"
    for part, name in PAIRED_SACRUM_PARTS.items():
        for side in SIDES:
            yield (
                f"{part}_{side}",
                f"{side.capitalize()} {name}",
                "bone",
                "cortical_bone",
                TINTS["transverse_process"],
                "sacrum",
            )
    for side in SIDES:
        yield f"ilium_{side}", f"{side.capitalize()} ilium", "bone", "trabecular_bone", BONE, None
    for side in SIDES:
        yield (
            f"sacroiliac_joint_{side}",
            f"{side.capitalize()} sacroiliac joint",
            "joint",
            "cartilage",
            COLORS["joint"],
            None,
        )
    for upper, lower in motion_segments():
        segment, title = f"{upper}_{lower}", f"{upper.upper()}–{lower.upper()}"
        disc = disc_id(upper, lower)
        yield disc, f"{title} intervertebral disc", "disc", "disc_annulus", COLORS["disc"], None
        yield (
            f"{segment}_nucleus",
            f"{title} nucleus pulposus",
            "disc",
            "disc_nucleus",
            COLORS["nucleus"],
            disc,
        )
        yield (
            f"{segment}_annulus",
            f"{title} anulus fibrosus",
            "disc",
            "disc_annulus",
            COLORS["disc"],
            disc,
        )
        for side in SIDES:
            yield (
                f"{segment}_facet_joint_{side}",
                f"{title} {side} zygapophysial (facet) joint",
                "joint",
                "cartilage",
                COLORS["joint"],
                None,
            )
        flavum = f"ligamentum_flavum_{segment}"
        yield flavum, f"{title} ligamentum flavum", "ligament", "ligament", COLORS["ligament"], None
        for side in SIDES:
            yield (
                f"{flavum}_{side}",
                f"{title} {side} ligamentum flavum",
                "ligament",
                "ligament",
                COLORS["ligament"],
                flavum,
            )
        yield (
            f"interspinous_ligament_{segment}",
            f"{title} interspinous ligament",
            "ligament",
            "ligament",
            COLORS["ligament"],
            None,
        )
    yield (
        "supraspinous_ligament",
        "Supraspinous ligament",
        "ligament",
        "ligament",
        COLORS["ligament"],
        None,
    )
    yield (
        "anterior_longitudinal_ligament",
        "Anterior longitudinal ligament",
        "ligament",
        "ligament",
        COLORS["ligament"],
        None,
    )
    yield (
        "posterior_longitudinal_ligament",
        "Posterior longitudinal ligament",
        "ligament",
        "ligament",
        COLORS["ligament"],
        None,
    )
    yield "thecal_sac", "Thecal sac", "canal", "csf", COLORS["csf"], None
    yield "dura", "Spinal dura mater", "canal", "dura", COLORS["dura"], "thecal_sac"
    yield "cerebrospinal_fluid", "Cerebrospinal fluid", "canal", "csf", COLORS["csf"], "thecal_sac"
    yield "cauda_equina", "Cauda equina", "nerve", "nerve", COLORS["nerve"], "thecal_sac"
    yield (
        "spinal_cord",
        "Spinal cord (conus medullaris)",
        "nerve",
        "cord",
        COLORS["nerve"],
        "thecal_sac",
    )
    yield "epidural_fat", "Epidural fat", "canal", "fat", COLORS["fat"], None
    for level in (*LEVELS, "s1"):
        for side in SIDES:
            root = f"{level}_nerve_root_{side}"
            yield (
                root,
                f"{level.upper()} {side} spinal nerve and root",
                "nerve",
                "nerve",
                COLORS["nerve"],
                None,
            )
            yield (
                f"{level}_dorsal_root_ganglion_{side}",
                f"{level.upper()} {side} spinal (dorsal root) ganglion",
                "nerve",
                "nerve",
                COLORS["ganglion"],
                root,
            )
    for muscle, name in MUSCLES.items():
        for side in SIDES:
            yield (
                f"{muscle}_{side}",
                f"{side.capitalize()} {name}",
                "muscle",
                "muscle",
                COLORS["muscle"],
                None,
            )
    yield "abdominal_wall", "Muscles of abdominal wall", "muscle", "muscle", COLORS["muscle"], None
    yield "gluteal_muscles", "Gluteal muscles", "muscle", "muscle", COLORS["muscle"], None
    yield (
        "thoracolumbar_fascia",
        "Thoracolumbar fascia",
        "muscle",
        "fascia",
        COLORS["ligament"],
        None,
    )
    yield "aorta", "Abdominal aorta", "vessel", "blood", COLORS["artery"], None
    yield "inferior_vena_cava", "Inferior vena cava", "vessel", "blood", COLORS["vein"], None
    for side in SIDES:
        yield (
            f"kidney_{side}",
            f"{side.capitalize()} kidney",
            "organ",
            "kidney",
            COLORS["organ"],
            None,
        )
    yield "bowel", "Bowel", "organ", "bowel", COLORS["organ"], None
    yield "bowel_gas", "Bowel gas", "organ", "air", "#d8d8d8", None
    yield (
        "retroperitoneal_fat",
        "Retroperitoneal and abdominal fat",
        "envelope",
        "fat",
        COLORS["fat"],
        None,
    )
    yield "intermuscular_fat", "Intermuscular fat", "envelope", "fat", COLORS["fat"], None
    yield "subcutaneous_fat", "Subcutaneous fat", "envelope", "fat", COLORS["fat"], None
    yield "skin", "Skin", "envelope", "skin", COLORS["skin"], None
