import threading
import time

import pytest

from spine_tutor.anatomy.workers import in_order


def test_results_come_in_the_order_of_the_items():
    def slow_at_first(n):
        time.sleep(0.02 if n == 0 else 0.0)
        return n, threading.get_ident()

    results = list(in_order(slow_at_first, range(6)))
    assert [n for n, _ in results] == list(range(6))
    assert threading.get_ident() not in {thread for _, thread in results}


def test_an_error_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda n: 1 / n, [2, 0]))
