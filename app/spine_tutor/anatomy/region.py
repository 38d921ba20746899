"""Regions: the stretches of the body that subjects are built of, from skull base to coccyx.

A region is built at 0.5 mm around its bones and at 2 mm as far as its skin. All regions of a case
lie in one world and one posed column, so that what two of them share is the same bone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

COLUMN = (
    *(f"c{n}" for n in range(1, 8)),
    *(f"t{n}" for n in range(1, 13)),
    *(f"l{n}" for n in range(1, 6)),
)
"""Free vertebrae from above; the sacrum, ``s1``, follows."""

Segment = tuple[str, str]


@dataclass(frozen=True)
class Region:
    """A stretch of the column with what surrounds it.

    Attributes:
        id: such as ``lumbar``.
        title: what a person reads.
        levels: its free vertebrae, from above.
        pelvis: whether sacrum and hip bones belong to it.
        focus: the level that is looked at first.
    """

    id: str
    title: str
    levels: tuple[str, ...]
    pelvis: bool
    focus: str

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the pairs of neighbouring vertebrae from above, the last with ``s1``."""
        return tuple(pairwise((*self.levels, *(("s1",) if self.pelvis else ()))))

    @property
    def discs(self) -> tuple[Segment, ...]:
        """Return the segments that have a disc: all but that of atlas and axis."""
        return tuple(pair for pair in self.segments if pair[0] != "c1")

    @property
    def roots(self) -> dict[str, str]:
        """Return the vertebra under whose pedicle each root leaves that the region holds whole.

        Cervical roots leave above the vertebra of their name, C8 under C7, all others below.
        Sacral roots have no pedicle and are not listed.
        """
        whole = self.levels if self.pelvis else self.levels[:-1]
        return {_root_under(level): level for level in whole if level != "c1"}

    @property
    def ribs(self) -> tuple[int, ...]:
        """Return the numbers of the ribs that hang on its vertebrae."""
        return tuple(int(level[1:]) for level in self.levels if level.startswith("t"))

    @property
    def below(self) -> str | None:
        """Return the level on which the lowest vertebra rests, None where that is the sacrum."""
        at = COLUMN.index(self.levels[-1]) + 1
        return COLUMN[at] if at < len(COLUMN) else None


def _root_under(level: str) -> str:
    return f"c{int(level[1:]) + 1}" if level.startswith("c") else level


def _levels(first: str, last: str) -> tuple[str, ...]:
    return COLUMN[COLUMN.index(first) : COLUMN.index(last) + 1]


REGIONS: Mapping[str, Region] = {
    region.id: region
    for region in (
        Region("cervical", "Neck", _levels("c1", "t2"), False, "c5"),
        Region("thoracic", "Chest", _levels("c7", "l1"), False, "t7"),
        Region("lumbar", "Lower back", _levels("t12", "l5"), True, "l4"),
        Region("sacral", "Pelvis", _levels("l5", "l5"), True, "s1"),
    )
}
"""The regions by id; T12 closes the lumbar region at the top, L5 the sacral one, and so on."""

LUMBAR = REGIONS["lumbar"]


def subject_id(case_id: str, region: Region) -> str:
    """Return the name that people and lessons open a region of a case by.

    The lumbar region, which most lessons teach, carries the name of its case alone.
    """
    return case_id if region is LUMBAR else f"{case_id}-{region.id}"


def segments_of_column() -> tuple[Segment, ...]:
    """Return every pair of neighbours from C1–C2 to L5–S1."""
    return tuple(pairwise((*COLUMN, "s1")))
