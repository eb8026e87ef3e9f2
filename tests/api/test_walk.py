"""The walk from ROI to ROI where it has to go far, and what a claim costs the database."""

import threading
import uuid

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from roiqa.accounts.models import User
from roiqa.ratings import walk
from roiqa.ratings.walk import take_slot
from roiqa.studies.models import Membership, Study, StudyROI
from tests.api.factories import client_for, make_image, make_member, make_roi
from tests.api.rating_calls import claim, submit


@pytest.mark.django_db
def test_the_last_roi_is_found_however_far_the_walk_begins(
    study: Study, annotator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No look at what is near: every claim goes all the way round.
    monkeypatch.setattr(walk, "JUMPS", 0)
    rois = {str(make_roi(study).roi_id) for _ in range(6)}
    client, shown = client_for(annotator), set()
    for _ in range(6):
        assignment = claim(client, study).json()
        shown.add(assignment["roi"]["id"])
        submit(client, assignment["id"])
    assert shown == rois
    assert claim(client, study).status_code == 204


@pytest.mark.django_db
def test_a_key_that_answered_in_another_study_is_refused(study: Study, annotator: User) -> None:
    elsewhere = make_member(Study.objects.create(slug="elsewhere", title="Elsewhere"), user=annotator).study
    make_roi(study)
    make_roi(elsewhere)
    client, key = client_for(annotator), str(uuid.uuid4())
    assert submit(client, claim(client, study).json()["id"], key=key).status_code == 201
    refused = submit(client, claim(client, elsewhere).json()["id"], key=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert StudyROI.objects.get(study=elsewhere).n_accepted == 0


@pytest.mark.django_db
def test_claim_and_submit_take_few_statements(study: Study, annotator: User) -> None:
    for _ in range(3):
        make_roi(study, make_image(study))
    client = client_for(annotator)
    submit(client, claim(client, study).json()["id"])
    with CaptureQueriesContext(connection) as claiming:
        assignment = claim(client, study).json()["id"]
    with CaptureQueriesContext(connection) as submitting:
        submit(client, assignment)
    # Membership, active claims, what is written; then three locks, what is written. How often it searches is chance.
    assert [len(_own_statements(told)) for told in (claiming, submitting)] == [3, 2]


def _own_statements(told: CaptureQueriesContext) -> list[str]:
    """Without log-in, savepoints and the searches for the next ROI."""
    statements = [query["sql"] for query in told.captured_queries]
    return [sql for sql in statements if "studies_" in sql or "ratings_" in sql if "shuffle_key\nLIMIT" not in sql]


@pytest.mark.django_db(transaction=True)
def test_a_claim_that_waited_in_vain_holds_no_lock(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    StudyROI.objects.filter(pk=study_roi.pk).update(raters_wanted=1)
    membership = Membership.objects.get(study=study, user=annotator)
    began, ended, looked = threading.Event(), threading.Event(), threading.Event()
    found = []

    def claim_meanwhile() -> None:
        with transaction.atomic():
            began.set()
            found.append(take_slot(membership))
            ended.set()
            looked.wait(10)
        connections.close_all()

    other = threading.Thread(target=claim_meanwhile)
    with transaction.atomic():
        StudyROI.objects.select_for_update().get(pk=study_roi.pk)
        other.start()
        assert began.wait(5)
        assert not ended.wait(0.05)
        StudyROI.objects.filter(pk=study_roi.pk).update(n_active=1)
    assert ended.wait(10)
    with transaction.atomic():
        StudyROI.objects.select_for_update(nowait=True).get(pk=study_roi.pk)
    looked.set()
    other.join(10)
    assert found == [(None, None)]
