"""The honesty panel's data: every constant of the simulators, with unit, condition and source.

Tissue values are in the tissue table, see `tissue_rows`; constants of the numerical method (steps,
cut-offs, cache sizes) change no physics and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spine_tutor.imaging import (
    injectate,
    iodine,
    needle,
    spread,
    spread_joint,
    spread_media,
    spread_pattern,
    spread_pictures,
    spread_seat,
    spread_travel,
    spread_vessel,
)
from spine_tutor.imaging.constant import Constant, number
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.tissues import Quantity, tissue_table

NEEDLE = (
    number(needle, "MAKES", "Diameter of the shaft", "mm", "R", "by gauge",
        "designated metric sizes of ISO 9626, recalled", part="diameter"),
    number(needle, "MAKES", "Ground face to the end of the shaft", "°", "E", "by gauge",
        part="bevel"),
    number(needle, "MAKES", "Bend of the end", "°", "E", "15–30° are built", part="bend"),
    number(needle, "MAKES", "Length of the bent end", "mm", "E", part="arc"),
    number(needle, "SPARE_MM", "Shaft left outside the skin at the target", "mm", "E"),
    number(needle, "LENGTHS", "Shafts on the shelf", "mm", "E", "90 mm is usual"),
    number(needle, "HUB_MM", "Radius and length of the hub", "mm", "E"),
)  # fmt: skip
INJECTATE = (
    number(iodine, "K_EDGE_KEV", "K edge of iodine", "keV", "C", source="xraylib"),
    number(injectate, "PLAIN", "Iodine below which a fluid counts as plain", "mg/mL", "E"),
    number(spread, "MIXING", "CSF that a fluid mixes with at once, over its volume", "", "E"),
    number(spread, "THINNING", "Time in which CSF mixes on", "s", "E"),
    number(spread_media, "RESISTANCE", "Resistance a mm, ordinary fat 1", "", "E", "by space"),
    number(spread_media, "POROSITY", "Share of the volume that fluid takes", "", "E", "by space"),
    number(spread_media, "CAPSULES", "Reach, share and resistance beyond a capsule", "mm, 1, 1",
        "E"),
    number(spread_joint, "CAPACITY_ML", "Joint within its capsule", "mL", "R",
        "by letter of the level; none: sacroiliac"),
    number(spread_joint, "RECESS_MM", "Recess from its pole of the joint, at most", "mm", "E"),
    number(spread_joint, "POLE", "Share of a joint that its pole is the middle of", "", "E"),
    number(spread_vessel, "NARROW", "Blood in vessels that fluid fills against it", "mm/s", "E"),
    number(spread_vessel, "BLOOD", "Speed of blood by vessel, and its way", "mm/s", "E"),
    number(spread_vessel, "SMALL_VESSEL", "The same in a vessel of any other name", "mm/s", "E"),
    number(spread_vessel, "INJECTION_RATE", "Injection by hand into a vessel", "mL/s", "E"),
    number(spread_vessel, "DISPERSION", "Time in which a bolus becomes twice as long", "s", "E"),
    number(spread_pictures, "POOL_MM", "Fluid between bundles runs together over, SD", "mm", "E"),
    number(spread_travel, "SEPTUM_MM", "Folds in the midline of the epidural space, half", "mm",
        "E"),
    number(spread_travel, "LOBULE_MM", "Lobule of epidural fat", "mm", "E"),
    number(spread_travel, "FASCICLE_MM", "Bundle of muscle across and along", "mm", "E"),
    number(spread_travel, "PLANE_MM", "Plane between bundles that fluid opens", "mm", "E"),
    number(spread_travel, "FINGER_MM", "Distance over which the way varies", "mm", "E"),
    number(spread_travel, "LEAP_MM", "Leap along fibres within a structure", "mm", "E"),
    number(spread_travel, "HARDLY", "Porosity up to which a sheath opens nothing", "", "E"),
    number(spread_seat, "SEAT_MM", "From a named place to the tip in its space, at most", "mm",
        "E"),
    number(spread_pattern, "ONE_SIDED", "Share on one side that is called one-sided", "", "E"),
    number(spread_pattern, "BURST", "Share outside its space that has left it", "", "E"),
)  # fmt: skip

PARAMETERS: Mapping[str, tuple[Constant, ...]] = {
    **{name: modality.constants for name, modality in MODALITIES.items()},
    "needle": NEEDLE,
    "injectate": INJECTATE,
}
"""Constants by modality, and those of a needle and an injectate for all of them."""


@dataclass(frozen=True)
class TissueRow:
    """One number of the tissue table, for a reader.

    Attributes:
        tissue: its name, or a material's.
        what: the quantity.
        quantity: the number; `citation`: its source in full.
    """

    tissue: str
    what: str
    quantity: Quantity
    citation: str


def tissue_rows(modality: str) -> Iterator[TissueRow]:
    """Yield what a modality knows of tissues: of X-rays' materials the density and composition."""
    table = tissue_table()
    names = MODALITIES[modality].quantities
    for tissue in table.tissues.values():
        for name in names:
            quantity: Quantity = getattr(tissue, name)
            what = name.replace("_1_5t", " at 1.5 T").replace("_3t", " at 3 T").replace("_", " ")
            yield TissueRow(tissue.name, what, quantity, table.sources[quantity.source])
    if names:
        return
    for material in table.materials.values():
        named = material.id.replace("_", " ")
        yield TissueRow(named, "density", material.density, table.sources[material.density.source])
        parts = ", ".join(f"{e} {share:.3g}" for e, share in material.composition.items())
        made = Quantity(material.hu, "HU", material.mark, material.source, f"composed of {parts}")
        yield TissueRow(named, "CT number, 120 kVp", made, table.sources[material.source])
