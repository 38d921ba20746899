"""What `spine-tutor bench --peers` runs: other people's simulators on the same bodies.

Every pair is measured in this process on the same volume, geometry and float type, in turns, so
that what else the machine does falls on both. A peer that is not installed is named; the tutor
itself needs none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "physics")]

from peer_projectors import measure_gvxr, measure_plastimatch, measure_rtk  # noqa: E402
from peer_table import Row, row, silent, verdict  # noqa: E402

from spine_tutor.imaging.mri_sequence import (  # noqa: E402
    inversion_recovery,
    null_time,
    spin_echo_exact,
)
from spine_tutor.imaging.tissues import tissue_table  # noqa: E402

INSTALL = "pip install -e .[peers]"


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


# -- MRI -------------------------------------------------------------------------------------

REPETITIONS = 5
"""So many that spoilers which are rephased would show."""


def mrzero_signal(
    pd: float, t1: float, t2: float, tr: float, te: float, ti: float | None = None
) -> float:
    """Return the steady echo, times in s: that of the last of `REPETITIONS`.

    The formulas suppose that nothing transverse outlives a repetition. What a spoiler dephases,
    the 180° of the next repetition turns round and an equal spoiler rephases, as it does static
    dephasing (T2'): CSF, whose T2 is long, then answers from the fourth echo on with three times
    its signal (0.370 for 0.117 at a TR of 550 ms), and so do isochromats. Spoilers that grow
    threefold are never rephased. Gradients are not normalised, since a point has no size.
    """
    import MRzeroCore as mr0

    spoil, sequence = 3000.0, mr0.Sequence(normalized_grads=False)
    for n in range(REPETITIONS):
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
        echo.event_time[1], echo.gradm[1, 1] = tr - te - (ti or 0.0), 3**n * spoil
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
            with silent():
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
    signals = pymust.rf2iq(pymust.simus(x, z, echoes, delays, probe, options)[0], probe)
    across, deep = np.meshgrid(np.linspace(-4e-3, 4e-3, 100), np.linspace(17.5e-3, 22.5e-3, 200))
    matrix = pymust.dasmtx(1j * signals, across, deep, delays, probe)
    field = abs(matrix @ signals.flatten(order="F"))

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
        None,
        "pymust",
        f"{b:.3f}",
        None,  # no common body: 5000 scatterers there, a slab of tissue here
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
