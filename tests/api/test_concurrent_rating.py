"""Promises 1 and 2 of the data under fire: fifty annotators over real HTTP until the study is complete.

Clients vanish, come back after their lease has run out, submit the same answer twice at once, lose the connection
before the answer arrives and retry; golds and warm-ups are mixed in; the web server is killed in the middle and started
again. In the end every ROI counts exactly `raters_per_roi` different annotators, no gold counts anything, every
acknowledged answer is stored, and none twice.
"""

import os
import random
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest
from django.db import connection
from django.db.models import F

from roiqa.accounts.models import User
from roiqa.core.scales import DISTORTIONS
from roiqa.ratings.models import Assignment, Rating
from roiqa.studies.models import Membership, Study, StudyROI
from tests.api.factories import make_image, make_member, make_roi, make_study, make_token, make_user
from tests.api.gold_study import make_gold

CLIENTS = 50
IMAGES, ROIS_PER_IMAGE, GOLDS = 8, 4, 6
SEED = 20241117
DEADLINE_SECONDS = 100


class Server:
    """The production web server on a free port, on the test's own database."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        database = connection.settings_dict
        url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--no-access-log", "--log-level", "error"]
        command += ["roiqa.config.asgi:application"]
        environment = {**os.environ, "DATABASE_URL": url, "ROIQA_DATABASE_POOL": "16", "ROIQA_ENV": "development"}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)
        for _ in range(300):
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{self.port}/healthz").status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("the web server did not start within 30 s")

    def kill(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
            self.process.wait()


@contextmanager
def running_server() -> Iterator[Server]:
    server = Server()
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Annotator:
    """One client with its own dice. It remembers every answer that the server acknowledged."""

    def __init__(self, *, number: int, token: str, server: Server, study: str, done: threading.Event) -> None:
        self.dice = random.Random(SEED + number)
        self.server, self.study, self.done = server, study, done
        self.token = token
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.unexpected: list[str] = []

    def call(self, method: str, path: str, *, timeout: float = 20.0, **options: Any) -> httpx.Response | None:
        """The response, or None when the connection broke (the server may or may not have acted)."""
        headers = {"Authorization": f"Token {self.token}", **options.pop("headers", {})}
        try:
            return httpx.request(method, self.server.url + path, headers=headers, timeout=timeout, **options)
        except httpx.HTTPError:
            return None

    def work(self) -> None:
        idle = 0
        while not self.done.is_set() and idle < 200:
            claimed = self.call("POST", f"/studies/{self.study}/assignments/", json={})
            if claimed is None or claimed.status_code == 204:
                idle += 1
                time.sleep(0.05)
                continue
            if claimed.status_code not in {200, 201}:
                self.unexpected.append(f"claim {claimed.status_code} {claimed.text}")
                return
            idle = 0
            fate = self.dice.random()
            if fate < 0.10:
                continue  # vanishes: a later claim finds this one, or its lease runs out
            if fate < 0.20:
                time.sleep(self.dice.uniform(0.1, 0.6))  # submits late: the clock below ends leases meanwhile
            elif fate < 0.25:
                self.call("POST", f"/assignments/{claimed.json()['id']}/skip/", json={"reason": "other"})
                if self.dice.random() < 0.8:
                    self.call("POST", f"/assignments/{claimed.json()['id']}/reopen/", json={})
            self.submit(claimed.json()["id"])

    def submit(self, assignment: str) -> None:
        key = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        answer = {
            "distortions": {name: self.dice.randint(0, 5) for name in DISTORTIONS},
            "quality": self.dice.randint(0, 4),
            "importance": self.dice.randint(0, 4),
        }
        send = {"json": answer, "headers": {"Idempotency-Key": key}}
        path = f"/assignments/{assignment}/rating/"
        if self.dice.random() < 0.15:
            self.call("POST", path, timeout=0.004, **send)  # the connection dies before the answer arrives
        if self.dice.random() < 0.15:
            with ThreadPoolExecutor(2) as pair:
                responses = list(pair.map(lambda _: self.call("POST", path, **send), range(2)))
        else:
            responses = [self.call("POST", path, **send)]
        while all(response is None for response in responses) and not self.done.is_set():
            time.sleep(0.1)
            responses = [self.call("POST", path, **send)]
        for response in responses:
            if response is not None and response.status_code in {200, 201}:
                self.acknowledged[key] = answer
            elif response is not None and response.json()["code"] not in {"already_rated", "already_skipped"}:
                self.unexpected.append(f"submit {response.status_code} {response.text}")


def end_leases_at_random(done: threading.Event) -> None:
    """A clock that runs fast: every now and then some leases are over."""
    with connection.cursor() as cursor:
        while not done.wait(0.15):
            cursor.execute(
                "UPDATE ratings_assignment SET lease_expires_at = now() - interval '1 second' "
                "WHERE id IN (SELECT id FROM ratings_assignment WHERE state = 'active' "
                "ORDER BY random() LIMIT 3 FOR UPDATE SKIP LOCKED)"
            )
    connection.close()


def wait_until_complete(study: Study, server: Server) -> None:
    killed = False
    give_up_at = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < give_up_at:
        rated = Rating.objects.filter(study=study).count()
        if not killed and rated > IMAGES * ROIS_PER_IMAGE * 2:
            server.kill()
            server.start()
            killed = True
        if not StudyROI.objects.filter(study=study, n_accepted__lt=F("raters_wanted")).exists():
            assert killed, "the study was complete before the server was killed"
            return
        time.sleep(0.2)
    raise AssertionError("the study was not complete in time")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_fifty_unreliable_annotators_and_a_killed_server_leave_exactly_seven_ratings_per_roi() -> None:
    study = make_study("under-fire", raters_per_roi=7, gold_every=6, warm_up_rois=1)
    golds = {make_gold(study).pk for _ in range(GOLDS)}
    for _ in range(IMAGES):
        image = make_image(study)
        for column in range(ROIS_PER_IMAGE):
            make_roi(study, image, box=(column * 40, 10, 36, 36))
    people: list[User] = [make_user(f"client{number}") for number in range(CLIENTS)]
    for person in people:
        make_member(study, user=person)
    tokens = [make_token(person)[1] for person in people]
    done = threading.Event()
    with running_server() as server:
        annotators = [
            Annotator(number=number, token=token, server=server, study=study.slug, done=done)
            for number, token in enumerate(tokens)
        ]
        threads = [threading.Thread(target=one.work) for one in annotators]
        threads.append(threading.Thread(target=end_leases_at_random, args=[done]))
        for thread in threads:
            thread.start()
        try:
            wait_until_complete(study, server)
        finally:
            done.set()
            for thread in threads:
                thread.join()

    assert [message for one in annotators for message in one.unexpected] == []

    counted = Rating.objects.filter(study=study, is_current=True, status="accepted")
    per_roi = Counter(counted.values_list("study_roi_id", flat=True))
    assert set(per_roi.values()) == {7}
    assert len(per_roi) == IMAGES * ROIS_PER_IMAGE
    pairs = Counter(Rating.objects.filter(study=study, is_current=True).values_list("study_roi_id", "annotator_id"))
    assert set(pairs.values()) == {1}

    stored = {str(rating.client_key): rating for rating in Rating.objects.filter(study=study)}
    for one in annotators:
        for key, answer in one.acknowledged.items():
            rating = stored[key]
            assert {name: getattr(rating, name) for name in DISTORTIONS} == answer["distortions"]
            assert (rating.quality, rating.importance) == (answer["quality"], answer["importance"])

    for study_roi in StudyROI.objects.filter(study=study):
        assert (study_roi.slots_left, study_roi.n_accepted) == (0, 0 if study_roi.pk in golds else 7)
    apart = Rating.objects.filter(study=study, is_current=True)
    assert set(apart.filter(study_roi__in=golds).values_list("status", flat=True)) == {"gold"}
    assert apart.filter(status="warm_up").count() > CLIENTS / 2
    assert not StudyROI.objects.filter(pk__in=golds, n_active__gt=0).exists()
    submitted = Assignment.objects.filter(study=study, state="submitted").count()
    assert submitted == Rating.objects.filter(study=study, is_current=True).count()
    assert Membership.objects.filter(study=study).count() == CLIENTS
