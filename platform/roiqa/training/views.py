"""Doors of training: start runs, watch them, stop them, let them go on; the rule that starts them by itself."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core.pagination import Pagination
from roiqa.core.schema import NAMES_OTHERS
from roiqa.core.strict import NoFields
from roiqa.releases.models import Release, ReleaseState
from roiqa.studies.access import STAFF, signed_in, study_for
from roiqa.studies.image_views import filters_of
from roiqa.training import bases, live, options, retraining, serializers, services
from roiqa.training.estimates import estimate
from roiqa.training.models import TrainingRun
from roiqa.training.planning import Plan, plan_run
from roiqa.training.selectors import points_of, rule_of, run_for, runs_of, samples_of


class NewestFirst(Pagination):
    ordering = "-created_at"


def _planned(request: Request) -> tuple[Plan, str]:
    """The run that the body asks for, and its note. Raises NotFound, NotAllowed, BadRun."""
    body = serializers.TrainingRunInput(data=request.data)
    body.is_valid(raise_exception=True)
    given = dict(body.validated_data)
    study = study_for(user=request.user, slug=given.pop("study"), roles=STAFF)
    note: str = given.pop("note")
    return plan_run(study=study, **given), note


class TrainingRunsView(generics.ListAPIView[TrainingRun]):
    serializer_class = serializers.TrainingRunSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> Any:
        query = serializers.TrainingRunsQuery(data=filters_of(self.request))
        query.is_valid(raise_exception=True)
        study = study_for(user=self.request.user, slug=query.validated_data["study"], roles=STAFF)
        return runs_of(study, state=query.validated_data.get("state"))

    @extend_schema(
        operation_id="list_training_runs",
        summary="A study's training runs, newest first (admins, ML engineers)",
        parameters=[serializers.TrainingRunsQuery],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="start_training_run",
        summary="Train on a release or a synthetic set (admins, ML engineers)",
        description="Queued for a worker; `ci` and `tiny` train anywhere, others wait for a GPU. 200 with the run that is "
        "queued, running or finished well when the same data and settings were asked for before.",
        request=serializers.TrainingRunInput,
        responses={201: serializers.TrainingRunSerializer, 200: serializers.TrainingRunSerializer},
        extensions={NAMES_OTHERS: True},
    )
    def post(self, request: Request) -> Response:
        plan, note = _planned(request)
        run, is_new = services.start_run(plan, by=signed_in(request.user), note=note)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(serializers.TrainingRunSerializer(run).data, status=code)


class EstimateView(APIView):
    @extend_schema(
        operation_id="estimate_training_run",
        summary="How long a run would take and how much memory it needs; nothing is started",
        request=serializers.TrainingRunInput,
        responses=serializers.RunEstimateSerializer,
        extensions={NAMES_OTHERS: True},
    )
    def post(self, request: Request) -> Response:
        plan, _ = _planned(request)
        return Response(serializers.RunEstimateSerializer(estimate(plan)).data)


class OptionsView(APIView):
    @extend_schema(
        operation_id="training_options",
        summary="What a run of this study can be made of",
        parameters=[serializers.StudyQuery],
        responses=serializers.OptionsSerializer,
    )
    def get(self, request: Request) -> Response:
        query = serializers.StudyQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        study = study_for(user=request.user, slug=query.validated_data["study"], roles=STAFF)
        ready = Release.objects.filter(study=study, state=ReleaseState.READY).order_by("-number")
        body = {
            "stages": options.stages(),
            "presets": options.presets(),
            "variants": options.variants(),
            "releases": [
                {
                    "id": release.pk,
                    "number": release.number,
                    "rois": release.counts["rois"],
                    "images": release.counts["images"],
                    "created_at": release.created_at,
                }
                for release in ready
            ],
            "synthetic_sets": options.synthetic_sets(),
            "bases": bases.bases_of(study),
            "workers": options.workers(),
        }
        return Response(serializers.OptionsSerializer(body).data)


class TrainingRunView(APIView):
    @extend_schema(
        operation_id="get_training_run", summary="A training run", responses=serializers.TrainingRunSerializer
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        return Response(serializers.TrainingRunSerializer(run_for(user=request.user, run_id=run_id)).data)


class CancelView(APIView):
    @extend_schema(
        operation_id="cancel_training_run",
        summary="Stop a run within a step; its checkpoint is kept",
        request=None,
        responses=serializers.TrainingRunSerializer,
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        run = services.cancel_run(run_for(user=request.user, run_id=run_id), by=signed_in(request.user))
        return Response(serializers.TrainingRunSerializer(run).data)


class ResumeView(APIView):
    @extend_schema(
        operation_id="resume_training_run",
        summary="Let a cancelled or failed run go on from its last checkpoint",
        request=None,
        responses=serializers.TrainingRunSerializer,
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        run = services.resume_run(run_for(user=request.user, run_id=run_id), by=signed_in(request.user))
        return Response(serializers.TrainingRunSerializer(run).data)


class PointsView(APIView):
    @extend_schema(
        operation_id="training_run_points", summary="The curve so far", responses=serializers.PointsSerializer
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        run = run_for(user=request.user, run_id=run_id)
        return Response({"points": points_of(run), "samples": samples_of(run)})


class EventStream(BaseContentNegotiation):
    """A browser's EventSource asks for text/event-stream, which no renderer of errors makes: those are JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        renderer: BaseRenderer = renderers[0]
        return renderer, renderer.media_type


class EventsView(APIView):
    content_negotiation_class = EventStream

    @extend_schema(
        operation_id="training_run_events",
        summary="The run while it goes on, as server-sent events",
        description="Events: `run` (the run), `point`, `log`, `sample`, and `end`, after which the line is closed.",
        parameters=[
            OpenApiParameter(
                "Last-Event-ID", OpenApiTypes.STR, OpenApiParameter.HEADER, description="Go on after this event."
            )
        ],
        responses={(200, "text/event-stream"): serializers.RunEventSerializer},
    )
    def get(self, request: Request, run_id: UUID) -> HttpResponseBase:
        run = run_for(user=request.user, run_id=run_id)
        last = request.headers.get("Last-Event-ID", "")
        after = int(last) if last.isascii() and last.isdecimal() and len(last) < 19 else 0
        return live.stream(request._request, live.Watch(run.pk, after=after))


class RetrainRuleView(APIView):
    @extend_schema(
        operation_id="get_retrain_rule",
        summary="When the study trains by itself, and why it does not now",
        responses=serializers.RetrainRuleSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        return Response(serializers.RetrainRuleSerializer(rule_of(study)).data)

    @extend_schema(
        operation_id="set_retrain_rule",
        summary="Set the rule; only an admin can let models be promoted by themselves",
        request=serializers.RetrainRuleInput,
        responses=serializers.RetrainRuleSerializer,
    )
    def put(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        body = serializers.RetrainRuleInput(data=request.data)
        body.is_valid(raise_exception=True)
        rule = retraining.set_rule(study, by=signed_in(request.user), **body.validated_data)
        return Response(serializers.RetrainRuleSerializer(rule).data)
