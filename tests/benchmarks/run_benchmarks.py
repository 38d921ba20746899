"""What `spine-tutor bench` runs: each figure beside its budget, in one process run.

Machines are noisy, so every figure is a median (and a 95th percentile) over repeats, after one
run that is not counted: it compiles and fills caches, as the first trainee of the day does.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, Any]


def row(
    what: str, median: float, p95: float | None, unit: str, budget: str, holds: bool | None
) -> Row:
    """Return one line of the report; `holds` is None where there is no budget."""
    said = {True: "yes", False: "NO", None: "–"}[holds]
    return {
        "measured": what,
        "median": median,
        "p95": p95,
        "unit": unit,
        "budget": budget,
        "holds": said,
    }


def timed(work: Callable[[int], object], repeats: int) -> tuple[float, float]:
    """Return median and 95th percentile of a call, ms; `work` is told which repeat it is."""
    work(0)
    times = []
    for n in range(1, repeats + 1):
        begin = time.perf_counter()
        work(n)
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


LARGE = ("obese", "tall", "scoliosis")
"""The cases that cost most: the widest body, the longest bones, and what is bent after painting."""


def measure_subject() -> Iterator[Row]:
    """Build every region in a process of its own, to see its peak memory; then load them."""
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.anatomy.region import REGIONS, subject_id

    for region in REGIONS:
        seconds, _ = _built(region)  # it compiles what the last one left uncompiled
        yield row(f"{region}: first build on a machine", seconds, None, "s", "≤ 30", seconds <= 30)
        yield from _costs(region, "", *_built(region))
        built = {case: _built(region, case) for case in LARGE}
        slowest, largest = (max(LARGE, key=lambda case, n=n: built[case][n]) for n in (0, 1))
        worst = slowest if slowest == largest else f"{slowest}, {largest}"
        yield from _costs(region, f", worst case ({worst})", built[slowest][0], built[largest][1])
    for region in REGIONS.values():
        name = subject_id("average", region)
        median, p95 = timed(lambda _, name=name: open_subject(name), 9)
        what = f"{region.id}: load from cache"
        yield row(what, median / 1000, p95 / 1000, "s", "≤ 1", p95 <= 1000)


def _costs(region: str, of: str, seconds: float, gigabytes: float) -> Iterator[Row]:
    yield row(f"{region}: build{of}", seconds, None, "s", "≤ 30", seconds <= 30)
    yield row(f"{region}: peak memory{of}", gigabytes, None, "GB", "≤ 1.5", gigabytes <= 1.5)


def _built(region: str, case: str = "average") -> tuple[float, float]:
    """Return seconds and peak memory, GB, of building a region of a case in a fresh process."""
    build = (
        "import resource, time\n"
        "from spine_tutor.anatomy.atlas import build_atlas\n"
        "from spine_tutor.anatomy.case import shipped_cases\n"
        "from spine_tutor.anatomy.region import REGIONS\n"
        f"case, region = shipped_cases()['{case}'], REGIONS['{region}']\n"
        "begin = time.perf_counter(); build_atlas(case, region)\n"
        "print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run([sys.executable, "-c", build], capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, done.stdout.split())
    return seconds, kilobytes * 1024 / 1e9


def measure_simulators() -> Iterator[Row]:
    """Move each modality's standard shot a little at each repeat, so that nothing is cached."""
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.imaging.display import encode, picture
    from spine_tutor.imaging.shot import Shot, standard_shots

    subject = open_subject("average")
    moved = {"fluoroscopy": "oblique", "ct": "shift", "ultrasound": "along", "mri": "shift"}
    for name, shot in standard_shots(subject).items():
        for pixels in (512, 256):
            start = getattr(shot.view, moved[name])

            def step(
                n: int,
                shot: Shot = shot,
                name: str = name,
                pixels: int = pixels,
                start: float = start,
            ) -> object:
                view = shot.view.model_copy(update={"pixels": pixels, moved[name]: start + 0.7 * n})
                image = Shot(view, shot.settings).simulate(subject)
                return encode(picture(image, shot.settings))

            median, p95 = timed(step, 25)
            yield row(
                f"{name} {pixels}², simulated, drawn and encoded", median, p95, "ms", "–", None
            )


def measure_browser() -> Iterator[Row]:
    """Drive the tutor in headless Chromium: slider to picture, and what a 3-D step costs."""
    import browser_latency

    with tempfile.TemporaryDirectory() as folder:
        yield from browser_latency.measure(folder, row)


def measure_load() -> Iterator[Row]:
    """Let thirty trainees work through one lesson on one server."""
    import load

    with tempfile.TemporaryDirectory() as folder:
        yield from load.measure(folder, row)


def measure_real() -> Iterator[Row]:
    """Compare pictures from labels with those from a real CT's own numbers."""
    import real_ct

    yield from real_ct.measure(row)


GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    "subject": measure_subject,
    "simulators": measure_simulators,
    "browser": measure_browser,
    "load": measure_load,
    "real": measure_real,
}
USUAL = ("subject", "simulators", "browser", "load")
"""What runs when nothing is named: `real` needs a CT that the user fetched."""


def run_peers() -> list[Row]:
    """Return the comparisons with other simulators, which have columns of their own."""
    import peers

    return peers.run()


def run(only: list[str] | None = None) -> list[Row]:
    """Return the rows of the named groups, the usual ones when None."""
    rows: list[Row] = []
    for name in only or USUAL:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += GROUPS[name]()
    rows.append(
        row(
            "this process, peak memory",
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
            None,
            "GB",
            "–",
            None,
        )
    )
    return rows
