"""The baseline: claim and submit as annotation tools commonly do them, on the same tables, server and log-in.

The claim counts the annotations of every ROI, keeps those that want more, orders them at random and takes the first.
It locks nothing, so that two annotators at once can overfill an ROI: what is compared is the time alone.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q
from django.urls import path
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.config.urls import urlpatterns as platform_urls
from roiqa.ratings import serializers
from roiqa.ratings.models import Assignment, AssignmentState, Rating, RatingStatus
from roiqa.studies.access import signed_in, study_for
from roiqa.studies.models import StudyROI


class PlainClaimView(APIView):
    @transaction.atomic
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request.user)
        study = study_for(user=user, slug=slug)
        mine = Assignment.objects.filter(study=study, annotator=user).values("study_roi")
        annotated = Count("assignments", filter=~Q(assignments__state=AssignmentState.EXPIRED))
        waiting = StudyROI.objects.filter(study=study).annotate(annotations=annotated)
        waiting = waiting.filter(annotations__lt=F("raters_wanted")).exclude(pk__in=mine)
        study_roi = waiting.order_by("?").select_related("roi", "image").first()
        if study_roi is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        assignment = Assignment.objects.create(
            study=study,
            study_roi=study_roi,
            annotator=user,
            position=1,
            lease_expires_at=timezone.now() + timedelta(minutes=study.lease_minutes),
        )
        return Response(serializers.AssignmentSerializer(assignment).data, status=status.HTTP_201_CREATED)


class PlainSubmitView(APIView):
    @transaction.atomic
    def post(self, request: Request, assignment_id: UUID) -> Response:
        body = serializers.RatingInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        assignment = Assignment.objects.select_related("study", "study_roi").get(
            pk=assignment_id, annotator=signed_in(request.user)
        )
        rating = Rating.objects.create(
            study=assignment.study,
            study_roi=assignment.study_roi,
            annotator=assignment.annotator,
            assignment=assignment,
            client_key=request.headers["Idempotency-Key"],
            status=RatingStatus.ACCEPTED,
            telemetry=body.validated_data["telemetry"],
            **body.answer().columns(),
        )
        assignment.state, assignment.finished_at = AssignmentState.SUBMITTED, timezone.now()
        assignment.save()
        ratings = Rating.objects.filter(study_roi=assignment.study_roi, is_current=True)
        assignment.study_roi.n_accepted = ratings.count()
        assignment.study_roi.save()
        return Response(serializers.RatingSerializer(rating).data, status=status.HTTP_201_CREATED)


urlpatterns = [
    path("plain/studies/<slug:slug>/assignments/", PlainClaimView.as_view()),
    path("plain/assignments/<uuid:assignment_id>/rating/", PlainSubmitView.as_view()),
    *platform_urls,
]
