"""The page's run-length code (TypeScript, run by Node) and pycocotools agree bit for bit, in both directions."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

UI = Path(__file__).resolve().parents[3] / "annotator_ui"

# pycocotools' own compiled decoder still has the __array__ signature of NumPy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Bridge:
    """One Node process that answers a JSON line for a JSON line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to: IO[str] = process.stdin
        self._from: IO[str] = process.stdout

    def ask(self, **request: object) -> dict[str, Any]:
        self._to.write(json.dumps(request) + "\n")
        self._to.flush()
        line = self._from.readline()
        assert line, "the Node process has stopped; its error is above"
        answer: dict[str, Any] = json.loads(line)
        return answer


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not on the PATH, so the page's mask code cannot be run beside pycocotools.")
    vite = UI / "node_modules" / "vite" / "bin" / "vite.js"
    assert vite.exists(), f"{vite.relative_to(UI.parent)} is missing: run `npm ci` in annotator_ui first."
    out = tmp_path_factory.mktemp("bridge")
    command = [node, str(vite), "build", "--config", "bridge/vite.config.ts", "--logLevel", "error", "--outDir"]
    subprocess.run([*command, str(out)], cwd=UI, check=True, env=os.environ)
    with subprocess.Popen(
        [node, str(out / "rle.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Bridge(process)
        assert process.stdin is not None
        process.stdin.close()


def noise(shape: tuple[int, int]) -> st.SearchStrategy[np.ndarray]:
    """Masks of any density: dense ones have holes, sparse ones are specks."""
    densities = st.integers(0, 10)
    values = hnp.arrays(np.uint8, shape, elements=st.integers(0, 9))
    return st.builds(lambda value, density: (value < density).astype(np.uint8), values, densities)


def blocks(shape: tuple[int, int]) -> st.SearchStrategy[np.ndarray]:
    """A few rectangles set and cut out again: long runs, holes, runs over the end of a column."""
    height, width = shape
    edges_y, edges_x = st.integers(0, height), st.integers(0, width)
    block = st.tuples(edges_y, edges_y, edges_x, edges_x, st.integers(0, 1))

    def draw(parts: list[tuple[int, int, int, int, int]]) -> np.ndarray:
        mask = np.zeros(shape, np.uint8)
        for y0, y1, x0, x1, value in parts:
            mask[min(y0, y1) : max(y0, y1), min(x0, x1) : max(x0, x1)] = value
        return mask

    return st.lists(block, max_size=6).map(draw)


SHAPES = st.one_of(
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.just(1), st.integers(1, 200)),
    st.tuples(st.integers(1, 200), st.just(1)),
)
LARGE_SHAPES = st.tuples(st.integers(1, 300), st.integers(1, 300))
MASKS = st.one_of(SHAPES.flatmap(noise), SHAPES.flatmap(blocks), LARGE_SHAPES.flatmap(blocks))
PAIRS = SHAPES.flatmap(lambda shape: st.tuples(noise(shape), blocks(shape)))
MANY = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def rows(mask: np.ndarray) -> list[str]:
    return ["".join(map(str, row)) for row in mask.tolist()]


def encoded(mask: np.ndarray) -> dict[str, Any]:
    rle = coco.encode(np.asfortranarray(mask))
    return {"size": rle["size"], "counts": rle["counts"].decode()}


def ring(size: int) -> np.ndarray:
    mask = np.ones((size, size), np.uint8)
    mask[size // 3 : -(size // 3), size // 3 : -(size // 3)] = 0
    return mask


@MANY
@given(mask=MASKS)
@example(mask=np.zeros((7, 5), np.uint8))
@example(mask=np.ones((7, 5), np.uint8))
@example(mask=np.ones((1, 1), np.uint8))
@example(mask=np.pad(np.ones((1, 1), np.uint8), 9))
@example(mask=ring(30))
@example(mask=np.ones((1, 5000), np.uint8))
@example(mask=np.pad(np.ones((5000, 1), np.uint8), 3))
def test_a_mask_encoded_in_the_page_is_what_pycocotools_encodes(bridge: Bridge, mask: np.ndarray) -> None:
    expected = encoded(mask)
    answer = bridge.ask(op="encode", rows=rows(mask))
    assert answer["counts"] == expected["counts"]
    assert answer["area"] == int(coco.area(expected))
    assert answer["bbox"] == coco.toBbox(expected).tolist()
    assert np.array_equal(coco.decode({"size": list(mask.shape), "counts": answer["counts"].encode()}), mask)


@MANY
@given(mask=MASKS)
@example(mask=np.zeros((3, 4), np.uint8))
@example(mask=np.ones((3, 4), np.uint8))
@example(mask=ring(30))
def test_a_mask_of_pycocotools_is_read_in_the_page_pixel_for_pixel(bridge: Bridge, mask: np.ndarray) -> None:
    rle = encoded(mask)
    answer = bridge.ask(op="decode", size=rle["size"], counts=rle["counts"])
    assert answer["rows"] == rows(mask)
    assert answer["counts"] == rle["counts"]
    assert answer["area"] == int(coco.area(rle))
    assert answer["bbox"] == coco.toBbox(rle).tolist()


@MANY
@given(pair=PAIRS)
def test_union_and_difference_of_runs_are_those_of_pycocotools(
    bridge: Bridge, pair: tuple[np.ndarray, np.ndarray]
) -> None:
    first, second = pair
    a, b = encoded(first), encoded(second)
    both = bridge.ask(op="union", size=a["size"], first=a["counts"], second=b["counts"])
    assert both["counts"] == coco.merge([a, b])["counts"].decode()
    rest = bridge.ask(op="subtract", size=a["size"], first=a["counts"], second=b["counts"])
    assert rest["counts"] == encoded(first & (1 - second))["counts"]
