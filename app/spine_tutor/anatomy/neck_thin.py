"""Thin nerves and vessels of the neck, in order of precedence."""

from __future__ import annotations

from collections.abc import Iterator

from spine_tutor.anatomy import neck_nerves
from spine_tutor.anatomy.core import Core
from spine_tutor.anatomy.neck_line import neck_line, neck_size
from spine_tutor.anatomy.neck_vessels import small_arteries, vertebral_artery
from spine_tutor.anatomy.rami import dorsal_rami
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.tubes import Tube
from spine_tutor.anatomy.veins import epidural_veins


def thin_structures(core: Core) -> Iterator[Tube]:
    """Yield what the cervical region has; see `core.ThinStructures`."""
    size = neck_size(core.case)
    line = neck_line(core.column, core.case)
    arteries = {side: vertebral_artery(core.skeleton, line, side, size) for side in SIDES}
    yield from arteries.values()
    yield from neck_nerves.second_roots(core, line)
    yield from dorsal_rami(core.skeleton, core.column, core.roots, neck_nerves.courses)
    yield from neck_nerves.greater_occipital(line, size)
    yield from neck_nerves.long_nerves(core, line)
    yield from neck_nerves.brachial_plexus(core, line)
    yield from small_arteries(core.skeleton, line, core.roots, arteries, size)
    under = core.column.region.roots
    by_vertebra = {(under[level], side): root for (level, side), root in core.roots.items()}
    yield from epidural_veins(core.wall, by_vertebra)
