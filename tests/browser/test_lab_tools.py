"""What a trainee does in the Lab: a needle, contrast through it, and what each modality shows."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PANELS = ("fluoroscopy", "ct", "ultrasound", "mri")


def keys(page) -> dict[str, str]:
    """Return which picture each canvas shows."""
    canvases = page.locator("canvas[data-key]")
    return {p: canvases.nth(n).get_attribute("data-painted") for n, p in enumerate(PANELS)}


def changed(page, before: dict[str, str], *panels: str) -> dict[str, str]:
    """Wait until these pictures are others and rest; return what is shown then."""
    for _ in range(120):
        now = keys(page)
        if all(now[panel] != before[panel] for panel in panels):
            page.wait_for_timeout(1000)  # the whole picture follows the coarse one
            return keys(page)
        page.wait_for_timeout(250)
    raise AssertionError(f"{[p for p in panels if now[p] == before[p]]} stayed as before")


def open_lab(page, tutor, query: str = "") -> dict[str, str]:
    page.goto(f"{tutor.url}/lab{query}")
    page.locator("canvas[data-painted]").nth(3).wait_for()
    page.get_by_role("radio", name="Needle").wait_for()
    return keys(page)


def test_a_needle_is_advanced_and_the_table_says_what_it_crosses(page, tutor) -> None:
    before = open_lab(page, tutor)
    page.get_by_role("radio", name="Needle").click()
    page.get_by_label("Kind").select_option("22G")
    crossed = page.get_by_role("row", name=re.compile("^Skin"))
    crossed.wait_for()
    before = changed(page, before, "fluoroscopy", "ct")
    rows = page.locator("table tbody tr")
    deep = rows.all_inner_texts()
    slider = page.get_by_role("slider", name="Draw back / advance")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    assert slider.input_value() == "-30"
    page.wait_for_url("**needle.advance=-30**")
    changed(page, before, "fluoroscopy", "ct")
    drawn_back = rows.all_inner_texts()
    assert drawn_back != deep
    assert drawn_back[0].startswith("Skin")
    assert len(drawn_back) <= len(deep), "a shorter way crosses no more"
    page.get_by_label("Kind").select_option("none")
    crossed.wait_for(state="detached")


def test_contrast_in_blood_is_carried_off_as_the_seconds_pass(page, tutor) -> None:
    before = open_lab(page, tutor, "?injectate.at=aorta&injectate.volume_ml=5&injectate.iodine=300")
    page.get_by_role("radio", name="Injection").click()
    page.get_by_text("It fills").wait_for()
    seconds = page.get_by_role("slider", name="Seconds after")
    seconds.focus()
    page.keyboard.press("End")
    changed(page, before, "fluoroscopy")
    page.get_by_text("Nothing of it is left").wait_for()


def test_a_reason_is_switched_off_and_on_again(page, tutor) -> None:
    before = open_lab(page, tutor, "?needle.kind=22G&needle.tip=l4_l5_interlaminar_target")
    page.get_by_text("What does each modality show here, and why not?").click()
    page.get_by_role("button", name="Needle, Fluoroscopy: visible").wait_for()
    cell = page.get_by_role("button", name=re.compile("Ultrasound: hidden, reason: shadow")).first
    name = cell.get_attribute("aria-label").split(",")[0]
    cell.click()
    page.get_by_text(f"{name}, Ultrasound: hidden.").wait_for()
    page.get_by_role("button", name="Show it without shadow").click()
    page.get_by_text("The second picture is without").wait_for()
    without = changed(page, before, "ultrasound")
    assert without["ct"] == before["ct"], "the other pictures stay"
    page.get_by_role("button", name="Back to the real picture").click()
    page.get_by_role("button", name="Show it without shadow").wait_for()
    assert changed(page, without, "ultrasound") == before
