"""Two sessions at once must not end the process where numba has only its own thread pool."""

import os
import subprocess
import sys

SCRIPT = """
import threading
import numba, numpy as np
from phantoms import phantom, sphere
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.reslice import plane_average

body = phantom((sphere(20), "muscle"), shape=(48, 48, 48))
plane = PlaneGeometry.centered((0, 0, 0), (0, -1, 0), (-1, 0, 0), 40.0, 128)
values = np.arange(24, dtype=np.float32)

def trainee():
    for _ in range(40):
        plane_average(body, plane, 3.0, values)

threads = [threading.Thread(target=trainee) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(numba.threading_layer())
"""


def test_sessions_share_the_kernels() -> None:
    environment = os.environ | {
        "NUMBA_THREADING_LAYER": "workqueue",
        "PYTHONPATH": os.path.dirname(__file__),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "workqueue", done.stderr[-2000:]
