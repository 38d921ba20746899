"""What a trainee does, in a real browser."""

from __future__ import annotations

import io
from urllib.parse import urlparse

import numpy as np
import pytest
from PIL import Image

from browser.driver import Tutor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PANELS = ("fluoroscopy", "ct", "ultrasound", "mri")


def pixels(locator) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)


def open_lesson(page, tutor) -> None:
    page.goto(tutor.url)
    page.get_by_role("button", name="Open the lesson").click()
    page.locator("canvas[data-painted]").nth(3).wait_for()
    view = page.locator(".view[data-painted]")
    view.wait_for()


def painted(page) -> dict[str, str]:
    return {
        panel: page.locator("canvas[data-key]").nth(n).get_attribute("data-painted")
        for n, panel in enumerate(PANELS)
    }


def wait_for_change(page, before: dict[str, str], panels: set[str]) -> dict[str, str]:
    """Wait until the pictures rest again; return what they are, given that `panels` changed."""
    for _ in range(240):
        now = painted(page)
        if all(now[panel] != before[panel] for panel in panels):
            page.wait_for_timeout(1500)  # the whole picture follows the coarse one
            return painted(page)
        page.wait_for_timeout(250)
    raise AssertionError(f"of {panels}, only {[p for p in PANELS if now[p] != before[p]]} changed")


def find_in_model(page, name: str) -> tuple[float, float]:
    """Return where on the page the model names a structure, searching around the cross-hair."""
    box = page.locator(".view").bounding_box()
    cross = page.locator(".marker path").last.bounding_box()
    x0, y0 = cross["x"] + cross["width"] / 2, cross["y"] + cross["height"] / 2
    assert box["x"] < x0 < box["x"] + box["width"]
    for radius in (0, 8, 16, 24, 32):
        for angle in np.arange(0, 2 * np.pi, np.pi / 4) if radius else (0.0,):
            x, y = x0 + radius * np.cos(angle), y0 + radius * np.sin(angle)
            page.mouse.move(x, y)
            page.wait_for_timeout(350)
            page.mouse.move(x + 0.5, y)
            page.wait_for_timeout(350)
            tip = page.locator(".view .tip")
            if tip.is_visible() and tip.inner_text() == name:
                return x + 0.5, y
    raise AssertionError(f"the model names no {name} near its cross-hair")


def test_a_trainee_explores_the_lesson(page, tutor) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(
        lambda url: urlparse(url).hostname not in ("localhost", None), lambda route: route.abort()
    )
    open_lesson(page, tutor)

    drawn = pixels(page.locator(".view .gl"))
    bone = (drawn.min(axis=2) > 70).mean()
    assert 0.02 < bone < 0.9, f"{bone:.1%} of the model's canvas is bone"
    for n in range(4):
        shown = pixels(page.locator("canvas[data-key]").nth(n))
        assert shown.std() > 15, f"{PANELS[n]} is blank"

    x, y = find_in_model(page, "L4 left pedicle")
    page.mouse.click(x, y)
    assert page.locator(".view .tip").inner_text() == "L4 left pedicle"
    page.wait_for_timeout(2500)

    before = painted(page)
    slider = page.get_by_role("slider", name="Oblique (+ LAO)")
    slider.focus()
    page.keyboard.press("ArrowRight")
    after = wait_for_change(page, before, {"fluoroscopy"})
    assert {p for p in PANELS if after[p] != before[p]} == {"fluoroscopy"}

    before = after
    box = page.locator("canvas[data-key]").nth(1).bounding_box()
    page.mouse.click(box["x"] + 0.62 * box["width"], box["y"] + 0.55 * box["height"])
    after = wait_for_change(page, before, {"mri"})
    assert after["ct"] == before["ct"], "the slice in which it is moved stays"
    assert after["fluoroscopy"] == before["fluoroscopy"], "a projection shows every depth"
    page.wait_for_url("**at=**")

    hosts = {urlparse(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"localhost"}, f"asked other hosts: {hosts - {'localhost'}}"


def test_a_deep_link_brings_the_view_back(page, tutor) -> None:
    page.goto(f"{tutor.url}/?lesson=browser-lesson&step=1&fluoroscopy.oblique=-25&at=-15,-20,40")
    page.get_by_text("RAO 25°").wait_for()
    assert page.get_by_role("slider", name="Oblique (+ LAO)").input_value() == "-25"


def test_a_link_to_nothing_says_so_and_leads_back(page, tutor) -> None:
    page.goto(f"{tutor.url}/?lesson=no-such-lesson")
    page.get_by_text("There is no lesson").wait_for()
    page.get_by_role("button", name="Back to the lessons").click()
    page.get_by_role("button", name="Open the lesson").wait_for()


def test_keys_move_the_cross_hair_and_the_model(page, tutor) -> None:
    open_lesson(page, tutor)
    page.wait_for_timeout(2500)
    before = painted(page)
    page.locator("canvas[data-key]").nth(1).focus()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    wait_for_change(page, before, {"mri"})
    view = page.locator(".view")
    frames = int(view.get_attribute("data-painted"))
    view.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(2500)
    assert int(view.get_attribute("data-painted")) > frames
    assert "camera=" in page.url


def test_a_quiz_is_kept_across_a_restart(page, atlas, database) -> None:
    tutor = Tutor(database)
    with tutor:
        page.goto(f"{tutor.url}/quiz?lesson=browser-lesson&learner=Ada")
        page.get_by_role("button", name="Answer as Ada").click()
        page.get_by_text("Multifidus muscle").click()  # wrong
        page.get_by_role("button", name="Answer", exact=True).click()
        page.get_by_text("✘ Not correct").wait_for()
        page.get_by_text("Bone differs most").wait_for()
        page.locator("canvas[data-painted]").nth(3).wait_for()  # the answer in four modalities
        page.get_by_role("button", name="Next question").click()

        canvas = page.locator("canvas[data-painted]")
        page.get_by_text("Click the left pedicle of L4.").wait_for()
        page.wait_for_timeout(2500)
        box = canvas.bounding_box()  # the picture is centred on the pedicle
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.get_by_text("✔ Correct").wait_for()
        page.get_by_role("button", name="See the result").click()
        page.get_by_text("1 of 2 right").wait_for()
    with tutor:
        page.goto(f"{tutor.url}/progress")  # the browser remembers the name
        page.get_by_text("1 of 2 right").wait_for()
        page.get_by_role("cell", name="The left L4 pedicle").wait_for()


def test_every_page_carries_the_label(page, tutor) -> None:
    from spine_tutor.resources import LABEL

    for path in ("", "lab", "quiz", "progress", "about"):
        page.goto(f"{tutor.url}/{path}")
        page.locator(".label").wait_for()
        assert page.locator(".label").inner_text() == LABEL
