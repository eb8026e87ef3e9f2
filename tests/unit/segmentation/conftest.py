"""torch on one thread: tiny tensors gain nothing from more, and on a busy machine more threads wait for each other."""

import sys

import pytest


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
