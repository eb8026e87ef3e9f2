"""Who may rate: consent, viewing check, training and quiz, as far as the study asks for them.

The claim asks at every click, so its answer is kept on the membership that the claim has locked anyway: valid for one
state of the study's rules, up to a time, on one screen. Only when that copy does not hold are the rows read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core.errors import NotAllowed, NotFound
from roiqa.studies.models import Membership, Role, Study
from roiqa.studies.qualification_errors import ConsentOutdated, NothingToAgree, QualificationRequired
from roiqa.studies.qualification_models import (
    Consent,
    ConsentText,
    ItemUse,
    Qualification,
    QualificationRules,
    TrainingItem,
    ViewingCheck,
)
from roiqa.studies.viewing import is_good

STEPS = ("consent", "viewing_check", "training", "quiz")
# Where nothing runs out by itself, the rows are read again after this time.
LOOK_AGAIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the study asks for. `blocked`: it cannot be done any more without an admin."""

    name: str
    done: bool
    done_at: datetime | None = None
    valid_until: datetime | None = None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    steps: tuple[Step, ...]

    @property
    def next(self) -> str | None:
        """The first step that is not done."""
        return next((step.name for step in self.steps if not step.done), None)


def annotator_in(*, user: User, slug: str, lock: bool = False) -> Membership:
    """The person's annotator row with its study. Raises NotFound for strangers, NotAllowed for members of other roles."""
    rows = Membership.objects.select_related("study")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    held = rows.filter(study__slug=slug, user=user, role=Role.ANNOTATOR).first()
    if held is not None:
        return held
    if Membership.objects.filter(study__slug=slug, user=user).exists():
        raise NotAllowed(f"Only annotators qualify; you are no annotator of {slug!r}.", code="not_an_annotator")
    raise NotFound(f"There is no study {slug!r} that you are a member of.", code="study_not_found")


def rules_of(study: Study) -> QualificationRules:
    """What the study asks; the defaults, unsaved, when no admin has said anything."""
    return QualificationRules.objects.filter(study=study).first() or QualificationRules(study=study)


def consent_text_of(study: Study) -> ConsentText | None:
    """The version that holds now."""
    return ConsentText.objects.filter(study=study).order_by("-version").first()


def standing_of(membership: Membership, *, viewing_check: UUID | None = None) -> Standing:
    """How far the person has come with everything that the study asks; `viewing_check` is that of the present screen."""
    study = membership.study
    if study.qualification_version == 0:
        return Standing(())
    rules = rules_of(study)
    own = Qualification.objects.filter(membership=membership).first() or Qualification(membership=membership)
    steps = []
    if rules.ask_consent:
        steps.append(_consent_step(membership))
    if rules.ask_viewing:
        steps.append(_viewing_step(membership, rules, viewing_check))
    if rules.ask_training:
        steps.append(Step("training", own.trained_at is not None, own.trained_at))
    if rules.ask_quiz:
        blocked = own.quiz_passed_at is None and own.quiz_failed >= rules.quiz_tries + own.quiz_extra
        steps.append(Step("quiz", own.quiz_passed_at is not None, own.quiz_passed_at, blocked=blocked))
    return Standing(tuple(steps))


def _consent_step(membership: Membership) -> Step:
    text = consent_text_of(membership.study)
    given = Consent.objects.filter(membership=membership, text=text, withdrawn_at=None).first() if text else None
    return Step("consent", given is not None, given.given_at if given else None)


def _viewing_step(membership: Membership, rules: QualificationRules, viewing_check: UUID | None) -> Step:
    check = (
        ViewingCheck.objects.filter(pk=viewing_check, membership=membership).first()
        if viewing_check is not None
        else None
    )
    if check is None or not is_good(check, rules):
        return Step("viewing_check", done=False)
    return Step("viewing_check", done=True, done_at=check.answered_at, valid_until=check.expires_at)


def require_qualified(*, membership: Membership, viewing_check: UUID | None = None) -> None:
    """Let pass who has done what the study asks. For the claim: the membership comes locked, with its study.

    Raises QualificationRequired with the step that is next.
    """
    version = membership.study.qualification_version
    if version == 0:
        return
    now = timezone.now()
    until = membership.qualified_until
    on_this_screen = membership.viewing_check_id is None or membership.viewing_check_id == viewing_check
    if membership.qualified_version == version and until is not None and until > now and on_this_screen:
        return
    standing = standing_of(membership, viewing_check=viewing_check)
    if standing.next is not None:
        raise QualificationRequired(standing.next)
    looked_at = any(step.name == "viewing_check" for step in standing.steps)
    membership.qualified_until = min(
        [now + LOOK_AGAIN, *(step.valid_until for step in standing.steps if step.valid_until is not None)]
    )
    membership.qualified_version = version
    membership.viewing_check_id = viewing_check if looked_at else None
    membership.save(update_fields=["qualified_until", "qualified_version", "viewing_check"])


def require_steps_before(step: str, *, membership: Membership, viewing_check: UUID | None = None) -> None:
    """Raises QualificationRequired when a step that comes before this one is not done.

    The viewing check is left to the claim: what is learned in training is as good on another screen.
    """
    for earlier in standing_of(membership, viewing_check=viewing_check).steps:
        if earlier.name == step:
            return
        if not earlier.done and earlier.name != "viewing_check":
            raise QualificationRequired(earlier.name)


@transaction.atomic
def give_consent(*, user: User, slug: str, version: int) -> Membership:
    """Agree to the present text. Agreeing again changes nothing. Raises ConsentOutdated, NothingToAgree."""
    membership = annotator_in(user=user, slug=slug, lock=True)
    text = consent_text_of(membership.study)
    if text is None or not rules_of(membership.study).ask_consent:
        raise NothingToAgree(slug)
    if text.version != version:
        raise ConsentOutdated(sent=version, present=text.version)
    Consent.objects.get_or_create(membership=membership, text=text, withdrawn_at=None)
    return membership


@transaction.atomic
def withdraw_consent(*, user: User, slug: str) -> None:
    """Take every consent in the study back: nothing more can be claimed until it is given again. Ratings stay."""
    membership = annotator_in(user=user, slug=slug, lock=True)
    Consent.objects.filter(membership=membership, withdrawn_at=None).update(withdrawn_at=timezone.now())
    forget(membership)


def forget(membership: Membership) -> None:
    """Have the next claim read the rows again."""
    membership.qualified_version = 0
    membership.qualified_until = None
    membership.save(update_fields=["qualified_version", "qualified_until"])


def own_row(membership: Membership) -> Qualification:
    """The person's row, made when it is not there. Needs the membership's lock."""
    return Qualification.objects.get_or_create(membership=membership)[0]


def item_count(study: Study, use: ItemUse) -> int:
    return TrainingItem.objects.filter(study=study, use=use).count()
