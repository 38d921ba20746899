"""What surrounds the column in the lower back and the pelvis, beside bones and roots."""

from __future__ import annotations

from collections.abc import Iterator

from spine_tutor.anatomy.catalogue_chest import rib_rows, upper_abdomen
from spine_tutor.anatomy.rows import (
    COLORS,
    SIDES,
    Row,
    dorsal_rami,
    envelope,
    erector,
    muscles,
    paired,
)

MUSCLES = {
    "psoas": "psoas major",
    "multifidus": "multifidus",
    "quadratus_lumborum": "quadratus lumborum",
    "iliacus": "iliacus",
    "piriformis": "piriformis",
    "obturator_internus": "obturator internus",
    "short_external_rotators": "short external rotators (gemelli, quadratus femoris)",
}
ERECTOR = {"longissimus": "longissimus", "iliocostalis": "iliocostalis"}
GLUTEAL = {"gluteus_maximus": "gluteus maximus", "gluteus_medius": "gluteus medius and minimus"}
LUMBAR_RAMI = ("t12", "l1", "l2", "l3", "l4")
SACRAL_RAMI = ("s1", "s2", "s3")
ARTERIES = ("l1", "l2", "l3", "l4")
SYMPATHETIC = ("l2", "l3", "l4")


def lumbar_rows() -> Iterator[Row]:
    """Yield rib 12, muscles, ligaments, nerves, vessels, organs and envelope of the lower back."""
    yield from rib_rows([12])
    yield from _muscles()
    yield from _rami(LUMBAR_RAMI)
    yield from _plexus()
    for side in SIDES:
        for level in SYMPATHETIC:
            name = f"{level.upper()} {side} sympathetic ganglion"
            id_, whole = f"{level}_sympathetic_ganglion_{side}", f"sympathetic_trunk_{side}"
            yield Row(id_, name, "nerve", "nerve", COLORS["ganglion"], whole)
    yield Row("aorta", "Abdominal aorta", "vessel", "blood", COLORS["artery"])
    for level in ARTERIES:
        short = level.upper()
        yield from _artery(f"lumbar_artery_{level}", f"{short} lumbar artery")
        yield from _artery(f"radicular_artery_{level}", f"{short} radicular artery")
    name = "Artery of Adamkiewicz (great anterior radicular artery)"
    yield Row("artery_of_adamkiewicz", name, "vessel", "blood", COLORS["artery"])
    yield from _vein("ascending_lumbar_vein", "ascending lumbar vein")
    yield from _iliac_vessels()
    yield from upper_abdomen()
    yield from _bowel()
    yield from envelope()


def sacral_rows() -> Iterator[Row]:
    """Yield the same of the pelvis."""
    yield from _muscles()
    yield from _rami(())
    yield from _plexus()
    yield from _iliac_vessels()
    yield from _bowel()
    yield from envelope()


def _muscles() -> Iterator[Row]:
    muscle, yellow = COLORS["muscle"], COLORS["ligament"]
    yield from muscles(MUSCLES)
    yield from erector(ERECTOR)
    yield Row("abdominal_wall", "Muscles of abdominal wall", "muscle", "muscle", muscle)
    yield Row("gluteal_muscles", "Gluteal muscles", "muscle", "muscle", muscle)
    yield Row("thigh_muscles", "Muscles of hip and thigh", "muscle", "muscle", muscle)
    yield Row("pelvic_floor", "Pelvic floor (levator ani)", "muscle", "muscle", muscle)
    for id_, name in GLUTEAL.items():
        yield from paired(id_, name, "muscle", "muscle", muscle, "gluteal_muscles")
    yield Row("thoracolumbar_fascia", "Thoracolumbar fascia", "muscle", "fascia", yellow)
    yield from _ligament("iliolumbar_ligament", "iliolumbar ligament")
    yield from _ligament("interosseous_sacroiliac_ligament", "interosseous sacro-iliac ligament")
    yield from _ligament("anterior_sacroiliac_ligament", "anterior sacro-iliac ligament")
    yield from _ligament("posterior_sacroiliac_ligament", "posterior sacro-iliac ligament")


def _rami(levels: tuple[str, ...]) -> Iterator[Row]:
    yield from dorsal_rami(levels)
    yield from _nerve("l5_dorsal_ramus", "L5 dorsal ramus")
    for level in SACRAL_RAMI:
        yield from _nerve(f"{level}_lateral_branches", f"{level.upper()} lateral branches")


def _plexus() -> Iterator[Row]:
    yield from _nerve("sympathetic_trunk", "sympathetic trunk")
    yield from _nerve("sacral_plexus", "sacral plexus")
    yield from _nerve("sciatic_nerve", "sciatic nerve")


def _iliac_vessels() -> Iterator[Row]:
    yield Row("inferior_vena_cava", "Inferior vena cava", "vessel", "blood", COLORS["vein"])
    for which in ("common", "external", "internal"):
        yield from _artery(f"{which}_iliac_artery", f"{which} iliac artery")
        yield from _vein(f"{which}_iliac_vein", f"{which} iliac vein")
    name = "Internal vertebral (epidural) venous plexus"
    yield Row("epidural_veins", name, "vessel", "blood", COLORS["vein"])


def _bowel() -> Iterator[Row]:
    yield Row("bowel", "Bowel", "organ", "bowel", COLORS["organ"])
    yield Row("bowel_gas", "Bowel gas", "organ", "air", COLORS["gas"])
    yield Row("rectum", "Rectum", "organ", "bowel", COLORS["organ"])
    yield Row("urinary_bladder", "Urinary bladder", "organ", "csf", COLORS["csf"])
    fat = COLORS["fat"]
    yield Row("mesenteric_fat", "Fat of mesentery and omentum", "envelope", "fat", fat)
    yield Row("retroperitoneal_fat", "Retroperitoneal fat", "envelope", "fat", fat)


def _nerve(id_: str, name: str) -> Iterator[Row]:
    return paired(id_, name, "nerve", "nerve", COLORS["nerve"])


def _artery(id_: str, name: str) -> Iterator[Row]:
    return paired(id_, name, "vessel", "blood", COLORS["artery"])


def _vein(id_: str, name: str) -> Iterator[Row]:
    return paired(id_, name, "vessel", "blood", COLORS["vein"])


def _ligament(id_: str, name: str) -> Iterator[Row]:
    return paired(id_, name, "ligament", "ligament", COLORS["ligament"])
