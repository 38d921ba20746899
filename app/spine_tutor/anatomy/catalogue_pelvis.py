"""The structures of the pelvis: sacrum, coccyx, hip bones, femora and the sacroiliac joints."""

from __future__ import annotations

from collections.abc import Iterator

from spine_tutor.anatomy import coccyx, femur, ilium, sacrum
from spine_tutor.anatomy.rows import BONE, COLORS, SIDES, Row, paired

_TINTS = {
    "sacral_ala": "#efe2c4",
    "sacral_lamina": "#d9c9a3",
    "s1_superior_articular_process": "#c9ad7f",
    "sacral_cornu": "#e0b978",
    "median_sacral_crest": "#dccba6",
    "ischium": "#dccba6",
    "pubis": "#e0d0a8",
}


def rows() -> Iterator[Row]:
    """Yield wholes before their parts, left before right."""
    yield Row("sacrum", "Sacrum", "bone", "trabecular_bone", BONE)
    for part, name in sacrum.PARTS:
        title = name[0].upper() + name[1:]
        yield Row(part, title, "bone", "trabecular_bone", _TINTS.get(part, BONE), "sacrum")
    for part, name in sacrum.PAIRED_PARTS:
        yield from paired(part, name, "bone", "trabecular_bone", _TINTS[part], "sacrum")
    for part, name in coccyx.PARTS:
        yield Row(part, name, "bone", "trabecular_bone", BONE)
    for side in SIDES:
        whole = f"{ilium.WHOLE[0]}_{side}"
        yield Row(whole, f"{side.capitalize()} {ilium.WHOLE[1]}", "bone", "trabecular_bone", BONE)
        for part, name in ilium.PARTS:
            tint = _TINTS.get(part, BONE)
            title = f"{side.capitalize()} {name}"
            yield Row(f"{part}_{side}", title, "bone", "trabecular_bone", tint, whole)
    for part, name in femur.PARTS:
        yield from paired(part, name, "bone", "trabecular_bone", BONE)
    for joint in ("sacroiliac", "hip"):
        name = f"{joint} joint"
        yield from paired(f"{joint}_joint", name, "joint", "cartilage", COLORS["joint"])
    capsule = "capsule of the hip joint"
    yield from paired("hip_capsule", capsule, "ligament", "ligament", COLORS["ligament"])
