"""The export `instructions`: JSON lines for instruction tuning, one ROI each, in the conversations of LLaVA and Osprey.

Three analyses (quality, importance, distortions) and three judgments (one of each) per ROI, after section 3.3 of the
SEAGULL paper. Which judgments an ROI gets depends on its id alone, so it is asked the same in every release. The
wording is the file `prompts/paper-v1.json`, the same as that of `ml.seagull`, which reads what is written here.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from roiqa.core.scales import DISTORTIONS, IMPORTANCE_LEVELS, LEVEL_COUNT, QUALITY_LEVELS, SEVERITY_LEVELS
from roiqa.releases.snapshot_file import FrozenROI, Record, SnapshotReader

VERSION = 1
PROMPT_PATH: Final = Path(__file__).with_name("prompts") / "paper-v1.json"
YES, NO = "Yes", "No"
_WORDS: Final = {"quality": QUALITY_LEVELS, "importance": IMPORTANCE_LEVELS}

_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def instructions(reader: SnapshotReader, content_sha256: str) -> Iterator[str]:
    """A line per ROI, in the snapshot's order."""
    origin = {"prompt": _prompt()["id"], "ruleset": reader.header["ruleset"], "release": content_sha256}
    for roi in reader.rois():
        yield f"{_json(_record(roi) | origin)}\n"


def _record(roi: FrozenROI) -> dict[str, Any]:
    record, image, label = roi.record, roi.image.record, roi.record["label"]
    return {
        "id": record["id"],
        "image": image["file_name"],
        "sha256": image["sha256"],
        "width": image["width"],
        "height": image["height"],
        "source": image["source"],
        "split": image["split"],
        "annotation": [
            {
                "segmentation": {"size": [image["height"], image["width"]], "counts": record["counts"]},
                "bbox": record["bbox"],
                "area": record["area"],
                "level": record["level"],
            }
        ],
        "means": {scale: label[scale]["mean"] for scale in _WORDS},
        "conversations": _conversations([*_analyses(label), *_judgments(label, record["id"])]),
    }


def _conversations(turns: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Human and gpt in turn; the first question stands behind the marks of the image and of the region."""
    frame = _prompt()["frame"]
    marks = f"{frame['before_image']}<image>{frame['after_image']}<global><local>{frame['after_region']} "
    said: list[dict[str, str]] = []
    for question, answer in turns:
        said.append({"from": "human", "value": question if said else f"{marks}{question}"})
        said.append({"from": "gpt", "value": answer})
    return said


def _analyses(label: Record) -> Iterator[tuple[str, str]]:
    answers = _prompt()["answers"]
    for scale, words in _WORDS.items():
        prefix, rest = answers[scale]
        yield _question(scale), f"{prefix} {rest.format(level=words[label[scale]['level']])}"
    yield _question("distortion"), _distortion_answer(_present(label))


def _distortion_answer(present: Record) -> str:
    """The most severe first, then in the order of the six: one label, one answer."""
    answers = _prompt()["answers"]
    if not present:
        clean: str = answers["clean"]
        return clean
    ordered = sorted(present, key=lambda name: (present[name], DISTORTIONS.index(name)))
    named = [f"{SEVERITY_LEVELS[present[name]]} {name}" for name in ordered]
    listed = " and ".join(part for part in (", ".join(named[:-1]), named[-1]) if part)
    prefix, rest = answers["distortion" if len(named) == 1 else "distortions"]
    return f"{prefix} {rest.format(items=listed)}"


def _judgments(label: Record, roi_id: str) -> Iterator[tuple[str, str]]:
    """A coin for Yes each; No asks half the time for a level beside the right one, otherwise for any other."""
    for scale, words in _WORDS.items():
        coin, near, pick = _draws(roi_id, scale)
        level = label[scale]["level"]
        others = [one for one in range(LEVEL_COUNT) if one != level and (abs(one - level) == 1 or not near)]
        asked = level if coin else others[pick % len(others)]
        yield _question(f"judge_{scale}", level=words[asked]), YES if coin else NO
    coin, _, pick = _draws(roi_id, "type")
    present = _present(label)
    absent = [name for name in DISTORTIONS if name not in present]
    # A clean ROI is asked as distorted, one with all six can only be asked rightly.
    holds = (coin and bool(present)) or not absent
    choice = [name for name in DISTORTIONS if name in present] if holds else absent
    yield _question("judge_type", type=choice[pick % len(choice)]), YES if holds else NO


def _present(label: Record) -> dict[str, int]:
    """Severity level by distortion."""
    return {name: one["level"] for name, one in label["distortions"].items() if one["present"]}


def _draws(roi_id: str, what: str) -> tuple[bool, bool, int]:
    """Two coins and a large number that belong to this ROI and question for good."""
    digest = hashlib.sha256(f"instructions {VERSION} {roi_id} {what}".encode()).digest()
    return bool(digest[0] & 1), bool(digest[0] & 2), int.from_bytes(digest[1:9])


def _question(task: str, **subject: str) -> str:
    text: str = _prompt()["questions"][task][0]
    return text.format(**subject)


@cache
def _prompt() -> dict[str, Any]:
    prompt: dict[str, Any] = json.loads(PROMPT_PATH.read_text(encoding="utf-8"))
    return prompt
