"""Fluoroscopy, as the tutor offers it."""

from __future__ import annotations

from typing import Any

from spine_tutor.imaging import fluoroscopy, needle_fluoroscopy, paths, xray
from spine_tutor.imaging.constant import number
from spine_tutor.imaging.descriptor import FINE, NOISE, Cause, Hand, Look, Modality
from spine_tutor.imaging.view import FluoroscopyView


def words(view: FluoroscopyView, settings: fluoroscopy.Settings) -> list[str]:
    """Return line and tilt of the beam, the line of an RAO also as the LPO that lessons say."""
    if not view.oblique:
        found = ["PA, prone" if view.position == "prone" else "AP, supine"]
    elif abs(view.oblique) == 90:
        found = ["lateral"]
    else:
        front, back = ("LAO", "RPO") if view.oblique > 0 else ("RAO", "LPO")
        found = [f"{front} {abs(view.oblique):.0f}° ({back})"]
    if view.tilt:
        found.append(f"{'cranial' if view.tilt > 0 else 'caudal'} {abs(view.tilt):.0f}°")
    return found


def standard(look: Look) -> dict[str, Any]:
    """Return 30° oblique in the lumbar spine, where the Scotty dog stands; straight elsewhere."""
    dog = look.near.startswith("l") or (look.near == "s1" and look.focus != "s1")
    oblique = 0 if not dog else -30 if look.side == "left" else 30
    return {"center": look.center, "oblique": oblique}


CAUSES = (
    Cause("overlap", "Everything else on the way of the rays lies over it."),
    Cause("scatter", "Scattered radiation veils it.", ("scatter",)),
    Cause("resolution", FINE.format("focal spot and detector"), ("blur",)),
    NOISE,
)
"""What may hide a structure, in the order in which it is tried; the textbook's first."""

CONSTANTS = (
    number(xray, "ANODE_ANGLE_DEG", "Anode angle of the tube", "°", "R", "tungsten; 7–17° exist"),
    number(fluoroscopy, "DOSE_NGY", "Air kerma at the detector for one picture", "nGy", "E"),
    number(fluoroscopy, "FOCAL_SPOT_MM", "Small focal spot, nominal", "mm", "R"),
    number(fluoroscopy, "DETECTOR_BLUR_MM", "Spread of light in the scintillator, SD", "mm", "E"),
    number(fluoroscopy, "SCATTER_SPREAD_MM", "Spread of scatter on the detector, SD", "mm", "E"),
    number(fluoroscopy, "MEASURED", "Measuring field of exposure and brightness", "", "E",
        "over the picture's diameter"),
    number(fluoroscopy, "KNEE", "Range over which what is denser fades into black", "", "E"),
    number(fluoroscopy, "MARGIN", "Grays beyond the measuring field's range", "", "E",
        "over that range"),
    number(fluoroscopy, "BRIGHTNESS", "Gray that the measuring field is held at", "", "E",
        "white is 1"),
    number(fluoroscopy, "GAMMAS", "Exponents that hold it, from and to", "", "E"),
    number(fluoroscopy, "REFERENCE_POINT_MM", "Entrance reference point to isocentre", "mm", "R",
        "IEC; towards the tube"),
    number(paths, "SLAB_MM", "Slab around a structure shown alone, as water", "mm", "E"),
    number(needle_fluoroscopy, "HUB_WATER", "Plastic of the needle's hub, parts of water", "", "R",
        "polypropylene, 0.9 g/cm³"),
)  # fmt: skip


MODALITY = Modality(
    id=fluoroscopy.ID,
    name=fluoroscopy.NAME,
    color="#f2b134",
    formation="projection",
    view=FluoroscopyView,
    settings=fluoroscopy.Settings,
    simulate=fluoroscopy.simulate,
    display=fluoroscopy.display,
    effects=fluoroscopy.EFFECTS,
    omissions=fluoroscopy.OMISSIONS,
    presets=fluoroscopy.PRESETS,
    pose={
        "oblique": Hand(-90, 90, 1, "°", "Oblique (+ LAO)"),
        "tilt": Hand(-40, 40, 1, "°", "Tilt (+ cranial)"),
        "field": Hand(60, 300, 5, " mm", "Field of view"),
    },
    essential=("oblique", "tilt", "field"),
    words=words,
    facts=(
        ("kvp", "{:.0f} kVp"),
        ("air_kerma_uGy", "{:.3g} µGy"),
        ("kerma_area_mGy_cm2", "{:.2g} mGy·cm²"),
    ),
    standard=standard,
    dose=("air_kerma_uGy", "µGy"),
    thresholds=(0.6, 1.2),
    floor=0.01,
    causes=CAUSES,
    constants=CONSTANTS,
    quantities=(),
)
