"""Doors to long-running jobs. They stand here, not in `core`, because a study's admins may see its jobs."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.core import audit, jobs
from roiqa.core.models import Job
from roiqa.core.serializers import JobSerializer
from roiqa.core.strict import NoFields
from roiqa.studies.access import study_for
from roiqa.studies.image_views import filters_of
from roiqa.studies.models import Role
from roiqa.studies.selectors import job_for, jobs_of
from roiqa.studies.serializers import JobsQuery


class JobView(APIView):
    @extend_schema(operation_id="get_job", summary="A job's progress and report", responses=JobSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(JobSerializer(job_for(user=signed_in(request.user), job_id=job_id)).data)


class CancelJobView(APIView):
    @extend_schema(
        operation_id="cancel_job",
        summary="Ask a job to stop; what it finished until then is kept",
        request=None,
        responses=JobSerializer,
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        user = signed_in(request.user)
        job = job_for(user=user, job_id=job_id)
        jobs.cancel(job=job)
        audit.record(actor_id=user.pk, action="job_cancelled", study_slug=job.study_slug, target=str(job.pk))
        job.refresh_from_db()
        return Response(JobSerializer(job).data)


class StudyJobsView(generics.ListAPIView[Job]):
    serializer_class = JobSerializer

    def get_queryset(self) -> Any:
        study = study_for(user=self.request.user, slug=self.kwargs["slug"], roles={Role.ADMIN})
        query = JobsQuery(data=filters_of(self.request))
        query.is_valid(raise_exception=True)
        return jobs_of(study, **query.validated_data)

    @extend_schema(operation_id="list_jobs", summary="The study's jobs, newest first (admins)", parameters=[JobsQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)
