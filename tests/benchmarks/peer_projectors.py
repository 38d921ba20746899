"""Projectors of other people on the same volumes: the fluoroscopy part of `peers`.

They are compared within a class only: those that interpolate between voxels and those that take
the nearest see different bodies.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from peer_table import Row, race, row, silent, verdict

from phantoms import grid, phantom, sphere
from spine_tutor.anatomy.library import open_subject
from spine_tutor.imaging import fluoroscopy
from spine_tutor.imaging.attenuation_map import attenuation_map
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.projector import Volume, line_integrals
from spine_tutor.imaging.tissues import tissue_table
from spine_tutor.imaging.view import FluoroscopyView
from spine_tutor.imaging.xray import spectrum, tissue_attenuation

SAD, SID, RADIUS, DETECTOR = 1000.0, 1500.0, 40.0, 200.0
SAME = 1e-3
"""Results that differ by less, relative to the largest, are equal."""


def sphere_volume(voxels: int) -> Volume:
    """Return a sphere of 1 in voxels of 1 mm, float32."""
    g = grid([(sphere(RADIUS), "muscle")], (voxels,) * 3)
    return Volume(g.labels.astype(np.float32), g.origin, g.spacing)


def cone(pixels: int) -> ConeGeometry:
    """Return the common geometry, looking along y."""
    view = FluoroscopyView(
        center=(0, 0, 0), source_to_axis=SAD, source_to_detector=SID, pixels=pixels,
        field=DETECTOR * SAD / SID,
    )  # fmt: skip
    return view.geometry(phantom((sphere(5), "muscle"), shape=(8,) * 3))


def chord(geometry: ConeGeometry) -> NDArray[np.float64]:
    """Return how long each ray is in the sphere, mm."""
    rows, columns = np.indices(geometry.shape)[..., None] * geometry.spacing
    way = geometry.origin + rows * geometry.down + columns * geometry.right - geometry.source
    away = np.linalg.norm(np.cross(geometry.source, way), axis=-1) / np.linalg.norm(way, axis=-1)
    return 2 * np.sqrt(np.maximum(RADIUS**2 - away**2, 0))


def rms(found: NDArray[Any], truth: NDArray[Any], least: float = 20.0) -> float:
    """Return the root mean square error where the truth exceeds `least`."""
    return float(np.sqrt(((found - truth)[truth > least] ** 2).mean()))


def rtk_projector(volume: Volume, geometry: ConeGeometry) -> Callable[[], NDArray[np.float32]]:
    """Return RTK's Joseph projector of a volume: its x is ours, its y is down, its z is our y."""
    import itk
    from itk import RTK

    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(numba.get_num_threads())
    kind = itk.Image[itk.F, 3]
    turned = np.ascontiguousarray(volume.values.astype(np.float32).transpose(1, 2, 0)[:, ::-1])
    image = itk.image_from_array(turned)
    low = volume.origin - geometry.isocenter
    high = low + (np.array(volume.values.shape) - 1) * volume.spacing
    image.SetOrigin([float(v) for v in (low[0], -high[2], low[1])])
    image.SetSpacing([float(volume.spacing[axis]) for axis in (0, 2, 1)])
    circle = RTK.ThreeDCircularProjectionGeometry.New()
    sad = float(np.linalg.norm(geometry.source - geometry.isocenter))
    middle = geometry.pixel_to_detector(*(0.5 * (n - 1) for n in geometry.shape))
    circle.AddProjection(sad, float(np.linalg.norm(middle - geometry.source)), 0.0)
    rows, columns = geometry.shape
    screen = RTK.ConstantImageSource[kind].New()
    screen.SetOrigin([-0.5 * (n - 1) * geometry.spacing for n in (columns, rows)] + [0.0])
    screen.SetSpacing([geometry.spacing, geometry.spacing, 1.0])
    screen.SetSize([columns, rows, 1])
    screen.Update()

    def project() -> NDArray[np.float32]:
        joseph = RTK.JosephForwardProjectionImageFilter[kind, kind].New()
        joseph.SetGeometry(circle)
        joseph.SetInput(0, screen.GetOutput())
        joseph.SetInput(1, image)
        joseph.Update()
        return np.array(itk.array_view_from_image(joseph.GetOutput())[0])

    return project


def measure_rtk() -> Iterator[Row]:
    """Compare line integrals of a sphere, of a volume without an empty voxel, and of a spine."""
    kind, peer = "interpolating", "itk-rtk Joseph"
    for voxels, pixels in ((128, 256), (256, 256), (256, 512)):
        volume, geometry = sphere_volume(voxels), cone(pixels)
        theirs = rtk_projector(volume, geometry)
        truth = chord(geometry)
        a, b = rms(line_integrals(volume, geometry), truth), rms(theirs(), truth)
        times = race(lambda v=volume, g=geometry: line_integrals(v, g), theirs)
        yield row(
            f"sphere, {voxels}³ to {pixels}²",
            kind,
            f"RMS {a:.3f} mm",
            times[0],
            peer,
            f"RMS {b:.3f} mm",
            times[1],
            verdict(a, b),
        )
    full = np.zeros((256,) * 3, np.float32)
    full[1:-1, 1:-1, 1:-1] = 1 + np.random.default_rng(0).random((254,) * 3, dtype=np.float32)
    cases = [
        ("no voxel empty, 256³ to 512²", Volume(full, np.full(3, -127.5), np.ones(3)), cone(512))
    ]  # the worst case: there is nothing to leap over
    subject = open_subject("average")
    bone = attenuation_map(subject).mineral[0]
    shape = "×".join(map(str, bone.values.shape))
    name, geometry = (
        f"lumbar spine, {shape} at {bone.spacing[0]:g} mm to 512²",
        FluoroscopyView(center="l4_vertebra").geometry(subject),
    )
    cases.append(
        (
            name,
            Volume(bone.values.astype(np.float32), bone.origin, bone.spacing, bone.scale),
            geometry,
        )
    )
    cases.append((f"{name}, 16 bit as the tutor keeps it", bone, geometry))
    for name, volume, geometry in cases:
        theirs = rtk_projector(volume, geometry)
        ours, other = line_integrals(volume, geometry), theirs() * volume.scale
        apart = float(np.sqrt(((ours - other) ** 2).mean()) / other.max())
        times = race(lambda v=volume, g=geometry: line_integrals(v, g), theirs)
        yield row(
            name,
            kind,
            f"{apart:.1e} apart",
            times[0],
            peer,
            "–",
            times[1],
            "equal" if apart < SAME else "DIFFERENT",
        )


def measure_plastimatch() -> Iterator[Row]:
    """Compare with a projector of the nearest voxel, by its own clock without reading files."""
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    program = shutil.which("plastimatch", path=os.pathsep.join(places))
    if program is None:
        raise FileNotFoundError("no plastimatch")
    for voxels, pixels in ((128, 256), (256, 256), (256, 512)):
        volume, geometry = sphere_volume(voxels), cone(pixels)
        with tempfile.TemporaryDirectory() as folder:
            n, low = voxels, float(volume.origin[0])
            header = (
                f"ObjectType = Image\nNDims = 3\nDimSize = {n} {n} {n}\n"
                f"Offset = {low} {low} {low}\nElementSpacing = 1 1 1\n"
                "ElementType = MET_FLOAT\nElementDataFile = LOCAL\n"
            )
            path = Path(folder, "v.mha")
            path.write_bytes(header.encode() + volume.values.tobytes())
            command = [
                program,
                "drr",
                "-I",
                str(path),
                "-O",
                f"{folder}/p_",
                "-t",
                "pfm",
                "-P",
                "none",
                "-i",
                "exact",
                "--sad",
                f"{SAD:g}",
                "--sid",
                f"{SID:g}",
                "-r",
                f"{pixels} {pixels}",
                "-z",
                f"{DETECTOR:g} {DETECTOR:g}",
                "-o",
                "0 0 0",
                "-a",
                "1",
                "-y",
                "90",
            ]
            clocks: list[float] = []

            def theirs(command: list[str] = command, clocks: list[float] = clocks) -> None:
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                said = dict(line.split(": ") for line in done.stdout.splitlines() if ": " in line)
                spent = [float(said[key].split()[0]) for key in ("Total time", "I/O time")]
                clocks.append(1000 * (spent[0] - spent[1]))

            our_ms, _ = race(lambda v=volume, g=geometry: line_integrals(v, g), theirs)
            raw = Path(folder, "p_0000.pfm").read_bytes()
            found = 10 * np.frombuffer(raw[-4 * pixels**2 :], "<f4").reshape(pixels, pixels)
        truth = chord(geometry)
        yield row(
            f"sphere, {voxels}³ to {pixels}²",
            "interpolating / nearest",
            f"RMS {rms(line_integrals(volume, geometry), truth):.3f} mm",
            our_ms,
            "plastimatch exact",
            f"RMS {rms(found, truth):.3f} mm",
            statistics.median(clocks[1:]),
            "other class",
        )


def measure_gvxr() -> Iterator[Row]:
    """Compare log attenuation of a sphere of muscle: voxels with the exact answer's mesh."""
    with silent():
        from gvxrPython3 import gvxr
    pixels, kvp, tissue = 512, 75.0, "muscle"
    subject = phantom((sphere(RADIUS), tissue))
    view = FluoroscopyView(
        center=(0, 0, 0),
        source_to_axis=SAD,
        source_to_detector=SID,
        pixels=pixels,
        field=DETECTOR * SAD / SID,
    )
    settings = fluoroscopy.Settings(kvp=kvp, copper=0.0, without=("noise", "blur", "scatter"))
    geometry, beam = view.geometry(subject), spectrum(kvp, settings.aluminium)
    lengths = chord(geometry)
    mu = tissue_attenuation(tissue, beam.energy)
    truth = -np.log(np.exp(-lengths[..., None] * mu) @ beam.signal)
    material = tissue_table().materials[next(iter(tissue_table().tissues[tissue].mixture.parts))]
    import xraylib

    with silent():
        gvxr.createOpenGLContext()
        gvxr.setSourcePosition(0, 0, SAD, "mm")
        gvxr.usePointSource()
        gvxr.setDetectorPosition(0, 0, SAD - SID, "mm")
        gvxr.setDetectorUpVector(0, -1, 0)
        gvxr.setDetectorNumberOfPixels(pixels, pixels)
        gvxr.setDetectorPixelSize(DETECTOR / pixels, DETECTOR / pixels, "mm")
        bins = np.arange(len(beam.energy)) // 8  # of 4 keV: its time grows with their number
        fluence = np.bincount(bins, beam.fluence)
        energy = np.bincount(bins, beam.fluence * beam.energy) / np.maximum(fluence, 1e-30)
        for one, photons in zip(energy, fluence, strict=True):
            if photons > 1e-6 * fluence.max():
                gvxr.addEnergyBinToSpectrumPerPixelAtSDD(float(one), "keV", float(photons))
        gvxr.makeSphere("sphere", 200, 200, RADIUS, "mm")
        elements = [xraylib.SymbolToAtomicNumber(e) for e in material.composition]
        gvxr.setMixture("sphere", elements, list(material.composition.values()))
        gvxr.setDensity("sphere", material.density.value, "g/cm3")
        gvxr.addPolygonMeshAsInnerSurface("sphere")
        image = np.asarray(gvxr.computeXRayImage(), float)
        times = race(
            lambda: fluoroscopy.simulate(subject, view, settings, np.random.default_rng(0)),
            gvxr.computeXRayImage,
        )
        gvxr.destroyAllWindows()
    seen = lengths > 20
    ours = fluoroscopy.simulate(subject, view, settings, np.random.default_rng(0)).pixels
    errors = [
        100 * rms(np.where(seen, p, 0), np.where(seen, truth, 0), 1e-9) / truth.max()
        for p in (ours, -np.log(image / image.max()))
    ]
    yield row(
        f"polychromatic, sphere of muscle, {pixels}²",
        "voxels / mesh",
        f"RMS {errors[0]:.2f} %",
        times[0],
        "gvxr, CPU",
        f"RMS {errors[1]:.2f} %",
        times[1],
        "other class",
    )
