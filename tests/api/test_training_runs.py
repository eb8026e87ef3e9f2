"""Runs over HTTP: asked for, estimated, refused, listed, stopped, watched. Nothing trains here."""

import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import AuditEvent, Job
from roiqa.core.webhook_models import Delivery, Webhook
from roiqa.registry.models import ModelVersion
from roiqa.releases.models import Release
from roiqa.studies.models import Role, Study
from roiqa.training import running
from roiqa.training.models import RunEvent, RunState, TrainingRun
from roiqa.training.running import Said
from tests.api.factories import client_for, make_member, make_user
from tests.api.training_study import QUICK, make_synthetic_set, new_run, new_run_on_set, trainable_release

pytestmark = pytest.mark.django_db
# A release is frozen on a connection of its own, which sees only what is committed.
with_release = pytest.mark.django_db(transaction=True)
RUNS = "/api/v1/training-runs/"


@pytest.fixture(autouse=True)
def _own_synthetic_sets(settings: Any, tmp_path: Path) -> None:
    settings.SYNTHETIC_DIR = tmp_path


def engineer_of(study: Study) -> User:
    return make_member(study, Role.ML_ENGINEER, user=make_user("emma")).user


@pytest.fixture
def engineer(study: Study) -> User:
    return engineer_of(study)


def body(data: Study | Release, /, **changes: Any) -> dict[str, Any]:
    """A run on this release, or on a synthetic set in this study."""
    if isinstance(data, Study):
        given = {"study": data.slug, "synthetic_set": make_synthetic_set()}
    else:
        given = {"study": data.study.slug, "release": str(data.pk)}
    return {**given, "stage": "scratch", "preset": "ci", "settings": QUICK, **changes}


def posted(user: User, data: Study | Release, /, **changes: Any) -> Any:
    return client_for(user).post(RUNS, body(data, **changes))


def seen_worker(*gpus: str) -> None:
    running.seen("machine", [{"name": name, "bytes": 1} for name in gpus])


@with_release
def test_a_run_is_queued_with_everything_resolved():
    release = trainable_release()
    engineer = engineer_of(release.study)
    answer = posted(engineer, release, note="First try.")
    assert answer.status_code == 201
    run = answer.json()
    assert (run["number"], run["state"], run["steps"], run["variant"]) == (1, "queued", 4, "native")
    assert (run["release"], run["release_number"], run["base"], run["created_by"]) == (
        str(release.pk), 1, None, "emma",
    )  # fmt: skip
    row = TrainingRun.objects.get()
    assert row.config["settings"]["weight_decay"] == 0.01
    assert row.job is not None
    assert (row.job.kind, row.job.payload["run"]) == ("training_run", run["id"])
    assert AuditEvent.objects.get(action="training_started").target == run["id"]


def test_the_same_data_and_settings_never_train_twice(study: Study, engineer: User):
    first = posted(engineer, study).json()
    again = posted(engineer, study, note="By mistake.", variant="native")
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    other = posted(engineer, study, settings={**QUICK, "seed": 1})
    assert (other.status_code, other.json()["number"]) == (201, 2)
    assert Job.objects.filter(kind="training_run").count() == 2
    client_for(engineer).post(f"{RUNS}{first['id']}/cancel/")
    anew = posted(engineer, study)
    assert (anew.status_code, anew.json()["number"]) == (201, 3)
    replaced = client_for(engineer).post(f"{RUNS}{first['id']}/resume/")
    assert (replaced.status_code, replaced.json()["code"]) == (409, "training_run_replaced")


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"settings": {"learning_rate": -1}}, "settings.learning_rate", "learning_rate is -1: give a number above 0"),
    ({"settings": {"steps": 2.5}}, "settings.steps", "give a whole number from 1"),
    ({"settings": {"precision": "int8"}}, "settings.precision", "choose one of float32, bfloat16, auto"),
    ({"settings": {"learning_rat": 1}}, "settings.learning_rat", "choose of aux_weight, balance_quality"),
    (
        {"settings": {"token_steps": 900, "steps": 900}},
        "settings.token_steps",
        "give less than steps, which is 900",
    ),
    ({"settings": {"lora": {"rank": 0}}}, "settings.lora", "rank 0 in it is not possible"),
    ({"settings": {"betas": [0.9]}}, "settings.betas", "give 2 times a number from 0, below 1"),
    ({"network": {"image_size": 65}}, "network.image_size", "give a multiple of 32"),
    ({"network": {"pooling": "max"}}, "network.pooling", "choose one of area, official"),
    ({"stage": "stage3"}, "stage", "choose one of finetune, scratch, stage1, stage2"),
    ({"preset": "huge"}, "preset", "choose one of ci, tiny, small, seagull-7b"),
    ({"variant": "mine"}, "variant", "choose one of native, official, paper"),
    ({"stage": "stage2", "settings": {}}, "base", "choose a base model"),
    ({"preset": "seagull-7b", "stage": "stage1", "settings": {}}, "base", "converted weights"),
    ({"base": "shipped:nothing"}, "base", "there is tiny"),
    ({"base": "shipped:tiny"}, "preset", "The base model is a tiny (native)"),
    ({"base": "shipped:tiny", "preset": "", "network": {"heads": 2}}, "network", "brings its own network"),
    ({"base": "00000000-0000-0000-0000-000000000000"}, "base", "no model"),
    ({"fraction": 0}, "fraction", "above 0, up to 1"),
    ({"synthetic_set": "also"}, "release", "either a release or a synthetic set"),
    ({"release": None}, "release", "either a release or a synthetic set"),
    ({"release": None, "synthetic_set": "lost"}, "synthetic_set", "none is built"),
    ({"release": "00000000-0000-0000-0000-000000000000"}, "release", "freeze one"),
]


@with_release
def test_what_cannot_be_trained_is_refused_by_name():
    release = trainable_release()
    engineer = engineer_of(release.study)
    client = client_for(engineer)
    for changes, field, said in REFUSED:
        for path in ("", "estimate/"):
            answer = client.post(f"{RUNS}{path}", body(release, **changes))
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_run"), changes
            assert list(answer.json()["fields"]) == [field]
            assert said in answer.json()["detail"]
    assert not TrainingRun.objects.exists()


@with_release
def test_a_release_of_another_study_is_not_there():
    release = trainable_release()
    engineer = engineer_of(release.study)
    other = trainable_release("elsewhere")
    assert posted(engineer, release, release=str(other.pk)).json()["fields"]["release"]


@with_release
def test_an_estimate_says_how_it_was_made():
    release = trainable_release()
    engineer = engineer_of(release.study)
    client = client_for(engineer)
    quick = client.post(f"{RUNS}estimate/", body(release)).json()
    assert (quick["steps"], quick["needs_gpu"]) == (4, False)
    assert 0 < quick["seconds"] < 120
    assert 500_000_000 < quick["memory_bytes"] < 2_000_000_000
    assert "Measured" in quick["basis"]
    large = client.post(
        f"{RUNS}estimate/", body(release, preset="small", settings={"steps": 1000, "token_steps": 0})
    ).json()
    assert large["needs_gpu"]
    assert "not measured" in large["basis"]
    assert large["memory_bytes"] > 132_000_000 * 16
    run = new_run(release)
    TrainingRun.objects.filter(pk=run.pk).update(
        state="succeeded", seconds_per_step=2.5, device="a slow CPU", finished_at=timezone.now()
    )
    known = client.post(f"{RUNS}estimate/", body(release, settings={**QUICK, "seed": 5, "steps": 100})).json()
    assert 250 < known["seconds"] < 300
    assert known["basis"] == "Run 1 of this study took 2.50 s a step on a slow CPU."


@with_release
def test_epochs_count_the_train_images():
    release = trainable_release()
    engineer = engineer_of(release.study)
    changes = {"settings": {**QUICK, "steps": None, "epochs": 3}}
    answer = client_for(engineer).post(f"{RUNS}estimate/", body(release, **changes)).json()
    # Four train images, two a step, three passes.
    assert answer["steps"] == 6


@with_release
def test_options_offer_what_there_is():
    release = trainable_release()
    engineer = engineer_of(release.study)
    seen_worker()
    client = client_for(engineer)
    found = client.get(f"{RUNS}options/", {"study": release.study.slug}).json()
    assert [one["name"] for one in found["stages"]] == ["finetune", "scratch", "stage1", "stage2"]
    rate = next(one for one in found["stages"][1]["settings"] if one["name"] == "learning_rate")
    assert (rate["type"], rate["default"], rate["minimum"]) == ("number", 0.001, 0)
    assert [one["name"] for one in found["presets"] if not one["needs_gpu"]] == ["ci", "tiny"]
    assert [one["number"] for one in found["releases"]] == [1]
    assert {"id": "shipped:tiny", "title": "tiny, as it ships", "preset": "tiny", "variant": "native"} in found["bases"]
    assert found["workers"]["gpu"] is False


def test_a_network_that_ships_becomes_a_model_of_the_study(study: Study, engineer: User):
    run = posted(engineer, study, stage="finetune", preset="", base="shipped:tiny", settings={}).json()
    model = ModelVersion.objects.get()
    assert (run["base"], run["preset"], model.stage) == (str(model.pk), "tiny", "shipped")
    # The same weights by their other name: the same run.
    again = posted(engineer, study, stage="finetune", preset="", base=str(model.pk), settings={})
    assert (again.status_code, again.json()["id"]) == (200, run["id"])


def test_a_waiting_run_says_what_it_waits_for(study: Study, engineer: User):
    small = posted(engineer, study, preset="small", settings={"steps": 10, "token_steps": 0}).json()
    client = client_for(engineer)
    url = f"{RUNS}{small['id']}/"
    assert client.get(url).json()["waits_for"] == "worker"
    seen_worker()
    assert client.get(url).json()["waits_for"] == "gpu"
    seen_worker("NVIDIA H200")
    assert client.get(url).json()["waits_for"] == ""


def test_only_staff_of_the_study_see_its_runs(study: Study, engineer: User, stranger: User, foreign_admin: User):
    run = new_run_on_set(study)
    annotator = make_member(study).user
    for user in (stranger, foreign_admin, annotator):
        for path in ("", "points/", "events/"):
            assert client_for(user).get(f"{RUNS}{run.pk}/{path}").status_code == 404
        for path in ("cancel/", "resume/"):
            assert client_for(user).post(f"{RUNS}{run.pk}/{path}").status_code == 404
        assert client_for(user).get(RUNS, {"study": study.slug}).status_code in {403, 404}
        assert posted(user, study).status_code in {403, 404}
    assert client_for(engineer).get(f"{RUNS}{run.pk}/").status_code == 200


def test_runs_are_listed_newest_first_and_by_state(study: Study, engineer: User):
    runs = [new_run_on_set(study, seed=seed) for seed in range(3)]
    client = client_for(engineer)
    client.post(f"{RUNS}{runs[1].pk}/cancel/")
    page = client.get(RUNS, {"study": study.slug, "limit": 2}).json()
    assert [row["number"] for row in page["results"]] == [3, 2]
    assert [row["number"] for row in client.get(page["next"]).json()["results"]] == [1]
    assert [
        row["number"] for row in client.get(RUNS, {"study": study.slug, "state": "cancelled"}).json()["results"]
    ] == [2]


def test_a_waiting_run_stops_at_once_and_goes_on_later(study: Study, engineer: User):
    Webhook.objects.create(study_slug=study.slug, url="https://example.org/", events=["run.finished"])
    run = new_run_on_set(study, by=engineer)
    client = client_for(engineer)
    stopped = client.post(f"{RUNS}{run.pk}/cancel/")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")
    assert Delivery.objects.get().payload["state"] == "cancelled"
    assert client.post(f"{RUNS}{run.pk}/cancel/").json()["code"] == "training_run_finished"
    resumed = client.post(f"{RUNS}{run.pk}/resume/")
    assert (resumed.status_code, resumed.json()["state"]) == (200, "queued")
    assert client.post(f"{RUNS}{run.pk}/resume/").json()["code"] == "training_run_not_resumable"
    run.refresh_from_db()
    assert run.job is not None
    assert run.job.state == "queued"


def test_a_running_run_is_asked_to_stop(study: Study, engineer: User):
    run = new_run_on_set(study)
    Job.objects.filter(pk=run.job_id).update(state="running")
    TrainingRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING)
    answer = client_for(engineer).post(f"{RUNS}{run.pk}/cancel/").json()
    assert (answer["state"], Job.objects.get(pk=run.job_id).cancel_requested) == ("cancelling", True)
    assert client_for(engineer).post(f"{RUNS}{run.pk}/cancel/").json()["state"] == "cancelling"


def test_a_run_whose_worker_dies_every_time_fails_and_says_so(study: Study):
    run = new_run_on_set(study)
    Job.objects.filter(pk=run.job_id).update(attempts=Job.MAX_ATTEMPTS)
    jobs.run(str(run.job_id))
    run.refresh_from_db()
    assert run.state == "failed"
    assert "the worker died each time" in run.message


def curve(run: TrainingRun, steps: int) -> None:
    """What a worker stores: a point a step, one evaluation, a line, and the last two steps done once more."""
    said = Said(step=steps, steps=steps, seconds_per_step=0.5, events_offset=10, log_offset=5)
    for step in [*range(1, steps + 1), steps - 1, steps]:
        said.point(step, {"loss": 1 / step})
    said.point(3, {"evaluated": True, "quality_srocc": 0.5})
    said.line("Checkpoint step-00000003.", 3)
    said.sample(3, {"roi": "one", "quality": 2.0})
    said.metrics = {"loss": 1 / steps}
    running.record(run, said)


def test_the_curve_is_thinned_and_a_step_counts_once(study: Study, engineer: User):
    run = new_run_on_set(study)
    curve(run, 1200)
    found = client_for(engineer).get(f"{RUNS}{run.pk}/points/").json()
    steps = [point["step"] for point in found["points"]]
    assert len(steps) <= 502
    assert steps == sorted(set(steps))
    assert steps[-1] == 1200
    evaluated = [point for point in found["points"] if point.get("evaluated")]
    assert [(point["step"], point["quality_srocc"]) for point in evaluated] == [(3, 0.5)]
    assert found["samples"] == [{"step": 3, "roi": "one", "quality": 2.0}]


def events_of(text: str) -> list[tuple[str, str, Any]]:
    """(event, id, data) of a stream."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((lines["event"], lines.get("id", ""), json.loads(lines["data"])))
    return found


def test_a_stream_tells_everything_once_and_goes_on_where_it_broke_off(study: Study, engineer: User):
    run = new_run_on_set(study)
    curve(run, 5)
    client = client_for(engineer)
    client.post(f"{RUNS}{run.pk}/cancel/")
    answer = client.get(f"{RUNS}{run.pk}/events/", HTTP_ACCEPT="text/event-stream")
    assert answer["Content-Type"] == "text/event-stream"
    assert answer["X-Accel-Buffering"] == "no"
    told = events_of(b"".join(answer.streaming_content).decode())
    assert [name for name, _, _ in told] == ["run", *["point"] * 8, "log", "sample", "end"]
    assert told[0][2]["state"] == told[-1][2]["state"] == "cancelled"
    ids = [event_id for _, event_id, _ in told if event_id]
    assert len(ids) == RunEvent.objects.count()
    rest = client.get(f"{RUNS}{run.pk}/events/", HTTP_LAST_EVENT_ID=ids[-2])
    again = events_of(b"".join(rest.streaming_content).decode())
    assert [name for name, _, _ in again] == ["run", "sample", "end"]


@with_release
def test_a_stream_follows_a_run_to_its_end_over_asgi(study: Study, engineer: User):
    run = new_run_on_set(study)
    client = AsyncClient()
    client.force_login(engineer)

    def stop() -> None:
        client_for(engineer).post(f"{RUNS}{run.pk}/cancel/")

    async def followed() -> str:
        answer = await client.get(f"{RUNS}{run.pk}/events/")
        text = ""
        async for piece in answer.streaming_content:
            text += piece.decode()
            if "event: point" not in text:
                await sync_to_async(curve)(run, 3)
            elif "event: end" not in text:
                await sync_to_async(stop)()
        return text

    told = events_of(async_to_sync(followed)())
    names = [name for name, _, _ in told]
    assert names[0] == "run"
    assert names.count("point") == 6
    assert names[-1] == "end"
    assert told[-1][2]["state"] == "cancelled"
