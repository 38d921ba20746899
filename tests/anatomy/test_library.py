import os

from spine_tutor.anatomy.library import BUILDS_KEPT, Entry, _forget_older


def test_outlived_builds_are_deleted_and_nobody_elses(tmp_path):
    names = ["average-" + 16 * digit for digit in "abcd"]
    others = ["average-cervical-" + 16 * "a", "average-b", "woman-" + 16 * "a"]
    for age, name in enumerate(names + others):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    newest = Entry("average", "Lower back", "Average adult", "atlas", tmp_path / names[3])
    _forget_older(newest)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {names[3], *names[: BUILDS_KEPT - 1], *others}
