"""What a study asks before rating: set by its admins."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.studies.models import Membership, Study
from roiqa.studies.qualification import consent_text_of, item_count
from roiqa.studies.qualification_errors import RulesIncomplete
from roiqa.studies.qualification_models import ConsentText, ItemUse, QualificationRules

MIN_TRAINING_ITEMS = 10
MIN_QUIZ_ITEMS = 5


@transaction.atomic
def change_rules(*, study: Study, by: User, changes: Mapping[str, Any]) -> QualificationRules:
    """Change what is asked; a new consent text is a new version, to which everybody is asked again.

    Raises RulesIncomplete when something is asked for which there is no text or too few items.
    """
    held = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    rules, _ = QualificationRules.objects.get_or_create(study=held)
    settings = dict(changes)
    text = settings.pop("consent_text", None)
    before = {name: getattr(rules, name) for name in settings}
    for name, value in settings.items():
        setattr(rules, name, value)
    changed = {name: value for name, value in settings.items() if value != before[name]}
    version = _new_text(held, text, by)
    _check_complete(rules, held)
    rules.save()
    if changed or version is not None:
        raise_version(held, rules)
        audit.record(
            actor_id=by.pk,
            action="qualification_changed",
            study_slug=held.slug,
            target=held.slug,
            before={name: before[name] for name in changed},
            after=changed,
            consent_version=version,
        )
    study.qualification_version = held.qualification_version
    return rules


def _new_text(study: Study, text: str | None, by: User) -> int | None:
    present = consent_text_of(study)
    if text is None or text == (present.text if present else ""):
        return None
    version = present.version + 1 if present else 1
    ConsentText.objects.create(study=study, version=version, text=text, created_by=by)
    return version


def _check_complete(rules: QualificationRules, study: Study) -> None:
    text = consent_text_of(study)
    if rules.ask_consent and (text is None or not text.text.strip()):
        raise RulesIncomplete("consent_text", "Write what people agree to before you ask them to agree.")
    for asked, use, least in (
        ("ask_training", ItemUse.TRAINING, MIN_TRAINING_ITEMS),
        ("ask_quiz", ItemUse.QUIZ, MIN_QUIZ_ITEMS),
    ):
        there = item_count(study, use)
        if getattr(rules, asked) and there < least:
            raise RulesIncomplete(
                asked, f"The {use.value} has {there} ROIs, but needs at least {least}: choose more of them first."
            )


def raise_version(study: Study, rules: QualificationRules) -> None:
    """Make every annotator's next claim look at the rows again. Needs the study's lock.

    Never a number that somebody's copy still carries, also after everything was switched off for a while.
    """
    asks = rules.ask_consent or rules.ask_viewing or rules.ask_training or rules.ask_quiz
    seen = Membership.objects.filter(study=study).aggregate(highest=Max("qualified_version"))["highest"] or 0
    study.qualification_version = max(study.qualification_version, seen) + 1 if asks else 0
    study.save(update_fields=["qualification_version"])
