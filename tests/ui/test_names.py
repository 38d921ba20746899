"""The names under the cursor are those of the picture's labels, however many there are."""

import zlib

import numpy as np

from spine_tutor.anatomy.library import open_subject
from spine_tutor.imaging.shot import Shot
from spine_tutor.ui import cache


def test_a_projection_of_the_chest_names_more_than_255_structures() -> None:
    subject = open_subject("average-thoracic")
    shot = Shot.parse({"modality": "fluoroscopy", "center": "t7_vertebra", "field": 300})
    named = cache.names(subject, shot)
    layers = cache.label_layers(cache.drawn(subject, shot).image)
    assert len(named.names) > 256
    cells = np.frombuffer(zlib.decompress(named.packed), "<u2").reshape(named.shape)
    told = np.array(named.names)[cells]
    for label in np.unique(layers)[1:]:
        structure = subject.structures.by_label(int(label))
        assert (told[layers == label] == structure.name).all()
