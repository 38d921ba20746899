"""Shots are counted as a dose meter counts them."""

from spine_tutor.ui.exposures import Exposures


def test_each_new_picture_adds_its_dose_and_the_same_one_none() -> None:
    taken = Exposures().take("ap", 60.0).take("ap", 60.0).take("oblique", 80.0).take("ap", 60.0)
    assert (taken.count, taken.total) == (3, 200.0)
