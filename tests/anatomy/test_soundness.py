"""A body that a case has torn apart is refused by name."""

import numpy as np
import pytest

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.region import LUMBAR
from spine_tutor.anatomy.soundness import refuse_broken
from spine_tutor.problems import ProblemError


@pytest.fixture
def labels(atlas):
    return np.array(atlas.grids[0].labels)


def test_a_sound_body_passes(atlas, labels):
    refuse_broken(labels, atlas.structures, Case(), LUMBAR)


def test_a_bone_without_room_is_named(atlas, labels):
    labels[labels == atlas.structures["l3_pedicle_left"].label] = 0
    with pytest.raises(ProblemError, match="L3 left pedicle has no room"):
        refuse_broken(labels, atlas.structures, Case(), LUMBAR)


def test_what_a_laminectomy_takes_is_not_missed(atlas, labels):
    for name in ("l4_lamina_left", "l4_lamina_right", "l4_spinous_process"):
        labels[labels == atlas.structures[name].label] = 0
    refuse_broken(labels, atlas.structures, Case(laminectomy=("l4",)), LUMBAR)
    with pytest.raises(ProblemError, match="L4 spinous process"):
        refuse_broken(labels, atlas.structures, Case(), LUMBAR)


def test_a_torn_root_is_named(atlas, labels):
    members = list(atlas.structures.labels_of("l4_nerve_root_left"))
    places = np.argwhere(np.isin(labels, members))
    middle = int(np.median(places[:, 2]))
    cut = labels[:, :, middle - 3 : middle + 4]
    cut[np.isin(cut, members)] = 0
    with pytest.raises(ProblemError, match=r"L4 left .* is torn into"):
        refuse_broken(labels, atlas.structures, Case(), LUMBAR)
