"""Synthetic sets on the workers: a job per shard; a worker killed in the middle loses and doubles nothing."""

import hashlib
import json
import signal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from ml.synthesis import build
from ml.synthesis.shards import run_shard
from ml.worker import build_synthetic_set
from ml.worker.synthesis_tasks import KIND
from roiqa.core import jobs
from roiqa.core.models import Job
from tests.api.test_embedding_worker import wait_for, worker

HEIGHT, WIDTH, REFERENCES = 96, 128, 5


@pytest.fixture
def photographs(tmp_path) -> Path:
    """Generated scenes with one region each."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    images, annotations = [], []
    mask = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    mask[20:70, 30:90] = 1
    for number in range(REFERENCES):
        random = np.random.default_rng(number)
        coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(folder / f"scene{number}.png")
        images.append({"id": number, "file_name": f"scene{number}.png", "height": HEIGHT, "width": WIDTH})
        rle = coco_mask.encode(mask)
        rle["counts"] = rle["counts"].decode()
        annotations.append({"id": number, "image_id": number, "segmentation": rle})
    (folder / "masks.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    return folder


def arguments(photographs: Path, output: Path) -> list[str]:
    return ["--references", str(photographs), "--coco", str(photographs / "masks.json"), "--output", str(output)]


def finished(job: Job) -> Job:
    jobs.run(str(job.pk))
    job.refresh_from_db()
    return job


@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_shard_loses_and_doubles_nothing(photographs, tmp_path, capsys):
    output = tmp_path / "set"
    with worker() as first:
        build_synthetic_set.main([*arguments(photographs, output), "--no-wait"])
        job = Job.objects.get(kind=KIND)

        def in_the_middle():
            job.refresh_from_db()
            return 0 < job.done < REFERENCES

        wait_for(in_the_middle)
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert job.state == "running"
    key = job.payload["key"]
    assert not (output / "shards" / key).exists()
    # Asked again while the dead worker's lease runs, the command waits for that job instead of starting another.
    plan, specs = build.planned(build_synthetic_set._arguments(arguments(photographs, output)))
    assert build_synthetic_set.start_missing(plan, specs) == 0
    Job.objects.filter(pk=job.pk).update(lease_expires_at=job.created_at)
    assert jobs.sweep() == 1
    finished(job)
    build_synthetic_set.main(arguments(photographs, output))
    assert (job.state, job.attempts, job.report["scores"]) == ("succeeded", 2, REFERENCES * 120)
    rows = pq.read_table(output / "shards" / key / "scores.parquet").to_pylist()
    assert len({(row["reference"], row["type"], row["setting"], row["mask"]) for row in rows}) == len(rows)
    assert [folder.name for folder in (output / "shards").iterdir()] == [key]
    (spec,) = specs
    undisturbed = run_shard(spec, tmp_path / "undisturbed", plan.tools())
    assert json.loads((output / "shards" / key / "manifest.json").read_text())["sha256"] == undisturbed["sha256"]
    document = json.loads((output / "dataset.json").read_text())
    assert document["rows"] == {"references": REFERENCES, "masks": REFERENCES, "scores": REFERENCES * 120}
    assert document["fingerprint"] == hashlib.sha256(key.encode()).hexdigest()
    assert f"{REFERENCES * 120}" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_cancelled_and_failed_shards_are_told_of_and_started_again(photographs, tmp_path, capsys):
    output = tmp_path / "set"
    given = arguments(photographs, output)
    build_synthetic_set.main([*given, "--no-wait"])
    build_synthetic_set.main([*given, "--cancel"])
    assert "1 jobs were asked to stop" in capsys.readouterr().out
    plan, specs = build.planned(build_synthetic_set._arguments(given))
    with pytest.raises(ValueError, match=r"is cancelled: Cancelled before it began\."):
        build_synthetic_set.watch(plan, specs)
    (photographs / "masks.json").write_text('{"images": [], "annotations": []}')
    assert build_synthetic_set.start_missing(plan, specs) == 1
    job = finished(Job.objects.get(kind=KIND, finished_at=None))
    assert job.state == "failed"
    assert "was planned with masks coco:" in job.message
    with pytest.raises(ValueError, match="is failed: The shard was planned"):
        build_synthetic_set.watch(plan, specs)
    assert not (output / "dataset.json").exists()
