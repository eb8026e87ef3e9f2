"""Doors of admins to the ROIs of training and quiz."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.consensus import training_items
from roiqa.core.strict import StrictSerializer, Text
from roiqa.studies import training
from roiqa.studies.access import signed_in, study_for
from roiqa.studies.models import Role, StudyROI
from roiqa.studies.qualification_models import ItemUse
from roiqa.studies.qualification_serializers import PictureOfItem, ReferenceInput, TrainingItemSerializer


class TrainingItemInput(StrictSerializer):
    roi = serializers.UUIDField()
    use = serializers.ChoiceField(choices=ItemUse.choices)
    reference = ReferenceInput(required=False, allow_null=True, default=None, help_text="Left out: the ROI's label.")
    explanation = Text(max_length=2000, default="", allow_blank=True, help_text="Told after the answer, in training.")


class CandidatesQuery(serializers.Serializer[Any]):
    labelled = serializers.BooleanField(default=True, help_text="false: ROIs that nobody has rated.")


class TrainingCandidateSerializer(PictureOfItem):
    file_name = serializers.CharField()
    reference = serializers.SerializerMethodField(help_text="The ROI's label as levels of the form; null without one.")
    n = serializers.IntegerField(source="n_accepted")

    @staticmethod
    def item_of(shown: Any) -> Any:
        return _Place(shown)

    def get_reference(self, study_roi: StudyROI) -> dict[str, int] | None:
        consensus = getattr(study_roi, "consensus", None)
        return training_items.reference_of(consensus) if consensus else None


class _Place:
    """An ROI that is no item yet, as PictureOfItem reads items."""

    def __init__(self, study_roi: StudyROI) -> None:
        self.study_roi = study_roi


class TrainingItemsView(APIView):
    @extend_schema(
        operation_id="list_training_items",
        summary="The ROIs of training and quiz with their references (admins)",
        responses=TrainingItemSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        return Response(TrainingItemSerializer(training.items_of(study), many=True).data)

    @extend_schema(
        operation_id="add_training_item",
        summary="Make an ROI a training or quiz item; it is given to nobody to rate any more (admins)",
        request=TrainingItemInput,
        responses={201: TrainingItemSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = TrainingItemInput(data=request.data)
        given.is_valid(raise_exception=True)
        fields = dict(given.validated_data)
        item = training_items.add_item(study=study, roi_id=fields.pop("roi"), by=signed_in(request.user), **fields)
        shown = training.items_of(study).get(pk=item.pk)
        return Response(TrainingItemSerializer(shown).data, status=status.HTTP_201_CREATED)


class CandidatesView(generics.ListAPIView[StudyROI]):
    serializer_class = TrainingCandidateSerializer

    def get_queryset(self) -> Any:
        study = study_for(user=self.request.user, slug=self.kwargs["slug"], roles={Role.ADMIN})
        query = CandidatesQuery(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        return training_items.candidates(study=study, **query.validated_data)

    @extend_schema(
        operation_id="list_training_candidates",
        summary="ROIs that can become training or quiz items (admins)",
        parameters=[CandidatesQuery],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)
