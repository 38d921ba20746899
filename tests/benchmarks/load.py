"""Thirty trainees on one lesson: how long a step takes while the others work too.

Each trainee is a websocket that speaks Streamlit's own protocol: it opens the lesson, presses Next
and Back, turns sliders to poses nobody has had, and takes all the pictures it is sent. A step ends
when the server says that the page is done. What a browser then needs to draw is not in it: thirty
Chromiums on two cores would measure themselves.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

sys.path.insert(0, str(Path(__file__).parents[1]))

TRAINEES = 30
LESSON = "lumbar-transforaminal"
BUDGET = 1.0  # s
PICTURES = 30_000
"""Bytes below which no picture came."""
THINKING = (8.0, 16.0)
"""Seconds that a trainee reads a step and looks at its pictures: brisk."""
ROUNDS = 4
"""Steps that each trainee takes, with a turn of a slider on each."""


@dataclass
class Trainee:
    """One session.

    Attributes:
        socket: its connection.
        query: the query string of its page.
        buttons: id of each button of the page by its words.
        controls: id, fragment and data of the panel of sliders.
        received: bytes of the last step.
        faults: what the page said went wrong.
    """

    socket: ClientConnection
    query: str
    page: str = ""
    buttons: dict[str, str] = field(default_factory=dict)
    controls: tuple[str, str, dict[str, Any]] = ("", "", {})
    received: int = 0
    faults: list[str] = field(default_factory=list)

    async def open(self) -> float:
        """Run the whole page; return how long it took, s, as the others do."""
        return await self._run(BackMsg())

    async def press(self, words: str) -> float:
        """Press a button that goes to another step."""
        message, before = BackMsg(), self.query
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = self.buttons[words], True
        took = await self._run(message)
        if self.query == before or self.received < PICTURES:
            raise RuntimeError(f"{words} at {before} brought {self.received} bytes of {self.query}")
        return took

    async def turn(self, share: float) -> float:
        """Turn the first slider to a share of its way, and let go."""
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, message.rerun_script.fragment_id, data = self.controls
        slider = next(row for row in data["rows"] if row["kind"] == "range")
        value = slider["min"] + share * (slider["max"] - slider["min"])
        report = {"changes": {slider["id"]: value}, "dragging": False, "serial": str(share)}
        state.json_value = json.dumps({"change": report})
        return await self._run(message)

    async def _run(self, message: BackMsg) -> float:
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self.page
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        self.received = 0
        while True:
            content = await self.socket.recv()
            assert isinstance(content, bytes)
            self.received += len(content)
            if self._hear(ForwardMsg.FromString(content)):
                return time.perf_counter() - began

    def _hear(self, message: ForwardMsg) -> bool:
        """Take in what the server says; return whether the page is done."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.page = message.new_session.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.HasField("new_element"):
            element = message.delta.new_element
            if element.HasField("button"):
                self.buttons[element.button.label] = element.button.id
            elif element.bidi_component.component_name.endswith("live_controls"):
                panel = element.bidi_component
                self.controls = panel.id, message.delta.fragment_id, json.loads(panel.json)
            elif element.HasField("exception"):
                self.faults.append(element.exception.message)
        return kind == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
        )


@dataclass
class Times:
    """Seconds that each kind of step took, and the bytes it brought."""

    opened: list[float] = field(default_factory=list)
    stepped: list[float] = field(default_factory=list)
    turned: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    received: list[int] = field(default_factory=list)


async def _class(port: int) -> Times:
    """Let a class work through the lesson."""
    address = f"ws://localhost:{port}/_stcore/stream"
    sockets = [
        await connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None)
        for _ in range(TRAINEES)
    ]
    trainees = [Trainee(socket, f"lesson={LESSON}&step=1") for socket in sockets]
    await _tour(trainees[0])
    times, chance = Times(), random.Random(4)
    for trainee in trainees:
        times.opened.append(await trainee.open())

    async def work(trainee: Trainee, late: float) -> None:
        await asyncio.sleep(late)
        for _ in range(ROUNDS):
            times.stepped.append(await trainee.press("Next"))
            times.received.append(trainee.received)
            await asyncio.sleep(0.5 * chance.uniform(*THINKING))
            times.turned.append(await trainee.turn(chance.random()))
            await asyncio.sleep(0.5 * chance.uniform(*THINKING))

    await asyncio.gather(*(work(trainee, chance.uniform(0, THINKING[1])) for trainee in trainees))
    times.together += await asyncio.gather(*(trainee.press("Back") for trainee in trainees))
    for trainee in trainees:
        await trainee.socket.close()
    if faults := [fault for trainee in trainees for fault in trainee.faults]:
        raise RuntimeError(f"a page went wrong: {faults[0]}")
    return times


async def _tour(trainee: Trainee) -> None:
    """Go through the lesson once: its own pictures are then there, as after the first trainee."""
    await trainee.open()
    for _ in range(ROUNDS):
        await trainee.press("Next")
    trainee.query = f"lesson={LESSON}&step=1"


def measure(folder: str, row: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a report row for each figure.

    Args:
        folder: an empty folder for the database.
        row: makes a row of what, median, p95, unit, budget and whether it holds.
    """
    from browser.driver import Tutor
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.resources import content_dir

    open_subject("average")  # built before the clock starts
    with Tutor(Path(folder) / "attempts.sqlite", content_dir()) as tutor:
        times = asyncio.run(_class(tutor.port))
    for what, seconds in (
        ("opens the lesson, one by one", times.opened),
        ("goes on a step while all work", times.stepped),
        ("turns a slider to a new picture while all work", times.turned),
        ("goes on a step in the same moment as all others", times.together),
    ):
        p95 = statistics.quantiles(seconds, n=20)[-1]
        yield row(f"one of {TRAINEES} trainees {what}", 1000 * statistics.median(seconds),
                  1000 * p95, "ms", f"p95 ≤ {1000 * BUDGET:g}", p95 <= BUDGET)  # fmt: skip
    kilobytes = sorted(size / 1000 for size in times.received)
    yield row("sent for a step", statistics.median(kilobytes), kilobytes[-1], "kB", "–", None)


if __name__ == "__main__":

    def _print(*cells: Any) -> dict[str, Any]:
        print(*cells, flush=True)
        return {}

    with tempfile.TemporaryDirectory() as place:
        list(measure(place, _print))
