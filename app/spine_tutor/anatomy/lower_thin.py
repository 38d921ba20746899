"""Thin nerves and vessels of the lower back and the pelvis, in order of precedence."""

from __future__ import annotations

from collections.abc import Iterator

from spine_tutor.anatomy import rami_lower
from spine_tutor.anatomy.core import Core
from spine_tutor.anatomy.rami import dorsal_rami
from spine_tutor.anatomy.sciatic import sacral_plexus
from spine_tutor.anatomy.sympathetic import sympathetic_trunks
from spine_tutor.anatomy.tubes import Tube
from spine_tutor.anatomy.veins import ascending_lumbar_veins, epidural_veins
from spine_tutor.anatomy.vessels import (
    AORTA,
    SEGMENTAL_LEVELS,
    aorta_path,
    artery_of_adamkiewicz,
    great_vessels,
    segmental_arteries,
)


def thin_structures(core: Core) -> Iterator[Tube]:
    """Yield what the lumbar region and the pelvis have; see `core.ThinStructures`."""
    skeleton, column, roots = core.skeleton, core.column, core.roots
    yield from sacral_plexus(core)
    yield from dorsal_rami(skeleton, column, roots, rami_lower.courses)
    if "l1" in skeleton.vertebrae:
        yield from artery_of_adamkiewicz(core.sac, roots, core.case)
        names = {level: f"lumbar_artery_{level}" for level in SEGMENTAL_LEVELS}
        aorta = aorta_path(column), min(AORTA.values())
        yield from segmental_arteries(skeleton, column, roots, aorta, names)
        yield from ascending_lumbar_veins(skeleton, column)
    yield from sympathetic_trunks(skeleton, column)
    yield from epidural_veins(core.wall, roots)
    yield from great_vessels(column)  # last: their branches and the trunk press into their walls
