"""The checks on annotators and the stopping rule of a study: read and changed apart from the protocol that all may see.

Annotators never see them: how often a gold comes, or that an ROI is asked about again, is nobody's business who rates.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db import connection, transaction

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.core.errors import Invalid
from roiqa.studies.models import Study

CHECKS: Final = ("gold_every", "repeat_every", "warm_up_rois", "break_after_minutes", "break_after_rois")
STOPPING: Final = ("adaptive_votes", "most_votes", "half_width", "ask_on_near_ties")
# The stopping rule begins with the least number of votes that its interval means something for.
FEWEST_ADAPTIVE: Final = 7

# Asked anew from the votes there are: what an earlier rule asked for and nobody has answered is taken back.
_ASK_ANEW = """
WITH locked AS (
  SELECT id FROM studies_studyroi WHERE study_id = %(study)s AND NOT is_gold ORDER BY id FOR NO KEY UPDATE
)
UPDATE studies_studyroi r
SET raters_wanted = LEAST(r.raters_wanted, GREATEST(%(raters)s, r.n_accepted + r.n_active)),
    consensus_due = r.consensus_due OR r.n_accepted > 0
FROM locked WHERE r.id = locked.id
"""


@transaction.atomic
def change_checks(*, study: Study, by: User, changes: Mapping[str, Any]) -> Study:
    """Change some of CHECKS and STOPPING. A new stopping rule is applied to all ROIs at the next refresh of labels.

    Raises Invalid for a stopping rule that cannot be followed.
    """
    held = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    before = {name: getattr(held, name) for name in changes}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    for name, value in changed.items():
        setattr(held, name, value)
    check_stopping(held)
    if not changed:
        return held
    held.save(update_fields=list(changed))
    if not set(changed).isdisjoint(STOPPING):
        with connection.cursor() as cursor:
            cursor.execute(_ASK_ANEW, {"study": held.pk, "raters": held.raters_per_roi})
    audit.record(
        actor_id=by.pk,
        action="study_changed",
        study_slug=held.slug,
        target=held.slug,
        before={name: before[name] for name in changed},
        after=changed,
    )
    return held


def check_stopping(study: Study) -> None:
    """Raises Invalid (`stopping_rule_impossible`) where the study's stopping rule cannot be followed."""
    if not study.adaptive_votes:
        return
    if study.raters_per_roi < FEWEST_ADAPTIVE:
        detail = (
            f"Every ROI gets {study.raters_per_roi} votes, and the stopping rule needs {FEWEST_ADAPTIVE} to begin with: "
            "raise the raters per ROI first."
        )
        raise Invalid(detail, code="stopping_rule_impossible", fields={"adaptive_votes": [detail]})
    if study.most_votes < study.raters_per_roi:
        detail = f"At most {study.most_votes} votes is fewer than the {study.raters_per_roi} that every ROI gets."
        raise Invalid(detail, code="stopping_rule_impossible", fields={"most_votes": [detail]})
