"""What an injected fluid meets: media, and how each space lets it through.

Every number here is an estimate (E) unless it names its source: nobody has published the
resistance of these tissues. They are chosen so that the pictures have the patterns and reach of
published series, which tests check:

- epidural: the dorsomedian fold and the ligaments between dura and bone make the midline hard
  to pass; 3 mL in front of the sac reach 2.2 ± 0.9 levels from the tip (Jeong 2013,
  10.4097/kjae.2013.65.5.431); at S1 2 mL reach the medial pedicle in all and 3 mL the L5–S1 disc
  in 92 % of patients (Furman 2012, 10.1111/j.1526-4637.2012.01474.x).
- facet joint: recesses along the articular processes and under the flavum (Xu 1990,
  10.1148/radiology.177.2.2217778); the capsule nearly always bursts at arthrography, medially
  towards the foramen or laterally (10.1148/radiology.140.1.6454162).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import BONES, TISSUE_CODE, TISSUES, Structure, StructureSet
from spine_tutor.imaging.injectate import Space
from spine_tutor.imaging.us_acoustics import fibre_directions

MEDIA = (
    "nothing",
    "bone",
    "csf",
    "dura",
    "neural",
    "nerve",
    "epidural fat",
    "fat",
    "muscle",
    "fascia",
    "ligament",
    "flavum",
    "nucleus",
    "annulus",
    "joint",
    "cartilage",
    "vessel",
    "organ",
)
"""What fluid can meet. ``neural`` is cord and cauda equina, ``nerve`` what lies outside
the sac."""

CODE: Mapping[str, int] = {name: code for code, name in enumerate(MEDIA)}


@dataclass(frozen=True)
class Through:
    """How fluid goes through a medium.

    Attributes:
        resistance: pressure a mm of the way takes, 1 in the tissue that the space is made of.
        porosity: mean share of the medium's volume that fluid takes.
        grain: what it goes around: ``lobules`` of fat or ``fibres`` of muscle.
        along: how many times farther it gets along the fibres than across.
        septum: how many times harder it is in the midline.
        sealed: whether fluid leaves it only into the structure that it was injected into.
    """

    resistance: float
    porosity: float
    grain: str = ""
    along: float = 1.0
    septum: float = 1.0
    sealed: bool = False


@dataclass(frozen=True)
class SpaceRule:
    """How an injection fills a space.

    Attributes:
        through: media it enters; all others are walls.
        home: media in which a tip belongs to this space.
        reach: mm around the structure of the tip that hold fluid back (a capsule, a sleeve);
            infinite where nothing does.
        opened: share of the volume that fluid takes within that reach.
        beyond: how many times harder it is farther out.
        also: media into which fluid goes without having left the space.
        half_size: mm, least half size of the place looked at, and more for each mL.
    """

    through: Mapping[str, Through]
    home: tuple[str, ...]
    reach: float = np.inf
    opened: float = 0.0
    beyond: float = 1.0
    also: tuple[str, ...] = ("nerve", "vessel")
    half_size: tuple[float, float] = (40.0, 3.0)


FAT = Through(1.0, 0.30, "lobules", 2.5, septum=8.0)
MUSCLE = Through(1.0, 0.30, "fibres", 5.0)

RULES: Mapping[Space, SpaceRule] = {
    "epidural": SpaceRule(
        {
            "epidural fat": FAT,  # 30–50 % of fat gives way
            "nerve": Through(0.5, 0.02),  # along the root: the sleeve is the easiest way out
            "fat": Through(25.0, 0.35, "lobules"),  # outside the foramen
            "vessel": Through(2.0, 0.0),  # around vessels, not into them
        },
        ("epidural fat",),
        half_size=(45.0, 6.0),
    ),
    "intrathecal": SpaceRule(
        {"csf": Through(1.0, 1.0)}, ("csf", "neural", "dura"), half_size=(50.0, 8.0)
    ),
    "intravascular": SpaceRule({"vessel": Through(1.0, 1.0)}, ("vessel",), half_size=(60.0, 0.0)),
    "intradiscal": SpaceRule(
        {
            "nucleus": Through(0.1, 0.22),  # a healthy nucleus takes 1–2 mL (E)
            "annulus": Through(14.0, 0.06, sealed=True),  # a whole one lets nothing out
            "ligament": Through(40.0, 0.05),
            "epidural fat": Through(30.0, 0.35, "lobules"),
        },
        ("nucleus", "annulus"),
    ),
    "joint": SpaceRule(
        {
            "joint": Through(0.15, 1.0),
            "cartilage": Through(0.6, 0.3),  # the facets part by a little
            "flavum": Through(4.0, 0.2),
            "ligament": Through(4.0, 0.2),
            "fat": Through(4.0, 0.35, "lobules"),
            "muscle": Through(5.0, 0.3),
            "epidural fat": Through(60.0, 0.35, "lobules"),  # once the capsule bursts
        },
        ("joint", "cartilage"),
        reach=0.0,  # its recesses are joint: `spread_joint`
        beyond=20.0,
    ),
    "muscle": SpaceRule(
        {
            "muscle": MUSCLE,
            "fat": Through(2.0, 0.35, "lobules"),
            "fascia": Through(40.0, 0.1),
            "vessel": Through(2.0, 0.0),
            "nerve": Through(2.0, 0.02),
        },
        ("muscle",),
    ),
    "perineural": SpaceRule(
        {
            "nerve": Through(0.35, 0.04),  # inside the epineurium there is hardly any room
            "epidural fat": FAT,
            "fat": Through(1.0, 0.35, "lobules"),
            "muscle": Through(1.5, 0.3),
            "vessel": Through(2.0, 0.0),
        },
        ("nerve",),
        reach=1.5,
        opened=0.8,
        beyond=25.0,
        also=("nerve", "vessel", "epidural fat"),
        half_size=(60.0, 6.0),
    ),
    "soft tissue": SpaceRule(
        {
            "fat": Through(1.0, 0.4, "lobules"),
            "ligament": Through(4.0, 0.25),
            "muscle": Through(3.0, 0.3, "fibres", 5.0),
            "fascia": Through(20.0, 0.1),
            "flavum": Through(60.0, 0.1),
            "epidural fat": Through(3.0, 0.35, "lobules"),
            "organ": Through(3.0, 0.3),
            "nerve": Through(2.0, 0.02),
            "vessel": Through(2.0, 0.0),
        },
        ("fat", "ligament", "fascia", "flavum", "organ"),
        also=MEDIA,
    ),
}


RESISTANCE = {
    space: {name: through.resistance for name, through in rule.through.items()}
    for space, rule in RULES.items()
}
"""Pressure a mm of the way takes, by space and medium, 1 in ordinary fat (E)."""
POROSITY = {
    space: {name: through.porosity for name, through in rule.through.items()}
    for space, rule in RULES.items()
}
"""Share of a medium's volume that fluid takes, by space and medium (E)."""
CAPSULES = {
    space: (rule.reach, rule.opened, rule.beyond)
    for space, rule in RULES.items()
    if np.isfinite(rule.reach)
}
"""mm around a structure that give way, the share taken there, and how much harder it is farther
out, by space (E)."""


def media_of(structures: StructureSet) -> NDArray[np.uint8]:
    """Return the medium of every label, (labels,) codes in `MEDIA`."""
    size = 1 + max((s.label for s in structures.values()), default=0)
    found = np.zeros(size, np.uint8)
    for s in structures.values():
        found[s.label] = CODE[medium(structures, s)]
    return found


def media_at(
    structures: StructureSet, labels: NDArray[np.integer], tissues: NDArray[np.integer]
) -> NDArray[np.uint8]:
    """Return the medium of voxels, of any shape: their label's unless their tissue decides."""
    met, over = media_of(structures)[labels], tissue_media()[tissues]
    return np.where((over != 255) & (met != 0), over, met).astype(np.uint8)


def tissue_media() -> NDArray[np.uint8]:
    """Return the media that a voxel's tissue decides whatever its label, 255 for the others."""
    found = np.full(len(TISSUES), 255, np.uint8)
    for tissue in (*BONES, "steel"):
        found[TISSUE_CODE[tissue]] = CODE["bone"]
    for tissue in ("air", "lung"):
        found[TISSUE_CODE[tissue]] = CODE["nothing"]
    found[TISSUE_CODE["cartilage"]] = CODE["cartilage"]
    found[TISSUE_CODE["synovial_fluid"]] = CODE["joint"]
    return found


_BY_TISSUE = {
    "csf": "csf",
    "dura": "dura",
    "cord": "neural",
    "fat": "fat",
    "muscle": "muscle",
    "fascia": "fascia",
    "ligament": "ligament",
    "disc_nucleus": "nucleus",
    "disc_annulus": "annulus",
    "blood": "vessel",
    "nerve": "nerve",
    "cartilage": "cartilage",
    "synovial_fluid": "joint",
    "air": "nothing",
    "lung": "nothing",
    "skin": "nothing",
} | {bone: "bone" for bone in BONES}


def medium(structures: StructureSet, structure: Structure) -> str:
    """Return what fluid meets in a structure, one of `MEDIA`."""
    name = structure.id
    if structure.kind == "nerve" and structures.whole(name).id in ("thecal_sac", "spinal_cord"):
        return "neural"
    if structure.kind == "canal" and structure.tissue == "fat":
        return "epidural fat"
    if name.startswith("ligamentum_flavum"):
        return "flavum"
    if structure.kind == "device":
        return "bone"
    return _BY_TISSUE.get(structure.tissue, "organ")


def fibres(structures: StructureSet) -> NDArray[np.float64]:
    """Return the unit vector along which fluid gets on best in every label, (labels, 3)."""
    found = fibre_directions(structures)
    for s in structures.values():
        if medium(structures, s) == "epidural fat":
            found[s.label] = (0.0, 0.0, 1.0)  # along the canal
    return found
