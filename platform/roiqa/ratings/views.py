"""Doors of the rating flow: claim, keep, draft, submit, skip, undo."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core.errors import Invalid
from roiqa.core.strict import NoFields
from roiqa.ratings import answers, claims, drafts, exclusion, leases, second_thoughts, selectors, serializers
from roiqa.ratings.assignments import own_assignment
from roiqa.studies.access import signed_in, study_for
from roiqa.studies.models import Role

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    required=True,
    description="One UUID per answer, the same on every retry of it.",
)


class AssignmentListView(APIView):
    @extend_schema(
        operation_id="claim_next_roi",
        summary="Claim the next ROI",
        request=serializers.ClaimInputSerializer,
        responses={
            200: OpenApiResponse(serializers.AssignmentSerializer, description="A claim you hold already."),
            201: OpenApiResponse(serializers.AssignmentSerializer, description="A new claim."),
            204: OpenApiResponse(description="Nothing is left for you now."),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        body = serializers.ClaimInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = signed_in(request.user)
        assignment, created = claims.claim_next(
            user=user,
            slug=slug,
            holding=body.validated_data["exclude"],
            viewing_check=body.validated_data["viewing_check"],
        )
        if assignment is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        number = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(serializers.as_json(serializers.AssignmentSerializer, assignment), status=number)


class AssignmentView(APIView):
    @extend_schema(
        operation_id="get_assignment", summary="One of your assignments", responses=serializers.AssignmentSerializer
    )
    def get(self, request: Request, assignment_id: UUID) -> Response:
        assignment = own_assignment(user=signed_in(request.user), assignment_id=assignment_id)
        return Response(serializers.as_json(serializers.AssignmentSerializer, assignment))


class RenewView(APIView):
    @extend_schema(
        operation_id="renew_lease",
        summary="Keep a claim while the page is in use",
        request=NoFields,
        responses=serializers.LeaseSerializer,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        assignment = own_assignment(user=signed_in(request.user), assignment_id=assignment_id)
        lease_expires_at = leases.renew_lease(assignment=assignment)
        return Response(serializers.LeaseSerializer({"lease_expires_at": lease_expires_at}).data)


class ReleaseClaimView(APIView):
    @extend_schema(
        operation_id="release_claim",
        summary="Give a claim back",
        request=NoFields,
        responses={204: None},
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        user = signed_in(request.user)
        assignment = own_assignment(user=user, assignment_id=assignment_id)
        leases.release_claim(assignment=assignment, user=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DraftView(APIView):
    @extend_schema(
        operation_id="save_draft",
        summary="Autosave the form",
        request=serializers.DraftInputSerializer,
        responses=serializers.DraftSavedSerializer,
    )
    def put(self, request: Request, assignment_id: UUID) -> Response:
        body = serializers.DraftInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        revision = drafts.save_draft(user=signed_in(request.user), assignment_id=assignment_id, **body.validated_data)
        return Response({"revision": revision})


class RatingView(APIView):
    @extend_schema(
        operation_id="submit_rating",
        summary="Submit a rating",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.RatingInputSerializer,
        responses={
            200: OpenApiResponse(serializers.RatingSerializer, description="This very submit had arrived before."),
            201: serializers.RatingSerializer,
        },
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        body = serializers.RatingInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rating, created = answers.submit_rating(
            user=signed_in(request.user),
            assignment_id=assignment_id,
            client_key=_idempotency_key(request),
            answer=body.answer(),
            telemetry=body.validated_data["telemetry"],
            confirmed=body.validated_data["confirmed"],
        )
        number = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(serializers.as_json(serializers.RatingSerializer, rating), status=number)


class RevealView(APIView):
    @extend_schema(
        operation_id="reveal_suggestion",
        summary="See what the model says of an ROI that you have rated",
        description="From here on your answer stands: it cannot be undone, and a second thought is kept beside it.",
        request=NoFields,
        responses=serializers.RevealedSerializer,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        shown = second_thoughts.reveal(user=signed_in(request.user), assignment_id=assignment_id)
        return Response(
            {
                "suggestion": serializers.levels_json(shown.levels),
                "rating": serializers.as_json(serializers.RatingSerializer, shown.rating),
                "may_revise": shown.may_revise,
            }
        )


class SecondThoughtView(APIView):
    @extend_schema(
        operation_id="give_second_thought",
        summary="Say what you think after seeing the model's view",
        description="Once per ROI, also to say that you stay with your answer. Your first answer remains the one that counts.",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.RatingInputSerializer,
        responses={
            200: OpenApiResponse(serializers.RatingSerializer, description="This very one had arrived before."),
            201: serializers.RatingSerializer,
        },
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        body = serializers.RatingInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        thought, created = second_thoughts.give_second_thought(
            user=signed_in(request.user),
            assignment_id=assignment_id,
            client_key=_idempotency_key(request),
            answer=body.answer(),
            telemetry=body.validated_data["telemetry"],
        )
        number = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(serializers.as_json(serializers.RatingSerializer, thought), status=number)


def _idempotency_key(request: Request) -> UUID:
    value = request.headers.get("Idempotency-Key", "")
    try:
        return UUID(value)
    except ValueError:
        message = f"The header Idempotency-Key is {value!r}: send one UUID per answer, the same on every retry."
        raise Invalid(message, code="idempotency_key_needed", fields={"Idempotency-Key": ["Send a UUID."]}) from None


class SkipView(APIView):
    @extend_schema(
        operation_id="skip_roi",
        summary="Cannot judge",
        request=serializers.SkipInputSerializer,
        responses=serializers.AssignmentSerializer,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        body = serializers.SkipInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        assignment = answers.skip_roi(user=signed_in(request.user), assignment_id=assignment_id, **body.validated_data)
        return Response(serializers.as_json(serializers.AssignmentSerializer, assignment))


class ReopenView(APIView):
    @extend_schema(
        operation_id="reopen_last",
        summary="Undo: open the ROI you finished last again",
        request=NoFields,
        responses=serializers.AssignmentSerializer,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        assignment = answers.reopen(user=signed_in(request.user), assignment_id=assignment_id)
        return Response(serializers.as_json(serializers.AssignmentSerializer, assignment))


class MyProgressView(APIView):
    @extend_schema(operation_id="my_progress", summary="Your own progress", responses=serializers.MyProgressSerializer)
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug)
        progress = selectors.my_progress(user=signed_in(request.user), study=study)
        return Response(serializers.MyProgressSerializer(progress).data)


class ExcludeView(APIView):
    @extend_schema(
        operation_id="exclude_annotator",
        summary="Leave an annotator's votes out of the labels",
        request=serializers.ExclusionInputSerializer,
        responses={204: None},
    )
    def post(self, request: Request, slug: str, member_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles=[Role.ADMIN])
        body = serializers.ExclusionInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        exclusion.exclude_annotator(study=study, member_id=member_id, by=signed_in(request.user), **body.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class IncludeView(APIView):
    @extend_schema(
        operation_id="include_annotator",
        summary="Count an excluded annotator's votes again",
        request=NoFields,
        responses={204: None},
    )
    def post(self, request: Request, slug: str, member_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles=[Role.ADMIN])
        NoFields(data=request.data).is_valid(raise_exception=True)
        exclusion.include_annotator(study=study, member_id=member_id, by=signed_in(request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
