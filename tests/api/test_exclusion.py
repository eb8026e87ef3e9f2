"""Leaving an annotator's votes out, and taking them back in."""

import pytest

from roiqa.accounts.models import User
from roiqa.studies.models import Membership, Role, Study
from tests.api.factories import client_for, make_member, make_roi
from tests.api.rating_calls import claim, submit

pytestmark = pytest.mark.django_db


def test_an_excluded_annotators_votes_stop_counting_and_the_roi_waits_again(
    study: Study, admin: User, annotator: User
) -> None:
    study.raters_per_roi = 1
    study.save()
    study_roi = make_roi(study)
    client = client_for(annotator)
    submit(client, claim(client, study).json()["id"])
    member = Membership.objects.get(study=study, user=annotator, role=Role.ANNOTATOR)
    url = f"/api/v1/studies/{study.slug}/members/{member.pk}"
    assert client_for(admin).post(f"{url}/exclude/", {"reason": "clicked at random"}).status_code == 204
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted, study_roi.consensus_due) == (1, 0, True)
    refused = claim(client, study)
    assert (refused.status_code, refused.json()["code"]) == (403, "annotator_excluded")
    assert client_for(admin).post(f"{url}/include/").status_code == 204
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted) == (0, 1)


def test_giving_back_a_claim_on_an_overfull_roi_opens_no_slot(study: Study, admin: User, annotator: User) -> None:
    study.raters_per_roi = 2
    study.save()
    study_roi = make_roi(study)
    first, second, third = (client_for(make_member(study).user) for _ in range(3))
    excluded = client_for(annotator)
    submit(excluded, claim(excluded, study).json()["id"])
    submit(first, claim(first, study).json()["id"])
    member = Membership.objects.get(study=study, user=annotator)
    url = f"/api/v1/studies/{study.slug}/members/{member.pk}"
    client_for(admin).post(f"{url}/exclude/", {"reason": "by mistake"})
    held = claim(second, study).json()["id"]
    client_for(admin).post(f"{url}/include/")
    second.post(f"/api/v1/assignments/{held}/release/")
    study_roi.refresh_from_db()
    assert (study_roi.n_accepted, study_roi.n_active, study_roi.slots_left) == (2, 0, 0)
    assert claim(third, study).status_code == 204


def test_exclusion_gives_open_claims_back(study: Study, admin: User, annotator: User) -> None:
    study_roi = make_roi(study)
    claim(client_for(annotator), study)
    member = Membership.objects.get(study=study, user=annotator)
    client_for(admin).post(f"/api/v1/studies/{study.slug}/members/{member.pk}/exclude/", {"reason": "left"})
    study_roi.refresh_from_db()
    assert study_roi.slots_left == 7
