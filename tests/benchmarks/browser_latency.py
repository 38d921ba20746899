"""Slider to picture, and what a 3-D step costs, in a headless Chromium without a graphics card.

A key press on the slider starts the clock; it stops when the picture component has drawn. While
a slider moves, a picture that is slow to simulate comes coarse first (256²) and whole at rest:
both are reported. Then the slider is dragged, and the pictures of a second are counted; p95 is
what the slowest twentieth of them would make.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

CONTROLS = {
    "fluoroscopy": ("Fluoroscopy", "Oblique (+ LAO)"),
    "ct": ("CT", "Slice position"),
    "ultrasound": ("Ultrasound", "Slide cranially"),
    "mri": ("MRI", "Slice position"),
}
STEPS = 25
DRAG_S = 5
WHOLE = "512"
"""Side of a whole picture, pixels."""
WATCH = """(canvas) => {
  canvas.__seen = [];
  canvas.__key = canvas.dataset.painted;
  new MutationObserver(() => {
    if (canvas.dataset.painted !== canvas.__key) {
      canvas.__key = canvas.dataset.painted;
      canvas.__seen.push(performance.timeOrigin + performance.now());
    }
  }).observe(canvas, { attributes: true, attributeFilter: ["data-painted"] });
}"""


def measure(folder: str, row: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a report row for each figure.

    Args:
        folder: an empty folder for the database.
        row: makes a row of what, median, p95, unit, budget and whether it holds.
    """
    from playwright.sync_api import sync_playwright

    from browser.driver import ARGUMENTS, CONTENT, Tutor, chromium_path
    from spine_tutor.anatomy.library import open_subject

    open_subject("average")  # built before the clock starts
    with (
        Tutor(Path(folder) / "attempts.sqlite", CONTENT) as tutor,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(90_000)
        received: list[bytes] = []
        page.on(
            "websocket",
            lambda socket: socket.on(
                "framereceived",
                lambda payload: received.append(
                    payload if isinstance(payload, bytes) else payload.encode()
                ),
            ),
        )
        page.goto(f"{tutor.url}/?lesson=browser-lesson&step=1")
        page.locator("canvas[data-painted]").nth(3).wait_for()
        page.locator(".view[data-painted]").wait_for()
        page.wait_for_timeout(5000)
        for n, (name, (label, control)) in enumerate(CONTROLS.items()):
            yield from _slider(page, n, name, label, control, row)
            yield from _drag(page, n, name, control, row)
        yield from _scene(page, received, row)
        browser.close()


def _slider(page: Any, n: int, name: str, label: str, control: str, row: Any) -> Iterator[Any]:
    page.get_by_test_id("stButtonGroup").get_by_text(label, exact=True).click()
    page.wait_for_timeout(2000)
    canvas = page.locator("canvas[data-key]").nth(n)
    canvas.evaluate(WATCH)
    first, whole = [], []
    for step in range(STEPS + 1):
        page.get_by_role("slider", name=control).focus()
        canvas.evaluate("c => { c.__seen = []; }")
        pressed = page.evaluate("performance.timeOrigin + performance.now()")
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(1300)
        seen = canvas.evaluate("c => c.__seen")
        if step and seen:  # the first one compiles
            first.append(seen[0] - pressed)
            whole.append(seen[-1] - pressed)
    if len(first) < STEPS // 2:
        raise RuntimeError(f"{name}: only {len(first)} of {STEPS} steps brought a picture")
    median, p95 = statistics.median(first), statistics.quantiles(first, n=20)[-1]
    yield row(f"{name}: slider to picture", median, p95, "ms", "150 / 300",
              median <= 150 and p95 <= 300)  # fmt: skip
    yield row(f"{name}: slider to whole picture at rest", statistics.median(whole),
              statistics.quantiles(whole, n=20)[-1], "ms", "–", None)  # fmt: skip


def _drag(page: Any, n: int, name: str, control: str, row: Any) -> Iterator[Any]:
    """Drag a slider for some seconds as a hand does, and count the pictures that are painted.

    The slider is moved by pointer events, thirty a second; after the last one the whole picture
    must come: a drag refines at rest.
    """
    canvas = page.locator("canvas[data-key]").nth(n)
    slider = page.get_by_role("slider", name=control)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y, middle, reach = box["y"] + box["height"] / 2, box["x"] + box["width"] / 2, box["width"] / 5
    page.mouse.move(middle, y)
    page.mouse.down()
    page.wait_for_timeout(700)
    canvas.evaluate("c => { c.__seen = []; }")
    began = page.evaluate("performance.timeOrigin + performance.now()")
    start = time.monotonic()
    while (passed := time.monotonic() - start) < DRAG_S:
        page.mouse.move(middle + reach * math.sin(2 * math.pi * passed / DRAG_S), y)
        time.sleep(1 / 30)  # more would take the time from what is measured
    seen = canvas.evaluate("c => c.__seen")
    now = page.evaluate("performance.timeOrigin + performance.now()")
    during = canvas.evaluate("c => c.dataset.size")
    page.mouse.up()
    page.wait_for_timeout(2000)
    after = canvas.evaluate("c => c.dataset.size")
    gaps = [b - a for a, b in pairwise([began, *seen])]
    rate = 1000 * len(seen) / (now - began)
    worst = 1000 / statistics.quantiles(gaps, n=20)[-1] if len(gaps) > 1 else 0.0
    yield row(f"{name}: pictures while dragging ({during}², at rest {after}²)", rate, worst,
              "1/s", "≥ 8", rate >= 8 and after == WHOLE)  # fmt: skip


def _scene(page: Any, received: list[bytes], row: Any) -> Iterator[Any]:
    """Let the cross-hair's step be a 3-D step: pick in the model, and measure what comes."""
    view = page.locator(".view")
    view.focus()
    times, model, page_sizes = [], [], []
    for n in range(STEPS):
        painted = view.get_attribute("data-painted")
        page.keyboard.press("ArrowLeft" if n % 2 else "ArrowRight")
        page.wait_for_function(
            "([v, before]) => v.dataset.painted !== before", arg=[view.element_handle(), painted]
        )
        times.append(float(view.get_attribute("data-ms")))
        received.clear()
        page.wait_for_timeout(1200)  # the camera is reported, and the page answers
        model.append(sum(len(frame) for frame in received if b"tutor.scene3d" in frame))
        page_sizes.append(sum(map(len, received)))
    median, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    what = "3-D step: JavaScript, without the graphics card's work"
    yield row(what, median, p95, "ms", "≤ 50", p95 <= 50)
    kilobytes = statistics.median(model) / 1000
    yield row("3-D step: sent for the model", kilobytes, max(model) / 1000, "kB", "≤ 5",
              0 < kilobytes <= 5)  # fmt: skip
    yield row("3-D step: sent for the whole page", statistics.median(page_sizes) / 1000,
              max(page_sizes) / 1000, "kB", "–", None)  # fmt: skip


if __name__ == "__main__":
    import tempfile

    def _print(*cells: Any) -> dict[str, Any]:
        print(*cells, flush=True)
        return {}

    with tempfile.TemporaryDirectory() as place:
        list(measure(place, _print))
