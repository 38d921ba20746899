"""What surrounds the column in the neck, beside bones of the column and roots."""

from __future__ import annotations

from collections.abc import Iterator

from spine_tutor.anatomy.catalogue_chest import rib_rows
from spine_tutor.anatomy.rows import BONE, COLORS, SIDES, Row, envelope, muscles, paired

MUSCLES = {
    "trapezius": "trapezius",
    "rhomboids": "rhomboids with serratus posterior superior",
    "splenius": "splenius capitis and cervicis",
    "semispinalis_capitis": "semispinalis capitis",
    "semispinalis_cervicis": "semispinalis cervicis",
    "multifidus": "multifidus",
    "suboccipital_muscles": "suboccipital muscles",
    "longissimus": "longissimus capitis and cervicis",
    "levator_scapulae": "levator scapulae",
    "scalenus_medius": "middle and posterior scalene",
    "scalenus_anterior": "anterior scalene",
    "longus_colli": "longus colli and capitis",
    "sternocleidomastoid": "sternocleidomastoid",
    "infrahyoid_muscles": "infrahyoid muscles",
    "muscles_of_mastication": "muscles of mastication",
    "shoulder_muscles": "muscles of the shoulder",
    "pectoral_muscles": "pectoral muscles",
    "intercostal_muscles": "intercostal muscles",
}

SKULL = {
    "occipital_bone": "Occipital bone",
    "maxilla": "Maxilla with hard palate and teeth",
    "mandible": "Mandible with teeth",
    "hyoid_bone": "Hyoid bone",
}
PAIRED_BONES = {
    "temporal_bone": "temporal bone with mastoid process",
    "clavicle": "clavicle",
    "scapula": "scapula",
    "humerus": "humerus",
}
ARTERIES = {
    "subclavian_artery": "subclavian artery",
    "common_carotid_artery": "common carotid artery",
    "internal_carotid_artery": "internal carotid artery",
    "external_carotid_artery": "external carotid artery",
    "vertebral_artery": "vertebral artery",
    "ascending_cervical_artery": "ascending cervical artery",
    "deep_cervical_artery": "deep cervical artery",
}
RADICULAR = ("c5", "c6", "c7")
"""Roots that a radicular artery goes in with."""
TRUNKS = {"upper": ("c5", "c6"), "middle": ("c7",), "lower": ("c8", "t1")}
"""Trunks of the brachial plexus by the roots that they are made of."""
MEDIAL_BRANCHES = ("c3", "c4", "c5", "c6", "c7", "c8")


def rows() -> Iterator[Row]:
    """Yield bones, muscles, nerves, vessels, organs and envelope of the neck."""
    yield from _bones()
    yield from paired("atlanto_occipital_joint", "atlanto-occipital joint", "joint", "cartilage",
                      COLORS["joint"])  # fmt: skip
    yield from muscles(MUSCLES)
    tongue = "Tongue and floor of mouth"
    yield Row("tongue", tongue, "muscle", "muscle", COLORS["muscle"])
    face = "Muscles and glands of face"
    yield Row("facial_muscles", face, "muscle", "muscle", COLORS["muscle"])
    yield Row("nuchal_ligament", "Nuchal ligament", "ligament", "ligament", COLORS["ligament"])
    yield from _nerves()
    yield from _vessels()
    yield from _organs()
    yield from envelope()


def _bones() -> Iterator[Row]:
    for part, name in SKULL.items():
        yield Row(part, name, "bone", "trabecular_bone", BONE)
    for part, name in PAIRED_BONES.items():
        yield from paired(part, name, "bone", "trabecular_bone", BONE)
    yield from rib_rows((1, 2))


def _nerves() -> Iterator[Row]:
    nerve, ganglion = COLORS["nerve"], COLORS["ganglion"]
    for side in SIDES:
        title = side.capitalize()
        root = f"c2_nerve_root_{side}"
        yield Row(root, f"C2 {side} spinal nerve and root", "nerve", "nerve", nerve)
        name = f"C2 {side} spinal (dorsal root) ganglion"
        yield Row(f"c2_dorsal_root_ganglion_{side}", name, "nerve", "nerve", ganglion, root)
        name = f"{title} third occipital nerve"
        yield Row(f"third_occipital_nerve_{side}", name, "nerve", "nerve", nerve)
        name = f"{title} greater occipital nerve"
        yield Row(f"greater_occipital_nerve_{side}", name, "nerve", "nerve", nerve)
        for level in MEDIAL_BRANCHES:
            name = f"{level.upper()} {side} medial branch of dorsal ramus"
            yield Row(f"{level}_medial_branch_{side}", name, "nerve", "nerve", nerve)
        whole = f"brachial_plexus_{side}"
        yield Row(whole, f"{title} brachial plexus", "nerve", "nerve", nerve)
        for trunk in TRUNKS:
            name = f"{title} {trunk} trunk of brachial plexus"
            yield Row(f"{trunk}_trunk_{side}", name, "nerve", "nerve", nerve, whole)
        whole = f"sympathetic_trunk_{side}"
        yield Row(whole, f"{title} sympathetic trunk", "nerve", "nerve", nerve)
        name = f"{title} superior cervical ganglion"
        yield Row(f"superior_cervical_ganglion_{side}", name, "nerve", "nerve", ganglion, whole)
        name = f"{title} stellate (cervicothoracic) ganglion"
        yield Row(f"stellate_ganglion_{side}", name, "nerve", "nerve", ganglion, whole)
        yield Row(f"vagus_nerve_{side}", f"{title} vagus nerve", "nerve", "nerve", nerve)
        yield Row(f"phrenic_nerve_{side}", f"{title} phrenic nerve", "nerve", "nerve", nerve)
    yield Row("brain", "Brain (brain stem, cerebellum, temporal lobes)", "nerve", "cord", nerve)


def _vessels() -> Iterator[Row]:
    red, blue = COLORS["artery"], COLORS["vein"]
    for id_, name in ARTERIES.items():
        yield from paired(id_, name, "vessel", "blood", red)
    for level in RADICULAR:
        name = f"{level.upper()} radicular artery"
        yield from paired(f"radicular_artery_{level}", name, "vessel", "blood", red)
    yield from paired("internal_jugular_vein", "internal jugular vein", "vessel", "blood", blue)
    yield from paired("subclavian_vein", "subclavian vein", "vessel", "blood", blue)
    name = "Internal vertebral (epidural) venous plexus"
    yield Row("epidural_veins", name, "vessel", "blood", blue)


def _organs() -> Iterator[Row]:
    organ, joint = COLORS["organ"], COLORS["joint"]
    yield Row("thyroid_cartilage", "Thyroid and cricoid cartilage", "organ", "cartilage", joint)
    yield Row("larynx", "Larynx", "organ", "muscle", organ)
    yield Row("pharynx", "Pharynx", "organ", "muscle", organ)
    yield Row("trachea", "Trachea", "organ", "cartilage", joint)
    yield Row("airway", "Air in pharynx, larynx and trachea", "organ", "air", COLORS["gas"])
    yield Row("oesophagus", "Oesophagus", "organ", "muscle", organ)
    yield Row("thyroid_gland", "Thyroid gland", "organ", "organ", organ)
    yield from paired("lung", "lung", "organ", "lung", COLORS["lung"])
    yield from paired("pleura", "parietal pleura", "organ", "fascia", COLORS["ligament"])
