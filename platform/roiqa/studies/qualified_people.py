"""How far everybody is with what a study asks before rating, for its admins."""

from typing import Any

from roiqa.studies.models import Membership, Role, Study
from roiqa.studies.qualification import rules_of
from roiqa.studies.qualification_models import Consent, Qualification, ViewingCheck


def people_of(study: Study) -> list[dict[str, Any]]:
    """One row per annotator, by user name, in four queries whatever their number."""
    rules = rules_of(study)
    members = list(
        Membership.objects.filter(study=study, role=Role.ANNOTATOR).select_related("user").order_by("user__username")
    )
    consents = {
        consent.membership_id: consent
        for consent in Consent.objects.filter(membership__study=study, withdrawn_at=None)
        .select_related("text")
        .order_by("text__version")
    }
    checks = {
        check.membership_id: check
        for check in ViewingCheck.objects.filter(membership__study=study)
        .exclude(answered_at=None)
        .order_by("membership", "-answered_at")
        .distinct("membership")
    }
    states = {row.membership_id: row for row in Qualification.objects.filter(membership__study=study)}
    return [
        _row(member, consents.get(member.pk), checks.get(member.pk), states.get(member.pk), rules.quiz_tries)
        for member in members
    ]


def _row(
    member: Membership, consent: Consent | None, check: ViewingCheck | None, state: Qualification | None, tries: int
) -> dict[str, Any]:
    state = state or Qualification(membership=member)
    return {
        "member": member.pk,
        "username": member.user.username,
        "consent_version": consent.text.version if consent else None,
        "consent_at": consent.given_at if consent else None,
        "viewing_at": check.answered_at if check else None,
        "viewing_passed": check.passed if check else None,
        "viewing_problems": check.problems if check else [],
        "trained_at": state.trained_at,
        "quiz_passed_at": state.quiz_passed_at,
        "quiz_percent": state.quiz_percent,
        "tries_left": max(0, tries + state.quiz_extra - state.quiz_failed),
    }
