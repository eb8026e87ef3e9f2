"""The whole loop on a running platform, as its people would go through it: rate, freeze, train, promote, be shown a suggestion.

Everything is asked over HTTP; the annotators are simulated and say so.
"""

import json
import random
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roiqa.core.scales import DISTORTIONS, NONEXISTENT, VOTES_BY_SCALE
from roiqa.launcher.errors import LaunchError
from roiqa.launcher.tour_client import Visitor

PANEL = 7
# What the panel rates, and the photograph that comes when the model is there: one that it was not trained on.
PANEL_IMAGES = ("coffee.jpg", "cat.jpg", "astronaut.jpg", "deep-field.jpg")
NEW_IMAGE = "rocket.jpg"
ROIS_PER_IMAGE = 3
# A run of some seconds: enough to go through every part, far too short to learn.
TRAINING = {
    "stage": "scratch",
    "preset": "ci",
    "settings": {"steps": 30, "token_steps": 15, "batch_images": 2, "rois": 2, "save_every": 10},
    "note": "Made by the tour: too short to have learned anything.",
}
PATIENCE_SECONDS = 420
SEVERITY_NOISE, SCORE_NOISE = 0.6, 0.5


@dataclass(frozen=True)
class Loop:
    """What the loop made. `keys` names, by ROI id, what the truth calls the ROI."""

    study: str
    release: str
    run: str
    model: str
    keys: Mapping[str, str]


class Tour:
    """`say` prints a line; `fixtures` is the demo's folder."""

    def __init__(self, *, url: str, logins: Mapping[str, str], fixtures: Path, say: Callable[[str], None]) -> None:
        self.url, self.say, self.fixtures = url, say, fixtures
        self.truth: dict[str, Any] = json.loads((fixtures / "truth.json").read_text(encoding="utf-8"))["rois"]
        self.coco: dict[str, Any] = json.loads((fixtures / "annotations.json").read_text(encoding="utf-8"))
        self.admin = Visitor(url)
        self.admin.sign_in("demo-admin", logins["demo-admin"])
        self.tag = secrets.token_hex(3)

    def go(self) -> Loop:
        """From a new study to a promoted model whose suggestion waits for the next annotator.

        Raises LaunchError with what the server said where something does not work.
        """
        slug = self._study()
        keys = self._import(slug, PANEL_IMAGES, ROIS_PER_IMAGE)
        self._rate(slug, keys)
        release = self._freeze(slug)
        run, model = self._train(slug, release)
        self._promote(slug, model)
        keys |= self._import(slug, [NEW_IMAGE], 1)
        self._wait_for_suggestions(slug)
        return Loop(study=slug, release=release, run=run, model=model, keys=keys)

    def see(self, loop: Loop) -> None:
        """Somebody rates the new ROI over HTTP and looks at the model's answer."""
        visitor, _, _ = self.join(loop.study, PANEL + 1)
        assignment = visitor.post(f"studies/{loop.study}/assignments/")
        answer = self._answer(loop.keys[assignment["roi"]["id"]], random.Random(self.tag))  # noqa: S311
        rating = self._submit(visitor, assignment["id"], answer)
        revealed = visitor.post(f"assignments/{assignment['id']}/reveal/")
        self.say("7  Somebody rates it and then sees the model's answer. The own one stays the label.")
        self.say(f"   own:   {_in_words(rating)}")
        self.say(f"   model: {_in_words(revealed['suggestion'])}")

    def _study(self) -> str:
        study = self.admin.post(
            "studies/",
            {
                "title": f"Tour {self.tag}",
                "description": "Made by the tour. Its annotators are simulated.",
                "raters_per_roi": PANEL,
                "suggestion_mode": "reveal_after",
            },
        )
        slug: str = study["slug"]
        self.say(f"1  A study: {PANEL} annotators per ROI, suggestions after the answer.   {self.url}/studies/{slug}")
        return slug

    def _import(self, slug: str, images: Any, rois: int) -> dict[str, str]:
        """Import photographs with some of their regions; answers the truth's key of each ROI's id."""
        coco = self._part_of_coco(set(images), rois)
        files = {name: (self.fixtures / "images" / name).read_bytes() for name in images}
        job = self.admin.upload(f"studies/{slug}/images/", files | {"masks.json": json.dumps(coco).encode()})
        report = self._finished(job)["report"]
        keys = {(one["image_id"], one["name"]): one["key"] for one in coco["annotations"]}
        numbers = {one["file_name"]: one["id"] for one in coco["images"]}
        found: dict[str, str] = {}
        for image in self.admin.get(f"studies/{slug}/images/?limit=50")["results"]:
            if image["file_name"] in numbers:
                for roi in self.admin.get(f"images/{image['id']}/rois/?study={slug}")["results"]:
                    found[roi["id"]] = keys[numbers[image["file_name"]], roi["name"]]
        self.say(f"   imported: photographs {report['images_added']}, ROIs {report['rois_added']}")
        return found

    def _part_of_coco(self, images: set[str], rois: int) -> dict[str, Any]:
        kept = [image for image in self.coco["images"] if image["file_name"] in images]
        annotations = []
        for image in kept:
            of_image = [one for one in self.coco["annotations"] if one["image_id"] == image["id"]]
            annotations += of_image[:rois]
        return {**self.coco, "images": kept, "annotations": annotations}

    def _rate(self, slug: str, keys: Mapping[str, str]) -> None:
        given = sum(self._rate_all(self.join(slug, number)[0], slug, keys, number) for number in range(1, PANEL + 1))
        progress = self.admin.get(f"studies/{slug}/progress/")["rois"]
        self.say(
            f"2  {PANEL} simulated annotators gave {given} ratings; {progress['complete']} of {progress['total']} ROIs are complete."
        )

    def join(self, slug: str, number: int) -> tuple[Visitor, str, str]:
        """A new annotator of the study, signed in; their name and password."""
        invite = self.admin.post(f"studies/{slug}/invites/", {"role": "annotator"})
        username, password = f"tour-{self.tag}-{number}", secrets.token_urlsafe(12)
        visitor = Visitor(self.url)
        token = invite["url"].rstrip("/").rpartition("/")[2]
        visitor.post(f"invites/{token}/accept/", {"username": username, "password": password})
        return visitor, username, password

    def _rate_all(self, visitor: Visitor, slug: str, keys: Mapping[str, str], seed: int) -> int:
        given = 0
        while (assignment := visitor.post(f"studies/{slug}/assignments/")) is not None:
            answer = self._answer(keys[assignment["roi"]["id"]], random.Random(f"{seed}:{assignment['roi']['id']}"))  # noqa: S311
            self._submit(visitor, assignment["id"], answer)
            given += 1
        return given

    def _answer(self, key: str, draws: random.Random) -> dict[str, Any]:
        """What an honest annotator might say of the ROI: what was applied to it, with a person's spread."""
        truth = self.truth[key]
        strengths = truth["strength_inside"]
        worst = max(strengths.values(), default=0.0)
        levels = {
            name: _level(5 - strengths.get(name, 0.0), SEVERITY_NOISE * (name in strengths), 5, draws)
            for name in DISTORTIONS
        }
        return {
            "distortions": levels,
            "quality": _level(4 - 0.8 * worst, SCORE_NOISE, 4, draws),
            "importance": _level(truth["importance"], SCORE_NOISE, 4, draws),
        }

    @staticmethod
    def _submit(visitor: Visitor, assignment: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        rating: dict[str, Any] = visitor.post(f"assignments/{assignment}/rating/", answer, **headers)
        return rating

    def _freeze(self, slug: str) -> str:
        release = self.admin.post(f"studies/{slug}/releases/", {"note": "Frozen by the tour."})
        release = self._until(
            f"releases/{release['id']}/", lambda now: now["state"] != "freezing", "the release to be frozen"
        )
        if release["state"] != "ready":
            raise LaunchError(f"The release was not frozen: {release}")
        self.say(f"3  Release {release['number']} is frozen: sha256 {release['hash'][:12]}, for ever the same bytes.")
        identity: str = release["id"]
        return identity

    def _train(self, slug: str, release: str) -> tuple[str, str]:
        run = self.admin.post("training-runs/", {"study": slug, "release": release, **TRAINING})
        self.say(f"4  A training run on it, by a worker:   {self.url}/studies/{slug}/training/runs/{run['id']}")
        told = -1

        def ended(now: Mapping[str, Any]) -> bool:
            nonlocal told
            if now["step"] >= told + 10:
                told = now["step"]
                loss = now["metrics"].get("loss")
                # While only the tokens are trained there is no answer, and no loss of it.
                self.say(f"   step {told} of {now['steps']}" + (f", loss {loss:.2f}" if loss else ""))
            return now["state"] in {"succeeded", "failed", "cancelled"}

        run = self._until(f"training-runs/{run['id']}/", ended, "the run to end")
        if run["state"] != "succeeded":
            raise LaunchError(f"The run {run['state']}: {run['message']}")
        return run["id"], run["model_version"]

    def _promote(self, slug: str, model: str) -> None:
        self.admin.post(f"model-versions/{model}/promote/")
        self.say(f"5  Its model is promoted: from here on it suggests.   {self.url}/studies/{slug}/models/{model}")

    def _wait_for_suggestions(self, slug: str) -> None:
        state = self._until(
            f"studies/{slug}/suggestions/state/", lambda now: now["missing"] == 0, "every ROI to have a suggestion"
        )
        self.say("6  A new photograph came, and its ROI has a suggestion within seconds.")
        self.say(f"   Another {state['leaked']} are for images that it was trained on: kept, marked, never shown.")

    def _finished(self, job: Mapping[str, Any]) -> dict[str, Any]:
        ended = self._until(f"jobs/{job['id']}/", lambda now: now["finished_at"] is not None, "the import")
        if ended["state"] != "succeeded":
            raise LaunchError(f"The import {ended['state']}: {ended['message']}")
        return ended

    def _until(self, path: str, good: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up_at:
            now: dict[str, Any] = self.admin.get(path)
            if good(now):
                return now
            time.sleep(0.3)
        raise LaunchError(f"Waited {PATIENCE_SECONDS} s for {what}. The worker's log is in the data folder's `logs`.")


def _level(mean: float, spread: float, top: int, draws: random.Random) -> int:
    return min(max(round(draws.gauss(mean, spread)), 0), top)


def _in_words(answer: Mapping[str, Any]) -> str:
    """Only what is there of the distortions, then quality and importance."""
    seen = {name: level for name, level in answer["distortions"].items() if level != NONEXISTENT}
    said = [f"{VOTES_BY_SCALE[name][level]} {name}" for name, level in seen.items()] or ["no distortion"]
    quality, importance = (VOTES_BY_SCALE[name][answer[name]] for name in ("quality", "importance"))
    return f"{', '.join(said)}; {quality} quality, {importance} importance"
