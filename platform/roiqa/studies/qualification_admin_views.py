"""Doors of admins to what their study asks before rating, and to how far people are."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core.strict import NoFields
from roiqa.studies import qualification, qualification_rules, training
from roiqa.studies import qualification_serializers as shapes
from roiqa.studies.access import signed_in, study_for
from roiqa.studies.models import Role, Study
from roiqa.studies.qualification_models import ItemUse
from roiqa.studies.qualified_people import people_of


def _rules_json(study: Study) -> dict[str, Any]:
    rules = qualification.rules_of(study)
    text = qualification.consent_text_of(study)
    shown = {
        **{field.name: getattr(rules, field.name) for field in rules._meta.fields if field.name != "study"},
        "consent_text": text.text if text else "",
        "consent_version": text.version if text else 0,
        "training_items": qualification.item_count(study, ItemUse.TRAINING),
        "quiz_items": qualification.item_count(study, ItemUse.QUIZ),
        "min_training_items": qualification_rules.MIN_TRAINING_ITEMS,
        "min_quiz_items": qualification_rules.MIN_QUIZ_ITEMS,
    }
    return dict(shapes.RulesSerializer(shown).data)


class RulesView(APIView):
    @extend_schema(
        operation_id="get_qualification_rules",
        summary="What the study asks before rating (admins)",
        responses=shapes.RulesSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(_rules_json(study_for(user=request.user, slug=slug, roles={Role.ADMIN})))

    @extend_schema(
        operation_id="change_qualification_rules",
        summary="Change what the study asks before rating (admins)",
        request=shapes.RulesInput,
        responses=shapes.RulesSerializer,
    )
    def patch(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = shapes.RulesInput(data=request.data)
        given.is_valid(raise_exception=True)
        qualification_rules.change_rules(study=study, by=signed_in(request.user), changes=given.validated_data)
        return Response(_rules_json(study))


class PeopleView(APIView):
    @extend_schema(
        operation_id="list_qualified_people",
        summary="How far each annotator is with what the study asks (admins)",
        responses=shapes.QualifiedPersonSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        return Response(shapes.QualifiedPersonSerializer(people_of(study), many=True).data)


class TriesView(APIView):
    @extend_schema(
        operation_id="give_quiz_tries",
        summary="Give an annotator fresh tries at the quiz (admins)",
        request=NoFields,
        responses={204: None},
    )
    def post(self, request: Request, slug: str, member_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        NoFields(data=request.data).is_valid(raise_exception=True)
        training.give_tries(study=study, member_id=member_id, by=signed_in(request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ItemView(APIView):
    @extend_schema(
        operation_id="change_training_item",
        summary="Change what is told after the answer (admins)",
        request=shapes.ItemChangeInput,
        responses=shapes.TrainingItemSerializer,
    )
    def patch(self, request: Request, slug: str, item_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = shapes.ItemChangeInput(data=request.data)
        given.is_valid(raise_exception=True)
        item = training.change_item(study=study, item_id=item_id, **given.validated_data)
        return Response(shapes.TrainingItemSerializer(item).data)

    @extend_schema(
        operation_id="remove_training_item",
        summary="Take an ROI out of training or quiz (admins)",
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, item_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        training.remove_item(study=study, item_id=item_id, by=signed_in(request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
