"""All that a whole spine is asked to hold is there by name, in every region it belongs to."""

from __future__ import annotations

import pytest

from spine_tutor.anatomy.library import open_subject
from spine_tutor.anatomy.region import REGIONS, subject_id
from spine_tutor.anatomy.rows import SIDES

NECK, CHEST, LOINS, PELVIS = "cervical", "thoracic", "lumbar", "sacral"
EVERYWHERE = (NECK, CHEST, LOINS, PELVIS)
BELOW_NECK = (CHEST, LOINS, PELVIS)
LOW = (LOINS, PELVIS)


def levels(letter: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{letter}{n}" for n in range(first, last + 1))


def each(pattern: str, *which: str) -> tuple[str, ...]:
    """Return a structure of every level; a star stands for either side."""
    return tuple(pattern.replace("#", level) for level in which)


CERVICAL, THORACIC = levels("c", 1, 7), levels("t", 1, 12)
LUMBAR = levels("l", 1, 5)
TYPICAL = levels("c", 3, 7)

NAMED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # bones
    "atlas and axis": ((NECK,), ("c1_anterior_arch", "c1_posterior_arch", "c1_lateral_mass_*",
                                 "c2_dens")),
    "uncinate processes": ((NECK,), each("#_uncinate_process_*", *TYPICAL)),
    "articular pillars": ((NECK,), each("#_articular_pillar_*", *TYPICAL)),
    "Chassaignac's tubercle": ((NECK,), ("c6_anterior_tubercle_*",)),
    "cervical vertebrae": ((NECK,), each("#_vertebra", *CERVICAL)),
    "thoracic vertebrae": ((CHEST,), each("#_vertebra", *THORACIC)),
    "lumbar vertebrae": ((LOINS,), each("#_vertebra", *LUMBAR)),
    "ribs": ((CHEST,), tuple(f"rib_{n}_*" for n in range(1, 13))),
    "costovertebral joints": ((CHEST,), each("costovertebral_joint_#_*", *THORACIC)),
    "costotransverse joints": ((CHEST,), each("costotransverse_joint_#_*", *THORACIC[:10])),
    "sternum": ((CHEST,), ("manubrium", "sternal_body", "xiphoid_process")),
    "shoulder": ((NECK, CHEST), ("clavicle_*", "scapula_*", "humerus_*")),
    "sacrum and coccyx": (LOW, ("sacrum", "coccyx", "sacral_cornu_*")),
    "hips": (LOW, ("ilium_*", "ischium_*", "pubis_*", "femur_*", "sacroiliac_joint_*")),
    # discs and ligaments
    "longitudinal ligaments": (EVERYWHERE, ("anterior_longitudinal_ligament",
                                            "posterior_longitudinal_ligament")),
    "supraspinous ligament": (EVERYWHERE, ("supraspinous_ligament",)),
    "superior costotransverse ligaments": (
        (CHEST,), each("superior_costotransverse_ligament_#_*", *THORACIC[1:])),
    "sacrococcygeal ligament": (LOW, ("sacrococcygeal_ligament",)),
    "sacroiliac ligaments": (LOW, tuple(f"{which}_sacroiliac_ligament_*" for which in
                                        ("anterior", "interosseous", "posterior"))),
    # nerves and canal
    "sac": (EVERYWHERE, ("dura", "cerebrospinal_fluid", "epidural_fat")),
    "cord": ((NECK, CHEST, LOINS), ("spinal_cord",)),
    "cauda equina": (LOW, ("cauda_equina",)),
    "cervical roots": ((NECK,), (*each("#_nerve_root_*", *levels("c", 2, 8)),
                                 *each("#_dorsal_root_ganglion_*", *levels("c", 2, 8)))),
    "thoracic roots": ((CHEST,), (*each("#_nerve_root_*", *THORACIC),
                                  *each("#_dorsal_root_ganglion_*", *THORACIC))),
    "lumbar roots": ((LOINS,), (*each("#_nerve_root_*", *LUMBAR),
                                *each("#_dorsal_root_ganglion_*", *LUMBAR))),
    "sacral roots": ((PELVIS,), each("#_nerve_root_*", *levels("s", 1, 4))),
    "third occipital nerve": ((NECK,), ("third_occipital_nerve_*",)),
    "cervical medial branches": ((NECK,), each("#_medial_branch_*", *levels("c", 4, 7))),
    "thoracic dorsal rami": ((CHEST,), (*each("#_dorsal_ramus_*", *THORACIC),
                                        *each("#_medial_branch_*", *THORACIC))),
    "lumbar dorsal rami": ((LOINS,), (*each("#_dorsal_ramus_*", *LUMBAR),
                                      *each("#_medial_branch_*", *LUMBAR[:4]))),
    "lateral branches": (LOW, each("#_lateral_branches_*", "s1", "s2", "s3")),
    "intercostal nerves": ((CHEST,), each("intercostal_nerve_#_*", *THORACIC[:11])),
    "sympathetic trunk": (EVERYWHERE, ("sympathetic_trunk_*",)),
    "stellate ganglion": ((NECK,), ("stellate_ganglion_*",)),
    # vessels
    "aorta": ((CHEST, LOINS), ("aorta",)),
    "inferior vena cava": (BELOW_NECK, ("inferior_vena_cava",)),
    "common iliac vessels": (LOW, ("common_iliac_artery_*", "common_iliac_vein_*")),
    "carotids and jugular": ((NECK,), ("common_carotid_artery_*", "internal_carotid_artery_*",
                                       "internal_jugular_vein_*")),
    "vertebral arteries": ((NECK,), ("vertebral_artery_*",)),
    "veins behind the manubrium": ((CHEST,), ("brachiocephalic_vein_*", "superior_vena_cava")),
    "thoracic segmental arteries": ((CHEST,), (
        *each("posterior_intercostal_artery_#_*", *THORACIC[:11]),
        *each("radicular_artery_#_*", *THORACIC[:11]))),
    "lumbar segmental arteries": ((LOINS,), (*each("lumbar_artery_#_*", *LUMBAR[:4]),
                                             *each("radicular_artery_#_*", *LUMBAR[:4]))),
    "cervical radicular arteries": ((NECK,), each("radicular_artery_#_*", "c5", "c6", "c7")),
    "artery of Adamkiewicz": ((CHEST, LOINS), ("artery_of_adamkiewicz",)),
    # muscle, viscera, envelope
    "multifidus": (EVERYWHERE, ("multifidus_*",)),
    "longissimus": (EVERYWHERE, ("longissimus_*",)),
    "iliocostalis": (BELOW_NECK, ("iliocostalis_*",)),
    "quadratus lumborum and psoas": (LOW, ("quadratus_lumborum_*", "psoas_*")),
    "trapezius and rhomboids": ((NECK, CHEST), ("trapezius_*", "rhomboids_*")),
    "splenius": ((NECK, CHEST), ("splenius_*",)),
    "semispinalis": ((CHEST,), ("semispinalis_*",)),
    "semispinalis of the neck": ((NECK,), ("semispinalis_capitis_*", "semispinalis_cervicis_*")),
    "front of the neck": ((NECK,), ("sternocleidomastoid_*", "scalenus_anterior_*",
                                    "scalenus_medius_*", "longus_colli_*")),
    "buttock": (LOW, ("gluteus_maximus_*", "piriformis_*")),
    "thoracolumbar fascia": (LOW, ("thoracolumbar_fascia",)),
    "lungs and pleura": ((NECK, CHEST), ("lung_*", "pleura_*")),
    "airway and gullet": ((NECK, CHEST), ("trachea", "oesophagus")),
    "thyroid": ((NECK,), ("thyroid_gland",)),
    "kidneys, liver and spleen": ((CHEST, LOINS), ("kidney_*", "liver", "spleen")),
    "bowel with gas": (LOW, ("bowel", "bowel_gas")),
    "envelope": (EVERYWHERE, ("subcutaneous_fat", "skin")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "region"), [(name, region) for name, (where, _) in NAMED.items() for region in where]
)
def test_what_is_named_is_there(name, region):
    here = open_subject(subject_id("average", REGIONS[region])).centers
    wanted = {
        pattern.replace("*", side) for pattern in NAMED[name][1] for side in SIDES
    }  # what has no side comes once
    assert wanted <= set(here)


@pytest.mark.parametrize("region", REGIONS)
def test_every_segment_has_its_disc_ligaments_and_capsules(region):
    here = set(open_subject(subject_id("average", REGIONS[region])).centers)
    for upper, lower in REGIONS[region].segments:
        segment = f"{upper}_{lower}"
        wanted = {f"ligamentum_flavum_{segment}", f"interspinous_ligament_{segment}"}
        for side in SIDES:
            wanted |= {f"{part}_{side}" for part in (
                f"ligamentum_flavum_{segment}", f"{segment}_facet_joint",
                f"{segment}_facet_capsule")}  # fmt: skip
        if upper != "c1":
            wanted |= {f"{segment}_nucleus", f"{segment}_annulus"}
        assert wanted <= here
