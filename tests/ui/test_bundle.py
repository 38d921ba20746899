import json

import numpy as np

from small_body import small_body
from spine_tutor.resources import LABEL
from spine_tutor.ui.bundle import MAGIC, pack


def test_a_bundle_reads_back_as_the_browser_reads_it() -> None:
    subject = small_body()
    packed = pack(subject)
    assert packed[:4] == MAGIC
    length = int.from_bytes(packed[4:8], "little")
    assert length % 4 == 0
    header = json.loads(packed[8 : 8 + length])
    assert header["notice"] == LABEL
    assert header["labels"]["4"] == ["l4_pedicle_left", "L4 left pedicle", "#e0b978"]
    (part,) = header["parts"]
    mesh, base = subject.meshes["l4_vertebra"], 8 + length

    def block(name: str, kind: str) -> np.ndarray:
        start, size = part[name]
        assert start % 4 == 0
        return np.frombuffer(packed, kind, size, base + start)

    np.testing.assert_array_equal(block("vertices", "<f4").reshape(-1, 3), mesh.vertices)
    np.testing.assert_array_equal(block("faces", "<u2").reshape(-1, 3), mesh.faces)
    np.testing.assert_array_equal(block("labels", "<u2"), mesh.part_labels)
    assert part["wide"] is False
