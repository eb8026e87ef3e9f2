"""The audit page: from rows to figures."""

from typing import Any

import pytest

from roiqa.accounts.models import User
from roiqa.core.scales import SCALES
from roiqa.ratings.models import Assignment
from roiqa.studies.models import Membership, Study
from tests.api.factories import client_for, make_image, make_member, make_roi
from tests.api.rating_calls import claim, submit
from tests.api.suggested_study import LEVELS, as_answer, promoted, suggest

pytestmark = pytest.mark.django_db

MODEL_SAYS = as_answer(LEVELS)
# Two levels from the model in quality, everywhere else with it.
APART = {**MODEL_SAYS, "quality": MODEL_SAYS["quality"] + 2}


@pytest.fixture
def annotators(study: Study) -> list[Membership]:
    return [make_member(study) for _ in range(3)]


def audit(study: Study, admin: User) -> Any:
    response = client_for(admin).get(f"/api/v1/studies/{study.slug}/suggestion-audit/")
    assert response.status_code == 200
    return response.json()


def rate_everything(
    study: Study, annotators: list[Membership], *, blind: dict[str, Any], shown: dict[str, Any]
) -> None:
    """Everybody rates every ROI: one way where the form is empty, another way where it is filled in."""
    for member in annotators:
        client = client_for(member.user)
        while (response := claim(client, study)).status_code == 201:
            held = response.json()
            answer = blind if held["suggestion"] is None else shown
            sent = submit(client, held["id"], confirmed=list(SCALES), telemetry={"visible_ms": 9000}, **answer)
            assert sent.status_code == 201


def test_the_pull_of_filled_in_forms_shows(study: Study, admin: User, annotators: list[Membership]) -> None:
    Study.objects.filter(pk=study.pk).update(suggestion_mode="prefill", blind_percent=50, wrong_percent=0)
    image = make_image(study)
    for _ in range(10):
        suggest(make_roi(study, image))
    # In the test part nothing can be shown: no control.
    suggest(make_roi(study, make_image(study, split="test")))
    rate_everything(study, annotators, blind=APART, shown={**MODEL_SAYS, "quality": MODEL_SAYS["quality"] + 1})
    told = audit(study, admin)
    assert told["mode"] == "prefill"
    prefilled = Assignment.objects.filter(mode="prefill").count()
    assert (told["prefilled"], told["control"]) == (prefilled, 30 - prefilled)
    assert told["by_mode"]["prefill"] == {"ratings": prefilled, "median_seconds": 9.0}
    assert told["median_seconds"] == {"prefilled": 9.0, "control": 9.0}
    quality = told["scales"]["quality"]
    assert (quality["index"]["value"], quality["bias"]["value"], quality["gate"]) == (0.5, -1.0, "fails")
    assert (quality["unchanged"], quality["coincidence"]) == (0.0, 0.0)
    assert told["scales"]["blur"]["unchanged"] == 1.0
    assert (told["gate"], told["unchanged_forms"]) == ("fails", 0.0)
    assert told["wrong"] == {"shown": 0, "caught": 0, "rate": None, "interval": None}


def test_wrong_levels_are_caught_or_not(study: Study, admin: User, annotators: list[Membership]) -> None:
    # All that is not blind is wrong on one scale; nobody looks.
    Study.objects.filter(pk=study.pk).update(suggestion_mode="prefill", blind_percent=95, wrong_percent=5)
    image = make_image(study)
    for _ in range(20):
        suggest(make_roi(study, image))
    client = client_for(annotators[0].user)
    while (response := claim(client, study)).status_code == 201:
        held = response.json()
        submit(client, held["id"], confirmed=list(SCALES), **(held["suggestion"] or MODEL_SAYS))
    told = audit(study, admin)["wrong"]
    assert (told["shown"], told["caught"], told["rate"]) == (1, 0, 0.0)
    assert told["interval"][1] == pytest.approx(0.975)


def test_second_thoughts_are_followed(study: Study, admin: User, annotators: list[Membership]) -> None:
    suggest(make_roi(study))
    for member, quality in zip(annotators, (2, 4, 4), strict=True):
        client = client_for(member.user)
        held = claim(client, study).json()["id"]
        submit(client, held, **APART)
        client.post(f"/api/v1/assignments/{held}/reveal/", {})
        client.post(
            f"/api/v1/assignments/{held}/second-thought/",
            {**APART, "quality": quality},
            headers={"Idempotency-Key": str(member.pk)},
        )
    told = audit(study, admin)["second_thoughts"]
    assert (told["shown"], told["given"], told["changed"]) == (3, 3, 1)
    quality = told["scales"]["quality"]
    assert (quality["apart"], quality["changed"]) == (1.0, pytest.approx(1 / 3))
    assert quality["movement"]["value"] == pytest.approx(1 / 3)
    assert told["scales"]["blur"]["movement"]["value"] is None


def test_votes_that_no_model_could_have_met_are_no_control(
    study: Study, admin: User, annotators: list[Membership]
) -> None:
    Study.objects.filter(pk=study.pk).update(suggestion_mode="prefill")
    study_roi = make_roi(study)
    client = client_for(annotators[0].user)
    submit(client, claim(client, study).json()["id"])
    promoted(study)
    suggest(study_roi)
    told = audit(study, admin)
    assert (told["control"], told["prefilled"], told["gate"]) == (0, 0, "undecided")


def test_an_excluded_annotator_is_left_out(study: Study, admin: User, annotators: list[Membership]) -> None:
    suggest(make_roi(study))
    Study.objects.filter(pk=study.pk).update(suggestion_mode="blind")
    rate_everything(study, annotators, blind=APART, shown=APART)
    assert audit(study, admin)["control"] == 3
    client_for(admin).post(f"/api/v1/studies/{study.slug}/members/{annotators[0].pk}/exclude/", {"reason": "tired"})
    assert audit(study, admin)["control"] == 2
