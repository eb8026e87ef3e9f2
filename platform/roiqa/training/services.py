"""Writes that people ask for: start a run, stop it, let it go on."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from roiqa.accounts.models import User
from roiqa.core import audit, jobs, webhooks
from roiqa.core.models import Job
from roiqa.registry.models import ModelVersion
from roiqa.studies.models import Study
from roiqa.training import bases
from roiqa.training.errors import NotResumable, RunFinished, SameRunElsewhere
from roiqa.training.models import UNDER_WAY, RunState, TrainingRun
from roiqa.training.planning import Plan
from roiqa.training.settings_rules import needs_gpu

KIND = "training_run"
_LIVE = (*UNDER_WAY, RunState.SUCCEEDED)


def start_run(
    plan: Plan, *, by: User | None, note: str = "", automatic: bool = False, send: bool = True
) -> tuple[TrainingRun, bool]:
    """The run of this plan and whether it is new: one that is queued, running or finished well is never made twice.

    With `send=False` the caller runs the job itself.
    """
    with transaction.atomic():
        study = Study.objects.select_for_update(no_key=True).get(pk=plan.study.pk)
        there = TrainingRun.objects.filter(study=study, key=plan.key, state__in=_LIVE).first()
        if there is not None:
            return there, False
        last = TrainingRun.objects.filter(study=study).aggregate(last=Max("number"))["last"] or 0
        run = TrainingRun.objects.create(
            study=study,
            number=last + 1,
            stage=plan.stage,
            preset=plan.preset,
            variant=plan.variant,
            base=_model_of(study, plan.base, by),
            release=plan.data.release,
            synthetic_set=plan.data.synthetic_set,
            fraction=plan.fraction,
            settings=plan.settings,
            network=plan.network,
            config=plan.config,
            key=plan.key,
            note=note,
            automatic=automatic,
            steps=plan.steps,
            created_by=by,
        )
        run.job = _job_of(run, user_id=by.pk if by else None, send=send)
        run.save(update_fields=["job"])
        audit.record(
            actor_id=by.pk if by else None,
            action="training_started",
            study_slug=study.slug,
            target=str(run.pk),
            number=run.number,
            stage=run.stage,
            preset=run.preset,
            automatic=automatic,
        )
    return run, True


@transaction.atomic
def cancel_run(run: TrainingRun, *, by: User) -> TrainingRun:
    """Stop it: at once while it waits, within a step while it trains. Its checkpoint stays. Raises RunFinished."""
    held = TrainingRun.objects.select_for_update(of=("self",)).select_related("job").get(pk=run.pk)
    if held.is_finished:
        raise RunFinished(number=held.number, state=held.state)
    if held.state == RunState.CANCELLING:
        return held
    audit.record(
        actor_id=by.pk, action="training_cancelled", study_slug=run.study.slug, target=str(run.pk), number=run.number
    )
    if held.state == RunState.RUNNING:
        TrainingRun.objects.filter(pk=held.pk).update(state=RunState.CANCELLING, message="Stopping after this step.")
    if held.job is not None and not held.job.is_finished:
        # A waiting job ends now, and `ended_without_model` marks the run.
        jobs.cancel(job=held.job)
    held.refresh_from_db()
    return held


def resume_run(run: TrainingRun, *, by: User | None, send: bool = True) -> TrainingRun:
    """Let a cancelled or failed run go on from its last checkpoint. Raises NotResumable, SameRunElsewhere."""
    with transaction.atomic():
        held = TrainingRun.objects.select_for_update(of=("self",)).select_related("study").get(pk=run.pk)
        if held.state not in {RunState.CANCELLED, RunState.FAILED}:
            raise NotResumable(number=held.number, state=held.state)
        other = TrainingRun.objects.filter(study=held.study, key=held.key, state__in=_LIVE).first()
        if other is not None:
            raise SameRunElsewhere(number=held.number, other=other.number)
        held.state, held.message, held.finished_at = RunState.QUEUED, "Goes on from the last checkpoint.", None
        held.job = _job_of(held, user_id=by.pk if by else None, send=send)
        try:
            with transaction.atomic():
                held.save(update_fields=["state", "message", "finished_at", "job"])
        except IntegrityError:
            raise SameRunElsewhere(number=held.number, other=held.number) from None
        audit.record(
            actor_id=by.pk if by else None,
            action="training_resumed",
            study_slug=held.study.slug,
            target=str(held.pk),
            number=held.number,
            step=held.step,
        )
    return held


@jobs.undoes(KIND)
def ended_without_model(job: Job) -> None:
    """The job ended failed or cancelled: so does its run, and whoever waits for it hears so."""
    run = TrainingRun.objects.select_for_update(of=("self",)).filter(job=job, state__in=UNDER_WAY).first()
    if run is None:
        return
    was_cancelled = job.state == "cancelled"
    run.state = RunState.CANCELLED if was_cancelled else RunState.FAILED
    run.finished_at = job.finished_at
    run.message = f"Stopped at step {run.step}; it can go on from its checkpoint." if was_cancelled else job.message
    run.save(update_fields=["state", "finished_at", "message"])
    audit.record(
        actor_id=job.created_by_id,
        action="training_ended",
        study_slug=job.study_slug,
        target=str(run.pk),
        number=run.number,
        state=run.state,
        reason=job.message,
    )
    announce_end(run)


def announce_end(run: TrainingRun) -> None:
    """Tell the study's webhooks how the run ended; in the caller's transaction."""
    payload: dict[str, Any] = {
        "run": str(run.pk),
        "number": run.number,
        "state": run.state,
        "message": run.message,
        "model_version": str(run.model_version_id) if run.model_version_id else None,
    }
    webhooks.announce(study_slug=run.study.slug, event="run.finished", payload=payload)


def _job_of(run: TrainingRun, *, user_id: int | None, send: bool) -> Job:
    payload: dict[str, object] = {"run": str(run.pk), "needs_gpu": needs_gpu(run.preset)}
    return jobs.start(
        kind=KIND, payload=payload, user_id=user_id, study_slug=run.study.slug, total=run.steps, send=send
    )


def _model_of(study: Study, base: bases.Base | None, by: User | None) -> ModelVersion | None:
    return None if base is None else bases.taken_in(study, base, by)


def run_by_id(run_id: UUID) -> TrainingRun:
    """The run with its study, release and base, for a worker."""
    return TrainingRun.objects.select_related("study", "release__study", "base", "created_by").get(pk=run_id)
