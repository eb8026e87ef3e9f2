"""Training and quiz: ROIs with a reference answer. Feedback is given in training only."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.images.models import Split
from roiqa.studies import judging
from roiqa.studies.models import Membership, Study, StudyROI
from roiqa.studies.qualification import annotator_in, own_row, require_steps_before, rules_of
from roiqa.studies.qualification_errors import ItemNotFound, ItemUnfit, NoTriesLeft, QuizPassed
from roiqa.studies.qualification_models import ItemUse, Qualification, TrainingAnswer, TrainingItem
from roiqa.studies.qualification_rules import MIN_QUIZ_ITEMS, MIN_TRAINING_ITEMS


@transaction.atomic
def add_item(
    *,
    study: Study,
    roi_id: UUID,
    use: ItemUse,
    reference: Mapping[str, int],
    explanation: str,
    from_consensus: bool,
    by: User,
) -> TrainingItem:
    """Make an ROI a training or quiz item; from then on nobody is given it to rate.

    Raises ItemUnfit for ROIs of the test split, golds, and those in use already or in somebody's hands.
    """
    study_roi = (
        StudyROI.objects.select_for_update(of=("self",), no_key=True)
        .select_related("image", "roi")
        .filter(study=study, roi_id=roi_id)
        .first()
    )
    if study_roi is None:
        raise ItemUnfit(f"There is no ROI {roi_id} in {study.slug!r}.")
    if study_roi.image.split == Split.TEST:
        raise ItemUnfit("This ROI is in the test split: what people learn on must not be what models are tested on.")
    if study_roi.is_gold:
        raise ItemUnfit("This ROI is a gold, and golds are never explained: choose another.")
    if study_roi.is_training:
        raise ItemUnfit("This ROI is a training or quiz item already.")
    if study_roi.n_active:
        raise ItemUnfit("Somebody is rating this ROI at this moment: choose another, or try again later.")
    study_roi.is_training = True
    study_roi.save(update_fields=["is_training"])
    item = TrainingItem.objects.create(
        study=study,
        study_roi=study_roi,
        use=use,
        reference=dict(reference),
        explanation=explanation,
        from_consensus=from_consensus,
        created_by=by,
    )
    audit.record(actor_id=by.pk, action="training_item_added", study_slug=study.slug, target=str(item.pk), use=use)
    return item


@transaction.atomic
def change_item(*, study: Study, item_id: UUID, explanation: str) -> TrainingItem:
    """Change what is told after the answer. Raises ItemNotFound."""
    item = items_of(study).filter(pk=item_id).first()
    if item is None:
        raise ItemNotFound(item_id)
    item.explanation = explanation
    item.save(update_fields=["explanation"])
    return item


@transaction.atomic
def remove_item(*, study: Study, item_id: UUID, by: User) -> None:
    """Take an item out. Its ROI stays out of rating when anybody has been shown the reference.

    Raises ItemNotFound, ItemUnfit when training or quiz would be left with too few.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    item = TrainingItem.objects.select_related("study_roi").filter(study=study, pk=item_id).first()
    if item is None:
        raise ItemNotFound(item_id)
    rules = rules_of(study)
    asked, least = (
        (rules.ask_training, MIN_TRAINING_ITEMS) if item.use == ItemUse.TRAINING else (rules.ask_quiz, MIN_QUIZ_ITEMS)
    )
    left = TrainingItem.objects.filter(study=study, use=item.use).count() - 1
    if asked and left < least:
        raise ItemUnfit(f"The {item.use} needs at least {least} ROIs: add another before you remove this one.")
    shown = item.use == ItemUse.TRAINING and item.answers.exists()
    if not shown:
        StudyROI.objects.filter(pk=item.study_roi_id).update(is_training=False)
    item.delete()
    audit.record(actor_id=by.pk, action="training_item_removed", study_slug=study.slug, target=str(item_id))


def items_of(study: Study) -> QuerySet[TrainingItem]:
    return (
        TrainingItem.objects.filter(study=study)
        .select_related("study_roi__roi", "study_roi__image")
        .annotate(answered=Count("answers"))
        .order_by("created_at", "pk")
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as its annotator has it: with the own answer in it, and its verdicts where these are told."""

    item: TrainingItem
    answer: dict[str, int] | None
    verdicts: list[judging.Verdict] | None
    right: bool | None


def training_of(*, user: User, slug: str) -> list[Asked]:
    """The training items in the admin's order, those answered with their feedback. Raises QualificationRequired."""
    membership = annotator_in(user=user, slug=slug)
    require_steps_before("training", membership=membership)
    given = {
        row.item_id: row for row in TrainingAnswer.objects.filter(membership=membership, item__use=ItemUse.TRAINING)
    }
    return [
        _with_feedback(item, given.get(item.pk)) for item in items_of(membership.study).filter(use=ItemUse.TRAINING)
    ]


def _with_feedback(item: TrainingItem, row: TrainingAnswer | None) -> Asked:
    if row is None:
        return Asked(item, None, None, None)
    return Asked(item, row.answer, judging.verdicts(answer=row.answer, reference=item.reference), row.right)


@transaction.atomic
def answer_training(*, user: User, slug: str, item_id: UUID, answer: Mapping[str, int]) -> Asked:
    """Answer one training item and learn how it was meant. The first answer stays. Raises ItemNotFound."""
    membership = annotator_in(user=user, slug=slug, lock=True)
    require_steps_before("training", membership=membership)
    item = _item(membership.study, item_id, ItemUse.TRAINING)
    row = _store(membership, item, answer, attempt=0)
    items = set(TrainingItem.objects.filter(study=membership.study, use=ItemUse.TRAINING).values_list("pk", flat=True))
    done = set(TrainingAnswer.objects.filter(membership=membership, attempt=0).values_list("item_id", flat=True))
    own = own_row(membership)
    if items <= done and own.trained_at is None:
        own.trained_at = timezone.now()
        own.save(update_fields=["trained_at"])
    return _with_feedback(item, row)


def _item(study: Study, item_id: UUID, use: ItemUse) -> TrainingItem:
    item = items_of(study).filter(pk=item_id, use=use).first()
    if item is None:
        raise ItemNotFound(item_id)
    return item


def _store(membership: Membership, item: TrainingItem, answer: Mapping[str, int], *, attempt: int) -> TrainingAnswer:
    right = judging.is_right(judging.verdicts(answer=answer, reference=item.reference))
    row, _ = TrainingAnswer.objects.get_or_create(
        membership=membership, item=item, attempt=attempt, defaults={"answer": dict(answer), "right": right}
    )
    return row


@dataclass(frozen=True, slots=True)
class Quiz:
    """The present try: its items in this person's order, which are answered, and how the last finished try went."""

    number: int
    tries_left: int
    items: list[Asked]
    passed: bool
    last_percent: float | None
    pass_percent: int


def quiz_of(*, user: User, slug: str) -> Quiz:
    """Raises QualificationRequired when training comes first, NoTriesLeft."""
    membership = annotator_in(user=user, slug=slug)
    require_steps_before("quiz", membership=membership)
    return _quiz(membership)


def _quiz(membership: Membership) -> Quiz:
    own = Qualification.objects.filter(membership=membership).first() or Qualification(membership=membership)
    rules = rules_of(membership.study)
    tries = rules.quiz_tries + own.quiz_extra
    number = own.quiz_failed + 1
    if own.quiz_passed_at is None and number > tries:
        raise NoTriesLeft(tries)
    rows = TrainingAnswer.objects.filter(membership=membership, attempt=number)
    answered = dict(rows.values_list("item_id", "answer"))
    items = sorted(items_of(membership.study).filter(use=ItemUse.QUIZ), key=lambda i: _place(membership, number, i.pk))
    return Quiz(
        number=number,
        tries_left=tries - own.quiz_failed,
        items=[Asked(item, answered.get(item.pk), None, None) for item in items],
        passed=own.quiz_passed_at is not None,
        last_percent=own.quiz_percent,
        pass_percent=rules.quiz_pass_percent,
    )


def _place(membership: Membership, number: int, item_id: UUID) -> bytes:
    return hashlib.blake2b(f"{membership.order_seed}:quiz:{number}:{item_id}".encode(), digest_size=8).digest()


@transaction.atomic
def answer_quiz(*, user: User, slug: str, item_id: UUID, answer: Mapping[str, int]) -> Quiz:
    """Answer one item of the quiz; the last one ends the try. Nothing is told of single items, ever.

    Answers the quiz as it is then: after a failed try that is the next one, its items unanswered.
    Raises ItemNotFound, NoTriesLeft, QuizPassed.
    """
    membership = annotator_in(user=user, slug=slug, lock=True)
    require_steps_before("quiz", membership=membership)
    before = _quiz(membership)
    if before.passed:
        raise QuizPassed
    _store(membership, _item(membership.study, item_id, ItemUse.QUIZ), answer, attempt=before.number)
    asked = {one.item.pk for one in before.items}
    rows = TrainingAnswer.objects.filter(membership=membership, attempt=before.number, item_id__in=asked)
    rights = list(rows.values_list("right", flat=True))
    if len(rights) == len(asked):
        _finish(membership, right=sum(rights), items=len(asked))
    return _quiz_after(membership)


def _finish(membership: Membership, *, right: int, items: int) -> None:
    own = own_row(membership)
    own.quiz_percent = 100 * right / items
    if judging.passes(right=right, items=items, percent=rules_of(membership.study).quiz_pass_percent):
        own.quiz_passed_at = timezone.now()
    else:
        own.quiz_failed += 1
    own.save(update_fields=["quiz_percent", "quiz_passed_at", "quiz_failed"])


def _quiz_after(membership: Membership) -> Quiz:
    """As `_quiz`; when the last try has just failed, an empty quiz without tries."""
    try:
        return _quiz(membership)
    except NoTriesLeft:
        own = own_row(membership)
        rules = rules_of(membership.study)
        return Quiz(own.quiz_failed, 0, [], False, own.quiz_percent, rules.quiz_pass_percent)


@transaction.atomic
def give_tries(*, study: Study, member_id: UUID, by: User) -> Qualification:
    """As many tries at the quiz again as the rules give. Raises ItemNotFound for somebody who is no annotator here."""
    membership = Membership.objects.select_for_update(no_key=True).filter(study=study, pk=member_id).first()
    if membership is None:
        raise ItemNotFound(member_id)
    own = own_row(membership)
    own.quiz_extra = own.quiz_failed
    own.save(update_fields=["quiz_extra"])
    audit.record(actor_id=by.pk, action="quiz_tries_given", study_slug=study.slug, target=str(member_id))
    return own
