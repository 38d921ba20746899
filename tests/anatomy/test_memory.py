"""Memory of freed arrays goes back to the system."""

import subprocess
import sys

import pytest

CHILD = """
import numpy as np
from spine_tutor.anatomy.memory import give_back_large

def resident():
    with open("/proc/self/statm") as file:
        return 4096 * int(file.read().split()[1])

MEGABYTES = [8, 8, 24, 24]  # each freed array teaches glibc to take the next from its heap
give_back_large()
for size in MEGABYTES:
    np.ones(size << 17)
held = [np.ones(8 << 17) for _ in range(16)]
full, last = resident(), held[-1]
del held
print((full - resident()) / (15 * (8 << 20)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_arrays_go_back_to_the_system_though_later_ones_are_held():
    run = [sys.executable, "-c", CHILD]
    given_back = float(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
    assert given_back > 0.9  # of fifteen arrays; without asking, nothing
