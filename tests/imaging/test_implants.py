"""What titanium does around itself in CT and MRI."""

import numpy as np
import pytest

from phantoms import box, grid
from spine_tutor.anatomy import Structure, StructureSet, Subject
from spine_tutor.imaging import implants
from spine_tutor.imaging.mri_sequence import Settings
from spine_tutor.imaging.shot import Shot


def screws(with_metal: bool = True) -> Subject:
    """Return muscle, with two screws of 6 by 40 mm that lie along the slice."""
    parts = [(box((-60, -60, -20), (60, 60, 20)), "muscle")]
    for x in (-20, 20) if with_metal else ():
        parts.append((box((x - 3, -20, -3), (x + 3, 20, 3)), "titanium"))
    voxels = grid(parts, (124, 124, 44))
    names = ("muscle", "screw_left", "screw_right")[: len(parts)]
    structures = StructureSet(
        Structure(name, n, name, "device" if n > 1 else "muscle", tissue, "#888888")
        for n, (name, (_, tissue)) in enumerate(zip(names, parts, strict=True), start=1)
    )
    return Subject(id="screws", title="Screws", grids=(voxels,), structures=structures,
                   frames={"l4": np.eye(4)}, content_hash=f"screws{with_metal}")  # fmt: skip


def ct(subject: Subject, **settings) -> np.ndarray:
    quiet = {"without": ["noise"], "uneven": False} | settings
    view = {"modality": "ct", "center": (0, 0, 0), "field": 100, "pixels": 200, "thickness": 1}
    return Shot.parse(view | {"settings": quiet}).simulate(subject).pixels


def test_streaks_are_darkest_along_a_screw_and_none_without_metal() -> None:
    streaked = ct(screws())
    clean = ct(screws(), without=["noise", "streaks"])
    added = streaked - clean
    assert np.array_equal(ct(screws(False)), ct(screws(False), without=["noise", "streaks"]))
    middle, quarter = 100, 50
    beyond = added[quarter - 20 : quarter + 1, 58:63].mean()  # before the left screw's end
    far = np.abs(added[middle - 5 : middle + 5, :8]).mean()  # beside it, where no long ray runs
    assert beyond < -50
    assert abs(beyond) > 3 * far


def test_streaks_belong_to_axial_slices() -> None:
    view = {"modality": "ct", "center": (20, 0, 0), "plane": "sagittal", "field": 60, "pixels": 128}
    both = [
        Shot.parse(view | {"settings": {"without": off}}).simulate(screws()).pixels
        for off in (["noise"], ["noise", "streaks"])
    ]
    assert np.array_equal(*both)


def test_the_margin_solves_its_equation_and_falls_with_bandwidth() -> None:
    for field, bandwidth in (("1.5 T", 220.0), ("3 T", 220.0), ("1.5 T", 880.0)):
        settings = Settings(field=field, bandwidth=bandwidth)
        away = implants.margin(settings)
        hertz = 0.5 * 191e-6 * 42.577e6 * settings.tesla
        moved = hertz * settings.resolution / bandwidth * (3.0 / (3.0 + away)) ** 2
        assert moved == pytest.approx(away, abs=0.1)
    wide, strong, fast = (
        implants.margin(Settings(field=f, bandwidth=b))
        for f, b in (("1.5 T", 220), ("3 T", 220), ("1.5 T", 880))
    )
    assert fast < wide < strong


def test_mri_loses_a_margin_around_screws_and_nothing_else() -> None:
    view = {"modality": "mri", "center": (0, 0, 0), "plane": "axial", "field": 100, "pixels": 200}
    still = {"settings": {"without": ["noise"]}}
    bare, metal = (
        Shot.parse(view | still).simulate(screws(there)).pixels for there in (False, True)
    )
    away = implants.margin(Settings())
    lost = metal < 0.3 * bare
    across = lost[100, :100].sum() * 0.5  # through the left screw, mm
    assert across == pytest.approx(6 + 2 * away, abs=1.5)
    assert np.allclose(metal[:, 95:105], bare[:, 95:105], rtol=0.05)
