"""TotalSegmentator's class names, and what each is here.

The names and their numbers are those of TotalSegmentator v2's task ``total`` (Wasserthal 2023,
Radiology: Artificial Intelligence 5:e230024), 117 classes numbered from 1.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from spine_tutor.anatomy.catalogue import BONE, COLORS
from spine_tutor.anatomy.structure import Structure

_LEVELS = [
    "s1",
    *(f"l{n}" for n in range(5, 0, -1)),
    *(f"t{n}" for n in range(12, 0, -1)),
    *(f"c{n}" for n in range(7, 0, -1)),
]

CLASSES: tuple[str, ...] = (
    "spleen", "kidney_right", "kidney_left", "gallbladder", "liver", "stomach", "pancreas",
    "adrenal_gland_right", "adrenal_gland_left", "lung_upper_lobe_left", "lung_lower_lobe_left",
    "lung_upper_lobe_right", "lung_middle_lobe_right", "lung_lower_lobe_right", "esophagus",
    "trachea", "thyroid_gland", "small_bowel", "duodenum", "colon", "urinary_bladder", "prostate",
    "kidney_cyst_left", "kidney_cyst_right", "sacrum",
    *(f"vertebrae_{level.upper()}" for level in _LEVELS),
    "heart", "aorta", "pulmonary_vein", "brachiocephalic_trunk", "subclavian_artery_right",
    "subclavian_artery_left", "common_carotid_artery_right", "common_carotid_artery_left",
    "brachiocephalic_vein_left", "brachiocephalic_vein_right", "atrial_appendage_left",
    "superior_vena_cava", "inferior_vena_cava", "portal_vein_and_splenic_vein",
    "iliac_artery_left", "iliac_artery_right", "iliac_vena_left", "iliac_vena_right",
    "humerus_left", "humerus_right", "scapula_left", "scapula_right", "clavicula_left",
    "clavicula_right", "femur_left", "femur_right", "hip_left", "hip_right", "spinal_cord",
    "gluteus_maximus_left", "gluteus_maximus_right", "gluteus_medius_left",
    "gluteus_medius_right", "gluteus_minimus_left", "gluteus_minimus_right", "autochthon_left",
    "autochthon_right", "iliopsoas_left", "iliopsoas_right", "brain", "skull",
    *(f"rib_left_{n}" for n in range(1, 13)), *(f"rib_right_{n}" for n in range(1, 13)),
    "sternum", "costal_cartilages",
)  # fmt: skip
"""Class names in the order of their numbers, which start at 1."""


class _Rule(NamedTuple):
    pattern: str
    kind: str
    tissue: str
    color: str


_RULES = (
    _Rule(r"lung_.*", "organ", "lung", "#c9a7b8"),
    _Rule(r"trachea", "organ", "air", "#d8d8d8"),
    _Rule(
        r"(vertebrae_.*|sacrum|sternum|skull|carpal|rib_.*|(humerus|scapula|clavicula|femur|hip)_.*)",
        "bone",
        "trabecular_bone",
        BONE,
    ),
    _Rule(r"costal_cartilages", "joint", "cartilage", COLORS["joint"]),
    _Rule(r"(spinal_cord|brain)", "nerve", "cord", COLORS["nerve"]),
    _Rule(r"(gluteus|autochthon|iliopsoas)_.*", "muscle", "muscle", COLORS["muscle"]),
    _Rule(
        r"(heart|aorta|.*artery.*|brachiocephalic_trunk|atrial_appendage.*)",
        "vessel",
        "blood",
        COLORS["artery"],
    ),
    _Rule(r".*ve(in|na).*", "vessel", "blood", COLORS["vein"]),
    _Rule(r"kidney_(left|right)", "organ", "kidney", COLORS["organ"]),
    _Rule(r"liver", "organ", "liver", "#9c5b4b"),
    _Rule(r"(esophagus|stomach|small_bowel|duodenum|colon)", "organ", "bowel", COLORS["organ"]),
    _Rule(r".*", "organ", "organ", COLORS["organ"]),
)

_NAMES = {
    "autochthon": "deep muscles of the back",
    "clavicula": "clavicle",
    "hip": "hip bone",
    "iliac_vena": "common iliac vein",
    "iliac_artery": "common iliac artery",
    "spinal_cord": "spinal cord (canal contents)",
}


def structure_of(class_name: str, label: int) -> Structure:
    """Return what a TotalSegmentator class is here: ``vertebrae_L3`` is ``l3_vertebra``.

    A class that the rules do not know is taken for an organ, under its own name.
    """
    rule = next(r for r in _RULES if re.fullmatch(r.pattern, class_name))
    stem, side = class_name, ""
    if vertebra := re.fullmatch(r"vertebrae_([CTLS]\d+)", class_name):
        level = vertebra[1].lower()
        return Structure(
            f"{level}_vertebra", label, f"{level.upper()} vertebra", "bone", rule.tissue, rule.color
        )
    if rib := re.fullmatch(r"rib_(left|right)_(\d+)", class_name):
        stem, side = f"rib_{rib[2]}", rib[1]
    elif sided := re.fullmatch(r"(.*)_(left|right)", class_name):
        stem, side = sided[1], sided[2]
    plain = _NAMES.get(stem, stem.replace("_", " "))
    name = f"{side} {plain}".strip()
    structure_id = f"{stem}_{side}" if side else stem
    structure_id = re.sub(r"[^a-z0-9]+", "_", structure_id.lower()).strip("_")
    return Structure(
        structure_id, label, name[0].upper() + name[1:], rule.kind, rule.tissue, rule.color
    )
