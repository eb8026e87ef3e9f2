"""The retrain rule: when enough is newly labelled a release is frozen and a run is started, within a budget."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.core.errors import DomainError
from roiqa.registry.selectors import promoted_model
from roiqa.releases.freezing import freeze_study
from roiqa.releases.models import Release, ReleaseState
from roiqa.studies.access import roles_in
from roiqa.studies.models import Role, Study, StudyROI
from roiqa.training.errors import BadRun, PromotionNeedsAdmin
from roiqa.training.estimates import estimate
from roiqa.training.models import UNDER_WAY, RetrainRule, TrainingRun
from roiqa.training.planning import Plan, plan_run
from roiqa.training.selectors import rule_of
from roiqa.training.services import start_run
from roiqa.training.settings_rules import resolved_settings, schema

CHECK_EVERY = timedelta(seconds=60)
WEEK = timedelta(days=7)
OFF = "The rule is off."


def set_rule(study: Study, *, by: User, **values: Any) -> RetrainRule:
    """Change the rule. Raises BadRun for settings that no run may have, PromotionNeedsAdmin."""
    problems: dict[str, str] = {}
    if values["stage"] not in schema()["stages"]:
        problems["stage"] = f"There is no stage {values['stage']!r}: choose of {', '.join(sorted(schema()['stages']))}."
    elif values["preset"] not in schema()["presets"]:
        problems["preset"] = (
            f"There is no preset {values['preset']!r}: choose of {', '.join(sorted(schema()['presets']))}."
        )
    else:
        problems = resolved_settings(values["stage"], values["settings"])[1]
    if problems:
        raise BadRun(problems)
    with transaction.atomic():
        rule, _ = RetrainRule.objects.select_for_update().get_or_create(study=study)
        lets_promote = values["promote_automatically"] and not rule.promote_automatically
        if lets_promote and Role.ADMIN not in roles_in(user=by, study=study):
            raise PromotionNeedsAdmin
        for name, value in values.items():
            setattr(rule, name, value)
        newest = Release.objects.filter(study=study, state=ReleaseState.READY).order_by("-number").first()
        if rule.enabled and newest is not None:
            # Now, not when it is due: whether such a run can be made at all.
            _plan(rule, newest)
        rule.updated_by, rule.updated_at = by, timezone.now()
        if not rule.enabled:
            rule.due_since, rule.release, rule.why_not = None, None, OFF
        rule.save()
        audit.record(actor_id=by.pk, action="retrain_rule_set", study_slug=study.slug, target=study.slug, **values)
    return check(rule) if rule.enabled else rule


def labelled(study: Study) -> int:
    """ROIs that a release frozen now would hold: complete, and labelled by all that was said."""
    return StudyROI.objects.filter(
        study=study, is_gold=False, n_accepted__gte=F("raters_wanted"), consensus_due=False
    ).count()


def learned(rule: RetrainRule) -> int:
    """ROIs of the release that the rule last trained on."""
    run = rule.last_run
    return int(run.release.counts["rois"]) if run is not None and run.release is not None else 0


def hours_used(study: Study) -> float:
    """What runs of the rule have cost in the last seven days."""
    recent = TrainingRun.objects.filter(study=study, automatic=True, created_at__gte=timezone.now() - WEEK)
    return float(recent.aggregate(total=Sum("work_seconds"))["total"] or 0) / 3600


def next_check(rule: RetrainRule) -> datetime | None:
    return (rule.checked_at or timezone.now()) + CHECK_EVERY if rule.enabled else None


def check_all() -> int:
    """Look at every rule that is on; answers how many runs were started."""
    before = set(TrainingRun.objects.filter(automatic=True).values_list("pk", flat=True))
    for rule in RetrainRule.objects.filter(enabled=True).select_related("study"):
        check(rule)
    return TrainingRun.objects.filter(automatic=True).exclude(pk__in=before).count()


def check(rule: RetrainRule) -> RetrainRule:
    """One look: freeze, start a run, or say why not. Several at once do the work of one."""
    with transaction.atomic():
        held = RetrainRule.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=rule.pk).first()
        if held is None or not held.enabled:
            return rule_of(rule.study)
        try:
            with transaction.atomic():
                held.why_not = _step(held)
        except DomainError as refusal:
            # A release that was frozen for it is kept for the next look: another one would say the same.
            held.why_not = refusal.detail
        held.checked_at = timezone.now()
        held.save()
    return rule_of(rule.study)


def _step(rule: RetrainRule) -> str:
    """Go on by what is possible now; the answer says what is waited for, and is empty when a run was started."""
    busy = TrainingRun.objects.filter(study=rule.study, state__in=UNDER_WAY).order_by("number").first()
    if busy is not None:
        return f"Run {busy.number} is under way: one at a time."
    if rule.release is not None:
        return _with_release(rule, rule.release)
    why_not = _not_enough(rule)
    if why_not:
        rule.due_since = None
        return why_not
    now = timezone.now()
    rule.due_since = rule.due_since or now
    wait = rule.due_since + timedelta(minutes=rule.debounce_minutes) - now
    if wait > timedelta(0):
        return f"Enough is new; waits {-(-int(wait.total_seconds()) // 60)} minutes more for what else comes."
    used = hours_used(rule.study)
    if used >= rule.budget_hours_per_week:
        return f"This week's budget of {rule.budget_hours_per_week:g} hours is spent ({used:.1f} used)."
    rule.release = freeze_study(study=rule.study, by=None, note="For the retrain rule.")
    return f"Release {rule.release.number} is being frozen."


def _not_enough(rule: RetrainRule) -> str:
    new = labelled(rule.study) - learned(rule)
    growth = 100 * new / learned(rule) if learned(rule) else float("inf") if new > 0 else 0.0
    # The first run waits for the number: from nothing any growth is endless.
    if new >= rule.min_new_rois or (learned(rule) and growth >= rule.min_growth_percent):
        return ""
    grown = f" or {rule.min_growth_percent:g} % more" if learned(rule) else ""
    return f"{max(new, 0)} ROIs are newly labelled; {rule.min_new_rois}{grown} are needed."


def _with_release(rule: RetrainRule, release: Release) -> str:
    release.refresh_from_db()
    if release.state == ReleaseState.FREEZING:
        return f"Release {release.number} is being frozen."
    if release.state == ReleaseState.FAILED:
        rule.release, rule.due_since = None, None
        return f"Release {release.number} could not be frozen: {release.failure}"
    plan = _plan(rule, release)
    hours = estimate(plan).seconds / 3600
    left = rule.budget_hours_per_week - hours_used(rule.study)
    if hours > left:
        return f"A run takes about {hours:.2g} hours; {max(left, 0):.2g} are left of this week's budget."
    run, _ = start_run(plan, by=rule.updated_by, automatic=True, note="Started by the retrain rule.")
    rule.last_run, rule.release, rule.due_since = run, None, None
    return ""


def _plan(rule: RetrainRule, release: Release) -> Plan:
    """From the model that serves, where it is of the rule's preset; else from what ships, else from the beginning."""
    serving = promoted_model(rule.study)
    base = None
    if rule.stage != "scratch":
        base = str(serving.pk) if serving and serving.preset == rule.preset else f"shipped:{rule.preset}"
    return plan_run(
        study=rule.study,
        stage=rule.stage,
        preset=rule.preset,
        base=base,
        release=release.pk,
        settings=rule.settings,
    )
