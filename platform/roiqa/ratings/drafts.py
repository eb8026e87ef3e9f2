"""Drafts: what is on an annotator's form before it is submitted, with a revision so that no tab overwrites a newer one."""

from uuid import UUID

from django.db import transaction

from roiqa.accounts.models import User
from roiqa.ratings.errors import AssignmentNotFound, DraftConflict, NotActive
from roiqa.ratings.models import Assignment, AssignmentState


@transaction.atomic
def save_draft(*, user: User, assignment_id: UUID, revision: int, draft: dict[str, object]) -> int:
    """Store revision `revision` of the draft if it follows the stored one; answers the stored revision.

    Sending the stored revision again with the same content is harmless. A draft outlives its lease, so that an
    annotator who comes back late finds it. Raises DraftConflict (carrying the stored draft), NotActive.
    """
    assignment = Assignment.objects.select_for_update().filter(pk=assignment_id, annotator=user).first()
    if assignment is None:
        raise AssignmentNotFound(assignment_id)
    if assignment.state not in {AssignmentState.ACTIVE, AssignmentState.EXPIRED}:
        raise NotActive(assignment.state)
    if revision == assignment.draft_revision and draft == assignment.draft:
        return revision
    if revision != assignment.draft_revision + 1:
        raise DraftConflict(sent=revision, revision=assignment.draft_revision, draft=assignment.draft)
    assignment.draft, assignment.draft_revision = draft, revision
    assignment.save(update_fields=["draft", "draft_revision"])
    return revision
