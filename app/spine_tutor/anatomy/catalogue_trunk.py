"""What surrounds the column in the lower back and the pelvis, beside bones and nerves."""

from __future__ import annotations

from collections.abc import Iterator

from spine_tutor.anatomy.rows import COLORS, Row, envelope, muscles, paired

MUSCLES = {
    "psoas": "psoas major",
    "erector_spinae": "erector spinae",
    "multifidus": "multifidus",
    "quadratus_lumborum": "quadratus lumborum",
    "iliacus": "iliacus",
}


def rows() -> Iterator[Row]:
    """Yield muscles, vessels, organs and envelope."""
    muscle = COLORS["muscle"]
    yield from muscles(MUSCLES)
    yield Row("abdominal_wall", "Muscles of abdominal wall", "muscle", "muscle", muscle)
    yield Row("gluteal_muscles", "Gluteal muscles", "muscle", "muscle", muscle)
    yield Row(
        "thoracolumbar_fascia", "Thoracolumbar fascia", "muscle", "fascia", COLORS["ligament"]
    )
    yield Row("aorta", "Abdominal aorta", "vessel", "blood", COLORS["artery"])
    yield Row("inferior_vena_cava", "Inferior vena cava", "vessel", "blood", COLORS["vein"])
    yield from paired("kidney", "kidney", "organ", "kidney", COLORS["organ"])
    yield Row("bowel", "Bowel", "organ", "bowel", COLORS["organ"])
    yield Row("bowel_gas", "Bowel gas", "organ", "air", COLORS["gas"])
    fat = COLORS["fat"]
    yield Row("retroperitoneal_fat", "Retroperitoneal and abdominal fat", "envelope", "fat", fat)
    yield from envelope()
