"""Doors of annotators to what comes before rating: standing, consent, viewing check, training, quiz."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.studies import qualification, training, viewing
from roiqa.studies import qualification_serializers as shapes
from roiqa.studies.access import signed_in


class StandingView(APIView):
    @extend_schema(
        operation_id="get_qualification",
        summary="What the study asks of you before you rate, and what of it is done",
        parameters=[shapes.StandingQuery],
        responses=shapes.StandingSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = shapes.StandingQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        membership = qualification.annotator_in(user=signed_in(request.user), slug=slug)
        rules = qualification.rules_of(membership.study)
        standing = qualification.standing_of(membership, viewing_check=query.validated_data.get("viewing_check"))
        names = {step.name for step in standing.steps}
        answer = {
            "next": standing.next,
            "steps": standing.steps,
            "consent": qualification.consent_text_of(membership.study) if "consent" in names else None,
            "checks": viewing.good_checks(membership=membership, rules=rules) if "viewing_check" in names else [],
            "recheck_days": rules.recheck_days,
        }
        return Response(shapes.StandingSerializer(answer).data)


class ConsentView(APIView):
    @extend_schema(
        operation_id="give_consent",
        summary="Agree to the study's text",
        request=shapes.ConsentInput,
        responses={204: None},
    )
    def post(self, request: Request, slug: str) -> Response:
        given = shapes.ConsentInput(data=request.data)
        given.is_valid(raise_exception=True)
        qualification.give_consent(user=signed_in(request.user), slug=slug, **given.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="withdraw_consent",
        summary="Take your consent back: you are given nothing more to rate",
        responses={204: None},
    )
    def delete(self, request: Request, slug: str) -> Response:
        qualification.withdraw_consent(user=signed_in(request.user), slug=slug)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ViewingChecksView(APIView):
    @extend_schema(
        operation_id="begin_viewing_check",
        summary="Begin a check of the screen you rate on",
        request=shapes.ScreenInput,
        responses={201: shapes.BegunCheckSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        membership = qualification.annotator_in(user=signed_in(request.user), slug=slug)
        qualification.require_steps_before("viewing_check", membership=membership)
        given = shapes.ScreenInput(data=request.data)
        given.is_valid(raise_exception=True)
        check = viewing.begin(membership=membership, screen=given.screen())
        return Response(shapes.BegunCheckSerializer(check).data, status=status.HTTP_201_CREATED)


class ViewingPictureView(APIView):
    @extend_schema(
        operation_id="get_viewing_picture",
        summary="One picture of your viewing check, until it is answered",
        responses={(200, "image/png"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, check_id: UUID, picture: str) -> HttpResponse:
        check = viewing.own_check(user_id=signed_in(request.user).pk, check_id=check_id)
        response = HttpResponse(viewing.picture_of(check, picture).png(), content_type="image/png")
        response["Cache-Control"] = "private, max-age=3600, immutable"
        return response


class ViewingAnswerView(APIView):
    @extend_schema(
        operation_id="answer_viewing_check",
        summary="Say what you saw",
        request=shapes.SeenInput,
        responses=shapes.CheckResultSerializer,
    )
    def post(self, request: Request, check_id: UUID) -> Response:
        user = signed_in(request.user)
        begun = viewing.own_check(user_id=user.pk, check_id=check_id)
        given = shapes.SeenInput(data=request.data)
        given.is_valid(raise_exception=True)
        rules = qualification.rules_of(begun.membership.study)
        check = viewing.answer(user_id=user.pk, check_id=check_id, seen=given.seen(), rules=rules)
        return Response(shapes.CheckResultSerializer(shapes.check_result(check, rules)).data)


class TrainingView(APIView):
    @extend_schema(
        operation_id="list_training",
        summary="The ROIs you train on; those answered with their references",
        responses=shapes.TrainedSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        items = training.training_of(user=signed_in(request.user), slug=slug)
        return Response(shapes.TrainedSerializer(items, many=True).data)


class TrainingAnswerView(APIView):
    @extend_schema(
        operation_id="answer_training",
        summary="Answer a training item and see how it was meant; the first answer stays",
        request=shapes.LevelsInput,
        responses=shapes.TrainedSerializer,
    )
    def post(self, request: Request, slug: str, item_id: UUID) -> Response:
        given = shapes.LevelsInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked = training.answer_training(
            user=signed_in(request.user), slug=slug, item_id=item_id, answer=given.validated_data
        )
        return Response(shapes.TrainedSerializer(asked).data)


class QuizView(APIView):
    @extend_schema(operation_id="get_quiz", summary="Your present try at the quiz", responses=shapes.QuizSerializer)
    def get(self, request: Request, slug: str) -> Response:
        quiz = training.quiz_of(user=signed_in(request.user), slug=slug)
        return Response(shapes.QuizSerializer(quiz).data)


class QuizAnswerView(APIView):
    @extend_schema(
        operation_id="answer_quiz",
        summary="Answer a quiz item; the last one ends the try",
        request=shapes.LevelsInput,
        responses=shapes.QuizSerializer,
    )
    def post(self, request: Request, slug: str, item_id: UUID) -> Response:
        given = shapes.LevelsInput(data=request.data)
        given.is_valid(raise_exception=True)
        quiz = training.answer_quiz(
            user=signed_in(request.user), slug=slug, item_id=item_id, answer=given.validated_data
        )
        return Response(shapes.QuizSerializer(quiz).data)
