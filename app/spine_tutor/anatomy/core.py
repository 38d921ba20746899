"""What is known of a region's inside when thin nerves and vessels are laid into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.canal import CanalWall
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.nerves import Roots
from spine_tutor.anatomy.thecal_sac import Sac
from spine_tutor.anatomy.tubes import Tube


@dataclass(frozen=True, eq=False)
class Core:
    """Bones, canal, sac and roots of one region of one case."""

    case: Case
    column: Column
    skeleton: Skeleton
    wall: CanalWall
    sac: Sac
    roots: Roots


ThinStructures = Callable[[Core], Iterator[Tube]]
"""Yields the thin nerves and vessels of a region, in order of precedence."""
