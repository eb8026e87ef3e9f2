"""One bench in a process of its own, with servers that last as long as it does."""

import importlib
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from bench import servers
from bench.rows import Row


def rows_of(name: str, options: Mapping[str, Any]) -> list[Row]:
    """The rows that `bench.<name>.run(**options)` measures, in a fresh interpreter.

    Django is set up once per process, and the memory of one bench must not count for the next.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_measure, name, dict(options)).result()


def _measure(name: str, options: dict[str, Any]) -> list[Row]:
    with servers.platform():
        rows: list[Row] = importlib.import_module(f"bench.{name}").run(**options)
    return rows
