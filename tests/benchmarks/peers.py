"""What `spine-tutor bench --peers` runs: other people's simulators on the same bodies.

Every pair is measured in this process on the same volume, geometry and float type, in turns, so
that what else the machine does falls on both. Projectors are compared within a class only: those
that interpolate between voxels and those that take the nearest see different bodies. A peer that
is not installed is named; the tutor itself needs none of them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "physics")]

from phantoms import grid, phantom, sphere  # noqa: E402
from spine_tutor.imaging import fluoroscopy  # noqa: E402
from spine_tutor.imaging.attenuation_map import attenuation_map  # noqa: E402
from spine_tutor.imaging.geometry import ConeGeometry  # noqa: E402
from spine_tutor.imaging.mri_sequence import inversion_recovery, null_time, spin_echo_exact  # noqa: E402
from spine_tutor.imaging.projector import Volume, line_integrals  # noqa: E402
from spine_tutor.imaging.tissues import tissue_table  # noqa: E402
from spine_tutor.imaging.view import FluoroscopyView  # noqa: E402
from spine_tutor.imaging.xray import spectrum, tissue_attenuation  # noqa: E402

Row = dict[str, Any]
INSTALL = "pip install -e .[peers]"
REPEATS = 9
SAD, SID, RADIUS, DETECTOR = 1000.0, 1500.0, 40.0, 200.0
SAME = 1e-3
"""Results that differ by less, relative to the largest, are equal."""


def run() -> list[Row]:
    """Return every comparison that the installed peers allow."""
    rows: list[Row] = []
    for name, measure in PEERS.items():
        print(f"measuring against {name} …", file=sys.stderr, flush=True)
        try:
            rows += measure()
        except (ImportError, FileNotFoundError) as error:
            rows.append(row(f"not measured: {error}", "–", peer=name, accuracy=INSTALL))
    return rows


def row(
    case: str,
    class_: str,
    ours: str = "–",
    our_ms: float | None = None,
    peer: str = "",
    theirs: str = "–",
    their_ms: float | None = None,
    accuracy: str = "–",
) -> Row:
    """Return one comparison; a ratio above 1 says how many times faster the tutor is."""
    ratio = their_ms / our_ms if our_ms and their_ms else None
    return {
        "case": case,
        "class": class_,
        "ours": ours,
        "ours, ms": our_ms,
        "peer": peer,
        "theirs": theirs,
        "theirs, ms": their_ms,
        "faster by": ratio,
        "accuracy": accuracy,
    }


def race(*runners: Callable[[], Any]) -> list[float]:
    """Return the median time of each, ms, run in turns after one that is not counted."""
    times: list[list[float]] = [[] for _ in runners]
    for n in range(REPEATS + 1):
        for runner, found in zip(runners, times, strict=True):
            begin = time.perf_counter()
            runner()
            if n:
                found.append(1000 * (time.perf_counter() - begin))
    return [statistics.median(found) for found in times]


def verdict(ours: float, theirs: float) -> str:
    """Return how two errors compare."""
    if abs(ours - theirs) <= 0.01 * max(ours, theirs):
        return "equal"
    return "better" if ours < theirs else "WORSE"


# -- fluoroscopy ------------------------------------------------------------------------------


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
    from spine_tutor.anatomy.library import open_subject

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
    with _silent():
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
    settings = fluoroscopy.Settings(
        kvp=kvp, copper=0.0, noise=False, blur=False, scatter_fraction=0.0
    )
    geometry, beam = view.geometry(subject), spectrum(kvp, settings.aluminium)
    lengths = chord(geometry)
    mu = tissue_attenuation(tissue, beam.energy)
    truth = -np.log(np.exp(-lengths[..., None] * mu) @ beam.signal)
    material = tissue_table().materials[next(iter(tissue_table().tissues[tissue].mixture))]
    import xraylib

    with _silent():
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


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep what a library writes past Python off the terminal."""
    saved = os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stdout.flush()
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        yield
    finally:
        for number, copy in enumerate(saved, start=1):
            os.dup2(copy, number)
            os.close(copy)
        os.close(nothing)


# -- MRI -------------------------------------------------------------------------------------


def mrzero_signal(
    pd: float, t1: float, t2: float, tr: float, te: float, ti: float | None = None
) -> float:
    """Return the echo of the second repetition, times in s.

    It is the steady one of a sequence that is perfectly spoiled, as the formulas suppose: a 90°
    leaves nothing longitudinal. From the third on MRzero adds stimulated echoes of what a long T2
    leaves transverse (CSF at a short TR), which these gradients do not spoil.
    """
    import MRzeroCore as mr0

    spoil, sequence = 3000.0, mr0.Sequence()
    for _ in range(2):
        if ti is not None:
            inversion = sequence.new_rep(1)
            inversion.pulse.angle = np.pi
            inversion.pulse.usage = mr0.PulseUsage.UNDEF
            inversion.event_time[0], inversion.gradm[0, 0] = ti, spoil
        excitation = sequence.new_rep(1)
        excitation.pulse.angle, excitation.pulse.usage = np.pi / 2, mr0.PulseUsage.EXCIT
        excitation.event_time[0], excitation.gradm[0, 0] = te / 2, spoil
        echo = sequence.new_rep(2)
        echo.pulse.angle, echo.pulse.phase = np.pi, np.pi / 2
        echo.pulse.usage = mr0.PulseUsage.REFOC
        echo.event_time[0], echo.gradm[0, 0], echo.adc_usage[0] = te / 2, spoil, 1
        echo.event_time[1], echo.gradm[1, 1] = tr - te - (ti or 0.0), spoil
    data = mr0.CustomVoxelPhantom(
        pos=[[0.0, 0.0, 0.0]],
        PD=pd,
        T1=t1,
        T2=t2,
        T2dash=5e-3,
        D=0.0,
        voxel_size=0.1,
        voxel_shape="box",
    ).build()
    graph = mr0.compute_graph(sequence, data, 5000, 1e-7)
    signal = mr0.execute_graph(graph, sequence, data, 0, 0, print_progress=False)
    return float(abs(np.asarray(signal).ravel()[-1]))


def measure_mrzero() -> Iterator[Row]:
    """Compare spin-echo and STIR signals of tissues at 1.5 T."""
    fat_t1 = tissue_table().tissues["fat"].t1_1_5t.value
    for name in ("muscle", "fat", "disc_nucleus", "csf"):
        t = tissue_table().tissues[name]
        values = (t.proton_density.value, t.t1_1_5t.value, t.t2_1_5t.value)
        for sequence, tr, te, ti in (
            ("spin echo T1", 550.0, 10.0, None),
            ("spin echo T2", 4000.0, 95.0, None),
            ("STIR", 4000.0, 45.0, null_time(fat_t1, 4000.0)),
        ):
            ours = abs(
                float(
                    spin_echo_exact(*values, tr, te)
                    if ti is None
                    else inversion_recovery(*values, tr, te, ti)
                )
            )
            seconds = (values[0], *(1e-3 * v for v in (*values[1:], tr, te)))
            with _silent():
                theirs = mrzero_signal(*seconds, ti=None if ti is None else 1e-3 * ti)
            yield row(
                f"{sequence}, {name}",
                "signal",
                f"{ours:.6f}",
                None,
                "MRzeroCore",
                f"{theirs:.6f}",
                None,
                "equal, 1e-4" if abs(ours - theirs) < 1e-4 else f"{ours - theirs:+.1e}",
            )


# -- ultrasound --------------------------------------------------------------------------------


def measure_pymust() -> Iterator[Row]:
    """Compare speckle statistics; pymust knows scatterers only, so interfaces stand alone."""
    import pymust
    from test_ultrasound_known_answers import listen, middle, tissue

    rng, count = np.random.default_rng(0), 5000  # about ten scatterers a resolution cell
    probe = pymust.getparam("L11-5v")
    probe.fs, probe.attenuation, probe.fnumber = 4 * probe.fc, 0.0, 1.5
    x, z = rng.uniform(-4.5e-3, 4.5e-3, count), rng.uniform(17e-3, 23e-3, count)
    echoes, delays = rng.standard_normal(count), pymust.txdelay(probe, 0.0)
    options = pymust.utils.Options()
    options.ParPool = options.WaitBar = False
    begin = time.perf_counter()
    signals = pymust.rf2iq(pymust.simus(x, z, echoes, delays, probe, options)[0], probe)
    across, deep = np.meshgrid(np.linspace(-4e-3, 4e-3, 100), np.linspace(17.5e-3, 22.5e-3, 200))
    matrix = pymust.dasmtx(1j * signals, across, deep, delays, probe)
    field = abs(matrix @ signals.flatten(order="F"))
    their_ms = 1000 * (time.perf_counter() - begin)

    def speckle() -> Any:
        return listen(("liver", 100.0), without=("noise", "attenuation"))

    found = speckle()
    ours = found.amplitude[:, (found.depth > 10) & (found.depth < 55)]
    a, b = (float(v.mean() / v.std()) for v in (ours, field))
    rayleigh = np.sqrt(np.pi / (4 - np.pi))
    yield row(
        "speckle, mean / deviation (1.913 in theory)",
        "envelope",
        f"{a:.3f}",
        race(speckle)[0],
        "pymust",
        f"{b:.3f}",
        their_ms,
        verdict(abs(a - rayleigh), abs(b - rayleigh)),
    )
    quiet = ("noise", "speckle", "reverberation", "attenuation", "sound speed")
    line = listen(("muscle", 20.0), ("cortical_bone", 20.0), without=quiet)
    at = round(20.0 / line.step)
    peak = middle(line)[at - 5 : at + 6].max()
    one, two = (tissue(name, "impedance") for name in ("muscle", "cortical_bone"))
    exact = (two - one) / (two + one)
    yield row(
        f"muscle to bone, reflected amplitude ({exact:.3f} in theory)",
        "interface",
        f"{peak:.3f}",
        None,
        "pymust",
        "models none",
        None,
        f"{100 * abs(peak / exact - 1):.1f} % off",
    )


PEERS: dict[str, Callable[[], Iterator[Row]]] = {
    "itk-rtk": measure_rtk,
    "plastimatch": measure_plastimatch,
    "gvxr": measure_gvxr,
    "MRzeroCore": measure_mrzero,
    "pymust": measure_pymust,
}
