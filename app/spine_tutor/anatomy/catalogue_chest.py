"""What hangs on the thoracic column and surrounds it: ribs, muscles, nerves, vessels, organs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spine_tutor.anatomy.ribs import PARTS as RIB_PARTS
from spine_tutor.anatomy.rows import (
    BONE,
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
    "trapezius": "trapezius",
    "rhomboids": "rhomboids",
    "latissimus_dorsi": "latissimus dorsi",
    "splenius": "splenius with serratus posterior superior",
    "semispinalis": "semispinalis and spinalis thoracis",
    "multifidus": "multifidus and rotatores",
    "intercostal_muscles": "intercostal muscles",
    "serratus_anterior": "serratus anterior",
    "pectoral_muscles": "pectoral muscles",
    "shoulder_muscles": "muscles of the scapula and shoulder",
}
ERECTOR = {"longissimus": "longissimus thoracis", "iliocostalis": "iliocostalis thoracis"}
LEVELS = tuple(f"t{n}" for n in range(1, 12))
"""Levels with an intercostal nerve and its vessels."""
RAMI = GANGLIA = (*LEVELS, "t12")
CARTILAGES = range(1, 10)  # the tenth lies below the region
TUBERCLES = range(1, 11)
"""Ribs that have a joint with the transverse process."""


def rib_rows(numbers: Iterable[int]) -> Iterator[Row]:
    """Yield ribs with their parts and their joints with the column."""
    for number in numbers:
        for side in SIDES:
            whole, title = f"rib_{number}_{side}", f"{side.capitalize()} rib {number}"
            yield Row(whole, title, "bone", "trabecular_bone", BONE)
            for part in RIB_PARTS:
                id_ = f"rib_{number}_{part}_{side}"
                yield Row(id_, f"{title}, {part}", "bone", "trabecular_bone", BONE, whole)
        for joint in ("vertebral", "transverse"):
            if joint == "vertebral" or number in TUBERCLES:
                id_, name = f"costo{joint}_joint_t{number}", f"T{number} costo{joint} joint"
                yield from _of_level(id_, name, "joint", "cartilage", COLORS["joint"])


def rows() -> Iterator[Row]:
    """Yield what the chest has."""
    yield from _bones()
    yield from _muscles()
    yield from _nerves()
    yield from _vessels()
    yield from _organs()
    yield from envelope()


def _bones() -> Iterator[Row]:
    yield from rib_rows(range(1, 13))
    for part, name in (
        ("sternum", "Sternum"),
        ("manubrium", "Manubrium of sternum"),
        ("sternal_body", "Body of sternum"),
        ("xiphoid_process", "Xiphoid process"),
    ):
        parent = None if part == "sternum" else "sternum"
        yield Row(part, name, "bone", "trabecular_bone", BONE, parent)
    for number in CARTILAGES:
        name = f"costal cartilage {number}"
        yield from paired(f"costal_cartilage_{number}", name, "joint", "cartilage", COLORS["joint"])
    yield from paired("clavicle", "clavicle", "bone", "cortical_bone", BONE)
    yield from paired("scapula", "scapula", "bone", "trabecular_bone", BONE)
    yield from paired("humerus", "humerus", "bone", "trabecular_bone", BONE)
    for number in range(2, 13):
        id_ = f"superior_costotransverse_ligament_t{number}"
        name = f"T{number} superior costotransverse ligament"
        yield from _of_level(id_, name, "ligament", "ligament", COLORS["ligament"])


def _muscles() -> Iterator[Row]:
    muscle = COLORS["muscle"]
    yield from muscles(MUSCLES)
    yield from erector(ERECTOR)
    yield Row("diaphragm", "Diaphragm", "muscle", "muscle", muscle)
    yield Row("abdominal_wall", "Muscles of abdominal wall", "muscle", "muscle", muscle)


def _nerves() -> Iterator[Row]:
    nerve = COLORS["nerve"]
    yield from dorsal_rami(RAMI)
    for level in LEVELS:
        name = f"{level.upper()} intercostal nerve"
        yield from _of_level(f"intercostal_nerve_{level}", name, "nerve", "nerve", nerve)
    for side in SIDES:
        whole = f"sympathetic_trunk_{side}"
        yield Row(whole, f"{side.capitalize()} sympathetic trunk", "nerve", "nerve", nerve)
        for level in GANGLIA:
            id_, name = f"{level}_sympathetic_ganglion_{side}", f"{level.upper()} {side}"
            title = f"{name} sympathetic ganglion"
            yield Row(id_, title, "nerve", "nerve", COLORS["ganglion"], whole)


def _vessels() -> Iterator[Row]:
    red, blue = COLORS["artery"], COLORS["vein"]
    yield Row("aorta", "Aorta (arch and descending part)", "vessel", "blood", red)
    yield Row("pulmonary_arteries", "Pulmonary trunk and arteries", "vessel", "blood", blue)
    yield Row("supra_aortic_arteries", "Branches of aortic arch", "vessel", "blood", red)
    for level in LEVELS:
        short = level.upper()
        for kind, color in (("artery", red), ("vein", blue)):
            id_, name = f"posterior_intercostal_{kind}_{level}", f"{short} posterior intercostal"
            yield from _of_level(id_, f"{name} {kind}", "vessel", "blood", color)
        name = f"{short} radicular artery"
        yield from _of_level(f"radicular_artery_{level}", name, "vessel", "blood", red)
    name = "Artery of Adamkiewicz (great anterior radicular artery)"
    yield Row("artery_of_adamkiewicz", name, "vessel", "blood", red)
    yield from paired("brachiocephalic_vein", "brachiocephalic vein", "vessel", "blood", blue)
    yield Row("superior_vena_cava", "Superior vena cava", "vessel", "blood", blue)
    yield Row("inferior_vena_cava", "Inferior vena cava", "vessel", "blood", blue)
    yield Row("azygos_vein", "Azygos vein", "vessel", "blood", blue)
    yield Row("hemiazygos_vein", "Hemiazygos vein", "vessel", "blood", blue)
    name = "Internal vertebral (epidural) venous plexus"
    yield Row("epidural_veins", name, "vessel", "blood", blue)


def _organs() -> Iterator[Row]:
    organ, gas, fat = COLORS["organ"], COLORS["gas"], COLORS["fat"]
    yield from paired("lung", "lung", "organ", "lung", COLORS["lung"])
    yield from paired("pleura", "parietal pleura", "organ", "fascia", COLORS["ligament"])
    yield Row("heart", "Heart", "organ", "muscle", "#a04a50")
    yield Row("heart_chambers", "Blood in the heart", "organ", "blood", COLORS["artery"], "heart")
    yield Row("trachea", "Trachea and main bronchi", "organ", "cartilage", COLORS["joint"])
    yield Row("airway", "Air in trachea and main bronchi", "organ", "air", gas)
    yield Row("oesophagus", "Oesophagus", "organ", "muscle", organ)
    yield from upper_abdomen()
    yield Row("stomach_gas", "Stomach gas", "organ", "air", gas)
    yield from paired("paravertebral_fat", "thoracic paravertebral space", "envelope", "fat", fat)
    yield Row("mediastinal_fat", "Mediastinal fat", "envelope", "fat", fat)
    yield Row("retroperitoneal_fat", "Retroperitoneal and abdominal fat", "envelope", "fat", fat)


def upper_abdomen() -> Iterator[Row]:
    """Yield the organs under the diaphragm, of chest and lower back."""
    organ = COLORS["organ"]
    yield Row("liver", "Liver", "organ", "liver", "#8a4b3c")
    yield Row("spleen", "Spleen", "organ", "organ", "#7d3c4f")
    yield Row("stomach", "Stomach", "organ", "bowel", organ)
    yield from paired("kidney", "kidney", "organ", "kidney", organ)


def _of_level(id_: str, name: str, kind: str, tissue: str, color: str) -> Iterator[Row]:
    """Yield both sides of a structure named after a level: "T7 left intercostal nerve"."""
    level, rest = name.split(" ", 1)
    for side in SIDES:
        yield Row(f"{id_}_{side}", f"{level} {side} {rest}", kind, tissue, color)
