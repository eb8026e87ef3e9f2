"""The numbers of a methods page: everything is computed from the snapshot of the release, nothing from the live study."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.report import agreement_report
from roiqa.consensus.rules.resampling import RESAMPLES
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.screening import FEWEST_RATINGS, Flag, screen
from roiqa.core.scales import DISTORTIONS, IMPORTANCE_LEVELS, QUALITY_LEVELS, SCALES
from roiqa.releases.accepted_votes import AcceptedVotes, WholeLabels, gather
from roiqa.releases.snapshot_file import FrozenROI, Record, SnapshotReader

# Raise it when the numbers change their meaning or shape: what was kept is then made again.
VERSION: Final = 2
_HEADER: Final = (
    "snapshot", "study", "protocol", "ruleset", "split_rule", "versions", "licence", "counts", "collection",
    "qualification", "golds",
)  # fmt: skip


def methods_facts(reader: SnapshotReader, *, resamples: int = RESAMPLES) -> Record:
    """Plain values for JSON. Reads the snapshot once; a release of 3,261 ROIs x 7 takes about three seconds."""
    survey = _Survey()
    votes, _ = gather(survey.batches(reader))
    ruleset = ruleset_named(reader.header["ruleset"])
    agreement = agreement_report(
        votes.panel.where(votes.counted),
        clusters=np.array(survey.images, dtype=np.int64),
        votes_per_roi=_typical(votes),
        ruleset=ruleset,
        resamples=resamples,
    )
    return {
        **{name: reader.header.get(name) for name in _HEADER},
        # A release of the first version of snapshots does not hold them, but all that they are made of.
        "statistics": reader.header.get("statistics") or WholeLabels(votes, ruleset).statistics(),
        **survey.facts(),
        "votes_per_roi": _counts_of(votes),
        "ratings_per_annotator": _ratings_per_annotator(votes),
        "screening": _screening(votes),
        "agreement": agreement,
    }


class _Survey:
    """What is noted of every ROI while the snapshot goes by."""

    def __init__(self) -> None:
        self.images: list[int] = []
        self._rois: Counter[tuple[str, str]] = Counter()
        self._image_splits: dict[int, str] = {}
        self._flags: Counter[str] = Counter()
        self._levels = {"quality": [0] * len(QUALITY_LEVELS), "importance": [0] * len(IMPORTANCE_LEVELS)}
        self._present: Counter[str] = Counter()
        self._half_widths: dict[str, list[float]] = {"quality": [], "importance": []}
        self._moved: list[float] = []
        self._repeats: list[tuple[int, int]] = []

    def batches(self, reader: SnapshotReader) -> Iterator[npt.NDArray[np.int64]]:
        """The accepted votes in the shape that `gather` takes; notes the rest on the way."""
        people: dict[str, int] = {}
        rows: list[tuple[int, ...]] = []
        for roi in reader.rois():
            self._note(roi)
            for rating in roi.record["ratings"]:
                if rating["current"] and rating["status"] == "accepted":
                    annotator = people.setdefault(rating["annotator"], len(people))
                    flags = (int(rating["excluded"]), int(rating["mode"] == "prefill"))
                    rows.append((roi.number, annotator, *flags, *(rating[scale] for scale in SCALES)))
            if len(rows) >= 20_000:
                yield np.array(rows, dtype=np.int64)
                rows.clear()
        if rows:
            yield np.array(rows, dtype=np.int64)

    def _note(self, roi: FrozenROI) -> None:
        label, split = roi.record["label"], roi.image.record["split"]
        self.images.append(roi.image.number)
        self._image_splits[roi.image.number] = split
        self._rois[split, roi.record["level"]] += 1
        self._flags.update(name for name in ("clean", "contested_clean", "tie") if label[name])
        self._present.update(name for name in DISTORTIONS if label["distortions"][name]["present"])
        for score, levels in self._levels.items():
            levels[label[score]["level"]] += 1
            low, high = label[score]["interval"]
            self._half_widths[score].append((high - low) / 2)
        corrected = label["quality"].get("mos_map")
        if corrected is not None:
            self._moved.append(corrected - label["quality"]["mean"])
        self._note_repeats(roi.record["ratings"])

    def _note_repeats(self, ratings: list[Record]) -> None:
        """The two quality votes of everybody who was asked twice."""
        again = {one["annotator"]: one["quality"] for one in ratings if one["status"] == "repeat" and one["current"]}
        if again:
            self._repeats += [
                (one["quality"], again[one["annotator"]])
                for one in ratings
                if one["annotator"] in again and one["current"] and one["status"] == "accepted"
            ]

    def facts(self) -> Record:
        splits = Counter(self._image_splits.values())
        return {
            "rois_by_split": {
                split: {level: self._rois[split, level] for level in ("object", "component")}
                for split in ("train", "test")
            },
            "images_by_split": {split: splits[split] for split in ("train", "test")},
            "flags": {name: self._flags[name] for name in ("clean", "contested_clean", "tie")},
            "levels": self._levels,
            "present": {name: self._present[name] for name in DISTORTIONS},
            "half_width": {score: _quartiles(widths) for score, widths in self._half_widths.items()},
            "corrected_shift": _rms(self._moved),
            "repeats": _repeats(self._repeats),
        }


def _typical(votes: AcceptedVotes) -> int:
    """The k of ICC(2,k): the number of counted votes that most ROIs have."""
    counts = np.bincount(votes.panel.where(votes.counted).votes_per_roi)
    counts[:1] = 0
    return int(counts.argmax()) or 1


def _counts_of(votes: AcceptedVotes) -> dict[str, int]:
    """How many ROIs have how many counted votes."""
    found = Counter(votes.panel.where(votes.counted).votes_per_roi.tolist())
    return {str(count): found[count] for count in sorted(found)}


def _ratings_per_annotator(votes: AcceptedVotes) -> Record | None:
    given = votes.panel.where(votes.counted).votes_per_annotator
    given = given[given > 0]
    if not len(given):
        return None
    largest = float(given.max() / given.sum())
    return {
        "least": int(given.min()),
        "median": float(np.median(given)),
        "most": int(given.max()),
        "largest_share": largest,
    }


def _screening(votes: AcceptedVotes) -> Record:
    """How those who count compare with each other; nobody is named."""
    found = screen(votes.panel.where(votes.counted))
    active = found.ratings > 0
    quality = found.agreement[active, SCALES.index("quality")]
    raised = Counter(flag.value for flags in found.flags for flag in flags)
    return {
        "enough_ratings": int((found.ratings >= FEWEST_RATINGS).sum()),
        "fewest_ratings": FEWEST_RATINGS,
        "flags": {flag.value: raised[flag.value] for flag in Flag},
        "agreement": _spread(quality),
        "bias": _spread(found.bias[active, 0]),
        "inconsistency": _spread(found.inconsistency[active, 0]),
        "bt500_rejected": int(found.bt500_rejected[active].sum()),
        # Without names and in the order of size: a picture of the panel.
        "agreements": np.sort(quality[~np.isnan(quality)]).tolist(),
    }


def _spread(values: npt.NDArray[np.float64]) -> Record | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    return {"least": float(known.min()), "median": float(np.median(known)), "most": float(known.max())}


def _quartiles(values: list[float]) -> Record | None:
    if not values:
        return None
    low, middle, high = np.quantile(np.array(values), [0.25, 0.5, 0.75]).tolist()
    return {"quarter": low, "median": middle, "three_quarters": high}


def _rms(values: list[float]) -> float | None:
    return float(np.sqrt(np.mean(np.square(values)))) if values else None


def _repeats(pairs: list[tuple[int, int]]) -> Record | None:
    if not pairs:
        return None
    distance = np.abs(np.diff(np.array(pairs), axis=1))
    return {"n": len(pairs), "same": float((distance == 0).mean()), "within_one": float((distance <= 1).mean())}
