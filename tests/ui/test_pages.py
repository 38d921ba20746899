"""Every page runs on a small body; what JavaScript would report is put into the session."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from streamlit.testing.v1 import AppTest

from small_body import small_body
from spine_tutor.lessons.items import SingleChoice
from spine_tutor.problems import ProblemError
from spine_tutor.resources import LABEL
from spine_tutor.ui import cache, deployment, state
from spine_tutor.ui.screens import quiz

CONTENT = Path(__file__).parents[1] / "browser" / "content"


@pytest.fixture(autouse=True)
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Serve the test lesson on the small body, with a database of its own."""
    body = small_body()

    class Opened:
        fraction, message, failed = 1.0, "", False

        def wait(self, seconds: float | None = None) -> bool:
            return True

        def result(self):
            return body

    monkeypatch.setattr(cache, "opening", lambda _: Opened())
    monkeypatch.setattr(state, "remembered", lambda: "")
    before = deployment.deployment()
    deployment.configure(deployment.Deployment(CONTENT, f"sqlite:///{tmp_path / 'a.sqlite'}"))
    yield
    deployment.configure(before)
    cache.attempts.clear()


def run(name: str, **parameters: str) -> AppTest:
    def script(name: str) -> None:
        from importlib import import_module

        from spine_tutor.ui import frame

        class Page:
            run = staticmethod(import_module(f"spine_tutor.ui.screens.{name}").page)

        frame.show(Page)

    test = AppTest.from_function(script, kwargs={"name": name}, default_timeout=60)
    for key, value in parameters.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception, test.exception
    return test


def components(test: AppTest, name: str) -> list:
    return [e.proto for e in test.get("bidi_component") if e.proto.component_name.endswith(name)]


def opened(picture) -> tuple[dict, bytes]:
    """Return what a picture component was sent: its header, and what follows it."""
    length = int.from_bytes(picture.bytes[:4], "little")
    return json.loads(picture.bytes[4 : 4 + length]), picture.bytes[4 + length :]


def texts(test: AppTest) -> str:
    parts = [*test.markdown, *test.error, *test.info, *test.get("html")]
    return "\n".join(str(getattr(p, "value", "") or p.proto.body) for p in parts)


@pytest.mark.parametrize("name", ["learn", "lab", "quiz", "progress", "about"])
def test_every_page_runs_and_carries_the_label(name: str) -> None:
    assert LABEL in texts(run(name))


def test_the_start_page_lists_lessons_and_opens_one() -> None:
    test = run("learn")
    test.button(key="open/browser-lesson").click().run()
    assert test.query_params["lesson"] == "browser-lesson"
    assert len(components(test, "picture")) == 4


def test_a_step_sends_no_mesh_with_the_model() -> None:
    test = run("learn", lesson="browser-lesson", step="1")
    (scene,) = components(test, "scene3d")
    data = json.loads(scene.json)
    assert data["bundle"] == "tutor/mesh/average/smallbody.bin"
    assert data["show"] == {"l4_vertebra": 1.0}
    assert len(scene.json) < 5000


def test_a_picture_has_its_text_alternative_and_names() -> None:
    test = run("learn", lesson="browser-lesson", step="2")
    (picture,) = components(test, "picture")
    header, jpeg = opened(picture)
    assert "CT" in header["alt"]
    assert LABEL in header["alt"]
    assert "L4 left pedicle" in header["labels"]["names"]
    assert jpeg[:2] == b"\xff\xd8"


NONSENSE = {
    "fluoroscopy.oblique": "nan", "fluoroscopy.tilt": "1e9", "fluoroscopy.s.kvp": "0",
    "ct.shift": "-inf", "ct.s.window": "lead", "ct.thickness": "-1",
    "ultrasound.depth": "0", "ultrasound.s.frequency": "nan", "ultrasound.s.gain": "x",
    "mri.s.sequence": "<b>", "mri.field": "{}", "nothing.nothing": "1",
    "needle.kind": "22G", "needle.tip": "nan,nan,nan", "at": "nan,0,0", "camera": "inf,0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("page", "parameters"),
    [("lab", {}), ("learn", {"lesson": "browser-lesson", "step": "1"})],
)
def test_a_link_of_nonsense_is_told_and_every_picture_is_there(page: str, parameters: dict) -> None:
    test = run(page, **parameters, **NONSENSE)
    assert len(components(test, "picture")) == 4
    told = " ".join(caption.value for caption in test.caption)
    assert told.count("is not possible") >= 12
    assert "`at` is no point" in told
    assert "`camera` is no pair" in told


def test_a_probe_off_the_skin_is_told_in_the_place_of_its_picture() -> None:
    test = run("lab", **{"ultrasound.along": "200"})
    assert len(components(test, "picture")) == 3
    assert any("cannot be shown" in warning.value for warning in test.warning)


def test_a_needle_outside_the_body_is_told() -> None:
    test = run("lab", **{"needle.kind": "22G", "needle.tip": "0,900,0", "needle.entry": "0,950,0"})
    said = " ".join(element.value for element in [*test.warning, *test.caption, *test.error])
    assert said.count("outside the body") == 1
    assert len(components(test, "picture")) == 4  # it is left out, and the pictures are there


@pytest.mark.parametrize(
    ("page", "parameters", "said"),
    [
        ("learn", {"lesson": "nothing"}, "There is no lesson `nothing`"),
        ("learn", {"lesson": "browser-lesson", "step": "9"}, "no step `9`"),
        ("learn", {"lesson": "browser-lesson", "step": "-1"}, "no step `-1`"),
        ("quiz", {"lesson": "nothing"}, "There is no lesson `nothing`"),
        ("lab", {"subject": "nobody"}, "There is no subject `nobody`"),
    ],
)
def test_a_link_to_nothing_is_told_with_a_way_back(page: str, parameters: dict, said: str) -> None:
    test = run(page, **parameters)
    assert said in texts(test)
    assert any("Back" in button.label for button in test.button)


def test_a_quiz_is_answered_judged_and_kept(monkeypatch) -> None:
    test = run("quiz", lesson="browser-lesson", learner="Ada")
    next(b for b in test.button if b.label == "Answer as Ada").click().run()
    test.radio[0].set_value(1).run()
    next(b for b in test.button if b.label == "Answer").click().run()
    assert "✘ Not correct" in texts(test)
    assert 'role="alert"' in texts(test)
    monkeypatch.setattr(state, "remembered", lambda: "Ada")  # by the browser's cookie
    progress = run("progress")
    assert "0 of 1 right" in texts(progress)
    assert "L4 lamina left" in texts(progress)


def test_a_database_that_cannot_be_used_does_not_stop_the_quiz(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"not a database at all, but long enough to look at" * 40)
    deployment.configure(deployment.Deployment(CONTENT, f"sqlite:///{broken}"))
    test = run("quiz", lesson="browser-lesson")
    test.radio[0].set_value(0).run()
    next(b for b in test.button if b.label == "Answer").click().run()
    assert not test.exception
    assert "✔ Correct" in texts(test)
    assert any("could not be kept" in warning.value for warning in test.warning)
    assert "is not a database" in texts(run("progress"))
    assert broken.read_bytes().startswith(b"not a database")


def test_a_broken_lesson_leaves_the_others_usable(tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / "lessons" / "broken").mkdir()
    (folder / "lessons" / "broken" / "lesson.yaml").write_text("id: [broken", encoding="utf-8")
    deployment.configure(deployment.Deployment(folder, None))
    test = run("learn")
    assert test.button(key="open/browser-lesson")
    assert "lesson.yaml" in texts(test)


def test_a_link_does_not_answer_for_somebody_unasked() -> None:
    test = run("progress", learner="Ada ![x](http://localhost/x.png)")
    assert "learner" not in test.session_state
    assert "document.cookie" not in texts(test)
    next(b for b in test.button if b.label.startswith("Answer as")).click().run()
    name = test.session_state["learner"]
    assert name.startswith("Ada")
    assert "[" not in name
    assert f"spine-tutor-learner={quote(name, safe='')};" in texts(test)


def test_a_lesson_card_shows_pictures_once_its_body_is_ready(monkeypatch) -> None:
    assert 'class="strip"' not in texts(run("learn"))
    monkeypatch.setattr(cache, "begun", cache.opening)
    shown = texts(run("learn"))
    assert shown.count("<img ") == 4
    assert 'alt="Simulated CT, axial' in shown


def test_claims_are_told_in_words_and_symbols() -> None:
    shown = texts(run("learn", lesson="browser-lesson", step="1"))
    assert "What the simulation shows" in shown
    assert "● visible" in shown


def test_a_link_sets_only_what_a_hand_can_set() -> None:
    link = {"ct.pixels": "2000", "ct.center": "nowhere", "pet.tilt": "3", "ct.shift": "2"}
    test = run("learn", lesson="browser-lesson", step="2", **link)
    refused = [caption.value for caption in test.caption if "not possible" in caption.value]
    assert len(refused) == 3
    assert "ct.shift" in test.query_params


def test_a_question_may_be_about_a_landmark() -> None:
    body = small_body()
    item = SingleChoice.model_validate(
        {"id": "where", "kind": "single-choice", "objective": "o", "stem": "Where is it?",
         "options": [{"text": "Here", "correct": True}, {"text": "There"}],
         "feedback": "There.", "shows": next(iter(body.landmarks))}
    )  # fmt: skip
    quiz._check(item, body)
    with pytest.raises(ProblemError, match="does not have"):
        quiz._check(item.model_copy(update={"shows": "nowhere"}), body)


# -- what each modality shows -------------------------------------------------------------------

SCOPE = f"lab/{small_body().id}"


def table_of(test: AppTest) -> dict:
    """Return what the visibility table is sent, once the thread that makes it is done."""
    for job in list(cache._looks.values()):
        assert job.wait(60)
    test.run()
    assert not test.exception, test.exception
    (table,) = components(test, "visibility_table")
    return json.loads(table.json)


@pytest.fixture
def looked() -> AppTest:
    cache._looks.clear()
    test = run("lab")
    assert not components(test, "visibility_table")
    assert not cache._looks  # nothing is looked at before it is asked for
    test.toggle(key=f"table/{SCOPE}").set_value(True).run()
    return test


def test_the_lab_says_what_each_modality_shows(looked: AppTest) -> None:
    table = table_of(looked)
    assert [c["name"] for c in table["columns"]] == ["Fluoroscopy", "CT", "Ultrasound", "MRI"]
    rows = {row["id"]: row for group in table["groups"] for row in group["rows"]}
    cells = rows["l4_pedicle_left"]["cells"]
    assert any(cell and "visible" in cell["text"] for cell in cells)
    for row in rows.values():
        for cell in row["cells"]:
            assert cell is None or cell["text"].split()[-1] in cell["said"]  # never colour alone


def test_a_cell_points_its_structure_out_and_its_reason_is_switched_off(looked: AppTest) -> None:
    table_of(looked)
    (job,) = cache._looks.values()
    panels = ["fluoroscopy", "ct", "ultrasound", "mri"]
    name, panel, reason = next(
        (name, panel, cell[1])
        for name, cells in job.found.items()
        for panel, cell in zip(panels, cells, strict=True)
        if cell and cell[1] and cell[1].changes
    )
    key = SCOPE
    looked.session_state[f"cell/{key}"] = (name, panel)
    looked.run()
    assert reason.text in texts(looked)
    button = next(b for b in looked.button if b.label == f"Show it without {reason.kind}")
    button.click().run()
    settings = looked.session_state[f"bench/{key}"].shots[panel].settings
    assert {k: getattr(settings, k) for k in reason.changes} == reason.changes
    assert "The second picture is without" in texts(looked)
    next(b for b in looked.button if b.label == "Back to the real picture").click().run()
    settings = looked.session_state[f"bench/{key}"].shots[panel].settings
    assert settings.without == ()
    assert getattr(settings, "alone", None) is None


def test_a_needle_has_a_row_while_it_is_there() -> None:
    cache._looks.clear()
    needle = {"needle.kind": "22G", "needle.tip": "-18,-22,0"}
    test = run("lab", **needle, **{"ultrasound.s.focus": "40"})
    test.toggle(key=f"table/{SCOPE}").set_value(True).run()
    rows = {row["id"]: row for group in table_of(test)["groups"] for row in group["rows"]}
    verdicts = [cell["verdict"] for cell in rows["needle"]["cells"]]
    assert verdicts[0] == "visible"
    bench = test.session_state[f"bench/{SCOPE}"]
    test.session_state[f"cell/{SCOPE}"] = ("needle", "fluoroscopy")
    test.session_state[f"bench/{SCOPE}"] = replace(bench, outlined="needle", highlight=("needle",))
    test.run()
    assert not test.exception, test.exception
    assert "Needle, Fluoroscopy: visible." in texts(test)
    test.session_state[f"bench/{SCOPE}"] = bench.with_needle(None)
    test.run()
    assert not test.exception, test.exception


def test_a_table_of_other_pictures_is_told_and_made_anew(looked: AppTest) -> None:
    table_of(looked)
    bench = looked.session_state[f"bench/{SCOPE}"]
    looked.session_state[f"bench/{SCOPE}"] = bench.turn("ct", {"shift": 4.0})
    looked.run()
    assert any("have been moved" in caption.value for caption in looked.caption)
    next(b for b in looked.button if b.label.startswith("Look again")).click().run()
    table_of(looked)
    assert not any("have been moved" in caption.value for caption in looked.caption)


def test_a_table_that_cannot_be_made_is_told(monkeypatch) -> None:
    from spine_tutor.ui import jobs

    def broken(*_) -> None:
        raise RuntimeError("out of memory")

    cache._looks.clear()
    monkeypatch.setattr(jobs.Looking, "_look", broken)
    test = run("lab")
    test.toggle(key=f"table/{SCOPE}").set_value(True).run()
    table_of(test)
    assert any("out of memory" in warning.value for warning in test.warning)


@pytest.mark.parametrize("page", ["lab", "about"])
def test_the_honesty_panel_tells_numbers_with_their_sources(page: str) -> None:
    test = run(page)
    if page == "lab":
        test.toggle(key=f"trust/{SCOPE}").set_value(True).run()
    assert "Not modelled" in texts(test)
    next(t for t in test.toggle if t.label.startswith("Every number")).set_value(True).run()
    shown = texts(test)
    assert "Small focal spot" in shown
    assert "recalled, not verified" in shown
    assert "g/cm³" in shown


# -- caches -------------------------------------------------------------------------------------


def test_a_frame_is_simulated_once_for_all_trainees(monkeypatch) -> None:
    from spine_tutor.imaging.shot import Shot

    made: list[str] = []
    simulate = Shot.simulate

    def counted(shot: Shot, *rest):
        made.append(shot.key())
        return simulate(shot, *rest)

    monkeypatch.setattr(Shot, "simulate", counted)
    link = {"ct.shift": "3.25", "mri.shift": "-2.75"}  # nobody has been there before
    first, second = run("lab", **link), run("lab", **link)
    assert len(components(first, "picture")) == len(components(second, "picture")) == 4
    assert len(made) == len(set(made)), "the second trainee gets the frames of the first"
    assert len(made) >= 2
    before = len(made)
    run("lab", **link | {"ct.shift": "3.5"})
    assert len(made) == before + 1, "another view is another frame, the rest are known"


def test_a_large_injection_into_bone_is_told_and_the_pictures_are_there() -> None:
    test = run("lab", **{"injectate.at": "target", "injectate.volume_ml": "8"})
    said = " ".join(element.value for element in [*test.warning, *test.caption, *test.error])
    assert said.count("takes no fluid") == 1
    assert len(components(test, "picture")) == 4


def test_a_shot_is_counted_with_its_dose() -> None:
    test = run("lab")
    said = [opened(picture)[0]["facts"] for picture in components(test, "picture")]
    assert sum("1 shot" in facts for facts in said) == 1
