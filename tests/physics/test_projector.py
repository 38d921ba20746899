"""Line integrals against chords that are known, and the fast way against the plain one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from phantoms import cylinder, grid, phantom, sphere
from spine_tutor.imaging.attenuation_map import attenuation_map
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.projector import Volume, line_integrals, reference_integrals
from spine_tutor.imaging.view import FluoroscopyView

POSE = {"center": (0, 0, 0), "source_to_axis": 1000, "source_to_detector": 1500}


def cone(**pose) -> ConeGeometry:
    return FluoroscopyView(**{**POSE, **pose}).geometry(
        phantom((sphere(5), "muscle"), shape=(8,) * 3)
    )


def body(shape, voxels: int = 128, spacing: float = 1.0) -> Volume:
    """Return a volume of 1 inside a shape."""
    g = grid([(shape, "muscle")], (voxels,) * 3, spacing)
    return Volume(g.labels, g.origin, g.spacing)


def directions(geometry: ConeGeometry) -> NDArray[np.float64]:
    rows, columns = np.indices(geometry.shape)
    at = geometry.origin + geometry.spacing * (
        rows[..., None] * geometry.down + columns[..., None] * geometry.right
    )
    way = at - geometry.source
    return way / np.linalg.norm(way, axis=-1, keepdims=True)


def test_sphere_chord() -> None:
    geometry = cone(pixels=256, field=100)
    found = line_integrals(body(sphere(40.0)), geometry)
    away = np.linalg.norm(np.cross(-geometry.source, directions(geometry)), axis=-1)
    chord = 2 * np.sqrt(np.maximum(40.0**2 - away**2, 0))
    error = (found - chord)[chord > 20]
    assert abs(error.mean()) < 0.1
    assert np.sqrt((error**2).mean()) < 0.35


OFF_CENTRE = [(0.0, 0.0), (0.3, 0.1), (0.5, -0.2)]


def shares(radius: float, center: tuple[float, float]) -> Volume:
    """Return a cylinder along z whose voxels hold the share of them that it fills."""
    voxels, parts = 128, 8
    at = (np.arange(voxels * parts) + 0.5) / parts - voxels / 2
    inside = (at[:, None] - center[0]) ** 2 + (at - center[1]) ** 2 <= radius**2
    disc = inside.reshape(voxels, parts, voxels, parts).mean(axis=(1, 3)).astype(np.float32)
    values = np.ascontiguousarray(np.broadcast_to(disc[..., None], (voxels,) * 3))
    return Volume(values, np.full(3, -0.5 * (voxels - 1)), np.ones(3))


def mapped(radius: float, center: tuple[float, float]) -> Volume:
    """Return a cylinder of 0 and 1 as the tutor maps bone: smoothed by one binomial step."""
    subject = phantom((cylinder(radius, center), "cortical_bone"))
    bone = attenuation_map(subject).mineral[0]
    return Volume(bone.values, bone.origin, bone.spacing, 1.0 / bone.values.max())


def cylinder_error(volume: Volume, oblique: float, center: tuple[float, float]) -> NDArray:
    """Return found less true chord of a cylinder of 30 mm, mm, where that exceeds 20 mm."""
    geometry = cone(pixels=128, field=80, oblique=oblique)
    way, source = directions(geometry), geometry.source - (*center, 0.0)
    across = np.linalg.norm(way[..., :2], axis=-1)
    away = np.abs(source[0] * way[..., 1] - source[1] * way[..., 0]) / across
    chord = 2 * np.sqrt(np.maximum(30.0**2 - away**2, 0)) / across
    return (line_integrals(volume, geometry) - chord)[chord > 20]


@pytest.mark.parametrize("center", OFF_CENTRE)
@pytest.mark.parametrize("oblique", [0.0, 30.0, 45.0, 90.0])
def test_cylinder_chord(oblique: float, center: tuple[float, float]) -> None:
    """Voxels of 0 and 1 would add a staircase of their own, 0.3 to 0.5 mm by where it lies."""
    error = cylinder_error(shares(30.0, center), oblique, center)
    assert abs(error.mean()) < 0.1
    assert np.sqrt((error**2).mean()) < 0.15


@pytest.mark.parametrize("oblique", [0.0, 30.0, 45.0, 90.0])
def test_cylinder_chord_as_the_tutor_maps_it(oblique: float) -> None:
    error = cylinder_error(mapped(30.0, (0.0, 0.0)), oblique, (0.0, 0.0))
    assert abs(error.mean()) < 0.1
    assert np.sqrt((error**2).mean()) < 0.35


@pytest.mark.parametrize(("oblique", "tilt"), [(0, 0), (37, 20), (-45, 0), (90, -30), (10, 60)])
def test_fast_way_equals_the_reference(oblique: float, tilt: float) -> None:
    x, y, z = np.indices((24, 20, 28))
    values = (np.sin(x / 3) * np.cos(y / 4) * np.cos(z / 5) + 1.2).astype(np.float32)
    values[[0, -1]] = values[:, [0, -1]] = values[..., [0, -1]] = 0
    volume = Volume(values, np.array([-14.0, -9.5, -20.0]), np.array([1.2, 1.0, 1.5]), 0.01)
    geometry = cone(pixels=32, field=45, oblique=oblique, tilt=tilt)
    fast, plain = line_integrals(volume, geometry), reference_integrals(volume, geometry, 0.05)
    assert np.abs(fast - plain).max() < 0.03 * plain.max()
    inside = plain > 0.5 * plain.max()
    assert np.abs(fast[inside] / plain[inside] - 1).max() < 0.015


@pytest.mark.parametrize(("oblique", "tilt"), [(0, 0), (40, 25), (90, 0)])
def test_leaping_over_empty_space_changes_nothing(oblique: float, tilt: float) -> None:
    rng = np.random.default_rng(2)
    values = (1000 * (rng.random((50, 45, 60)) > 0.9995)).astype(np.int16)
    sparse = Volume(values, np.array([-25.0, -22.0, -30.0]), np.ones(3))
    dense = Volume(values, sparse.origin, sparse.spacing)
    dense.__dict__["leaps"] = np.zeros_like(sparse.leaps)  # as if no block were empty
    geometry = cone(pixels=200, field=70, oblique=oblique, tilt=tilt)
    assert (sparse.leaps > 1).any()
    expected = line_integrals(dense, geometry)
    assert expected.max() > 0
    np.testing.assert_allclose(
        line_integrals(sparse, geometry), expected, atol=1e-3 * expected.max()
    )


def test_nothing_beside_the_volume_and_empty_volume() -> None:
    geometry = cone(pixels=64, field=400)
    assert line_integrals(body(sphere(10.0), 32), geometry)[:8].max() == 0
    empty = Volume(np.zeros((9, 9, 9), np.int16), np.zeros(3), np.ones(3))
    assert not line_integrals(empty, geometry).any()
