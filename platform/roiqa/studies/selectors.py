"""What a person can read of studies, members and jobs."""

from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from roiqa.accounts.models import User
from roiqa.core.models import Job
from roiqa.studies.access import studies_visible_to
from roiqa.studies.errors import JobNotFound
from roiqa.studies.models import Membership, Role, Study, StudyImage, StudyROI


def studies_of(user: User) -> QuerySet[Study]:
    """The studies this person is a member of, with `my_roles`, `image_count` and `roi_count`."""
    mine = Membership.objects.filter(user=user, study=OuterRef("pk")).order_by("role")
    return studies_visible_to(user).annotate(
        my_roles=ArraySubquery(mine.values("role")),
        image_count=_rows_of_study(StudyImage.objects.filter(for_gold=False)),
        roi_count=_rows_of_study(StudyROI.objects.filter(is_gold=False)),
    )


def _rows_of_study(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().filter(study=OuterRef("pk")).values("study").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def members_of(study: Study) -> QuerySet[Membership]:
    return Membership.objects.filter(study=study).select_related("user").order_by("user__username", "role")


def job_for(*, user: User, job_id: UUID) -> Job:
    """A job this person started, or one of a study they are admin of. Raises JobNotFound otherwise."""
    administered = Membership.objects.filter(user=user, role=Role.ADMIN).values("study__slug")
    job = Job.objects.filter(Q(created_by=user) | Q(study_slug__in=administered), pk=job_id).first()
    if job is None:
        raise JobNotFound(job_id)
    return job


def jobs_of(study: Study, *, kind: str = "") -> QuerySet[Job]:
    jobs = Job.objects.filter(study_slug=study.slug)
    return jobs.filter(kind=kind) if kind else jobs
