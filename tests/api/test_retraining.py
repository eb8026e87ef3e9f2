"""The rule that trains by itself: enough new labels, a pause, one at a time, a budget, promotion if an admin says so."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.consensus.refresh import refresh_study
from roiqa.core import jobs
from roiqa.core.models import AuditEvent
from roiqa.releases.models import Release
from roiqa.studies.models import Role, Study
from roiqa.training import retraining
from roiqa.training.models import RetrainRule, RunState, TrainingRun
from tests.api.factories import client_for, make_member, make_roi, make_user
from tests.api.release_study import answer, rate
from tests.api.training_study import QUICK, new_run, trainable_study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(db: None) -> Study:

    study = trainable_study()
    refresh_study(study=study)
    return study


@pytest.fixture
def admin(study: Study) -> User:
    return make_member(study, Role.ADMIN, user=make_user("ada")).user


RULE: dict[str, Any] = {
    "enabled": True,
    "min_new_rois": 10,
    "min_growth_percent": 50.0,
    "debounce_minutes": 0,
    "budget_hours_per_week": 5.0,
    "stage": "scratch",
    "preset": "ci",
    "settings": QUICK,
    "promote_automatically": False,
}


def put(study: Study, user: User, **changes: Any) -> Any:
    return client_for(user).put(f"/api/v1/studies/{study.slug}/retrain-rule/", {**RULE, **changes})


def look(study: Study) -> RetrainRule:
    """As the clock does."""
    retraining.check_all()
    return RetrainRule.objects.get(study=study)


def frozen(rule: RetrainRule) -> Release:
    """Let a worker freeze what the rule asked for."""
    assert rule.release is not None
    jobs.run(str(rule.release.job_id))
    rule.release.refresh_from_db()
    return rule.release


def ended(run: TrainingRun, state: str = RunState.SUCCEEDED, **fields: Any) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(state=state, finished_at=timezone.now(), **fields)


def label_more(study: Study, count: int) -> None:

    image = study.study_images.filter(image__split="train").first().image
    person = study.memberships.filter(role=Role.ANNOTATOR).first().user
    for number in range(count):
        rate(make_roi(study, image, box=(number, 0, 40, 40)), [person], [answer(quality=number % 5)])
    refresh_study(study=study)


def test_without_a_rule_there_is_one_that_is_off(study: Study, admin: User):
    shown = client_for(admin).get(f"/api/v1/studies/{study.slug}/retrain-rule/").json()
    assert (shown["enabled"], shown["why_not"], shown["next_check"]) == (False, "The rule is off.", None)
    assert not RetrainRule.objects.exists()


def test_enough_new_labels_freeze_a_release_and_start_one_run(study: Study, admin: User):
    shown = put(study, admin).json()
    assert (shown["new_rois"], shown["why_not"]) == (12, "Release 1 is being frozen.")
    rule = look(study)
    assert rule.why_not == "Release 1 is being frozen."
    release = frozen(rule)
    rule = look(study)
    run = TrainingRun.objects.get()
    assert (run.release, run.automatic, run.created_by) == (release, True, admin)
    assert (rule.last_run, rule.release, rule.why_not) == (run, None, "")
    # At most one at a time, whoever started it.
    assert look(study).why_not == "Run 1 is under way: one at a time."
    ended(run)
    assert look(study).why_not == "0 ROIs are newly labelled; 10 or 50 % more are needed."
    assert client_for(admin).get(f"/api/v1/studies/{study.slug}/retrain-rule/").json()["new_rois"] == 0
    # Six more are half as many again.
    label_more(study, 6)
    frozen(look(study))
    look(study)
    assert TrainingRun.objects.filter(automatic=True).count() == 2


def test_a_failed_run_is_not_tried_again_on_the_same_labels(study: Study, admin: User):
    put(study, admin)
    frozen(RetrainRule.objects.get())
    look(study)
    ended(TrainingRun.objects.get(), RunState.FAILED)
    assert "0 ROIs are newly labelled" in look(study).why_not
    assert (Release.objects.count(), TrainingRun.objects.count()) == (1, 1)


def test_it_waits_for_what_else_comes(study: Study, admin: User):
    put(study, admin, debounce_minutes=30)
    assert look(study).why_not == "Enough is new; waits 30 minutes more for what else comes."
    assert not Release.objects.exists()
    RetrainRule.objects.update(due_since=timezone.now() - timedelta(minutes=31))
    assert look(study).why_not == "Release 1 is being frozen."


def test_too_few_labels_do_nothing(study: Study, admin: User):
    put(study, admin, min_new_rois=13)
    assert look(study).why_not == "12 ROIs are newly labelled; 13 are needed."
    assert not Release.objects.exists()


def test_a_spent_budget_is_kept_to(study: Study, admin: User):
    put(study, admin, budget_hours_per_week=0)
    assert look(study).why_not == "This week's budget of 0 hours is spent (0.0 used)."
    put(study, admin, budget_hours_per_week=5)
    release = frozen(RetrainRule.objects.get())
    run = new_run(release, automatic=True, settings={"seed": 9})
    ended(run, work_seconds=4.995 * 3600)
    assert "are left of this week's budget" in look(study).why_not
    # A week later it goes on with the release that is there.
    TrainingRun.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert look(study).why_not == ""
    assert (TrainingRun.objects.count(), Release.objects.count()) == (2, 1)


def test_only_an_admin_lets_models_be_promoted_by_themselves(study: Study, admin: User):
    engineer = make_member(study, Role.ML_ENGINEER).user
    refused = put(study, engineer, promote_automatically=True)
    assert (refused.status_code, refused.json()["code"]) == (403, "admin_needed")
    assert put(study, admin, promote_automatically=True).status_code == 200
    # Left as the admin set it.
    assert put(study, engineer, promote_automatically=True, min_new_rois=50).status_code == 200
    assert AuditEvent.objects.filter(action="retrain_rule_set").count() == 2


def test_a_rule_that_could_make_no_run_is_refused(study: Study, admin: User):
    for changes, field in (
        ({"settings": {"learning_rate": 5}}, "settings.learning_rate"),
        ({"stage": "stage9"}, "stage"),
        ({"preset": "huge"}, "preset"),
    ):
        refused = put(study, admin, **changes)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, [field])
    assert not RetrainRule.objects.exists()


def test_switched_off_it_forgets_what_was_due(study: Study, admin: User):
    put(study, admin, debounce_minutes=30)
    look(study)
    put(study, admin, enabled=False)
    rule = RetrainRule.objects.get()
    assert (rule.due_since, rule.why_not) == (None, "The rule is off.")
    assert retraining.check_all() == 0
